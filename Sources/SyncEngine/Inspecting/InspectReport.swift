import EnvSyncModel

/// What `envsync inspect` was asked for.
public struct InspectRequest: Sendable {
    /// The archive's path; relative to the current directory.
    public var archive: String
    /// Whether it is held against the lock of the workspace, where there is one.
    public var usesLock = true
    /// The lock's archive that it is held against; `nil`: the one that it is, or resembles most.
    public var alias: ArchiveAlias?
    /// Codes of what isn't looked for.
    public var ignored: Set<String> = []

    /// Asks for everything about an archive.
    public init(archive: String) { self.archive = archive }
}

/// One difference between an archive and what it says of itself, or between an archive and the lock.
public struct InspectFinding: Sendable, Hashable {
    /// What an archive differs from.
    public enum Side: String, Sendable {
        /// What it says of itself: its manifest, and its packages' lists of files.
        case archive
        /// The lock of the workspace.
        case lock
    }

    /// What kind of difference; one of ``codes``.
    public let code: String
    /// How bad it is.
    public let severity: DriftFinding.Severity
    /// What it differs from.
    public let side: Side
    /// What it is about: a package, with its version if the archive itself is at fault, or a path; may be empty.
    public let subject: String
    /// Paths in the archive, the first few.
    public let paths: [[UInt8]]
    /// How many there are.
    public let count: Int
    /// What is the matter, as a clause about the subject.
    public let message: String
    /// What to do about it.
    public let suggestion: String

    /// All codes: of differences from the archive's own account, then from the lock, which are those of `check --env`.
    public static let codes = ArchiveFindings.codes + lockCodes.map(\.rawValue)
    static let lockCodes: [DriftFinding.Code] = [
        .environmentMissing, .environmentExtra, .environmentVersion, .environmentChanged,
    ]
}

/// What an archive is, and what is wrong with it.
public struct InspectReport: Sendable {
    /// A package in the archive.
    public struct Package: Sendable, Hashable {
        /// Normalized (PEP 503) for Python packages; as conda spells it for conda's.
        public let name: String
        /// As the package spells it; empty if it can't be told.
        public let version: String
        /// `python` or `conda`.
        public let manager: String
        /// conda: the build string.
        public let build: String?
        /// Files in the archive.
        public let files: Int
        /// Of its files, hexadecimal; `nil` if envsync didn't make the archive.
        public let digest: String?
    }

    /// The Python that the environment runs with.
    public struct Interpreter: Sendable, Hashable {
        /// Relative to the environment: `bin/python`.
        public let path: String
        /// Whether the archive holds it.
        public let isIncluded: Bool
        /// Where workers need one, if it doesn't.
        public let base: String?
    }

    /// What the environment was installed from.
    public struct Lockfile: Sendable, Hashable {
        /// The file's name, `uv.lock`.
        public let name: String
        /// The SHA-256 of the packages that it wanted, hexadecimal.
        public let id: String
        /// Whether the workspace's lockfile wants the same; `nil` if it has none, or nobody asked.
        public let isCurrent: Bool?
    }

    /// How the archive stands to the lock.
    public enum Standing: Sendable, Hashable {
        /// There is none to hold it against, for this reason.
        case none(String)
        /// It is one of the lock's artifacts, byte for byte.
        case same(Artifact)
        /// It was held against one of the lock's artifacts.
        case compared(Artifact)
        /// The lock has no archive; it was held against the wheels that are sent.
        case comparedWithWheels
        /// The lock has nothing to hold it against.
        case nothing
    }

    /// As it was given.
    public let path: String
    /// In bytes.
    public let size: Int64
    /// The SHA-256 of its bytes.
    public let digest: ContentDigest
    /// `tar.gz`, `tar`, `zip` or `tar.zst`.
    public let format: String
    /// `venv`, `conda`, `tree`, `overlay` or `layer`; `nil` if it holds no Python environment.
    public let kind: String?
    /// `envsync`, `conda-pack` or `venv-pack`; `nil` if nothing tells.
    public let maker: String?
    /// `3.11`; `nil` if nothing tells.
    public let python: String?
    /// `nil` if there is none.
    public let interpreter: Interpreter?
    /// The directory of the archive that holds the environment; empty: the root.
    public let root: String
    /// By name.
    public let packages: [Package]
    /// Regular files.
    public let files: Int
    /// Of all files when unpacked.
    public let unpackedBytes: Int64
    /// Files that were compared with hashes that their packages state.
    public let comparedFiles: Int
    /// Files that the packer rewrote, so that their packages' hashes say nothing of them.
    public let rewrittenFiles: Int
    /// `nil` if the archive doesn't say.
    public let lockfile: Lockfile?
    /// The name and the id of the environment that the lock is of; `nil` without a lock.
    public let environment: (name: EnvironmentName, id: ContentDigest)?
    /// How it stands to the lock.
    public let standing: Standing
    /// Whether everything that the lock means could be told; else packages that it may hold besides aren't compared.
    public let isComplete: Bool
    /// In a stable order; empty if nothing differs.
    public let findings: [InspectFinding]
}
