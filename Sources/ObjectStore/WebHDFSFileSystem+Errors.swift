import CurlHTTP
import EnvSyncModel
import Synchronization
import WebHDFS

extension TransferHasher: UploadObserver {
    func uploadRewound() { reset() }
    func uploadRead(_ bytes: UnsafeRawBufferPointer) { update(bytes) }
}

/// Remembers `hdfs://<authority>` out of the Location header of a DataNode's 201.
final class SparkAuthority: Sendable {
    private let stored = Mutex<String?>(nil)

    var value: String? { stored.withLock { $0 } }

    func observe(_ location: String?) {
        guard let location, location.hasPrefix("hdfs://") else { return }
        let authority = location.dropFirst(7).prefix { $0 != "/" }
        guard !authority.isEmpty else { return }
        stored.withLock { $0 = $0 ?? "hdfs://\(authority)" }
    }
}

extension WebHDFSFileSystem {
    /// Runs a WebHDFS operation and turns its errors into ``RemoteFileError``.
    func mapped<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        do { return try await body() } catch let error as WebHDFSError {
            try Task.checkCancellation()
            throw RemoteFileError(error)
        }
    }
}

extension RemoteFileError {
    init(_ error: WebHDFSError) {
        let condition: Condition
        switch error.code {
        case .alreadyExists: condition = .alreadyExists
        case .notFound: condition = .notFound
        case .accessDenied: condition = .accessDenied
        case .authenticationRequired, .invalidToken: condition = .authenticationRequired
        case .safeMode: condition = .safeMode
        case .namespaceQuota: condition = .nameQuota
        case .spaceQuota: condition = .spaceQuota
        case .noSpace: condition = .noSpace
        case .invalidPath: condition = .invalidPath
        case .connectionFailed where error.leg == .datanode:
            // A connection that breaks in the middle may as well be HDFS's way to say that a block is damaged.
            condition = error.underlying?.code == .connectionLost ? .other : .dataNodeUnreachable
        case .connectionFailed, .standby, .retriable, .unavailable: condition = .unreachable
        default: condition = error.saysNoReplicaIsAlive ? .dataNodeUnreachable : .other
        }
        self.init(condition, operation: error.operation, path: error.path, reason: error.reason)
    }
}

extension WebHDFSError {
    /// Whether the DataNodes with a file's blocks are down: nothing is known of the blocks then. The texts are Hadoop's
    /// (DFSInputStream, DFSClient, BlockMissingException).
    fileprivate var saysNoReplicaIsAlive: Bool {
        if exception == "BlockMissingException" { return true }
        return ["No active nodes contain this block", "No live nodes contain", "Could not obtain block"].contains {
            serverMessage?.contains($0) ?? false
        }
    }

    /// `AccessControlException: …`, or what the transport said; one line, without secrets.
    fileprivate var reason: String {
        let place = endpoint.map { " (\($0))" } ?? ""
        if let exception { return "\(exception): \(serverMessage ?? "")" }
        if let underlying { return underlying.message + place }
        return (serverMessage ?? "no explanation") + place
    }
}
