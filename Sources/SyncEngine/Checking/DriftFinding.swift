import EnvSyncModel

/// One difference between sources, lock, local files, and what is published and stored.
public struct DriftFinding: Sendable, Hashable {
    /// What kind of drift. The words are stable: scripts may rely on them.
    public enum Code: String, Sendable, CaseIterable {
        /// A source or file is not in the lock, or its delivery changed.
        case staleLock = "stale-lock"
        /// A local file has other bytes than the lock says.
        case localChanged = "local-changed"
        /// A local file that the lock lists isn't there.
        case localMissing = "local-missing"
        /// The environment was never published in this store.
        case notPublished = "not-published"
        /// The newest generation isn't the lock's environment.
        case generationDiffers = "generation-differs"
        /// The ref or the manifest of the newest generation can't be read.
        case publicationDamaged = "publication-damaged"
        /// An object isn't in the store.
        case objectMissing = "object-missing"
        /// An object has another size.
        case objectSize = "object-size"
        /// An object holds other bytes.
        case objectContent = "object-content"
        /// An object, or a directory above it, has a mode that keeps other users' jobs from sharing it.
        case objectMode = "object-mode"
    }

    /// What kind of drift.
    public let code: Code
    /// What it is about: an artifact's local path, or a path in the store.
    public let subject: String
    /// What is the matter, as a clause.
    public let message: String
    /// What to do about it.
    public let suggestion: String
}

/// How to check.
public struct CheckOptions: Sendable, Hashable {
    /// Requests under way at once. Default 32.
    public var concurrency = 32
    /// What is not there locally is not drift.
    public var remoteOnly = false
    /// Compare each object's server-side checksum.
    public var deep = false
    /// Download each object and hash it.
    public var readBack = false

    /// The defaults.
    public init() {}
}

/// What a check found.
public struct CheckResult: Sendable {
    /// The lock's environment.
    public let id: ContentDigest
    /// The newest generation in the store.
    public let generation: GenerationName?
    /// The drift, in a stable order; empty if all is in sync.
    public let findings: [DriftFinding]
    /// Objects looked at.
    public let objects: Int
    /// Requests to servers.
    public let requests: Int
    /// Objects that ``CheckOptions/deep`` could not compare, since the server's checksum doesn't tell.
    public let notCompared: Int
    /// Bytes received from servers, without headers; with ``CheckOptions/deep`` no object's bytes are among them.
    public let bytesReceived: Int64
}
