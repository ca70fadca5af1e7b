/// What the daemon is doing: the document of `GET /v1/status` and of `envsync daemon status --json`.
///
/// Times are seconds since 1970-01-01 UTC, sizes bytes, durations seconds.
public struct DaemonStatus: Codable, Sendable, Hashable {
    /// The shape of this document; grows when a field changes its meaning or goes away.
    public var schemaVersion = 1
    /// The program's version.
    public var version: String
    /// The daemon's process.
    public var processID: Int32
    /// When it started.
    public var startedAt: Double
    /// The user's configuration file, if one was read.
    public var configurationFile: String?
    /// The address of the status page, for example `http://127.0.0.1:9464`; `nil` if none is served.
    public var http: String?
    /// The workspaces, in the order in which they were named.
    public var workspaces: [WorkspaceStatus]

    /// Makes a status.
    public init(
        version: String, processID: Int32, startedAt: Double, configurationFile: String? = nil, http: String? = nil,
        workspaces: [WorkspaceStatus]
    ) {
        self.version = version
        self.processID = processID
        self.startedAt = startedAt
        self.configurationFile = configurationFile
        self.http = http
        self.workspaces = workspaces
    }
}

/// What the daemon does for one workspace.
public struct WorkspaceStatus: Codable, Sendable, Hashable {
    /// What it is doing now.
    public enum Phase: String, Codable, Sendable, CaseIterable {
        /// Before the first look at the files.
        case starting
        /// Everything that changed was dealt with.
        case idle
        /// Something changed; waiting until whoever changes it is done.
        case settling
        /// Reading what changed, and locking.
        case examining
        /// Sending to the store.
        case pushing
        /// Comparing published objects with the server's checksums.
        case scrubbing
        /// The store doesn't take it now; trying again later.
        case retrying
        /// Something here keeps it from being published; waiting for a change.
        case blocked
    }

    /// How changes are noticed.
    public enum WatchMode: String, Codable, Sendable {
        /// The kernel tells.
        case events
        /// The files are looked at again and again.
        case polling
    }

    /// What keeps the workspace from being in sync.
    public struct Problem: Codable, Sendable, Hashable {
        /// The error's stable code.
        public var code: String
        /// What is the matter.
        public var message: String
        /// Why, in the server's or the system's words.
        public var reason: String?
        /// What to do.
        public var suggestion: String?
        /// Since when.
        public var since: Double

        /// Makes a problem.
        public init(code: String, message: String, reason: String? = nil, suggestion: String? = nil, since: Double) {
            self.code = code
            self.message = message
            self.reason = reason
            self.suggestion = suggestion
            self.since = since
        }
    }

    /// A published version.
    public struct PublishedGeneration: Codable, Sendable, Hashable {
        /// Its number.
        public var number: Int
        /// The environment's id, 64 hexadecimal digits.
        public var id: String
        /// When it was published, by the publisher's clock.
        public var publishedAt: Double
        /// Who published it.
        public var publishedBy: String?

        /// Makes a generation.
        public init(number: Int, id: String, publishedAt: Double, publishedBy: String? = nil) {
            self.number = number
            self.id = id
            self.publishedAt = publishedAt
            self.publishedBy = publishedBy
        }
    }

    /// How far a push is.
    public struct Progress: Codable, Sendable, Hashable {
        /// Objects to be sent.
        public var objects: Int
        /// Objects in place.
        public var objectsDone: Int
        /// Bytes to be sent.
        public var bytes: Int64
        /// Bytes sent.
        public var bytesDone: Int64
        /// When it began.
        public var startedAt: Double

        /// Makes a progress.
        public init(objects: Int, objectsDone: Int, bytes: Int64, bytesDone: Int64, startedAt: Double) {
            self.objects = objects
            self.objectsDone = objectsDone
            self.bytes = bytes
            self.bytesDone = bytesDone
            self.startedAt = startedAt
        }
    }

    /// One difference between here and the store, as `envsync check` finds it.
    public struct Drift: Codable, Sendable, Hashable {
        /// The stable code of `envsync check`.
        public var code: String
        /// What it is about.
        public var subject: String
        /// What is the matter.
        public var message: String
        /// What to do.
        public var suggestion: String

