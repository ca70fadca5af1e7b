/// What an artifact is, found by looking inside it.
public enum ArtifactKind: String, Sendable, Codable, CaseIterable {
    /// A Python wheel.
    case wheel
    /// A zip of importable Python code.
    case zip
    /// A Python egg.
    case egg
    /// A single Python module.
    case python
    /// A `[[source]]` directory, shipped as a reproducible zip.
    case source
    /// Any other file, opened by the job by its name.
    case file
    /// A packed archive that workers unpack.
    case archive
    /// Wheels that can't be imported from a zip, installed into one archive whose root is on the Python path.
    case layer
}

/// How an artifact reaches the workers.
public enum Delivery: String, Sendable, Codable, CaseIterable, Comparable {
    /// On the Python path, by `--py-files` / `sc.addPyFile`.
    case pyfile
    /// In the working directory, by `--files` / `sc.addFile`.
    case file
    /// Unpacked under an alias, by `--archives` / `sc.addArchive`.
    case archive
    /// The job's main program, the last `spark-submit` argument.
    case main

    private var order: Int {
        switch self {
        case .archive: 0
        case .pyfile: 1
        case .file: 2
        case .main: 3
        }
    }

    /// The order of a lock: archives, py-files, files, mains.
    public static func < (left: Delivery, right: Delivery) -> Bool { left.order < right.order }
}

/// Where in the workspace an artifact comes from.
///
/// `path` is as `envsync.toml` writes it, or, for a wheelhouse and for an absolute path, the file name alone: a lock
/// holds no absolute path.
public struct ArtifactOrigin: Hashable, Sendable {
    /// The part of `envsync.toml` that names the artifact.
    public enum Section: String, Sendable, CaseIterable {
        /// Found in a `wheelhouse` directory.
        case wheelhouse
        /// Listed in `files` or `py-files`.
        case listed
        /// A `[[source]]` directory.
        case source
        /// An `[[archive]]`.
        case archive
        /// The `main` of a job.
        case main
        /// A wheel that `environment.lockfile` asks for; `path` is its file name.
        case lockfile
        /// Installed wheels; `path` is the layer's name.
        case layer
        /// What changed in a packed environment since its `[[archive]]` was packed; `path` is the archive's.
        case overlay
    }

    /// The part of `envsync.toml` that names the artifact.
    public let section: Section
    /// Relative to the workspace, `/`-separated.
    public let path: String

    /// Makes an origin.
    public init(section: Section, path: String) {
        self.section = section
        self.path = path
    }
}

/// One local file to ship, as the lock records it.
public struct Artifact: Hashable, Sendable {
    /// The distribution's or the file's name.
    public var name: String
    /// The version, where the artifact has one.
    public var version: String?
    /// What it is.
    public var kind: ArtifactKind
    /// The SHA-256 of its bytes.
    public var digest: ContentDigest
    /// Its size in bytes.
    public var size: Int64
    /// The MD5 of its HDFS file checksum with blocks of 128 MiB and a CRC-32C for each 512 bytes, 32 hexadecimal digits.
    ///
    /// It lets `check --deep` compare objects without local bytes and without downloading. Not part of the identity.
    public var hdfsChecksum: String?
    /// The last component of its path in the store.
    public var leaf: LeafName
    /// How it reaches the workers.
    public var delivery: Delivery
    /// The directory that workers unpack an archive into; archives only.
    public var alias: ArchiveAlias?
    /// The path of a Python interpreter inside an archive, for example `bin/python`; archives only.
    public var interpreter: String?
    /// The wheels that are installed in it, by name; layers only.
    public var wheels: [LayerWheel]
    /// The archive that it comes before on the Python path, and without which nobody wants it; overlays only.
    public var base: ArchiveAlias?
    /// What envsync packed into it; archives that it packs itself, and overlays.
    public var contents: PackedContents?
    /// The jobs that want it, sorted; empty means every job.
    public var jobs: [JobName]
    /// Where it comes from; not part of the environment's identity.
    public var origin: ArtifactOrigin

    /// Makes an artifact from its parts.
    public init(
        name: String, version: String? = nil, kind: ArtifactKind, digest: ContentDigest, size: Int64,
        hdfsChecksum: String? = nil, leaf: LeafName, delivery: Delivery, alias: ArchiveAlias? = nil,
        interpreter: String? = nil, wheels: [LayerWheel] = [], base: ArchiveAlias? = nil,
        contents: PackedContents? = nil, jobs: [JobName] = [], origin: ArtifactOrigin
    ) {
        self.name = name
        self.version = version
        self.kind = kind
        self.digest = digest
        self.size = size
        self.hdfsChecksum = hdfsChecksum
        self.leaf = leaf
        self.delivery = delivery
        self.alias = alias
        self.interpreter = interpreter
        self.wheels = wheels.sorted { ($0.name, $0.fileName) < ($1.name, $1.fileName) }
        self.base = base
        self.contents = contents
        self.jobs = jobs.sorted()
        self.origin = origin
    }

    /// The object that holds this artifact's bytes.
    public var object: ObjectKey { ObjectKey(digest: digest, leaf: leaf, size: size) }

    /// Whether a job uses this artifact.
    public func isWanted(by job: JobName) -> Bool { jobs.isEmpty || jobs.contains(job) }
}

/// A wheel that is installed in a layer.
public struct LayerWheel: Hashable, Sendable {
    /// The project's name, normalized (PEP 503).
    public var name: String
    /// Its version.
    public var version: String
    /// The wheel's file name.
    public var fileName: String
    /// The SHA-256 of the wheel.
    public var digest: ContentDigest

    /// Makes one from its parts.
    public init(name: String, version: String, fileName: String, digest: ContentDigest) {
        self.name = name
        self.version = version
        self.fileName = fileName
        self.digest = digest
    }

    /// `name==version`, as requirements are written (PEP 508).
    public var requirement: String { "\(name)==\(version)" }
}

/// A package that the environment needs and an archive already holds, so that its wheel is not sent.
public struct ProvidedPackage: Hashable, Sendable {
    /// The project's name, normalized (PEP 503).
    public var name: String
    /// Its version.
    public var version: String
    /// The alias of the archive.
    public var archive: ArchiveAlias

    /// Makes one from its parts.
    public init(name: String, version: String, archive: ArchiveAlias) {
        self.name = name
        self.version = version
        self.archive = archive
    }
}

/// An object in the store: what it holds, what it is called and how long it is.
public struct ObjectKey: Hashable, Sendable {
    /// The SHA-256 of its bytes.
    public let digest: ContentDigest
    /// The last component of its path.
    public let leaf: LeafName
    /// Its length in bytes.
    public let size: Int64

    /// Makes a key.
    public init(digest: ContentDigest, leaf: LeafName, size: Int64) {
        self.digest = digest
        self.leaf = leaf
        self.size = size
    }

    /// `objects/<sha[0:2]>/<sha256>/<leaf>`, relative to the store's root.
    public var relativePath: String {
        let hex = digest.hex
        return "objects/\(hex.prefix(2))/\(hex)/\(leaf.text)"
    }
}
