/// What the status page shows of one workspace.
public struct WorkspaceDetail: Codable, Sendable, Hashable {
    /// How one package or file differs from the generation before.
    public struct Change: Codable, Sendable, Hashable {
        /// `added`, `removed`, `version`, `content` or `delivery`.
        public var kind: String
        /// The package's or file's name.
        public var name: String
        /// The version before; `nil` if there was none.
        public var before: String?
        /// The version after; `nil` if there is none.
        public var after: String?
        /// Bytes after less bytes before; `nil` where a package is only a part of an object.
        public var bytes: Int64?

        /// Makes a change.
        public init(kind: String, name: String, before: String? = nil, after: String? = nil, bytes: Int64? = nil) {
            self.kind = kind
            self.name = name
            self.before = before
            self.after = after
            self.bytes = bytes
        }
    }

    /// One published version.
    public struct GenerationEntry: Codable, Sendable, Hashable {
        /// Its number, id, publisher and time.
        public var generation: WorkspaceStatus.PublishedGeneration
        /// Its objects.
        public var objects: Int
        /// Their bytes.
        public var bytes: Int64
        /// What changed since the generation before; `nil` if that one can't be read.
        public var changes: [Change]?

        /// Makes an entry.
        public init(
            generation: WorkspaceStatus.PublishedGeneration, objects: Int, bytes: Int64, changes: [Change]?
        ) {
            self.generation = generation
            self.objects = objects
            self.bytes = bytes
            self.changes = changes
        }
    }

    /// One artifact and the object that holds it.
    public struct Object: Codable, Sendable, Hashable {
        /// The artifact's name.
        public var name: String
        /// Its version.
        public var version: String?
        /// `pyfile`, `file`, `archive` or `main`.
        public var delivery: String
        /// Bytes.
        public var size: Int64
        /// 64 hexadecimal digits.
        public var sha256: String
        /// Where it is in the store.
        public var storePath: String
        /// When it was last verified.
        public var verifiedAt: Double?
        /// How: `checksum`, `readback` or `size`.
        public var verification: String?

        /// Makes an object.
        public init(
            name: String, version: String? = nil, delivery: String, size: Int64, sha256: String, storePath: String,
            verifiedAt: Double? = nil, verification: String? = nil
        ) {
            self.name = name
            self.version = version
            self.delivery = delivery
            self.size = size
            self.sha256 = sha256
            self.storePath = storePath
            self.verifiedAt = verifiedAt
            self.verification = verification
        }
    }

    /// One push from this workspace.
    public struct Push: Codable, Sendable, Hashable {
        /// When it began.
        public var startedAt: Double
        /// How long it took; `nil` if it has not ended.
        public var seconds: Double?
        /// `running`, `done`, `failed`, `cancelled` or `interrupted`.
        public var outcome: String
        /// `push`, `daemon` or `rollback`.
        public var origin: String
        /// Objects sent.
        public var objectsSent: Int
        /// Bytes sent.
        public var bytesSent: Int64
        /// The generation it published.
        public var generation: Int?
        /// What went wrong.
        public var message: String?

        /// Makes a push.
        public init(
            startedAt: Double, seconds: Double?, outcome: String, origin: String, objectsSent: Int, bytesSent: Int64,
            generation: Int? = nil, message: String? = nil
        ) {
            self.startedAt = startedAt
            self.seconds = seconds
            self.outcome = outcome
            self.origin = origin
            self.objectsSent = objectsSent
            self.bytesSent = bytesSent
            self.generation = generation
            self.message = message
        }
    }

    /// What the daemon is doing for it.
    public var status: WorkspaceStatus
    /// The newest generations, newest first.
    public var generations: [GenerationEntry]
    /// The locked artifacts and their objects.
    public var objects: [Object]
    /// The newest pushes, newest first.
    public var pushes: [Push]

    /// Makes a detail.
    public init(status: WorkspaceStatus, generations: [GenerationEntry], objects: [Object], pushes: [Push]) {
        self.status = status
        self.generations = generations
        self.objects = objects
        self.pushes = pushes
    }
}
