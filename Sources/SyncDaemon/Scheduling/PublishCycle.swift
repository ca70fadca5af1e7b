import EnvSyncModel
import Glibc
import Logging
import SyncEngine
import SyncState

/// One look at a workspace, and what follows from it: lock, ask the store, push.
struct PublishCycle: Sendable {
    /// How it ended, if nothing failed.
    struct Outcome: Sendable {
        /// The workspace as its configuration is now.
        let workspace: Workspace
        /// How the lock stood to what is published, before the push.
        let standing: PublicationStanding
        /// What the push did; `nil` if there was nothing to push.
        let push: PushResult?
    }

    let directory: String
    let autoLock: Bool
    let logger: Logger
    let progress: LiveProgress
    /// Told the lock file as this cycle left it, before anything else is done: its own writing is no change.
    var didLock: @Sendable (FileStamp?) async -> Void = { _ in }

    func engine() throws -> Engine {
        let progress = self.progress
        return try Engine(directory: directory, logger: logger) { progress.receive($0) }
    }

    /// Locks if wanted, and pushes if the lock was never published.
    ///
    /// - Throws: ``EnvSyncError``; `CancellationError`.
    func run() async throws -> Outcome {
        let engine = try self.engine()
        if autoLock {
            _ = try await engine.lock()
        } else {
            try await refuseStale(engine)
        }
        await didLock(FileStamp(engine.workspace.lockPath))
        let standing = try await engine.standing()
        var result: PushResult?
        // What is published, but not remembered here, is remembered by a push that finds nothing to do.
        let isKnown = standing.verdict == .published && standing.known?.id == standing.id
        if standing.verdict != .superseded, !isKnown {
            var options = PushOptions()
            options.origin = .daemon
            do { result = try await engine.push(options) } catch let error as EnvSyncError
                where error.code == .staleLock && autoLock
            {
                // The lock was what the files are a moment ago.
                throw EnvSyncError(
                    .changedWhileReading, "the files changed after they were locked", reason: error.message,
                    suggestion: error.suggestion, consequence: error.consequence)
            }
        }
        return Outcome(workspace: engine.workspace, standing: standing, push: result)
    }

    private func refuseStale(_ engine: Engine) async throws {
        var options = LockOptions()
        options.checkOnly = true
        let result = try await engine.lock(options)
        guard result.wasStale else { return }
        let differences = result.differences
        let first = differences.first?.message ?? "the file on disk is not what locking makes"
        let more = differences.count > 1 ? " (and \(differences.count - 1) more)" : ""
        throw EnvSyncError(
            .staleLock, "\(Workspace.lockFileName) is older than its sources: \(first)\(more)",
            suggestion: "run envsync lock, or the daemon with --auto-lock")
    }
}

/// What tells that a file was replaced or written.
struct FileStamp: Sendable, Hashable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let modified: Int64

    /// The stamp of a file now; `nil` if it isn't there.
    init?(_ path: String) {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        device = UInt64(info.st_dev)
        inode = UInt64(info.st_ino)
        size = Int64(info.st_size)
        modified = Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec)
    }
}
