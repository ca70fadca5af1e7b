internal import Crypto

/// One entry of an archive with what it holds.
public struct ArchivedContent: Hashable, Sendable {
    /// The path inside the archive, without a leading `./` or a trailing slash. Any bytes but zero.
    public var path: [UInt8]
    /// What the entry is.
    public var type: TarEntryInfo.EntryType
    /// A regular file's bytes when unpacked; 0 for everything else.
    public var size: Int64
    /// Unix permission bits; 0 where a zip tells none.
    public var mode: UInt16
    /// Where a symbolic link leads, as written; for a hard link, the path of the earlier entry.
    public var linkTarget: [UInt8]?
    /// Of a regular file's bytes; `nil` of other entries, and of sparse files, whose holes the archive leaves out.
    public var sha256: [UInt8]?
    /// A regular file's first bytes, as many as were asked for.
    public var beginning: [UInt8] = []
}

extension ArchiveReader {
    /// Entries with longer paths than the system opens (PATH_MAX) are refused.
    static let pathLimit = 4096

    /// Visits all entries in stored order and hashes every file, in one pass and in bounded memory.
    ///
    /// The whole archive has been read when this returns, and its checksums were right.
    /// - Parameters:
    ///   - path: a tar, tar.gz, tar.zst or zip file.
    ///   - cancelled: called often, within files, too; throws to end the work.
    ///   - wanted: how many of a regular file's first bytes are kept, by its path and size.
    ///   - visit: is given each entry.
    /// - Returns: the archive's form.
    /// - Throws: ``ArchiveError`` as ``scan(path:visit:)`` does, and with code `tooLarge` for paths that can't be
    ///   unpacked; whatever `visit` throws.
    public static func read(
        path: String, cancelled: () throws -> Void = {}, keeping wanted: ([UInt8], Int64) -> Int,
        visit: (ArchivedContent) throws -> Void
    ) throws -> PackedFormat {
        let file = try InputFile(path: path)
        switch try format(of: file) {
        case .zip:
            try readZip(file, cancelled, wanted, visit)
            return .zip
        case .tar:
            try readTar(path, FileStream(file: file), cancelled, wanted, visit)
            return .tar
        case .tarGz:
            try readTar(path, GzipStream(file: file), cancelled, wanted, visit)
            return .tarGz
        case .tarOther(compression: "zstd"):
            try readTar(path, ZstdStream(file: file), cancelled, wanted, visit)
            return .tarZst
        case .tarOther(let compression):
            throw ArchiveError(
                code: .unsupportedFormat, path: path, message: "\(compression) archives can't be read here")
        case .unknown:
            throw ArchiveError(
                code: .unsupportedFormat, path: path, message: "the file is not a tar, tar.gz, tar.zst or zip archive")
        }
    }

    private static func readTar(
        _ path: String, _ stream: any ByteStream, _ cancelled: () throws -> Void, _ wanted: ([UInt8], Int64) -> Int,
        _ visit: (ArchivedContent) throws -> Void
    ) throws {
        var reader = TarReader(path: path, stream: stream)
        while let entry = try reader.next() {
            if entry.name.isEmpty { continue }
            let spelled = reader.spelled
            guard spelled.name.count < pathLimit else {
                throw ArchiveError(
                    code: .tooLarge, path: path, entry: printable(entry.name.prefix(200)),
                    message: "the path has \(spelled.name.count) bytes, more than the system opens")
            }
            var content = ArchivedContent(
                path: spelled.name, type: entry.type, size: entry.size, mode: entry.mode,
                linkTarget: spelled.linkTarget)
            if entry.type == .file, !spelled.isSparse {
                var digest = ContentHash(keeping: wanted(content.path, entry.size))
                try unsafe reader.stream(of: entry) {
                    try cancelled()
                    unsafe digest.add($0)
                }
                content.sha256 = digest.value
                content.beginning = digest.beginning
            }
            try visit(content)
        }
    }

    private static func readZip(
        _ file: InputFile, _ cancelled: () throws -> Void, _ wanted: ([UInt8], Int64) -> Int,
        _ visit: (ArchivedContent) throws -> Void
    ) throws {
        let archive = try ZipArchive(file: file, trimmingNames: true)
        for index in archive.storedOrder {
            let info = archive.entries[index]
            var content = ArchivedContent(path: Array(info.name.utf8), type: .file, size: info.size, mode: info.mode)
            if info.isDirectory {
                content.type = .directory
                content.size = 0
            } else if info.isSymlink {
                content.type = .symlink
                content.size = 0
                content.linkTarget = try archive.contents(ofEntryAt: index, limit: pathLimit)
            } else {
                var digest = ContentHash(keeping: wanted(content.path, info.size))
                try unsafe archive.stream(entryAt: index) {
                    try cancelled()
                    unsafe digest.add($0)
                }
                content.sha256 = digest.value
                content.beginning = digest.beginning
            }
            try visit(content)
        }
    }
}

/// The SHA-256 of bytes that come piece by piece, and the first of them.
private struct ContentHash {
    private var hash = SHA256()
    private let limit: Int
    private(set) var beginning: [UInt8] = []

    init(keeping limit: Int) { self.limit = limit }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        unsafe hash.update(bufferPointer: bytes)
        if beginning.count < limit { unsafe beginning.append(contentsOf: bytes.prefix(limit - beginning.count)) }
    }

    var value: [UInt8] { Array(hash.finalize()) }
}
