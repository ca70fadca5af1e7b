import EnvSyncModel
import SyncState

/// Where things are: local file, object, published generation.
public struct StatusReport: Sendable {
    /// One artifact and its object.
    public struct Row: Sendable {
        /// The artifact as locked.
        public let artifact: Artifact
        /// Its path in the store.
        public let storePath: String
        /// How the object was last verified: `checksum`, `readback`, or `size` if only listed by a generation.
        public let verification: String?
        /// When, in seconds since 1970-01-01 UTC.
        public let verifiedAt: Int64?
    }

    /// The environment's name.
    public let environment: EnvironmentName
    /// The store's URL.
    public let store: String
    /// The store's root directory.
    public let root: String
    /// The lock's environment.
    public let id: ContentDigest
    /// What the store's ref says; `nil` if the environment was never published there, or nobody asked.
    public let ref: EnvironmentRef?
    /// Whether the store was asked.
    public let isOnline: Bool
    /// What this workspace last saw published.
    public let lastSeen: Publication?
    /// The artifacts.
    public let rows: [Row]
    /// Local changes since the lock.
    public let differences: [LockDifference]
    /// The last pushes from this workspace, newest first.
    public let pushes: [PushRecord]
}

extension Engine {
    /// Tells what is mapped where, what is published, how big and when.
    ///
    /// - Parameters:
    ///   - offline: answer from the lock and the state alone.
    ///   - pushes: how many of the last pushes are told.
    /// - Throws: ``EnvSyncError``.
    public func status(offline: Bool = false, pushes: Int = 5) async throws -> StatusReport {
        let lock = try workspace.requiredLock()
        let scan = try await scan()
        let connection = try connect(concurrency: 4)
        var ref: EnvironmentRef?
        if !offline {
            ref = try await describing("ask for environment \"\(environment)\"", connection) {
                try await connection.store.ref(of: environment)
            }
            if let ref, ref.generation.id == lock.manifest.id {
                rememberPublished(
                    ref.generation, at: ref.publishedAt, lock: lock, connection, fileSystem: ref.fileSystem)
            }
        }
        let mappings = Dictionary(
            ((try? state.mappings(store: storeName, environment: environment.text)) ?? []).map { ($0.storePath, $0) },
            uniquingKeysWith: { first, _ in first })
        return StatusReport(
            environment: environment, store: storeName, root: connection.store.layout.root, id: lock.manifest.id,
            ref: ref, isOnline: !offline,
            lastSeen: (try? state.publication(store: storeName, environment: environment.text)) ?? nil,
            rows: lock.artifacts.map { artifact in
                let path = connection.store.layout.path(of: artifact.object)
                let mapping = mappings[path]
                return StatusReport.Row(
                    artifact: artifact, storePath: path, verification: mapping?.verification.rawValue,
                    verifiedAt: mapping?.verifiedAt)
            },
            differences: LockBuilder.differences(between: lock, and: scan),
            pushes: (try? state.recentPushes(limit: pushes)) ?? [])
    }
}
