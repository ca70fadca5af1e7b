import EnvSyncModel

/// Something local that `envsync.toml` wants shipped, before it was looked into.
struct LocalItem: Sendable {
    /// What the configuration asks for.
    enum Role: Sendable, Hashable {
        /// A file of a wheelhouse.
        case wheelhouse
        /// A wheel that the lockfile asks for, wherever it was found.
        case locked
        /// Wheels to be installed into one archive.
        case layer(LayerPlan)
        /// Listed in `py-files`.
        case pyFile
        /// Listed in `files`.
        case file
        /// A job's main program.
        case main
        /// A `[[source]]` directory.
        case source(SourceConfiguration)
        /// An `[[archive]]`.
        case archive(ArchiveAlias)
        /// What changed in a packed environment since the archive of that alias was packed.
        case overlay(ArchiveAlias)
    }

    /// What the configuration asks for.
    let role: Role
    /// The absolute local path.
    let path: String
    /// What the lock records of it.
    let origin: ArtifactOrigin
    /// The jobs that want it; empty means every job.
    var jobs: [JobName]

    /// Whether envsync makes its bytes, and keeps them under `.envsync/build`.
    var isBuilt: Bool {
        switch role {
        case .source, .layer: true
        default: false
        }
    }

    /// The key of its record in the state: one file can be looked into for several purposes.
    var fingerprintKey: String {
        switch role {
        case .wheelhouse, .pyFile, .locked: "py-file:" + path
        case .layer(let plan): "layer:" + plan.key.hex
        case .file, .main: "file:" + path
        case .source: "source:" + path
        case .archive: "archive:" + path
        case .overlay: "overlay:" + path
        }
    }
}

/// What looking into an item found; everything that its bytes alone decide.
struct Inspection: Sendable, Hashable {
    var kind: ArtifactKind
    var name: String
    var version: String?
    /// Archives: the interpreter, and the suffix that Spark and YARN choose the unpacking by.
    var interpreter: String?
    var fileExtension: String?
    var size: Int64
    var hdfsChecksum: String
    /// Sources: the SHA-256 of the list of files with their times, sizes and inodes.
    var signature: String?
    /// Wheels: the compatibility tags.
    var tags: [String] = []
    /// Wheels: why it can't be imported from a zip; empty if it can.
    var obstacles: [String] = []
    /// Archives: what is installed in it, `name==version`.
    var packages: [String] = []
    /// Archives: the version of its Python, for example `3.11`. Wheels: the versions that it accepts.
    var python: String?

    private static let separator = "\u{1F}"
    private static let listSeparator = "\u{1E}"
    private static let version = "3"

    /// One line for the state database.
    var text: String {
        [
            Self.version, kind.rawValue, name, version ?? "", interpreter ?? "", fileExtension ?? "", String(size),
            hdfsChecksum, signature ?? "", tags.joined(separator: Self.listSeparator),
            obstacles.joined(separator: Self.listSeparator), packages.joined(separator: Self.listSeparator),
            python ?? "",
        ].joined(separator: Self.separator)
    }

    init(
        kind: ArtifactKind, name: String, version: String? = nil, interpreter: String? = nil,
        fileExtension: String? = nil, size: Int64, hdfsChecksum: String, signature: String? = nil
    ) {
        self.kind = kind
        self.name = name
        self.version = version
        self.interpreter = interpreter
        self.fileExtension = fileExtension
        self.size = size
        self.hdfsChecksum = hdfsChecksum
        self.signature = signature
    }

    /// Reads a line written by ``text``; `nil` for one of another version of envsync.
    init?(text: String) {
        // By bytes: splitting by characters takes a good part of a push of 10,000 artifacts that has nothing to do.
        let parts = text.utf8.split(separator: 0x1F, omittingEmptySubsequences: false).map { String(Substring($0)) }
        guard parts.count == 13, parts[0] == Self.version, let kind = ArtifactKind(rawValue: parts[1]),
            let size = Int64(parts[6])
        else { return nil }
        func optional(_ text: String) -> String? { text.isEmpty ? nil : text }
        self.init(
            kind: kind, name: parts[2], version: optional(parts[3]), interpreter: optional(parts[4]),
            fileExtension: optional(parts[5]), size: size, hdfsChecksum: parts[7], signature: optional(parts[8]))
        func list(_ text: String) -> [String] {
            text.isEmpty ? [] : text.utf8.split(separator: 0x1E).map { String(Substring($0)) }
        }
        tags = list(parts[9])
        obstacles = list(parts[10])
        packages = list(parts[11])
        python = optional(parts[12])
    }
}

/// A local item whose content is known.
struct LocalArtifact: Sendable {
    let item: LocalItem
    let digest: ContentDigest
    let inspection: Inspection
    /// What envsync packed into it.
    var contents: PackedContents?
    /// Whether its bytes are on this machine: a packed environment is known by the lock, too.
    var isHere = true
}

/// Why a local item can't be shipped; collected, so that one run shows all of them.
struct LocalProblem: Error, Sendable, Hashable {
    /// What kind of problem it is, as far as callers act on it.
    enum Kind: Sendable, Hashable {
        case missing
        case unusable
    }

    let kind: Kind
    let origin: ArtifactOrigin
    let path: String
    let message: String
    let suggestion: String?
    /// Whether somebody changed it while it was read: another look may find it whole.
    var isOfChange = false
}
