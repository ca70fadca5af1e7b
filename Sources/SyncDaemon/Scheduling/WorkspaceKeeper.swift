import EnvSyncModel
import Logging
import SyncEngine

/// Keeps one workspace in sync with the store: waits for changes, and deals with them one after the other.
///
/// It sleeps unless something rings: a change, the clock, or somebody who waits. What takes time runs outside of the
/// actor, so that the status can always be told.
actor WorkspaceKeeper {
    /// The directory that holds `envsync.toml`, absolute.
    nonisolated let directory: String
    var settings: DaemonSettings
    let logger: Logger
    let gate: Gate
    let alarm = Alarm()
    let progress = LiveProgress()
    let generations = GenerationCache()

    var status: WorkspaceStatus
    var watcher: FileWatcher?
    var watchedPaths: [WatchedPath] = []
    var settling: Settling
    private var instance: InstanceLock?
    /// When the first change was noticed that is not published yet.
    var changedAt: ContinuousClock.Instant?
    var retryAt: ContinuousClock.Instant?
    var storeBackoff = Backoff.store
    /// Kinds of failures of the store that were told since it last answered.
    var toldFailures: Set<String> = []
    /// Since when a changed file has been open for writing.
    var writtenSince: ContinuousClock.Instant?
    /// Since when every look at the files has found them changing.
    var changingSince: ContinuousClock.Instant?
    var localBackoff = Backoff.local
    var checkAt: ContinuousClock.Instant?
    var scrubAt: ContinuousClock.Instant?
    /// The lock as this daemon wrote it.
    var ownLock: FileStamp?
    var waiters: [Int: Waiter] = [:]
    /// Counts those who wait; a look at the files answers all who waited before it began.
    var ticket = 0
    var work: Task<Void, Never>?
    var isStopping = false
    var detailCache: (key: DetailKey, detail: WorkspaceDetail)?
    /// When the store was last asked for the status page, and didn't answer.
    var historyFailedAt: ContinuousClock.Instant?
    /// How often the loop woke up.
    private(set) var turns = 0

    struct Waiter {
        let ticket: Int
        let continuation: CheckedContinuation<WaitOutcome, Never>
    }

    /// - Parameter instance: the lock of the workspace, if it could be had yet.
    init(directory: String, settings: DaemonSettings, instance: InstanceLock?, gate: Gate, logger: Logger) {
        self.directory = directory
        self.settings = settings
        self.instance = instance
        self.gate = gate
        var logger = logger
        logger[metadataKey: "workspace"] = "\(QuotedText.shown(directory))"
        self.logger = logger
        status = WorkspaceStatus(directory: directory, autoLock: settings.autoLock)
        settling = Settling(quiet: settings.quietTime, maxDelay: settings.maxDelay)
    }

    // MARK: - The loop

    /// Works until ``stop(grace:)``.
    func run() async {
        watch()
        scheduleScrub()
        settling.changed(recentlyChanged, at: .now)
        alarm.ring()
        for await _ in alarm.rings {
            turns += 1
            while !isStopping, let job = nextJob() { await perform(job) }
            if isStopping { break }
            alarm.set(nextTime())
        }
        watcher?.stop()
        watcher = nil
        for waiter in waiters.values {
            waiter.continuation.resume(
                returning: WaitOutcome(
                    isInSync: false, problem: .init(code: "stopped", message: "the daemon stops", since: WallClock.now))
            )
        }
        waiters = [:]
    }

    private enum Job {
        case cycle
        case scrub
        case check
    }

    private func nextJob() -> Job? {
        let now = ContinuousClock.now
        if settling.isPending {
            setPhase(.settling)
            if let due = settling.due, due <= now {
                switch settling.settle(at: now, isBeingWritten: { OpenForWriting.isOpen($0) == true }) {
                case .settled: return .cycle
                case .beingWritten(let paths): isBeingWritten(paths, now)
                case .notYet: break
                }
            }
        } else if let retryAt, retryAt <= now {
            return .cycle
        }
        // Nothing but another attempt while the store doesn't answer.
        guard !isStoreDown else { return nil }
        if let scrubAt, scrubAt <= now { return .scrub }
        if let checkAt, checkAt <= now { return .check }
        return nil
    }

    /// Never a time for which ``nextJob()`` has nothing to do: the loop would go round and round.
    private func nextTime() -> ContinuousClock.Instant? {
        let publishing = settling.isPending ? settling.due : retryAt
        return ([publishing] + (isStoreDown ? [] : [scrubAt, checkAt])).compactMap { $0 }.min()
    }

    /// A file that is never closed keeps everything back: that is told after a minute.
    private func isBeingWritten(_ paths: [String], _ now: ContinuousClock.Instant) {
        logger.debug("waiting for files that are being written", metadata: ["first": "\(paths.first ?? "")"])
        let since = writtenSince ?? now
        writtenSince = since
        guard now - since >= Self.longWriting, status.problem?.code != Self.beingWritten, let first = paths.first else {
            return
        }
        let more = paths.count > 1 ? " (and \(paths.count - 1) more)" : ""
        let message =
            "\(QuotedText.visible(first))\(more) is still being written, and nothing is pushed until it is closed"
        status.problem = .init(
            code: Self.beingWritten, message: message,
            suggestion: "end the program that has it open for writing (fuser -v shows it)",
            since: WallClock.time(of: since))
        logger.warning("\(message)")
    }

    private static let beingWritten = "being-written"
    static let longWriting = Duration.seconds(60)

    private func perform(_ job: Job) async {
        let task = Task {
            switch job {
            case .cycle: await self.cycle()
            case .scrub: await self.scrub()
            case .check: await self.check()
            }
        }
        work = task
        await task.value
        work = nil
        progress.clear()
        for warning in progress.takeWarnings() { logger.warning("\(warning)") }
        MemoryUse.giveBack()
    }

    /// Whether the store did not answer when it was last asked.
    var isStoreDown: Bool { storeBackoff.failures > 0 }

    /// Ends the loop: what is under way may finish for a while, and is then abandoned safely.
    func stop(grace: Duration) async {
        guard !isStopping else { return }
        isStopping = true
        alarm.ring()
        guard let work else { return }
        let limit = Task {
            guard (try? await Task.sleep(for: grace)) != nil else { return }
            work.cancel()
        }
        await work.value
        limit.cancel()
    }

    func setPhase(_ phase: WorkspaceStatus.Phase) {
        guard !(phase == .settling && status.phase == .starting) else { return }
        status.phase = phase
    }

    // MARK: - Watching

    /// Watches what the configuration names; as long as it can't be read, the files that it is in.
    func watch() { watch(try? Workspace.load(directory: directory)) }

    /// Takes the workspace for this daemon alone, if it could not before: it may have been made only now.
    ///
    /// - Throws: ``EnvSyncError`` if another daemon has it.
    func claim() throws(EnvSyncError) {
        if instance == nil { instance = try InstanceLock(workspace: directory) }
    }

    /// - Returns: whether other paths are watched than before.
    @discardableResult
    func watch(_ workspace: Workspace?) -> Bool {
        let paths =
            workspace?.watchedPaths
            ?? ["envsync.toml", "pyproject.toml", Workspace.lockFileName].map {
                WatchedPath(path: directory + "/" + $0, scope: .file)
            }
        guard paths != watchedPaths || watcher == nil else { return false }
        watchedPaths = paths
        if let watcher {
            watcher.replace(paths)
            return true
        }
        do {
            watcher = try FileWatcher(
                paths: paths, pollInterval: settings.pollInterval,
                onChange: { [weak self] batch in Task { await self?.changed(batch) } },
                report: { [weak self] notice in Task { await self?.noticed(notice) } })
        } catch {
            logger.error("changes can't be noticed: \(error)")
        }
        return true
    }

    private func noticed(_ notice: WatchNotice) { logger.notice("\(notice.message)") }

    private func changed(_ batch: WatchBatch) {
        var paths = batch.paths
        let lock = directory + "/" + Workspace.lockFileName
        if let ownLock, paths.contains(lock), FileStamp(lock) == ownLock { paths.remove(lock) }
        if batch.isOverflow { status.counters.overflows += 1 }
        guard batch.isOverflow || !paths.isEmpty else { return }
        // Which paths changed isn't known; those that may still be written are young.
        if batch.isOverflow { paths.formUnion(recentlyChanged) }
        let now = ContinuousClock.now
        settling.changed(paths, at: now)
        changedAt = changedAt ?? now
        status.lastChangeAt = WallClock.now
        status.pendingChanges += max(1, paths.count)
        if work == nil {
            setPhase(.settling)
            alarm.set(nextTime())
        }
    }

    // MARK: - Asked from outside

    /// What is going on.
    func currentStatus() -> WorkspaceStatus {
        var status = self.status
        status.autoLock = settings.autoLock
        status.watchMode = watcher?.mode ?? .polling
        status.watchMessage = watcher?.message
        status.watched = watcher?.watchedCount ?? 0
        if let progress = progress.progress {
            status.progress = progress
            if work != nil, status.phase == .examining { status.phase = .pushing }
        }
        status.nextAttemptAt = retryAt.map(WallClock.time)
        status.isInSync = status.inSyncAt != nil && status.problem == nil && !settling.isPending && status.drift.isEmpty
        return status
    }

    /// Looks at the files again, with what the configuration says now.
    func reload(_ settings: DaemonSettings) {
        self.settings = settings
        settling = Settling(quiet: settings.quietTime, maxDelay: settings.maxDelay)
        scheduleScrub()
        // A new one tries again to be told by the kernel.
        watcher?.stop()
        watcher = nil
        watch()
        settling.changed(recentlyChanged, at: .now)
        alarm.ring()
    }

    /// Files that were changed not long ago, and may still be being written by somebody who has not written since.
    private var recentlyChanged: Set<String> {
        Set(FileWatcher.recentChanges(in: watchedPaths, within: .seconds(600)).keys)
    }

    /// Deals with the files as they are now as soon as nobody writes them, whether or not a change was noticed.
    private func lookNow() {
        // By polling, what is being written may not have been noticed yet.
        settling.changed(recentlyChanged, at: .now)
        settling.hurry()
        alarm.ring()
    }

    func scheduleScrub() {
        scrubAt = settings.scrubInterval.map { ContinuousClock.now + $0 * Double.random(in: 0.75...1.25) }
    }

    /// Waits until the store has what is on disk now.
    func wait() async -> WaitOutcome {
        ticket += 1
        let own = ticket
        lookNow()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled, !isStopping else {
                    continuation.resume(returning: WaitOutcome(isInSync: false))
                    return
                }
                waiters[own] = Waiter(ticket: own, continuation: continuation)
            }
        } onCancel: {
            Task { await self.stopWaiting(own) }
        }
    }

    private func stopWaiting(_ ticket: Int) {
        waiters.removeValue(forKey: ticket)?.continuation.resume(returning: WaitOutcome(isInSync: false))
    }

    /// Answers those who waited before a look at the files began.
    func answer(upTo ticket: Int, _ outcome: WaitOutcome) {
        for (key, waiter) in waiters where waiter.ticket <= ticket {
            waiters[key] = nil
            waiter.continuation.resume(returning: outcome)
        }
    }
}