        /// Makes a drift.
        public init(code: String, subject: String, message: String, suggestion: String) {
            self.code = code
            self.subject = subject
            self.message = message
            self.suggestion = suggestion
        }
    }

    /// The last look at published objects.
    public struct Scrub: Codable, Sendable, Hashable {
        /// When it ended.
        public var finishedAt: Double
        /// Objects compared.
        public var objects: Int
        /// Objects that were missing or damaged and were sent again.
        public var healed: Int
        /// Objects that are missing or damaged, and of which the bytes are nowhere here; as drift, too.
        public var unhealed: Int

        /// Makes a scrub.
        public init(finishedAt: Double, objects: Int, healed: Int, unhealed: Int) {
            self.finishedAt = finishedAt
            self.objects = objects
            self.healed = healed
            self.unhealed = unhealed
        }
    }

    /// What happened since the daemon started; these only grow.
    public struct Counters: Codable, Sendable, Hashable {
        /// Generations published.
        public var published = 0
        /// Looks at the store that found nothing to do.
        public var unchanged = 0
        /// Pushes that failed.
        public var failed = 0
        /// Objects sent.
        public var objectsSent = 0
        /// Bytes sent.
        public var bytesSent: Int64 = 0
        /// Objects compared with the server's checksums.
        public var objectsVerified = 0
        /// Objects sent again because they were missing or damaged.
        public var objectsHealed = 0
        /// Times that files were looked at.
        public var examinations = 0
        /// Times that the kernel lost events, so that everything was looked at again.
        public var overflows = 0
        /// From noticing the first change to the published generation.
        public var lag = Lag()

        /// All zero.
        public init() {}
    }

    /// A histogram of durations in seconds, as Prometheus counts them.
    public struct Lag: Codable, Sendable, Hashable {
        /// The upper ends of the buckets, inclusive; one more, without an end, follows.
        public static let bounds: [Double] = [1, 2, 2.5, 3, 3.5, 4, 5, 10, 30, 60, 300]

        /// Observations in each bucket, not accumulated; one more than ``bounds``.
        public var counts = [Int](repeating: 0, count: bounds.count + 1)
        /// Their sum.
        public var sum = 0.0
        /// The newest one.
        public var last: Double?

        /// No observation.
        public init() {}

        /// Counts one.
        public mutating func observe(_ seconds: Double) {
            let index = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
            counts[index] += 1
            sum += seconds
            last = seconds
        }
    }

    /// The directory that holds `envsync.toml`, absolute.
    public var directory: String
    /// The environment's name; `nil` as long as the configuration can't be read.
    public var environment: String?
    /// The store; `nil` as long as the configuration can't be read.
    public var store: String?
    /// What the daemon is doing.
    public var phase: Phase
    /// Whether `envsync.lock` is written when sources changed; if not, changes are only told.
    public var autoLock: Bool
    /// How changes are noticed.
    public var watchMode: WatchMode
    /// Why it is polling.
    public var watchMessage: String?
    /// Directories and files that are watched.
    public var watched: Int
    /// Paths that changed and were not dealt with yet.
    public var pendingChanges: Int
    /// When the last change was noticed.
    public var lastChangeAt: Double?
    /// When the store was last seen to have what is on disk.
    public var inSyncAt: Double?
    /// Whether the store has what is on disk, as far as is known.
    public var isInSync: Bool
    /// The generation that the store's ref names, when last asked.
    public var generation: PublishedGeneration?
    /// What keeps it from being in sync.
    public var problem: Problem?
    /// When the next attempt will be; only while ``Phase/retrying``.
    public var nextAttemptAt: Double?
    /// How far the running push is.
    public var progress: Progress?
    /// Known drift.
    public var drift: [Drift]
    /// The last scrub.
    public var scrub: Scrub?
    /// What happened since the start.
    public var counters: Counters

    /// A workspace of which nothing is known yet.
    public init(directory: String, autoLock: Bool) {
        self.directory = directory
        self.autoLock = autoLock
        phase = .starting
        watchMode = .events
        watched = 0
        pendingChanges = 0
        isInSync = false
        drift = []
        counters = Counters()
    }
}
