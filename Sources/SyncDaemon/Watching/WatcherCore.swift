import EnvSyncModel
import Glibc
import SyncEngine
import Synchronization

/// What a ``FileWatcher`` and its thread share.
final class WatcherCore: Sendable {
    private enum Way {
        case events(WatchTree)
        case polling(PollingScan)
        case none
    }

    private struct State {
        var way = Way.none
        var paths: [WatchedPath] = []
        var message: String?
        var isStopping = false
        var thread: pthread_t?
        var triedEvents: ContinuousClock.Instant?
        var mayHaveEvents = true
        /// For the thread to tell.
        var pending = WatchBatch()
        /// Told when the lock is given back.
        var notice: WatchNotice?
    }

    /// What is shown of it; not under the lock that is held while files are looked at, which may take long.
    private struct Summary {
        var mode = WorkspaceStatus.WatchMode.events
        var message: String?
        var watchedCount = 0
    }

    private let state = Mutex(State())
    private let summary = Mutex(Summary())
    private let pollInterval: Duration
    private let options: FileWatcher.Options
    private let onChange: @Sendable (WatchBatch) -> Void
    private let report: @Sendable (WatchNotice) -> Void
    private let wakeUp: WakePipe

    init(
        pollInterval: Duration, options: FileWatcher.Options, onChange: @escaping @Sendable (WatchBatch) -> Void,
        report: @escaping @Sendable (WatchNotice) -> Void
    ) throws {
        self.pollInterval = max(pollInterval, .milliseconds(10))
        self.options = options
        self.onChange = onChange
        self.report = report
        wakeUp = try WakePipe()
    }

    var mode: WorkspaceStatus.WatchMode { summary.withLock { $0.mode } }
    var message: String? { summary.withLock { $0.message } }
    var watchedCount: Int { summary.withLock { $0.watchedCount } }

    /// Changes the state, and shows what has become of it.
    private func change<Result>(_ body: (inout sending State) -> sending Result) -> sending Result {
        state.withLock { state in
            let result = body(&state)
            summary.withLock { summary in
                summary.message = state.message
                switch state.way {
                case .events(let tree):
                    summary.mode = .events
                    summary.watchedCount = tree.directories.count
                case .polling(let scan):
                    summary.mode = .polling
                    summary.watchedCount = scan.count
                case .none: summary.watchedCount = 0
                }
            }
            return result
        }
    }

    // MARK: - Ways

    /// Watches from now on; without a word of what is there.
    func begin(_ paths: [WatchedPath]) {
        change { state in
            state.paths = paths
            tryEvents(&state)
        }
        tell()
    }

    func replace(_ paths: [WatchedPath]) {
        change { state in
            guard !state.isStopping else { return }
            let isSame = Set(paths) == Set(state.paths)
            state.paths = paths
            switch state.way {
            case .events(var tree):
                if isSame { return }
                // Not kept twice, or it would be copied.
                state.way = .none
                do throws(Inotify.Failure) {
                    try tree.replace(paths)
                    state.way = .events(tree)
                    guard let reason = Self.remoteFileSystem(tree) else { return }
                    poll(&state, because: reason)
                } catch { poll(&state, because: Self.reason(error)) }
                // Events that nobody read yet are gone.
                state.pending.isOverflow = true
            case .polling(var scan):
                let isDue = state.triedEvents.map { $0 + options.retryInterval <= .now } ?? true
                if isSame, !isDue || !state.mayHaveEvents { return }
                state.way = .none
                tryEvents(&state)
                // What changed since the last look; afterwards the new way tells.
                state.pending.add(scan.look())
            case .none: break
            }
        }
        tell()
        wakeUp.wake()
    }

    /// Watches by events if they can be had, and otherwise by polling.
    private func tryEvents(_ state: inout State) {
        state.triedEvents = .now
        guard !options.forcesPolling else {
            poll(&state, because: .init("\(FileWatcher.environmentVariable)=polling is set", nil, mayPass: false))
            return
        }
        do throws(Inotify.Failure) {
            let tree = try WatchTree(state.paths, limit: options.watchLimit)
            if let reason = Self.remoteFileSystem(tree) {
                poll(&state, because: reason)
                return
            }
            state.way = .events(tree)
            if state.message != nil {
                state.message = nil
                state.notice = WatchNotice(mode: .events, message: "the kernel tells of changes again")
            }
        } catch { poll(&state, because: Self.reason(error)) }
    }

