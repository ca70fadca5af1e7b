/// What goes into an archive, and why what doesn't.
public struct PackPlan: Sendable {
    /// The kind of environment.
    public enum Kind: String, Sendable {
        /// A virtual environment (PEP 405): venv, virtualenv, uv.
        case venv
        /// A conda environment.
        case conda
        /// A Python installation that doesn't mind where it is, such as python-build-standalone's.
        case tree
    }

    /// Something of the environment that is left out.
    public struct Omission: Sendable, Hashable {
        /// Relative to the environment; a directory stands for all below it.
        public var path: [UInt8]
        /// Why, as a clause: "excluded by --exclude 'x'", "a FIFO".
        public var reason: String
        /// Makes one from its parts.
        public init(path: [UInt8], reason: String) {
            self.path = path
            self.reason = reason
        }
    }

    /// An installed package.
    public struct Package: Sendable, Hashable {
        /// Who installed it.
        public enum Manager: String, Sendable { case python, conda }
        /// Normalized (PEP 503) for Python packages; as conda spells it for conda's.
        public var name: String
        /// As the package spells it.
        public var version: String
        /// Who installed it.
        public var manager: Manager
        /// conda: the build string.
        public var build: String?
        /// Makes one from its parts.
        public init(name: String, version: String, manager: Manager, build: String? = nil) {
            self.name = name
            self.version = version
            self.manager = manager
            self.build = build
        }
    }

    /// An entry of the archive.
    public struct Entry: Sendable {
        /// What an entry is.
        public enum Kind: Sendable {
            case directory
            case symlink(target: [UInt8])
            case file(isExecutable: Bool, FileContent)
        }
        /// The path inside the archive.
        public var path: [UInt8]
        /// What it is.
        public var kind: Kind
        /// An index into ``PackPlan/packages``; `nil`: of no package.
        public var package: Int?
        /// Makes one from its parts.
        public init(path: [UInt8], kind: Kind, package: Int? = nil) {
            self.path = path
            self.kind = kind
            self.package = package
        }
    }

    /// Where the bytes of a file come from.
    public enum FileContent: Sendable {
        /// Made by envsync.
        case generated([UInt8])
        /// Those of a file as they are.
        case file(SourceFile)
        /// Made from one or more files; the first is the one that it takes the place of.
        case rewritten([SourceFile], any FileRewrite)
    }

    /// What it is.
    public var kind: Kind
    /// The environment's directory, absolute, without symbolic links.
    public var prefix: String
    /// `3.11`.
    public var python: String
    /// conda's, then Python's, each by name.
    public var packages: [Package]
    /// Sorted by path (bytes); no two have the same.
    public var entries: [Entry]
    /// Sorted by path.
    public var omissions: [Omission]
    /// All, tolerated or not.
    public var problems: [PackProblem]
    /// Sentences that a user should see, but that stop nothing.
    public var notes: [String]
    /// The interpreter, for the manifest.
    public var interpreter: EnvironmentManifest.Interpreter
    /// How many files name a prefix that is only known where the archive is unpacked; `nil`: the archive needs no such thing.
    public var relocatedFiles: Int?
    /// Directories outside of the environment in which a new file would be packed, too.
    var watched: [WatchedDirectory] = []
}

/// A regular file of the local file system, as the survey saw it.
public struct SourceFile: Sendable, Hashable {
    /// What tells one version of a file from another without reading it.
    public struct Fingerprint: Sendable, Hashable {
        /// The file system's number.
        public var device: UInt64
        /// The file's number on it.
        public var inode: UInt64
        /// In bytes.
        public var size: Int64
        /// Nanoseconds since 1970.
        public var modified: Int64
        /// When its content or its attributes changed; nanoseconds since 1970.
        public var changed: Int64
        /// Makes one from its parts.
        public init(device: UInt64, inode: UInt64, size: Int64, modified: Int64, changed: Int64) {
            self.device = device
            self.inode = inode
            self.size = size
            self.modified = modified
            self.changed = changed
        }

        /// Whether it is the same file, be its content another.
        func isSameFile(as other: Self) -> Bool { device == other.device && inode == other.inode }
    }
    /// Absolute; bytes without a terminating zero.
    public var path: [UInt8]
    /// As it was when the environment was listed.
    public var fingerprint: Fingerprint
    /// Makes one from its parts.
    public init(path: [UInt8], fingerprint: Fingerprint) {
        self.path = path
        self.fingerprint = fingerprint
    }
}

/// How a file's bytes in the archive are made from those on disk.
///
/// Works on one file, on any thread; the same files and the same identity give the same bytes.
public protocol FileRewrite: Sendable {
    /// Names the rewriting with everything it depends on besides the files themselves, for example
    /// "shebang 1 /home/ana/venv". Results are remembered by it.
    var identity: String { get }
    /// The identity in UTF-8.
    var identityBytes: [UInt8] { get }
    /// What it is for, in a few words: "shebang", "without the prefix"; for lists of files.
    var purpose: String { get }
    /// What it does to these files, in a few words; `nil`: nothing. As ``purpose``, unless that can't be told without a look.
    func effect(_ files: () throws -> [OpenSource]) throws -> RewriteEffect?
    /// - Parameter files: the ones of ``PackPlan/FileContent/rewritten(_:_:)``, open for reading.
    func rewrite(_ files: [OpenSource]) throws -> Rewritten
}

extension FileRewrite {
    /// That of ``identity``.
    public var identityBytes: [UInt8] { Array(identity.utf8) }

    /// In few words, for those that have none of their own.
    public var purpose: String { "rewritten" }

    /// For those that always change their files.
    public func effect(_ files: () throws -> [OpenSource]) -> RewriteEffect? { RewriteEffect(purpose) }

    /// For those that change only some.
    func effectIfChanged(_ files: () throws -> [OpenSource]) throws -> RewriteEffect? {
        if case .unchanged = try rewrite(try files()) { nil } else { RewriteEffect(purpose) }
    }
}

/// What a rewriting makes of a file.
public enum Rewritten: Sendable {
    /// The file as it is.
    case unchanged
    /// There is to be no such file.
    case absent
    /// Other bytes altogether; for small files.
    case bytes([UInt8])
    /// The file with pieces replaced, in ascending order, not overlapping.
    case patched([Patch])

    /// A piece of a file and what takes its place.
    public struct Patch: Sendable, Hashable {
        /// Offsets in the file on disk.
        public var range: Range<Int64>
        /// What comes in its place; may be of another length.
        public var bytes: [UInt8]
        /// Makes one from its parts.
        public init(range: Range<Int64>, bytes: [UInt8]) {
            self.range = range
            self.bytes = bytes
        }
    }
}
