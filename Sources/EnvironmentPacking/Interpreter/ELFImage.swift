/// The part of an ELF file that says which shared libraries it needs and where they are looked for.
///
/// 64-bit little-endian files only. Every number of the file is checked before it is used as a place: a damaged file throws.
/// Source: the System V ABI, chapters "Object Files" and "Program Loading and Dynamic Linking"; the GNU version sections as in
/// the Linux Standard Base, "Symbol Versioning".
struct ELFImage {
    static let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]

    /// Why it can't be used; a clause about the file.
    struct Malformed: Error, Equatable {
        var message: String
        init(_ message: String) { self.message = message }
    }

    /// A `DT_RPATH` or `DT_RUNPATH`.
    struct SearchPath: Equatable {
        /// Directories, separated by colons.
        var text: [UInt8]
        /// Where the text is in the file.
        var offset: Int64

        /// The patch that puts another text there; nothing of the old one remains.
        /// - Parameter new: not longer than the old.
        func replacing(with new: [UInt8]) -> Rewritten.Patch {
            precondition(new.count <= text.count)
            let padding = [UInt8](repeating: 0, count: text.count - new.count)
            return .init(range: offset..<offset + Int64(text.count), bytes: new + padding)
        }
    }

    /// `DT_NEEDED`, in order.
    private(set) var needed: [String] = []
    private(set) var searchPaths: [SearchPath] = []
    /// Versions of symbols that it needs, `GLIBC_2.17`.
    private(set) var versions: [String] = []
    /// Where a longer search path could go, if there is a place.
    private(set) var room: Room?

    /// A place for a new search path: zeros that are loaded and belong to nothing, and a dynamic entry that leads there.
    struct Room: Equatable {
        /// In the file.
        var offset: Int64
        var count: Int
        /// As the dynamic entry gives it: relative to the string table.
        var value: UInt64
        /// The dynamic entry, in the file.
        var entry: Int64
        /// The program header of the segment whose sizes grow, in the file, and the sizes that it has.
        var segment: Int64
        var fileSize: UInt64
        var memorySize: UInt64
        /// Whether the entry is a search path already; otherwise it is a spare one.
        var isSearchPath: Bool
    }

    struct Segment {
        var header: Int64
        var type: UInt32
        var flags: UInt32
        var offset: UInt64
        var address: UInt64
        var fileSize: UInt64
        var memorySize: UInt64
    }

    private static let pieceLimit = 1 << 20
    private static let entryLimit = 1 << 14

    private let read: (Int64, Int) throws -> [UInt8]
    private let size: Int64

    /// - Parameters:
    ///   - read: bytes of the file from an offset; must throw if there are fewer.
    ///   - size: of the file.
    /// - Throws: ``Malformed``, and what `read` throws.
    init(_ read: @escaping (Int64, Int) throws -> [UInt8], size: Int64) throws {
        self.read = read
        self.size = size
        let header = try piece(0, 64)
        guard header.starts(with: Self.magic) else { throw Malformed("is no ELF file") }
        guard header[4] == 2 else { throw Malformed("is a 32-bit program") }
        guard header[5] == 1 else { throw Malformed("is a big-endian program") }
        let segments = try segments(header)
        guard let dynamic = segments.first(where: { $0.type == 2 }) else { return }
        try readDynamic(dynamic, segments)
    }

    private func piece(_ offset: UInt64, _ count: UInt64) throws -> [UInt8] {
        guard count <= UInt64(Self.pieceLimit), offset <= UInt64(size), count <= UInt64(size) - offset else {
            throw Malformed("has a table that is not in the file")
        }
        let bytes = try read(Int64(offset), Int(count))
        guard bytes.count == Int(count) else { throw Malformed("ends too early") }
        return bytes
    }

    private func segments(_ header: [UInt8]) throws -> [Segment] {
        let offset = header.uint64(32)
        let entry = UInt64(header.uint16(54))
        let count = UInt64(header.uint16(56))
        guard count == 0 || entry >= 56 else { throw Malformed("has program headers of an unknown size") }
        let table = try piece(offset, entry * count)
        return (0..<Int(count)).map { index in
            let place = index * Int(entry)
            return Segment(
                header: Int64(offset) + Int64(place), type: table.uint32(place), flags: table.uint32(place + 4),
                offset: table.uint64(place + 8), address: table.uint64(place + 16), fileSize: table.uint64(place + 32),
                memorySize: table.uint64(place + 40))
        }
    }

    /// Where an address is in the file, and how many bytes from there are.
    private func place(_ address: UInt64, _ segments: [Segment]) throws -> (offset: UInt64, count: UInt64) {
        for segment in segments where segment.type == 1 && address >= segment.address {
            let distance = address - segment.address
            guard distance < segment.fileSize else { continue }
            let (offset, overflow) = segment.offset.addingReportingOverflow(distance)
            guard !overflow, offset < UInt64(size) else { break }
            return (offset, min(segment.fileSize - distance, UInt64(size) - offset))
        }
        throw Malformed("has an address that is in no segment")
    }

    private mutating func readDynamic(_ dynamic: Segment, _ segments: [Segment]) throws {
        let table = try piece(dynamic.offset, min(dynamic.fileSize, UInt64(Self.entryLimit * 16)))
        var names: [UInt64] = []
        var paths: [(value: UInt64, entry: Int64)] = []
        var strings: UInt64?
        var stringSize: UInt64 = 0
        var versionNeeds: (address: UInt64, count: UInt64) = (0, 0)
        var spare: Int64?
        var place = 0
        while place + 16 <= table.count {
            let value = table.uint64(place + 8)
            switch table.uint64(place) {
            case 0:
                // The last one has to stay.
                if place + 32 <= table.count, table.uint64(place + 16) == 0 {
                    spare = Int64(dynamic.offset) + Int64(place)
                }
                place = table.count
            case 1: names.append(value)
            case 5: strings = value
            case 10: stringSize = value
            case 15, 29: paths.append((value, Int64(dynamic.offset) + Int64(place)))
            case 0x6FFF_FFFE: versionNeeds.address = value
            case 0x6FFF_FFFF: versionNeeds.count = value
            default: break
            }
            place += 16
        }
        guard let strings else {
            guard names.isEmpty, paths.isEmpty else { throw Malformed("has no string table") }
            return
        }
        let start = try self.place(strings, segments)
        // What envsync itself moved out of the table may be beyond its end, but not beyond the segment's.
        let text = StringTable(offset: start.offset, size: start.count, declared: stringSize)
        for name in names { needed.append(String(decoding: try string(text, name), as: UTF8.self)) }
        for path in paths {
            searchPaths.append(SearchPath(text: try string(text, path.value), offset: Int64(text.offset + path.value)))
        }
        versions = try readVersions(versionNeeds.address, versionNeeds.count, text, segments)
        room = try findRoom(
            segments, strings: strings, entry: paths.first?.entry ?? spare, isSearchPath: !paths.isEmpty)
    }

    private struct StringTable {
        var offset: UInt64
        var size: UInt64
        var declared: UInt64
    }

    private func string(_ table: StringTable, _ start: UInt64) throws -> [UInt8] {
        guard start < table.size else { throw Malformed("has a name that is not in its string table") }
        let bytes = try piece(table.offset + start, min(table.size - start, 4096))
        guard let end = bytes.firstIndex(of: 0) else { throw Malformed("has a name without an end") }
        return Array(bytes[..<end])
    }

    private func readVersions(
        _ address: UInt64, _ count: UInt64, _ strings: StringTable, _ segments: [Segment]
    ) throws -> [String] {
        guard address != 0, count > 0 else { return [] }
        let start = try place(address, segments)
        let bytes = try piece(start.offset, min(start.count, 1 << 16))
        var result: [String] = []
        var need = 0
        for _ in 0..<min(count, 1 << 10) {
            guard need + 16 <= bytes.count else { break }
            var version = need + Int(bytes.uint32(need + 8))
            for _ in 0..<bytes.uint16(need + 2) {
                guard version + 16 <= bytes.count else { break }
                result.append(String(decoding: try string(strings, UInt64(bytes.uint32(version + 8))), as: UTF8.self))
                let next = Int(bytes.uint32(version + 12))
                guard next > 0 else { break }
                version += next
            }
            let next = Int(bytes.uint32(need + 12))
            guard next > 0 else { break }
            need += next
        }
        return result
    }

    /// Between the end of a segment and the end of its last page nothing is stored, but the page is loaded.
    private func findRoom(_ segments: [Segment], strings: UInt64, entry: Int64?, isSearchPath: Bool) throws -> Room? {
        guard let entry else { return nil }
        let page: UInt64 = 4096
        for segment in segments
        where segment.type == 1 && segment.flags & 2 == 0 && segment.fileSize == segment.memorySize {
            let (end, overflow) = segment.offset.addingReportingOverflow(segment.fileSize)
            let (address, addressOverflow) = segment.address.addingReportingOverflow(segment.fileSize)
            guard !overflow, !addressOverflow, address < .max - page, segment.fileSize > 0,
                end % page == address % page, address >= strings,
                end < UInt64(size)
            else { continue }
            let slack = (page - end % page) % page
            // Only what is before another segment is padding; after the last one there are sections that aren't loaded.
            guard let next = segments.filter({ $0.type == 1 && $0.offset >= end }).map(\.offset).min() else { continue }
            let nextAddress = segments.filter { $0.type == 1 && $0.address >= address }.map(\.address).min() ?? .max
            let count = min(slack, next - end)
            guard count >= 32, nextAddress / page * page >= address + slack,
                try piece(end, count).allSatisfy({ $0 == 0 })
            else { continue }
            return Room(
                offset: Int64(end), count: Int(count), value: address - strings, entry: entry, segment: segment.header,
                fileSize: segment.fileSize, memorySize: segment.memorySize, isSearchPath: isSearchPath)
        }
        return nil
    }
}

extension [UInt8] {
    fileprivate func uint16(_ place: Int) -> UInt16 { UInt16(self[place]) | UInt16(self[place + 1]) << 8 }
    fileprivate func uint32(_ place: Int) -> UInt32 { UInt32(uint16(place)) | UInt32(uint16(place + 2)) << 16 }
    fileprivate func uint64(_ place: Int) -> UInt64 { UInt64(uint32(place)) | UInt64(uint32(place + 4)) << 32 }
}
