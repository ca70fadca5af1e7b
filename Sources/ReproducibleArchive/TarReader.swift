/// Reads the headers of a tar archive: ustar (POSIX.1-1988), pax (POSIX.1-2001) and GNU tar's old format.
///
/// Formats: IEEE Std 1003.1, `pax` utility, "ustar Interchange Format" and "pax Extended Header"; GNU tar's manual,
/// "Basic Tar Format".
struct TarReader {
    private let path: String
    private let stream: any ByteStream
    private var pending = PendingBytes()
    /// The last entry as the archive spells it.
    private(set) var spelled = Spelled()
    /// Bytes of the current entry's data and padding that have not been passed yet.
    private var dataRest: Int64 = 0

    /// Extended headers longer than this are refused.
    static let extendedHeaderLimit: Int64 = 1 << 20
    /// Padding after the end marker longer than this is refused.
    static let paddingLimit = 64 << 20

    init(path: String, stream: any ByteStream) {
        self.path = path
        self.stream = stream
    }

    /// What of an entry is bytes.
    struct Spelled {
        /// Without a leading `./` or a trailing slash.
        var name: [UInt8] = []
        var linkTarget: [UInt8]?
        /// Whether its data is a map of the file and what is not a hole.
        var isSparse = false
    }

    /// What an extended header says about the entry that follows it.
    private struct Extension {
        var name: [UInt8]?
        var linkTarget: [UInt8]?
        var size: Int64?
        var realSize: Int64?
    }

    /// The next entry, or nil after the last; then the rest of the stream has been read and verified too.
    mutating func next() throws -> TarEntryInfo? {
        var extra = Extension()
        while true {
            try skipData()
            guard let bytes = try block() else {
                throw failure(.truncated, "the archive is cut short: its end marker is missing")
            }
            guard let header = TarHeader(bytes) else {
                if bytes.allSatisfy({ $0 == 0 }) {
                    try drain()
                    return nil
                }
                throw failure(.damaged, "an entry's header is damaged")
            }
            switch header.type {
            case UInt8(ascii: "L"): extra.name = Self.untilNul(try data(header.size))
            case UInt8(ascii: "K"): extra.linkTarget = Self.untilNul(try data(header.size))
            case UInt8(ascii: "x"), UInt8(ascii: "X"): try apply(pax: try data(header.size), to: &extra)
            case UInt8(ascii: "g"), UInt8(ascii: "V"), UInt8(ascii: "N"): setData(header.size)
            default:
                if header.isSparse { try skipSparseMap(header) }
                return try entry(header, extra)
            }
        }
    }

    /// The first bytes, up to `limit`, of the entry that ``next()`` returned last. Each byte is returned once.
    mutating func contents(limit: Int, of entry: TarEntryInfo) throws -> [UInt8] {
        let count = Int(min(Int64(limit), entry.size, dataRest))
        let bytes = try take(count)
        guard bytes.count == count else { throw failure(.truncated, "the archive is cut short inside an entry") }
        dataRest -= Int64(count)
        return bytes
    }

    /// Hands the contents of the entry that ``next()`` returned last to `sink`, as they are stored.
    mutating func stream(of entry: TarEntryInfo, to sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        var rest = min(entry.size, dataRest)
        while rest > 0 {
            if pending.isEmpty, try !fill() { throw failure(.truncated, "the archive is cut short inside an entry") }
            let count = Int(min(rest, Int64(pending.count)))
            try unsafe sink(UnsafeRawBufferPointer(rebasing: pending.bytes[..<count]))
            pending.removeFirst(count)
            rest -= Int64(count)
            dataRest -= Int64(count)
        }
    }

    private mutating func entry(_ header: TarHeader, _ extra: Extension) throws -> TarEntryInfo {
        let rawName = extra.name ?? header.name
        var type = header.entryType
        if type == .file, rawName.last == UInt8(ascii: "/") { type = .directory }
        let stored = extra.size ?? header.size
        // A hard link carries no data whatever its size field says (GNU tar, Python's tarfile).
        setData(type == .hardLink ? 0 : stored)
        let name = EntryName.trimmed(String(decoding: rawName, as: UTF8.self))
        if name.utf8.first == UInt8(ascii: "/")
            || name.utf8.split(separator: UInt8(ascii: "/")).contains(where: {
                $0.elementsEqual("..".utf8)
            })
        {
            throw ArchiveError(
                code: .unsafeName, path: path, entry: printable(name),
                message: "the name is absolute or climbs out of the archive with \"..\"")
        }
        let isLink = type == .hardLink || type == .symlink
        var target: String?
        if isLink {
            let raw = String(decoding: extra.linkTarget ?? header.linkTarget, as: UTF8.self)
            target = type == .hardLink ? EntryName.trimmed(raw) : raw
        }
        spelled = Spelled(
            name: EntryName.trimmed(rawName),
            linkTarget: isLink ? extra.linkTarget ?? header.linkTarget : nil,
            isSparse: extra.realSize != nil || header.isSparse)
        if type == .hardLink { spelled.linkTarget = spelled.linkTarget.map(EntryName.trimmed) }
        let size = type == .file ? extra.realSize ?? header.realSize ?? stored : 0
        return TarEntryInfo(name: name, type: type, size: size, mode: header.mode, linkTarget: target)
    }

