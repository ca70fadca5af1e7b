import EnvSyncModel

/// One difference between sources, lock, local files, the local Python environment, the state, and what is published and
/// stored.
public struct DriftFinding: Sendable, Hashable {
    /// What kind of drift. The words are stable: scripts may rely on them. Findings are told in this order.
    public enum Code: String, Sendable, CaseIterable {
        /// A source or file is not in the lock, or its delivery changed.
        case staleLock = "stale-lock"
        /// A local file has other bytes than the lock says.
        case localChanged = "local-changed"
        /// A local file that the lock lists isn't there.
        case localMissing = "local-missing"
        /// A package of the lock isn't installed in the local Python environment.
        case environmentMissing = "environment-missing"
        /// A package is installed in the local Python environment that workers don't get.
        case environmentExtra = "environment-extra"
        /// A package is installed in another version than workers get.
        case environmentVersion = "environment-version"
        /// An installed package isn't what was installed: a file was edited or removed, or its metadata can't be read.
        case environmentChanged = "environment-changed"
        /// The environment was never published in this store.
        case notPublished = "not-published"
        /// The newest generation isn't the lock's environment.
        case generationDiffers = "generation-differs"
        /// Another generation was published since the lock's, or since this workspace last published or looked.
        case superseded
        /// The ref or the manifest of the newest generation can't be read.
        case publicationDamaged = "publication-damaged"
        /// The state says other things of an object or a generation than the store.
        case mappingDiffers = "mapping-differs"
        /// An object isn't in the store.
        case objectMissing = "object-missing"
        /// An object has another size.
        case objectSize = "object-size"
        /// An object holds other bytes.
        case objectContent = "object-content"
        /// An object, or a directory above it, has a mode that keeps other users' jobs from sharing it.
        case objectMode = "object-mode"
        /// The arguments last given out for a job are of an environment that isn't the newest any more.
        case argumentsOutdated = "arguments-outdated"

        /// How bad it is.
        public var severity: Severity {
            switch self {
            case .environmentExtra, .mappingDiffers, .objectMode, .argumentsOutdated: .warning
            default: .error
            }
        }
    }

    /// How bad drift is. Either makes a check exit with 1; reports show them differently.
    public enum Severity: String, Sendable, CaseIterable {
        /// Jobs get something else than they should, or fail.
        case error
        /// Jobs get what they should, but not as well as they could, or not everywhere.
        case warning
    }

    /// The file of the checkout that a finding belongs to.
    public struct Location: Sendable, Hashable {
        /// Relative to the workspace.
        public let path: String
        /// The line, counted from 1; `nil` if it belongs to the whole file, or to a directory.
        public let line: Int?

        /// Makes a location.
        public init(path: String, line: Int? = nil) {
            self.path = path
            self.line = line
        }
    }

    /// What kind of drift.
    public let code: Code
    /// What it is about: an artifact's local path, a package's name, a job's name, or a path in the store.
    public let subject: String
    /// What is the matter, as a clause.
    public let message: String
    /// What to do about it.
    public let suggestion: String
    /// The file of the checkout that it belongs to, where there is one.
    public var location: Location?

    /// How bad it is.
    public var severity: Severity { code.severity }

    /// Makes a finding.
    public init(code: Code, subject: String, message: String, suggestion: String, location: Location? = nil) {
        self.code = code
        self.subject = subject
        self.message = message
        self.suggestion = suggestion
        self.location = location
    }
}

/// Drift that ``CheckOptions/fix`` did away with.
public struct FixedFinding: Sendable, Hashable {
    /// What was found.
    public let finding: DriftFinding
    /// What was done about it, as a clause in the past tense.
    public let action: String

    /// Makes one.
    public init(finding: DriftFinding, action: String) {
        self.finding = finding
        self.action = action
    }
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
    /// The root of a Python environment (venv or conda) to compare with the lock; relative to the current directory. `nil`:
    /// none.
    public var environmentPrefix: String?
    /// The kinds of drift to look for; empty: all.
    public var only: Set<DriftFinding.Code> = []
    /// Kinds of drift not to look for.
    public var ignore: Set<DriftFinding.Code> = []
    /// Do away with what can be done away with safely: send what is missing or damaged, mend modes, publish what was never
    /// published, and correct the state. The lock, local files and other people's generations are left as they are.
    public var fix = false

    /// The defaults.
    public init() {}

    /// Whether a kind of drift is looked for.
    public func wants(_ code: DriftFinding.Code) -> Bool {
        (only.isEmpty || only.contains(code)) && !ignore.contains(code)
    }

    /// Whether one of these kinds is looked for.
    func wantsAny(_ codes: DriftFinding.Code...) -> Bool { codes.contains(where: wants) }
}

/// What a check found.
public struct CheckResult: Sendable {
    /// The lock's environment.
    public let id: ContentDigest
    /// The newest generation in the store; `nil` if there is none that can be read, or nobody asked.
    public let generation: GenerationName?
    /// The drift, in a stable order; empty if all is in sync. After ``CheckOptions/fix``, what is left.
    public let findings: [DriftFinding]
    /// The drift that was done away with, in the same order.
    public var fixed: [FixedFinding] = []
    /// Objects looked at.
    public let objects: Int
    /// Installed packages looked at.
    public var packages = 0
    /// Requests to servers.
    public let requests: Int
    /// Objects that ``CheckOptions/deep`` could not compare, since the server's checksum doesn't tell.
    public let notCompared: Int
    /// Bytes received from servers, without headers; with ``CheckOptions/deep`` no object's bytes are among them.
    public let bytesReceived: Int64
}
