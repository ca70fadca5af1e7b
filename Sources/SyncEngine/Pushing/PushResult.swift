import EnvSyncModel
import ObjectStore
import SyncState

/// How a push is to be done.
public struct PushOptions: Sendable, Hashable {
    /// Uploads under way at once. Default 16.
    public var concurrency = 16
    /// Look at every object, and send again what is missing or damaged.
    public var repair = false
    /// With ``repair``: download each object and hash it, in place of comparing server-side checksums.
    public var readBack = false
    /// Tell what would be sent, and send nothing.
    public var dryRun = false
    /// Lock first, in place of refusing a stale lock.
    public var lockFirst = false
    /// With ``lockFirst``: fetch no wheels.
    public var offline = false
    /// Who pushes; told in the journal, and to others who push at the same time. Default `push`.
    public var origin = PushRecord.Origin.push
    /// Look at these objects alone, and publish nothing: what ``repair`` mends is objects of what is published. `nil`:
    /// all objects of the lock.
    public var only: Set<ObjectKey>?

    /// The defaults.
    public init() {}
}

/// What a push did.
public struct PushResult: Sendable {
    /// The environment's id.
    public let id: ContentDigest
    /// The generation that holds it; `nil` after a dry run that would publish.
    public let generation: GenerationName?
    /// The generation that the ref names, if somebody else published a later one meanwhile.
    public let supersededBy: GenerationName?
    /// Whether a generation was published; not if the store had this environment already.
    public let published: Bool
    /// Objects of the environment.
    public let objects: Int
    /// Their bytes.
    public let bytes: Int64
    /// Objects sent, or, after a dry run, to be sent.
    public let objectsSent: Int
    /// Their bytes.
    public let bytesSent: Int64
    /// Of those sent, how many replaced a damaged object.
    public let objectsRepaired: Int
    /// Requests to servers.
    public let requests: Int
    /// The push from this workspace that published the generation, if there was nothing left to publish; `nil` if it was
    /// another workspace's, or the journal doesn't reach back so far.
    public var publishedBefore: PushRecord?
    /// Who was waited for before this push could begin; `nil` if nobody was.
    public var waitedFor: PushRecord.Origin?
}
