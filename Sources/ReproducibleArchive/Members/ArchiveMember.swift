/// One entry of an archive that is being assembled.
public struct ArchiveMember: Sendable {
    /// What an entry is.
    public enum Kind: Sendable {
        /// A directory; mode 0755.
        case directory
        /// A symbolic link; where it leads is not checked.
        case symlink(target: [UInt8])
        /// A regular file; mode 0755 or 0644.
        case file(isExecutable: Bool, content: any MemberContent)
    }

    /// The path inside the archive, `/`-separated, without a trailing slash. Bytes, since file names are.
    public var name: [UInt8]
    /// What it is.
    public var kind: Kind

    /// Makes one from its parts.
    public init(name: [UInt8], kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

/// The SHA-256 and size of a file's bytes as they are in the archive.
public struct MemberDigest: Sendable, Hashable {
    /// In bytes.
    public var size: Int64
    /// 32 bytes.
    public var sha256: [UInt8]

    /// Makes one from its parts.
    public init(size: Int64, sha256: [UInt8]) {
        self.size = size
        self.sha256 = sha256
    }
}

/// What is known of a file's content before it is opened.
public enum KnownContent: Sendable, Hashable {
    /// Nothing: it is to be read.
    case unknown
    /// There will be no such entry.
    case absent
    /// These bytes.
    case present(MemberDigest)
}

/// Where the bytes of a regular file of an archive come from.
public protocol MemberContent: Sendable {
    /// What is known without reading.
    var known: KnownContent { get }
    /// Gets the bytes. Called on a thread of the assembly, at most once unless the file changed while it was read, and not
    /// at all where the cache has what ``known`` says.
    func open() throws -> OpenedContent
}

/// A file's bytes, ready to be read.
public enum OpenedContent: Sendable {
    /// There is to be no such entry after all.
    case absent
    /// All of them.
    case bytes([UInt8])
    /// To be read piece by piece.
    case source(any ByteSource)
}

/// Bytes that are read in order, from the first to the last.
public protocol ByteSource: AnyObject, Sendable {
    /// How many there are; fixed when it was made.
    var size: Int64 { get }
    /// Fills the buffer, or what is left; fewer bytes than that is an error that ``ArchiveError/Code/fileChanged`` tells.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int
    /// Throws ``ArchiveError/Code/fileChanged`` if what was read may be a mixture of two versions.
    func checkUnchanged() throws
}
