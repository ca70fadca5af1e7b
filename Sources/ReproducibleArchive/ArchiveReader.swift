/// The kind of archive a file is, going by its contents.
public enum ArchiveFormat: Hashable, Sendable {
    /// A zip file.
    case zip
    /// A gzip-compressed tar archive.
    case tarGz
    /// An uncompressed tar archive.
    case tar
    /// Data in a compression that neither Spark nor YARN unpacks, very likely a tar archive: bzip2, xz, zstd or lz4.
    case tarOther(compression: String)
    /// None of these.
    case unknown
}

/// One entry of an archive that holds a whole directory tree.
public struct TarEntryInfo: Hashable, Sendable {
    /// What an entry is.
    public enum EntryType: Hashable, Sendable {
        /// A regular file.
        case file
        /// A directory.
        case directory
        /// A symbolic link.
        case symlink
        /// Another name for a file that came earlier in the archive.
        case hardLink
        /// A device, a FIFO, or something that only some tar programs know.
        case other
    }

    /// The path inside the archive, without a leading `./` or a trailing slash. Bytes that are not UTF-8 are replaced.
    public var name: String
    /// What the entry is.
    public var type: EntryType
    /// A regular file's bytes when unpacked; 0 for everything else.
    public var size: Int64
    /// Unix permission bits.
    public var mode: UInt16
    /// Where a symbolic link leads, as written; for a hard link, the name of the earlier entry.
    public var linkTarget: String?

    /// Creates a description of an entry.
    public init(name: String, type: EntryType, size: Int64, mode: UInt16, linkTarget: String? = nil) {
        self.name = name
        self.type = type
        self.size = size
        self.mode = mode
        self.linkTarget = linkTarget
    }
}

/// Reads packed environments: tar, tar.gz and zip. One pass, streaming, in bounded memory.
public struct ArchiveReader {
    /// Tells a file's archive format from its contents; its name plays no part.
    /// - Throws: ``ArchiveError`` when the file cannot be read or is not a regular file.
    public static func format(ofFileAt path: String) throws -> ArchiveFormat {
        try format(of: InputFile(path: path))
    }

    /// Visits the entries of a zip, tar or tar.gz file in stored order.
    ///
    /// Unless the walk is stopped, the whole archive has been read when this returns: a tar.gz file's checksum is
    /// right and nothing is missing.
    /// - Throws: ``ArchiveError`` with code `unsupportedFormat` for other files, `truncated` or `damaged` for broken
    ///   ones, `unsafeName` for absolute names and names with `..`; and whatever `visit` throws.
    public static func scan(path: String, visit: (TarEntryInfo) throws -> WalkDecision) throws {
        try scan(path: path, readingUpTo: 0, of: { _ in false }, visit: { entry, _ in try visit(entry) })
    }

    /// Visits the entries as ``scan(path:visit:)`` does, with the beginnings of some files.
    /// - Parameters:
    ///   - limit: the most bytes of a file that are read.
    ///   - isWanted: whether a regular file's contents are.
    ///   - visit: is given the entry and, if they are wanted, its first bytes.
    public static func scan(
        path: String, readingUpTo limit: Int, of isWanted: (TarEntryInfo) -> Bool,
        visit: (TarEntryInfo, [UInt8]?) throws -> WalkDecision
    ) throws {
        let file = try InputFile(path: path)
        switch try format(of: file) {
        case .zip: try scanZip(file, limit, isWanted, visit)
        case .tar: try scanTar(path, FileStream(file: file), limit, isWanted, visit)
        case .tarGz: try scanTar(path, GzipStream(file: file), limit, isWanted, visit)
        case .tarOther(let compression):
            let message = "neither Spark nor YARN unpacks \(compression) archives; use .tar.gz"
            throw ArchiveError(code: .unsupportedFormat, path: path, message: message)
        case .unknown:
            throw ArchiveError(
                code: .unsupportedFormat, path: path, message: "the file is not a tar, tar.gz or zip archive")
        }
    }

    static func format(of file: InputFile) throws -> ArchiveFormat {
        let head = try file.bytes(count: Int(min(512, file.size)), at: 0)
        if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return .zip }
        if head.starts(with: [0x1F, 0x8B]) { return try isTar(decompressing: file) ? .tarGz : .unknown }
        if TarHeader(head) != nil { return .tar }
        for (magic, compression) in compressions where head.starts(with: magic) {
            return .tarOther(compression: compression)
        }
        return try ZipDirectory.isPresent(in: file) ? .zip : .unknown
    }

    private static let compressions: [(magic: [UInt8], name: String)] = [
        (Array("BZh".utf8), "bzip2"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd"), ([0x04, 0x22, 0x4D, 0x18], "lz4"),
    ]

    private static func isTar(decompressing file: InputFile) throws -> Bool {
        var head: [UInt8] = []
        do {
            let stream = try GzipStream(file: file)
            while head.count < 512, let bytes = try unsafe stream.next() {
                unsafe head.append(contentsOf: bytes.prefix(512 - head.count))
            }
        } catch let error as ArchiveError where error.code == .damaged || error.code == .truncated {
            return false
        }
        return TarHeader(head) != nil
    }

    private static func scanTar(
        _ path: String, _ stream: any ByteStream, _ limit: Int, _ isWanted: (TarEntryInfo) -> Bool,
        _ visit: (TarEntryInfo, [UInt8]?) throws -> WalkDecision
    ) throws {
        var reader = TarReader(path: path, stream: stream)
        while let entry = try reader.next() {
            if entry.name.isEmpty { continue }
            let isRead = entry.type == .file && isWanted(entry)
            if try visit(entry, isRead ? try reader.contents(limit: limit, of: entry) : nil) == .stop { return }
        }
    }

    private static func scanZip(
        _ file: InputFile, _ limit: Int, _ isWanted: (TarEntryInfo) -> Bool,
        _ visit: (TarEntryInfo, [UInt8]?) throws -> WalkDecision
    ) throws {
        let archive = try ZipArchive(file: file, trimmingNames: true)
        for index in archive.storedOrder {
            let info = archive.entries[index]
            var entry = TarEntryInfo(name: info.name, type: .file, size: info.size, mode: info.mode)
            if info.isDirectory {
                entry.type = .directory
                entry.size = 0
            } else if info.isSymlink {
                entry.type = .symlink
                entry.size = 0
                // PATH_MAX
                entry.linkTarget = String(
                    decoding: try archive.contents(ofEntryAt: index, limit: 4096), as: UTF8.self)
            }
            let isRead = entry.type == .file && isWanted(entry)
            if try visit(entry, isRead ? try archive.beginning(ofEntryAt: index, limit: limit) : nil) == .stop {
                return
            }
        }
    }
}
