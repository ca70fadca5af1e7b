/// Where entries' bytes are in a zip file. Unlike a ``ZipArchive`` it has no buffers, so several threads may share it.
struct ZipEntryData: Sendable {
    let file: InputFile
    let directory: ZipDirectory

    /// Begins to read an entry's compressed bytes into `block`, after checking its local header.
    func reader(at index: Int, block: ByteBlock) throws -> DataReader {
        let record = directory.records[index]
        let available = min(Int64(block.count), directory.start - record.localOffset)
        // What is most likely there: the name again, and a short extra field.
        let expected = min(available, record.info.compressedSize + Int64(record.rawName.count) + 30 + 256)
        var filled = try unsafe file.read(into: block.space(Int(expected)), at: record.localOffset)
        var headerLength = Self.localHeaderLength(block, filled: filled)
        if headerLength > filled, expected < available {
            filled = try unsafe file.read(into: block.space(Int(available)), at: record.localOffset)
            headerLength = Self.localHeaderLength(block, filled: filled)
        }
        try checkLocalHeader(record, block, length: headerLength, filled: filled)
        guard record.localOffset + Int64(headerLength) + record.info.compressedSize <= directory.start else {
            throw failure(record.info, .damaged, "its data reaches into the table of contents")
        }
        return DataReader(
            file: file, block: block, dataOffset: record.localOffset + Int64(headerLength), position: headerLength,
            filled: filled, offset: record.localOffset + Int64(filled), rest: record.info.compressedSize)
    }

    /// The length that the header at the start of the block gives itself.
    private static func localHeaderLength(_ block: ByteBlock, filled: Int) -> Int {
        guard filled >= 30 else { return 30 }
        let fixed = LittleEndian(bytes: unsafe Array(block.prefix(30)))
        return 30 + fixed.u16(26) + fixed.u16(28)
    }

    private func checkLocalHeader(_ record: ZipDirectory.Record, _ block: ByteBlock, length: Int, filled: Int) throws {
        // The largest header is 30 + 65535 + 65535 bytes, a little more than a block; nothing real comes near.
        guard filled >= 30 else { throw failure(record.info, .truncated, "its header is cut short") }
        let fixed = LittleEndian(bytes: unsafe Array(block.prefix(30)))
        let nameEnd = 30 + fixed.u16(26)
        guard fixed.u32(0) == 0x0403_4B50, length <= filled else {
            throw failure(record.info, .damaged, "its header is damaged")
        }
        guard unsafe block.prefix(nameEnd)[30...].elementsEqual(record.rawName) else {
            throw failure(record.info, .damaged, "its header gives it another name than the table of contents")
        }
        guard fixed.u16(6) & 0x2041 == 0 else { throw failure(record.info, .encrypted, "the entry is encrypted") }
        guard fixed.u16(8) == Int(record.info.method) else {
            throw failure(record.info, .damaged, "its header contradicts the table of contents")
        }
    }

    func failure(_ info: ZipEntryInfo, _ code: ArchiveError.Code, _ message: String) -> ArchiveError {
        ArchiveError(code: code, path: file.path, entry: printable(info.name), message: message)
    }
}

/// Compares an entry's contents with the length and CRC-32 that the zip states.
struct ContentsCheck {
    let path: String
    let info: ZipEntryInfo
    private var crc: UInt32 = 0
    private var produced: Int64 = 0

    init(path: String, info: ZipEntryInfo) {
        self.path = path
        self.info = info
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) throws {
        produced += Int64(bytes.count)
        guard produced <= info.size else { throw damaged("it is larger than it says") }
        unsafe crc = crc32(bytes, continuing: crc)
    }

    func finish() throws {
        guard produced == info.size, crc == info.crc32 else { throw damaged("its contents don't match its checksum") }
    }

    private func damaged(_ message: String) -> ArchiveError {
        ArchiveError(code: .damaged, path: path, entry: printable(info.name), message: message)
    }
}

/// Hands out an entry's compressed bytes block by block.
struct DataReader {
    let file: InputFile
    let block: ByteBlock
    /// Where in the file the compressed bytes begin.
    let dataOffset: Int64
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
