import EnvSyncModel
import Glibc
import Logging
import ObjectStore
import SyncState

/// One workspace, and the operations on it that commands and the daemon call.
public struct Engine: Sendable {
    /// The workspace.
    public let workspace: Workspace
    let state: StateDatabase
    let logger: Logger
    let report: EventSink
    /// Where the packer keeps what it compressed, for all workspaces of a user.
    var packingCache = Engine.packingCache()

    /// Opens a workspace.
    ///
    /// The state database never makes a command fail: where it can't be used, a warning is reported and the command
    /// works without what it would have remembered.
    ///
    /// - Parameters:
    ///   - directory: holds `envsync.toml`.
    ///   - report: told what is going on.
    /// - Throws: ``EnvSyncError``.
    public init(directory: String, logger: Logger, report: @escaping EventSink) throws {
        workspace = try Workspace.load(directory: directory)
        state = StateDatabase.open(directory: workspace.stateDirectory)
        Engine.keepOutOfGit(workspace.stateDirectory)
        self.logger = logger
        self.report = report
        if let problem = state.problem {
            report(.warning("the state in .envsync can't be used, so nothing is remembered: \(problem)"))
        }
    }

    /// Local state isn't for committing; a `.gitignore` inside says so without touching the user's own.
    private static func keepOutOfGit(_ directory: String) {
        let path = directory + "/.gitignore"
        guard access(path, F_OK) != 0 else { return }
        try? LocalFile.replace(path, with: Array("*\n".utf8))
    }

    /// Opens the store.
    func connect(concurrency: Int = 16) throws(EnvSyncError) -> StoreConnection {
        try StoreConnection.open(workspace, concurrency: concurrency, logger: logger)
    }

    /// The name of the store in the state.
    var storeName: String { workspace.storeLocation.description }
    /// The name of the environment.
    var environment: EnvironmentName { workspace.configuration.environment }

    /// Does something with the state that no outcome depends on.
    func remember(_ body: (StateDatabase) throws -> Void) {
        do { try body(state) } catch { report(.warning("the state in .envsync could not be written: \(error)")) }
    }
}
