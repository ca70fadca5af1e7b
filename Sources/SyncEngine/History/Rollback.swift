import EnvSyncModel

/// How a rollback is to be done.
public struct RollbackOptions: Sendable, Hashable {
    /// Requests under way at once. Default 16.
    public var concurrency = 16
    /// Download each object and hash it, in place of comparing server-side checksums where one is known.
    public var readBack = false
    /// Look at everything, and tell what would be done; change nothing.
    public var dryRun = false

    /// The defaults.
    public init() {}
}

/// What a rollback did.
public struct RollbackResult: Sendable {
    /// The generation whose content is wanted.
    public let target: GenerationName
    /// The generation that was published before.
    public let previous: GenerationName?
    /// The new generation; `nil` if nothing was to be done, and after a dry run.
    public internal(set) var generation: GenerationName?
    /// The generation that the ref names, if somebody else published a later one meanwhile.
    public internal(set) var supersededBy: GenerationName?
    /// Generations that others published meanwhile and that the new one supersedes.
    public internal(set) var overtook: [GenerationName] = []
    /// Whether there was anything to do.
    public let isNeeded: Bool
    /// What changes for workers; `nil` if the manifest of the generation before can't be read.
    public let changes: [PackageChange]?
    /// Objects of the environment.
    public let objects: Int
    /// Their bytes.
    public let bytes: Int64
    /// Objects of which only presence and size are known: there is nothing here to compare the server's checksum with.
    public let notCompared: Int
    /// Objects that were missing or damaged and were sent again; after a dry run, to be sent.
    public let objectsSent: Int
    /// Their bytes.
    public let bytesSent: Int64
    /// Whether `envsync.lock` is this content.
    public let isLocked: Bool
    /// The newest generation of the lock's content; `nil` if it was never published, or there is no lock.
    public let lockGeneration: Int?
    /// Requests to servers.
    public internal(set) var requests: Int
}
