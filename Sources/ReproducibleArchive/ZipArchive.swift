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

    private let file: InputFile
    private let directory: ZipDirectory
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

    /// Hands the contents of the entry at `index` of ``entries`` to `sink`, in blocks of at most 128 KiB.
    ///
    /// The length and the CRC-32 are verified, so the contents are right only if this returns. `sink` must not read
    /// another entry of this archive.
    public func stream(entryAt index: Int, to sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        let record = directory.records[index]
        let info = record.info
        let window = min(Int64(Self.blockSize), directory.start - record.localOffset)
        let filled = try unsafe file.read(into: input.space(Int(window)), at: record.localOffset)
        let headerLength = try localHeaderLength(record, filled: filled)
        var reader = DataReader(
            file: file, block: input, position: headerLength, filled: filled,
            offset: record.localOffset + Int64(filled), rest: info.compressedSize)
        guard record.localOffset + Int64(headerLength) + info.compressedSize <= directory.start else {
            throw failure(info, .damaged, "its data reaches into the table of contents")
        }
        var check: UInt32 = 0
        var produced: Int64 = 0
        func deliver(_ bytes: UnsafeRawBufferPointer) throws {
            produced += Int64(bytes.count)
            guard produced <= info.size else { throw failure(info, .damaged, "it is larger than it says") }
            unsafe check = crc32(bytes, continuing: check)
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
        guard produced == info.size, check == info.crc32 else {
            throw failure(info, .damaged, "its contents don't match its checksum")
        }
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

    /// Checks the local header, which lies in the first `filled` bytes of the input block.
    private func localHeaderLength(_ record: ZipDirectory.Record, filled: Int) throws -> Int {
        // The largest header is 30 + 65535 + 65535 bytes, a little more than a block; nothing real comes near.
        guard filled >= 30 else { throw failure(record.info, .truncated, "its header is cut short") }
        let fixed = LittleEndian(bytes: unsafe Array(input.prefix(30)))
        let nameEnd = 30 + fixed.u16(26)
        let length = nameEnd + fixed.u16(28)
        guard fixed.u32(0) == 0x0403_4B50, length <= filled else {
            throw failure(record.info, .damaged, "its header is damaged")
        }
        guard unsafe input.prefix(nameEnd)[30...].elementsEqual(record.rawName) else {
            throw failure(record.info, .damaged, "its header gives it another name than the table of contents")
        }
        guard fixed.u16(6) & 0x2041 == 0 else { throw failure(record.info, .encrypted, "the entry is encrypted") }
        guard fixed.u16(8) == Int(record.info.method) else {
            throw failure(record.info, .damaged, "its header contradicts the table of contents")
        }
        return length
    }

    private func failure(_ info: ZipEntryInfo, _ code: ArchiveError.Code, _ message: String) -> ArchiveError {
        ArchiveError(code: code, path: path, entry: printable(info.name), message: message)
    }
}

/// Hands out an entry's compressed bytes block by block.
private struct DataReader {
    let file: InputFile
    let block: ByteBlock
    /// Unread bytes of the block are `position..<filled`.
    var position: Int
    var filled: Int
    /// Where in the file the next block begins.
    var offset: Int64
    /// Compressed bytes not yet handed out.
    var rest: Int64

    mutating func next() throws -> UnsafeRawBufferPointer? {
        guard rest > 0 else { return nil }
        if position == filled {
            filled = try unsafe file.read(into: block.space(Int(min(Int64(block.count), rest))), at: offset)
            offset += Int64(filled)
            position = 0
            guard filled > 0 else {
                throw ArchiveError(
                    code: .truncated, path: file.path, message: "the file became shorter while it was read")
            }
        }
        let count = Int(min(Int64(filled - position), rest))
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: block.prefix(position + count)[position...])
        position += count
        rest -= Int64(count)
        return unsafe bytes
    }
}
