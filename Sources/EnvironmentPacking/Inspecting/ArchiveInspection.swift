public import ReproducibleArchive

/// What a packed environment is, and how its files stand to what it says of itself.
public struct ArchiveInspection: Sendable {
    /// A package by its own metadata.
    public struct Package: Sendable, Hashable {
        /// Normalized (PEP 503) for Python packages; as conda spells it for conda's.
        public var name: String
        /// As the package spells it; empty if it can't be told.
        public var version: String
        /// Who installed it.
        public var manager: PackPlan.Package.Manager
        /// conda: the build string.
        public var build: String?
        /// As in the manifest, but of what the archive really holds; `nil` in archives that envsync didn't make.
        public var digest: String?
        /// Files in the archive.
        public var files: Int
    }

    /// Who made an archive.
    public enum Maker: String, Sendable {
        /// It has a manifest.
        case envsync
        /// It has its scripts.
        case condaPack = "conda-pack"
        /// It has its activation.
        case venvPack = "venv-pack"
    }

    /// One difference between the archive and what it says of itself.
    public struct Finding: Sendable, Hashable {
        /// What kind of difference. The words are stable.
        public enum Code: String, Sendable, CaseIterable {
            /// There is no Python environment in it.
            case noEnvironment = "no-environment"
            /// `.envsync/environment.json` can't be understood.
            case manifestDamaged = "manifest-damaged"
            /// A package's list of files, or its metadata, can't be understood.
            case metadataDamaged = "metadata-damaged"
            /// There is no interpreter where there should be one.
            case interpreterMissing = "interpreter-missing"
            /// A package of the manifest has no metadata in the archive.
            case packageMissing = "package-missing"
            /// A package isn't in the manifest.
            case packageExtra = "package-extra"
            /// A package lists a file that isn't there.
            case fileMissing = "file-missing"
            /// A file has other bytes than its package says.
            case fileChanged = "file-changed"
            /// The archive has two entries of one path, which aren't the same.
            case fileTwice = "file-twice"
            /// Symbolic links lead out of the archive, and not to an interpreter.
            case linkOutside = "link-outside"
            /// A package's files aren't those of the manifest, and nothing tells which.
            case packageChanged = "package-changed"
            /// The files of no package aren't those of the manifest.
            case otherChanged = "other-changed"
        }
        /// What kind of difference.
        public var code: Code
        /// The package's name and version, where it concerns one.
        public var package: String?
        /// Paths of the archive, the first few.
        public var paths: [[UInt8]]
        /// How many there are.
        public var count: Int
        /// What is the matter, as a clause about the package or else the path.
        public var message: String
    }

    /// The archive's form.
    public var format: PackedFormat
    /// `venv`, `conda`, `tree`, or `overlay` and `layer`, whose root is on the Python path; `nil` if there is no Python
    /// environment.
    public var kind: String?
    /// Who made it; `nil` if nothing tells.
    public var maker: Maker?
    /// `3.11`; `nil` if nothing tells.
    public var python: String?
    /// The Python that the environment runs with; `nil` if there is none.
    public var interpreter: EnvironmentManifest.Interpreter?
    /// What its `.envsync/environment.json` says; `nil` if envsync didn't make it, or it is damaged.
    public var manifest: EnvironmentManifest?
    /// The directory of the archive that holds the environment; empty: the root.
    public var root: String
    /// By name.
    public var packages: [Package]
    /// The manifest's digest of files that belong to no package, but of what the archive really holds; `nil` in archives
    /// that envsync didn't make.
    public var other: String?
    /// Regular files.
    public var files: Int
    /// Bytes of all files when unpacked.
    public var bytes: Int64
    /// Files whose bytes were compared with a hash that their package states.
    public var comparedFiles: Int
    /// Files that the packer rewrote, so that their package's hash says nothing of them.
    public var rewrittenFiles: Int
    /// In a stable order; empty if all is as it says.
    public var findings: [Finding]

    /// Paths that a finding names.
    public static let pathLimit = 5

    /// Reads an archive to its end, in one pass, and holds it against what it says of itself.
    ///
    /// - Parameters:
    ///   - path: a tar.gz, tar, tar.zst or zip file by envsync, conda-pack, venv-pack or anything else.
    ///   - cancelled: called often; throws to end the work.
    /// - Throws: ``/ReproducibleArchive/ArchiveError`` for an archive that can't be read to its end; what `cancelled` does.
    public static func inspect(path: String, cancelled: () throws -> Void = {}) throws -> ArchiveInspection {
        let contents = try ArchiveContents(path: path, cancelled: cancelled)
        return try InspectionWork(contents).inspection(cancelled: cancelled)
    }
}
