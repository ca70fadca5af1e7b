import EnvSyncModel
import SyncState

/// One published generation.
public struct HistoryEntry: Sendable, Hashable {
    /// Its number and the environment's id.
    public let generation: GenerationName
    /// When it was published, in seconds since 1970-01-01 UTC of the publisher's clock; when its file was written, where
    /// that can't be read; 0 if nobody knows.
    public let publishedAt: Int64
    /// The user who published it; the owner of its file, where that can't be read; empty if nobody knows.
    public let publishedBy: String
    /// How many objects it has; 0 if its manifest can't be read.
    public let objects: Int
    /// Their bytes.
    public let bytes: Int64
    /// What changed since the generation before, or since nothing for the first one; `nil` if one of the two can't be
    /// read.
    public let changes: [PackageChange]?
    /// The generation that ``changes`` are since; `nil` for the first one.
    public let previous: GenerationName?
    /// The newest older generation of the same content, as after a rollback.
    public let sameContentAs: Int?
    /// Whether the store's ref names it.
    public let isPublished: Bool
    /// Whether it is the newest one that is the lock's environment.
    public let isLocked: Bool
    /// How it was published, if this workspace did and remembers.
    public let origin: PushRecord.Origin?
    /// Why its manifest can't be read; `nil` if it can.
    public let problem: String?
}

/// What a generation's manifest, and the one before it, say; kept by ``GenerationCache``.
struct GenerationSummary: Sendable {
    let publishedAt: Int64
    let publishedBy: String
    let objects: Int
    let bytes: Int64
    let changes: [PackageChange]
}
