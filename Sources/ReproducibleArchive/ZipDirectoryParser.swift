/// Turns the bytes of a central directory into checked records.
struct ZipDirectoryParser {
    let path: String
    let directory: LittleEndian
    /// Bytes before the archive proper, by which all offsets are short.
    let prefix: Int64
    /// Where the central directory begins.
    let start: Int64
    /// Accept `./` before names (writers of whole trees add it).
    let trimmingNames: Bool

    private var position = 0
    private var shown = ""

    init(path: String, directory: LittleEndian, prefix: Int64, start: Int64, trimmingNames: Bool) {
        self.path = path
        self.directory = directory
        self.prefix = prefix
        self.start = start
        self.trimmingNames = trimmingNames
    }

    mutating func records(count: Int) throws -> [ZipDirectory.Record] {
        var records: [ZipDirectory.Record] = []
        records.reserveCapacity(count)
        var names = Set<String>(minimumCapacity: count)
        for _ in 0..<count {
            let record = try next()
            // An archive of a whole tree may hold an entry for its root.
            if record.info.name.isEmpty && trimmingNames { continue }
            guard names.insert(record.info.name).inserted else {
                throw failure(.duplicateName, "two entries have this name")
            }
            records.append(record)
        }
        guard position == directory.bytes.count else {
            throw ArchiveError(code: .damaged, path: path, message: "the table of contents has bytes left over")
        }
        try checkOverlap(records)
        return records
    }

    private func failure(_ code: ArchiveError.Code, _ message: String) -> ArchiveError {
        ArchiveError(code: code, path: path, entry: shown, message: message)
    }

    private mutating func next() throws -> ZipDirectory.Record {
        let at = position
        guard at + 46 <= directory.bytes.count, directory.u32(at) == 0x0201_4B50 else {
            throw ArchiveError(code: .damaged, path: path, message: "the table of contents is damaged")
        }
        let nameLength = directory.u16(at + 28)
        let extraLength = directory.u16(at + 30)
        let nameEnd = at + 46 + nameLength
        position = nameEnd + extraLength + directory.u16(at + 32)
        guard position <= directory.bytes.count else {
            throw ArchiveError(code: .damaged, path: path, message: "the table of contents is damaged")
        }
        let rawName = Array(directory.bytes[at + 46..<nameEnd])
        shown = printable(String(decoding: rawName, as: UTF8.self))
        let flags = directory.u16(at + 8)
        // Bit 0: encrypted; bit 6: strong encryption; bit 13: the directory itself is encrypted.
        guard flags & 0x2041 == 0 else { throw failure(.encrypted, "the entry is encrypted") }
        guard let decoded = String(validating: rawName, as: UTF8.self) else {
            throw failure(.unsafeName, "the name is not UTF-8")
        }
        let mode = UInt16(directory.u32(at + 38) >> 16)
        let type = mode & 0o170000
        let isSymlink = type == 0o120000
        let isDirectory = !isSymlink && (rawName.last == UInt8(ascii: "/") || type == 0o040000)
        let name = try checkedName(decoded, isDirectory: isDirectory)
        guard type == 0 || type == 0o100000 || isDirectory || isSymlink else {
            throw failure(.notARegularFile, "the entry is a device, FIFO or socket")
        }
        let sizes = try resolvedSizes(at: at, extra: nameEnd..<nameEnd + extraLength)
        let method = directory.u16(at + 10)
        try checkSizes(sizes, method: method, nameLength: nameLength)
        let info = ZipEntryInfo(
            name: name, size: Int64(sizes.size), compressedSize: Int64(sizes.compressed), crc32: directory.u32(at + 16),
            method: UInt16(method), isDirectory: isDirectory, isSymlink: isSymlink, mode: mode & 0o7777)
        return ZipDirectory.Record(
            info: info, rawName: rawName, flags: flags, localOffset: Int64(sizes.offset) + prefix)
    }

    private func checkedName(_ decoded: String, isDirectory: Bool) throws -> String {
        var name = decoded
        if trimmingNames {
            name = EntryName.trimmed(name)
            if name.isEmpty { return name }
        } else if isDirectory, name.utf8.count > 1, name.utf8.last == UInt8(ascii: "/") {
            name.removeLast()
        }
        if let problem = EntryName.problem(name) { throw failure(.unsafeName, problem) }
        return name
    }

    private typealias Sizes = (size: UInt64, compressed: UInt64, offset: UInt64)

    /// Sizes and offset, from the zip64 extra field (APPNOTE 4.5.3) where the fixed fields say so.
    private func resolvedSizes(at: Int, extra: Range<Int>) throws -> Sizes {
        var sizes: Sizes = (
            UInt64(directory.u32(at + 24)), UInt64(directory.u32(at + 20)), UInt64(directory.u32(at + 42))
        )
        guard sizes.size == 0xFFFF_FFFF || sizes.compressed == 0xFFFF_FFFF || sizes.offset == 0xFFFF_FFFF else {
            return sizes
        }
        var field = extra.lowerBound
        while field + 4 <= extra.upperBound {
            var value = field + 4
            let end = value + directory.u16(field + 2)
            guard end <= extra.upperBound else { break }
            if directory.u16(field) == 0x0001 {
                func take(_ target: inout UInt64) throws {
                    guard target == 0xFFFF_FFFF else { return }
                    guard value + 8 <= end else { throw failure(.damaged, "its zip64 sizes are damaged") }
                    target = directory.u64(value)
                    value += 8
                }
                try take(&sizes.size)
                try take(&sizes.compressed)
                try take(&sizes.offset)
                return sizes
            }
            field = end
        }
        return sizes
    }

    private func checkSizes(_ sizes: Sizes, method: Int, nameLength: Int) throws {
        let room = UInt64(start - prefix)
        guard sizes.offset <= room, sizes.compressed <= room - sizes.offset,
            30 + UInt64(nameLength) + sizes.compressed <= room - sizes.offset
        else {
            throw failure(.damaged, "its position or size lies outside of the file")
        }
        // Deflate cannot make data more than 1032 times smaller.
        let possible =
            switch method {
            case 0: sizes.size == sizes.compressed
            case 8: sizes.size / 1032 <= sizes.compressed
            default: sizes.size <= UInt64(Int64.max)
            }
        guard possible else { throw failure(.damaged, "its sizes contradict each other") }
    }

    /// Entries that share bytes make a small file unpack to an enormous one.
    private func checkOverlap(_ records: [ZipDirectory.Record]) throws {
        var end: Int64 = 0
        for index in records.indices.sorted(by: { records[$0].localOffset < records[$1].localOffset }) {
            let record = records[index]
            guard record.localOffset >= end else {
                throw ArchiveError(
                    code: .damaged, path: path, entry: printable(record.info.name),
                    message: "it shares bytes with another entry")
            }
            end = record.localOffset + 30 + Int64(record.rawName.count) + record.info.compressedSize
        }
    }
}
