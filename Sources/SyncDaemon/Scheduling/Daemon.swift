import EnvSyncModel
import Foundation
import Glibc
import Logging
import SyncEngine

/// Keeps workspaces in sync with their stores until it is told to stop.
public actor Daemon: DaemonControl {
    private let overrides: DaemonOverrides
    private let version: String
    private let logger: Logger
    private let manager = ServiceManager()
    /// Looks at files and pushes of several workspaces at once; more would only share the same disk and network.
    private let gate = Gate(limit: 4)
    private let startedAt = WallClock.now
    private var settings: DaemonSettings
    private var keepers: [(keeper: WorkspaceKeeper, task: Task<Void, Never>)] = []
    private var http: String?
    private let stopped = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// What is under way when the daemon is told to stop may finish for this long; then it is cancelled, which takes 5 s
    /// at most.
    private static let grace = Duration.seconds(3)
    /// The process ends this long after it was told to stop, whatever happens.
    private static let lastMoment = Duration.milliseconds(9500)

    /// - Parameters:
    ///   - overrides: what the command line says.
    ///   - version: told in the status.
    /// - Throws: ``EnvSyncError`` for a configuration that can't be used.
    public init(overrides: DaemonOverrides, version: String, logger: Logger) throws(EnvSyncError) {
        self.overrides = overrides
        self.version = version
        self.logger = logger
        settings = try DaemonSettings.load(overrides)
    }

    /// Serves until ``stop()``, or until the task is cancelled; then what is under way is finished or abandoned safely
    /// within 10 s.
    ///
    /// - Throws: ``EnvSyncError`` if it can't begin: a workspace that another daemon serves, a socket that can't be made.
    public func run() async throws {
        var instances: [String: InstanceLock] = [:]
        for directory in settings.workspaces { instances[directory] = try InstanceLock(workspace: directory) }
        let control = ControlServer(socketPath: settings.socketPath, control: self, logger: logger)
        try control.listen()
        let page = try settings.http.map { try StatusServer(address: $0, control: self, logger: logger) }
        http = try page?.listen()
        for directory in settings.workspaces { serve(directory, instances.removeValue(forKey: directory)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await control.run() }
            if let page { group.addTask { try await page.run() } }
            group.addTask { await self.untilStopped() }
            announce()
            do {
                try await group.next()
            } catch {
                group.cancelAll()
                await shutDown()
                throw error
            }
            await shutDown()
            group.cancelAll()
            while let result = await group.nextResult() { _ = result }
        }
    }

    private func announce() {
        let served = keepers.count == 1 ? "1 workspace" : "\(keepers.count) workspaces"
        logger.notice(
            "serving \(served)",
            metadata: ["socket": "\(QuotedText.shown(settings.socketPath))", "http": "\(http ?? "none")"])
        if settings.workspaces.isEmpty {
            logger.warning("no workspace is named: on the command line, or in \(DaemonPaths.current.configuration)")
        }
        manager.ready("serving \(served)")
        guard let watchdog = manager.watchdog else { return }
        // The manager hears of us as long as the status can be told, which takes every keeper's answer.
        Task { [weak self] in
            while !Task.isCancelled, let self {
                for (keeper, _) in await self.keepers { _ = await keeper.currentStatus() }
                self.manager.alive()
                try? await Task.sleep(for: watchdog / 2)
            }
        }
    }

    private func untilStopped() async {
        for await _ in stopped.stream { return }
    }

    private func shutDown() async {
        manager.stopping()
        logger.notice("stopping")
        let logger = self.logger
        Task.detached {
            try? await Task.sleep(for: Self.lastMoment)
            // As after a kill -9: nothing is half published, and the next push cleans up.
            logger.warning("what is under way did not end in time, and is left as it is")
            _exit(2)
        }
        let keepers = self.keepers
        await withDiscardingTaskGroup { group in
            for (keeper, task) in keepers {
                group.addTask {
                    await keeper.stop(grace: Self.grace)
                    await task.value
                }
            }
        }
        logger.notice("stopped")
    }

    private func serve(_ directory: String, _ instance: InstanceLock?) {
        let keeper = WorkspaceKeeper(
            directory: directory, settings: settings, instance: instance, gate: gate, logger: logger)
        keepers.append((keeper, Task { await keeper.run() }))
    }

    // MARK: - Control

    /// What is going on.
    public func status() async -> DaemonStatus {
        defer { MemoryUse.giveBackSoon() }
        var workspaces: [WorkspaceStatus] = []
        for (keeper, _) in keepers { workspaces.append(await keeper.currentStatus()) }
        return DaemonStatus(
            version: version, processID: getpid(), startedAt: startedAt,
            configurationFile: settings.configurationFile, http: http, workspaces: workspaces)
    }

    /// What the status page shows of a workspace.
    public func detail(of directory: String) async -> WorkspaceDetail? { await keeper(of: directory)?.detail() }

    /// Waits until the store has what is on disk now in a workspace.
    public func wait(for directory: String) async -> WaitOutcome {
        guard let keeper = keeper(of: directory) else {
            return WaitOutcome(
                isInSync: false,
                problem: .init(
                    code: "not-served", message: "the daemon does not serve \(QuotedText.visible(directory))",
                    suggestion:
                        "envsync daemon status lists what it serves; name it in daemon.toml, then envsync daemon reload",
                    since: WallClock.now))
        }
        return await keeper.wait()
    }

    /// Reads the configuration again.
    public func reload() async -> ReloadOutcome {
        manager.reloading()
        defer { manager.ready("serving \(keepers.count) workspaces") }
        do {
            let new = try DaemonSettings.load(overrides)
            let known = keepers.map { $0.keeper.directory }
            let added = new.workspaces.filter { !known.contains($0) }
            let removed = known.filter { !new.workspaces.contains($0) }
            var instances: [String: InstanceLock] = [:]
            for directory in added { instances[directory] = try InstanceLock(workspace: directory) }
            var changed = new
            // What is listened on stays until the daemon is started again.
            changed.socketPath = settings.socketPath
            changed.http = settings.http
            settings = changed
            let leaving = keepers.filter { removed.contains($0.keeper.directory) }
            keepers.removeAll { removed.contains($0.keeper.directory) }
            for (keeper, _) in keepers { await keeper.reload(settings) }
            for directory in added { serve(directory, instances.removeValue(forKey: directory)) }
            let order = new.workspaces
            keepers.sort { one, other in
                order.firstIndex(of: one.keeper.directory) ?? 0 < order.firstIndex(of: other.keeper.directory) ?? 0
            }
            for (keeper, task) in leaving {
                await keeper.stop(grace: Self.grace)
                await task.value
            }
            logger.notice("configuration read again", metadata: ["added": "\(added)", "removed": "\(removed)"])
            return ReloadOutcome(added: added, removed: removed)
        } catch {
            logger.warning("the configuration is not taken over, and everything goes on as before: \(error)")
            return ReloadOutcome(
                problem: .init(
                    code: error.code.rawValue, message: error.message, reason: error.reason,
                    suggestion: error.suggestion, since: WallClock.now))
        }
    }

    /// Begins to stop.
    public func stop() async { stopped.continuation.yield() }

    private func keeper(of directory: String) -> WorkspaceKeeper? {
        let keepers = self.keepers.map(\.keeper)
        if let keeper = keepers.first(where: { $0.directory == directory }) { return keeper }
        // A shell that went there through a link may know another name.
        let physical = DirectoryNames.physical(directory)
        return keepers.first { DirectoryNames.physical($0.directory) == physical }
    }
}
