import EnvSyncModel
import ObjectStore

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
}
