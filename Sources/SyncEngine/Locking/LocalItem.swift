import EnvSyncModel

/// Something local that `envsync.toml` wants shipped, before it was looked into.
struct LocalItem: Sendable {
    /// What the configuration asks for.
    enum Role: Sendable, Hashable {
        /// A file of a wheelhouse.
        case wheelhouse
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
    }

    /// What the configuration asks for.
    let role: Role
    /// The absolute local path.
    let path: String
    /// What the lock records of it.
    let origin: ArtifactOrigin
    /// The jobs that want it; empty means every job.
    var jobs: [JobName]

    /// The key of its record in the state: one file can be looked into for several purposes.
    var fingerprintKey: String {
        switch role {
        case .wheelhouse, .pyFile: "py-file:" + path
        case .file, .main: "file:" + path
        case .source: "source:" + path
        case .archive: "archive:" + path
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

    private static let separator = "\u{1F}"
    private static let version = "2"

    /// One line for the state database.
    var text: String {
        [
            Self.version, kind.rawValue, name, version ?? "", interpreter ?? "", fileExtension ?? "", String(size),
            hdfsChecksum, signature ?? "",
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
        guard parts.count == 9, parts[0] == Self.version, let kind = ArtifactKind(rawValue: parts[1]),
            let size = Int64(parts[6])
        else { return nil }
        func optional(_ text: String) -> String? { text.isEmpty ? nil : text }
        self.init(
            kind: kind, name: parts[2], version: optional(parts[3]), interpreter: optional(parts[4]),
            fileExtension: optional(parts[5]), size: size, hdfsChecksum: parts[7], signature: optional(parts[8]))
    }
}

/// A local item whose content is known.
struct LocalArtifact: Sendable {
    let item: LocalItem
    let digest: ContentDigest
    let inspection: Inspection
}

/// Why a local item can't be shipped; collected, so that one run shows all of them.
struct LocalProblem: Sendable, Hashable {
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
}