    private func failure(_ code: ArchiveError.Code, _ message: String) -> ArchiveError {
        ArchiveError(code: code, path: path, message: message)
    }

    // MARK: Bytes

    private mutating func setData(_ size: Int64) {
        dataRest = (size + 511) & ~511
    }

    private mutating func skipData() throws {
        let buffered = min(dataRest, Int64(pending.count))
        pending.removeFirst(Int(buffered))
        dataRest -= buffered
        guard dataRest > 0 else { return }
        dataRest = try stream.skip(dataRest)
        while dataRest > 0 {
            guard try fill() else { throw failure(.truncated, "the archive is cut short inside an entry") }
            let count = min(dataRest, Int64(pending.count))
            pending.removeFirst(Int(count))
            dataRest -= count
        }
    }

    private mutating func fill() throws -> Bool {
        guard let bytes = try unsafe stream.next() else { return false }
        pending = unsafe PendingBytes(bytes)
        return true
    }

    /// The next 512 bytes; nil when the stream has ended.
    private mutating func block() throws -> [UInt8]? {
        let bytes = try take(512)
        guard !bytes.isEmpty else { return nil }
        guard bytes.count == 512 else { throw failure(.truncated, "the archive is cut short inside a header") }
        return bytes
    }

    private mutating func take(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            if pending.isEmpty, try !fill() { break }
            let part = min(count - bytes.count, pending.count)
            unsafe bytes.append(contentsOf: pending.bytes[..<part])
            pending.removeFirst(part)
        }
        return bytes
    }

    private mutating func data(_ size: Int64) throws -> [UInt8] {
        guard size <= Self.extendedHeaderLimit else { throw failure(.tooLarge, "an extended header is absurdly long") }
        let bytes = try take(Int(size))
        guard bytes.count == Int(size) else { throw failure(.truncated, "the archive is cut short inside a header") }
        setData(size)
        dataRest -= size
        return bytes
    }

    private mutating func drain() throws {
        var count = pending.count
        while try fill() {
            count += pending.count
            guard count <= Self.paddingLimit else {
                throw failure(.tooLarge, "there are too many bytes after the end of the archive")
            }
        }
        pending = PendingBytes()
    }

    // MARK: Extended headers

    private static func untilNul(_ bytes: [UInt8]) -> [UInt8] {
        Array(bytes.prefix { $0 != 0 })
    }

    /// GNU tar's old sparse format: blocks with more of the map follow the header while their last flag is set.
    private mutating func skipSparseMap(_ header: TarHeader) throws {
        var continues = header.sparseMapContinues
        while continues {
            guard let bytes = try block() else { throw failure(.truncated, "the archive is cut short inside a header") }
            continues = bytes[504] != 0
        }
    }

    /// Records of the form `"%d %s=%s\n"`: length, keyword, value.
    private func apply(pax bytes: [UInt8], to extra: inout Extension) throws {
        var position = 0
        while position < bytes.count, bytes[position] != 0 {
            guard
                let space = bytes[position...].firstIndex(of: UInt8(ascii: " ")), space - position < 10,
                let length = Int(String(decoding: bytes[position..<space], as: UTF8.self)),
                length > space - position + 2, position + length <= bytes.count,
                bytes[position + length - 1] == UInt8(ascii: "\n"),
                let equals = bytes[space..<position + length].firstIndex(of: UInt8(ascii: "="))
            else { throw failure(.damaged, "an extended header is damaged") }
            let value = Array(bytes[equals + 1..<position + length - 1])
            switch String(decoding: bytes[space + 1..<equals], as: UTF8.self) {
            case "path": if extra.name == nil { extra.name = value }
            case "GNU.sparse.name": extra.name = value
            case "linkpath": extra.linkTarget = value
            case "size": extra.size = try number(value)
            case "GNU.sparse.realsize", "GNU.sparse.size": extra.realSize = try number(value)
            default: break
            }
            position += length
        }
    }

    private func number(_ value: [UInt8]) throws -> Int64 {
        guard let number = Int64(String(decoding: value, as: UTF8.self)), (0...(1 << 60)).contains(number) else {
            throw failure(.damaged, "an extended header is damaged")
        }
        return number
    }
}
