import EnvSyncModel
import ObjectStore

extension EnvSyncError {
    /// A failure of the store in the words of a user.
    ///
    /// - Parameter doing: what could not be done, for example `publish environment "etl"`.
    init(_ error: RemoteFileError, doing: String, _ connection: StoreConnection, consequence: String? = nil) {
        let place = StoreLocation(
            scheme: connection.location.scheme, authority: connection.location.authority, path: error.path)
        let cannot = "cannot \(doing)"
        let code: Code
        let message: String
        var suggestion: String?
        switch error.condition {
        case .accessDenied:
            code = .refused
            message = "\(cannot): permission denied on \(place)"
            suggestion =
                connection.location.scheme == .file
                ? "set store.url in envsync.toml to a directory of yours"
                : "ask for write access for \"\(connection.user)\", or set store.url in envsync.toml to a directory of yours; "
                    + "where several users push to one store, its owner sets store.sharing and runs push --repair"
        case .occupied:
            code = .verification
            message =
                "\(cannot): \(place) does not hold what its name says, and \"\(connection.user)\" can't replace it"
            suggestion = "ask its owner to remove it, or set store.url in envsync.toml to another directory"
        case .authenticationRequired:
            code = .refused
            message = "\(cannot): the server doesn't accept \"\(connection.user)\" at \(place)"
            suggestion = "this version speaks to clusters with simple authentication only"
        case .noSpace:
            code = .refused
            message = "\(cannot): no space left for \(place)"
            suggestion = "free some space, or set store.url to another place; then run the same command again"
        case .nameQuota:
            code = .refused
            message = "\(cannot): the quota on the number of files is used up at \(place)"
            suggestion = "ask for a larger name quota (hdfs dfsadmin -setQuota), or set store.url to another directory"
        case .spaceQuota:
            code = .refused
            message = "\(cannot): the space quota is used up at \(place)"
            suggestion =
                "ask for a larger space quota (hdfs dfsadmin -setSpaceQuota), lower store.replication, "
                + "or set store.url to another directory"
        case .safeMode:
            code = .refused
            message = "\(cannot): the NameNode is in safe mode and accepts no change"
            suggestion = "wait until it leaves safe mode (hdfs dfsadmin -safemode get), then run the same command again"
        case .unreachable:
            code = .unreachable
            message = "\(cannot): \(connection.servers.joined(separator: ", ")) does not answer"
            suggestion = "check store.url and the network; `envsync doctor` tells more"
        case .dataNodeUnreachable:
            code = .unreachable
            message = "\(cannot): the NameNode answers, but the DataNode that it named does not"
            suggestion =
                "data goes to the DataNodes directly: check that this machine can resolve and reach them; if one has "
                + "just died, run the same command again"
        case .sourceChanged:
            code = .changedWhileReading
            message = "\(cannot): a local file changed while it was being sent"
            suggestion = "let whatever writes it finish, then run envsync lock and envsync push"
        case .sourceUnreadable:
            code = .artifact
            message = "\(cannot): a local file can't be read"
            suggestion = "make it readable, then run the same command again"
        case .corrupted:
            code = .verification
            message = "\(cannot): \(place) does not hold what it should"
            suggestion = "run envsync push again; if it stays, envsync push --repair"
        case .notFound:
            code = .refused
            message = "\(cannot): \(place) does not exist"
            suggestion = "if something else is in the way there, move it; then envsync push --repair"
        default:
            code = .refused
            message = "\(cannot): \(error.operation) failed on \(place)"
            suggestion =
                "envsync doctor; if it finds nothing, run the same command with -v and ask the cluster's administrators"
        }
        self.init(
            code, message, reason: error.reason, suggestion: suggestion, consequence: consequence,
            isOfStore: !error.condition.isLocal)
    }
}

extension RemoteFileError.Condition {
    /// Whether something on this machine has to change before trying again can help.
    fileprivate var isLocal: Bool { self == .sourceChanged || self == .sourceUnreadable || self == .invalidPath }
}

/// Runs store operations and turns their failures into ``EnvSyncError``.
func describing<Result: Sendable>(
    _ doing: String, _ connection: StoreConnection, _ body: () async throws -> Result
) async throws -> Result {
    do { return try await body() } catch let error as RemoteFileError {
        throw EnvSyncError(error, doing: doing, connection)
    }
}
