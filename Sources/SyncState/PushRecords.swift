import EnvSyncModel

/// The newest generation of an environment that this workspace published or saw in a store.
public struct Publication: Sendable, Hashable {
    /// The store, as ``StoreLocation`` describes itself.
    public var store: String
    /// The environment's name.
    public var environment: String
    /// The environment's id.
    public var id: ContentDigest
    /// The generation's number.
    public var generation: Int
    /// When it was published, in seconds since 1970-01-01 UTC of the publisher's clock.
    public var publishedAt: Int64
    /// The scheme, authority and path under which jobs find the store, for example `hdfs://ns1/apps/envsync`.
    public var sparkBase: String?

    /// Makes a publication.
    public init(
        store: String, environment: String, id: ContentDigest, generation: Int, publishedAt: Int64,
        sparkBase: String? = nil
    ) {
        self.store = store
        self.environment = environment
        self.id = id
        self.generation = generation
        self.publishedAt = publishedAt
        self.sparkBase = sparkBase
    }
}

/// One push in the journal.
public struct PushRecord: Sendable, Hashable {
    /// How a push ended.
    public struct Outcome: RawRepresentable, Hashable, Sendable {
        /// A stable word.
        public let rawValue: String

        /// Makes an outcome from its word.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// It has not ended, or its process was killed.
        public static let running = Outcome(rawValue: "running")
        /// The environment is published.
        public static let done = Outcome(rawValue: "done")
        /// It stopped with an error.
        public static let failed = Outcome(rawValue: "failed")
        /// The user stopped it.
        public static let cancelled = Outcome(rawValue: "cancelled")
        /// Its process was found to be gone.
        public static let interrupted = Outcome(rawValue: "interrupted")
    }

    /// Who pushed.
    public struct Origin: RawRepresentable, Hashable, Sendable {
        /// A stable word.
        public let rawValue: String

        /// Makes an origin from its word.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Somebody ran `envsync push`.
        public static let push = Origin(rawValue: "push")
        /// The daemon did, because something changed.
        public static let daemon = Origin(rawValue: "daemon")
        /// Somebody ran `envsync rollback`.
        public static let rollback = Origin(rawValue: "rollback")
    }

    /// The push's id, which also names its staging directory.
    public var id: String
    /// The store, as ``StoreLocation`` describes itself.
    public var store: String
    /// The environment's name.
    public var environment: String
    /// When it began, in milliseconds since 1970-01-01 UTC.
    public var startedAt: Int64
    /// When it ended, in milliseconds since 1970-01-01 UTC; `nil` as long as it may have left files in the store's staging
    /// directory.
    public var finishedAt: Int64?
    /// How it ended.
    public var outcome: Outcome
    /// The process that pushes.
    public var process: ProcessIdentity
    /// The machine that pushes; `nil` if it has no name.
    public var host: String?
    /// How many objects were sent.
    public var objectsSent: Int
    /// How many bytes were sent.
    public var bytesSent: Int64
    /// The generation that was published.
    public var generation: Int?
    /// What went wrong, in one line. Must hold no secret.
    public var message: String?
    /// Who pushed.
    public var origin: Origin

    /// Makes a record; without more, one of a push that begins in this process.
    public init(
        id: String, store: String, environment: String, startedAt: Int64, finishedAt: Int64? = nil,
        outcome: Outcome = .running, process: ProcessIdentity = .current, host: String? = ProcessIdentity.hostName,
        objectsSent: Int = 0, bytesSent: Int64 = 0, generation: Int? = nil, message: String? = nil,
        origin: Origin = .push
    ) {
        self.id = id
        self.store = store
        self.environment = environment
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.outcome = outcome
        self.process = process
        self.host = host
        self.objectsSent = objectsSent
        self.bytesSent = bytesSent
        self.generation = generation
        self.message = message
        self.origin = origin
    }
}

/// Arguments that were given out for a job.
public struct Emission: Sendable, Hashable {
    /// The ``format`` of arguments that a job was started with at once, so that nobody keeps them.
    public static let submitted = "submit"

    /// The job's name.
    public var job: String
    /// The store, as ``StoreLocation`` describes itself.
    public var store: String
    /// The id of the environment that the arguments refer to.
    public var environment: ContentDigest
    /// The generation's number, where it was known.
    public var generation: Int?
    /// The output format, for example `shell`.
    public var format: String
    /// The arguments as text. Secrets in it are replaced when it is saved, see ``SecretFilter``.
    public var arguments: String
    /// When they were given out, in seconds since 1970-01-01 UTC.
    public var emittedAt: Int64
    /// Whether a generation was asked for by its number: such arguments are meant to stay as they are.
    public var isPinned: Bool

    /// Makes an emission.
    public init(
        job: String, store: String, environment: ContentDigest, generation: Int? = nil, format: String,
        arguments: String, emittedAt: Int64, isPinned: Bool = false
    ) {
        self.job = job
        self.store = store
        self.environment = environment
        self.generation = generation
        self.format = format
        self.arguments = arguments
        self.emittedAt = emittedAt
        self.isPinned = isPinned
    }
}
