/// What a zip file says about one entry.
public struct ZipEntryInfo: Hashable, Sendable {
    /// The path inside the archive: relative, `/`-separated, without a trailing slash, safe to use.
    public var name: String
    /// Bytes when decompressed.
    public var size: Int64
    /// Bytes inside the archive.
    public var compressedSize: Int64
    /// CRC-32 of the decompressed bytes.
    public var crc32: UInt32
    /// The compression method (0 stored, 8 deflated; others can be listed but not read).
    public var method: UInt16
    /// The entry is a directory.
    public var isDirectory: Bool
    /// The entry is a symbolic link; its contents are the target.
    public var isSymlink: Bool
    /// Unix permission bits; 0 when the writer recorded none.
    public var mode: UInt16
}

/// An open zip file whose central directory has been read and found safe.
///
/// Reading is bounded in memory: the table of contents, and two blocks of 128 KiB. Not for use by several threads.
public final class ZipArchive {
    /// The file's path.
    public let path: String
    /// Every entry, in the order of the table of contents.
    public let entries: [ZipEntryInfo]
    /// The file has zip64 structures, which Python's `zipimport` reads from 3.13 on only (CPython PR 94146).
    public let usesZip64: Bool

    static let blockSize = 128 << 10

    let file: InputFile
    let directory: ZipDirectory
    private let input = ByteBlock(count: blockSize)
    private let output = ByteBlock(count: blockSize)
    private lazy var inflater = Inflater()

    /// Opens a zip file and reads its table of contents.
    /// - Throws: ``ArchiveError`` for a file that cannot be read, is no zip, is cut short, contradicts itself, is
    ///   encrypted, or has absolute, climbing, duplicate or otherwise unsafe names.
    public convenience init(path: String) throws {
        try self.init(file: InputFile(path: path), trimmingNames: false)
    }

    init(file: InputFile, trimmingNames: Bool) throws {
        self.file = file
        path = file.path
        directory = try ZipDirectory(file: file, trimmingNames: trimmingNames)
        entries = directory.records.map(\.info)
        usesZip64 = directory.usesZip64
    }

    /// Indices into ``entries`` in the order the data lies in the file, which is the quickest to read in.
    public var storedOrder: [Int] {
        let records = directory.records
        return records.indices.sorted { records[$0].localOffset < records[$1].localOffset }
    }

    /// The contents of the entry at `index` of ``entries``.
    /// - Parameter limit: the largest contents accepted, in bytes.
    /// - Throws: ``ArchiveError`` with code `tooLarge` before anything is read, or as
    ///   ``stream(entryAt:to:)`` does.
    public func contents(ofEntryAt index: Int, limit: Int) throws -> [UInt8] {
        let info = entries[index]
        guard info.size <= Int64(limit) else {
            throw failure(info, .tooLarge, "the entry has \(info.size) bytes; at most \(limit) are accepted")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(info.size))
        try unsafe stream(entryAt: index) { unsafe bytes.append(contentsOf: $0) }
        return bytes
    }

    private struct Enough: Error {}

    /// The first bytes, up to `limit`, of the entry at `index` of ``entries``. Their checksum is not verified.
    /// - Throws: ``ArchiveError`` as ``stream(entryAt:to:)`` does.
    public func beginning(ofEntryAt index: Int, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            try unsafe stream(entryAt: index) { block in
                unsafe bytes.append(contentsOf: block.prefix(limit - bytes.count))
                if bytes.count >= limit { throw Enough() }
            }
        } catch is Enough {}
        return bytes
    }

    /// Hands the contents of the entry at `index` of ``entries`` to `sink`, in blocks of at most 128 KiB.
    ///
    /// The length and the CRC-32 are verified, so the contents are right only if this returns. `sink` must not read
    /// another entry of this archive.
    public func stream(entryAt index: Int, to sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        let data = ZipEntryData(file: file, directory: directory)
        let info = entries[index]
        var reader = try data.reader(at: index, block: input)
        var check = ContentsCheck(path: path, info: info)
        func deliver(_ bytes: UnsafeRawBufferPointer) throws {
            try unsafe check.add(bytes)
            try unsafe sink(bytes)
        }
        switch info.method {
        case 0:
            while let block = try unsafe reader.next() { try unsafe deliver(block) }
        case 8:
            try unsafe inflate(info, from: &reader, to: deliver)
        default:
            throw failure(info, .unsupportedCompression, "compression method \(info.method) is not supported")
        }
        try check.finish()
    }

    private func inflate(
        _ info: ZipEntryInfo, from reader: inout DataReader, to deliver: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard let inflater else { throw failure(info, .unreadable, "out of memory") }
        inflater.start(.deflate)
        var pending = PendingBytes()
        while true {
            if pending.isEmpty, let block = try unsafe reader.next() { pending = unsafe PendingBytes(block) }
            let step = unsafe inflater.step(input: pending.bytes, output: output.bytes)
            guard !step.failed else { throw failure(info, .damaged, "its compressed data is damaged") }
            pending.removeFirst(step.consumed)
            if step.produced > 0 { try unsafe deliver(output.prefix(step.produced)) }
            if step.finished { break }
            guard step.consumed > 0 || step.produced > 0 || reader.rest > 0 else {
                throw failure(info, .damaged, "its compressed data is cut short")
            }
        }
    }

    private func failure(_ info: ZipEntryInfo, _ code: ArchiveError.Code, _ message: String) -> ArchiveError {
        ArchiveError(code: code, path: path, entry: printable(info.name), message: message)
    }
}
