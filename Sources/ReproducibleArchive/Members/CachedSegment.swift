import Glibc

/// What a segment is once it is compressed, besides its bytes.
struct SegmentSummary {
    /// Bytes before compression.
    var rawSize: Int64 = 0
    /// Of those; zero where the format needs none.
    var crc: UInt32 = 0
    /// Of a zip's entries, in order.
    var records: [ZipRecord] = []

    mutating func append(rawSize: Int64, crc: UInt32) {
        self.crc = self.rawSize == 0 ? crc : combinedCRC32(self.crc, crc, secondLength: rawSize)
        self.rawSize += rawSize
    }
}

/// What a zip's directory says about an entry besides its name.
struct ZipRecord {
    var crc: UInt32
    var size: UInt64
    /// Nil: stored.
    var deflatedSize: UInt64?
    /// Of the local header: in the block, segment or archive that the record belongs to.
    var offset: UInt64
    var hasDescriptor = false
}

/// A segment in the cache: its bytes, the records of a zip's entries, and a trailer of fixed size.
struct CachedSegment {
    let file: InputFile
    let key: [UInt8]
    let size: Int64
    let payloadCRC: UInt32
    let summary: SegmentSummary

    private static let magic = Array("envsyncM".utf8)
    private static let trailerSize = 76
    private static let recordSize = 32

    /// Throws if it is no such file, or not this one's.
    init(_ file: InputFile, key: [UInt8]) throws {
        let damaged = ArchiveError(code: .damaged, path: file.path, message: "the cached member is damaged")
        guard file.size >= Self.trailerSize else { throw damaged }
        let bytes = try file.bytes(count: Self.trailerSize, at: file.size - Int64(Self.trailerSize))
        let trailer = LittleEndian(bytes: bytes)
        let crc = unsafe bytes.withUnsafeBytes { unsafe crc32(UnsafeRawBufferPointer(rebasing: $0[..<72])) }
        guard bytes.starts(with: Self.magic), bytes[8..<40].elementsEqual(key), trailer.u32(72) == crc else {
            throw damaged
        }
        size = Int64(clamping: trailer.u64(40))
        let recordsSize = Int(trailer.u32(64))
        guard size <= file.size, size + Int64(recordsSize + Self.trailerSize) == file.size else { throw damaged }
        let records = try file.bytes(count: recordsSize, at: size)
        guard unsafe records.withUnsafeBytes({ unsafe crc32($0) }) == trailer.u32(68) else { throw damaged }
        self.file = file
        self.key = key
        payloadCRC = trailer.u32(60)
        let fields = LittleEndian(bytes: records)
        summary = SegmentSummary(
            rawSize: Int64(clamping: trailer.u64(48)), crc: trailer.u32(56),
            records: stride(from: 0, to: records.count, by: Self.recordSize).map { at in
                let flags = fields.u32(at + 4)
                return ZipRecord(
                    crc: fields.u32(at), size: fields.u64(at + 8),
                    deflatedSize: flags & 1 == 0 ? nil : fields.u64(at + 16), offset: fields.u64(at + 24),
                    hasDescriptor: flags & 2 != 0)
            })
    }

    /// What follows the bytes in the file.
    static func trailer(_ summary: SegmentSummary, key: [UInt8], size: Int64, payloadCRC: UInt32) -> [UInt8] {
        var records: [UInt8] = []
        for record in summary.records {
            records.append(little: record.crc)
            records.append(little: UInt32((record.deflatedSize == nil ? 0 : 1) | (record.hasDescriptor ? 2 : 0)))
            records.append(little: record.size)
            records.append(little: record.deflatedSize ?? 0)
            records.append(little: record.offset)
        }
        var bytes = magic + key
        bytes.append(little: UInt64(size))
        bytes.append(little: UInt64(summary.rawSize))
        bytes.append(little: summary.crc)
        bytes.append(little: payloadCRC)
        bytes.append(little: UInt32(records.count))
        bytes.append(little: unsafe records.withUnsafeBytes { unsafe crc32($0) })
        bytes.append(little: unsafe bytes.withUnsafeBytes { unsafe crc32($0) })
        return records + bytes
    }
}

/// A file of the cache that is being written; removed unless it is kept.
final class CacheFile {
    private let descriptor: Int32
    private let path: String
    private(set) var size: Int64 = 0
    private var crc: UInt32 = 0
    private var isGood = true
    private var isKept = false

    init?(path: String) {
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        self.path = path
        if descriptor < 0 { return nil }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if !isKept { unsafe unlink(path) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) {
        guard isGood else { return }
        unsafe crc = crc32(bytes, continuing: crc)
        size += Int64(bytes.count)
        isGood = unsafe writeAll(bytes, to: descriptor) == 0
    }

    /// Writes what makes it whole; false if anything failed.
    func finish(_ summary: SegmentSummary, key: [UInt8]) -> Bool {
        let end = CachedSegment.trailer(summary, key: key, size: size, payloadCRC: crc)
        let failure = unsafe end.withUnsafeBytes { unsafe writeAll($0, to: descriptor) }
        return isGood && failure == 0
    }

    func rename(to place: String) -> Bool {
        if !isKept { isKept = unsafe Glibc.rename(path, place) == 0 }
        return isKept
    }
}

/// Writes all bytes; returns 0 or the error number.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    var rest = unsafe PendingBytes(bytes)
    while !rest.isEmpty {
        let count = unsafe Glibc.write(descriptor, rest.bytes.baseAddress, rest.count)
        if count < 0 {
            if errno == EINTR { continue }
            return errno
        }
        rest.removeFirst(count)
    }
    return 0
}