    private func poll(_ state: inout State, because reason: PollingReason) {
        var scan = PollingScan(state.paths)
        _ = scan.look()
        state.way = .polling(scan)
        state.mayHaveEvents = reason.mayPass
        let message = reason.message(interval: pollInterval)
        if state.message != message { state.notice = WatchNotice(mode: .polling, message: message) }
        state.message = message
    }

    private static func remoteFileSystem(_ tree: WatchTree) -> PollingReason? {
        let mounts = FileSystemKind.mounts()
        guard mounts.lackEvents else { return nil }
        for directory in tree.ends.sorted() {
            if let type = mounts.type(of: directory), FileSystemKind.lacksEvents(type) {
                return PollingReason.remote(directory, type)
            }
        }
        return nil
    }

    private static func reason(_ failure: Inotify.Failure) -> PollingReason {
        switch failure {
        case .outOfWatches: .outOfWatches()
        case .noInstance(let code): .noInstance(code)
        }
    }

    /// Tells of a new way, without holding the lock.
    private func tell() {
        let notice = state.withLock { state in
            defer { state.notice = nil }
            return state.notice
        }
        if let notice { report(notice) }
    }

    // MARK: - The thread

    func startThread() throws {
        // Signals are for the program's own threads.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<WatcherCore>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            throw EnvSyncError(
                .system, "cannot start a thread that watches files: \(String(cString: strerror(status)))",
                suggestion: "raise the limit of processes (ulimit -u)")
        }
        state.withLock { $0.thread = thread }
    }

    func stop() {
        let thread = state.withLock { state -> pthread_t? in
            state.isStopping = true
            defer { state.thread = nil }
            return state.thread
        }
        wakeUp.wake()
        if let thread {
            if pthread_equal(thread, pthread_self()) != 0 { pthread_detach(thread) } else { pthread_join(thread, nil) }
        }
        // Closes the descriptor and forgets the files now, not when the last reference goes.
        change { $0.way = .none }
    }

    private func run() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 15, alignment: 8)
        defer { buffer.deallocate() }
        while true {
            // Keeps the descriptor open as long as it is polled.
            let (isStopping, inotify, timeout, pending) = state.withLock {
                state -> (Bool, Inotify?, Int32, WatchBatch) in
                defer { state.pending = WatchBatch() }
                switch state.way {
                case .events(let tree): return (state.isStopping, tree.inotify, -1, state.pending)
                case .polling:
                    return (state.isStopping, nil, Self.milliseconds(pollInterval), state.pending)
                case .none: return (state.isStopping, nil, -1, state.pending)
                }
            }
            if isStopping { return }
            if !pending.isEmpty {
                onChange(pending)
                continue
            }
            let ready = wakeUp.wait(inotify?.descriptor, timeout: timeout)
            if ready.isWoken { continue }
            let batch: WatchBatch
            if inotify != nil {
                guard ready.hasEvents else { continue }
                // Programs write many times, and many files; one waking is enough for all of that.
                if wakeUp.wait(nil, timeout: Self.milliseconds(options.gathering)).isWoken { continue }
                options.beforeReading()
                batch = readEvents(buffer)
            } else {
                batch = look()
            }
            tell()
            if !batch.isEmpty, !state.withLock({ $0.isStopping }) { onChange(batch) }
        }
    }

    private func readEvents(_ buffer: UnsafeMutableRawBufferPointer) -> WatchBatch {
        change { state in
            var batch = WatchBatch()
            guard case .events(var tree) = state.way else { return batch }
            state.way = .none
            do throws(Inotify.Failure) {
                let ends = tree.ends.count
                if try tree.read(into: buffer, &batch) {
                    state.way = .events(tree)
                    guard tree.ends.count != ends, let reason = Self.remoteFileSystem(tree) else { return batch }
                    poll(&state, because: reason)
                } else {
                    tryEvents(&state)
                }
            } catch { poll(&state, because: Self.reason(error)) }
            batch.isOverflow = true
            return batch
        }
    }

    private func look() -> WatchBatch {
        change { state in
            guard case .polling(var scan) = state.way else { return WatchBatch() }
            state.way = .none
            defer { state.way = .polling(scan) }
            return scan.look()
        }
    }

    private static func milliseconds(_ duration: Duration) -> Int32 {
        let (seconds, attoseconds) = duration.components
        return Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
