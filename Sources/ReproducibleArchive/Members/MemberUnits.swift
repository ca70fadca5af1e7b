/// Where an assembly's members come from. For one thread at a time.
final class MemberFeed: @unchecked Sendable {
    private var units: MemberUnits
    private let members: @Sendable () throws -> [ArchiveMember]?

    init(_ format: PackedFormat, _ members: @escaping @Sendable () throws -> [ArchiveMember]?) {
        units = MemberUnits(format)
        self.members = members
    }

    /// The next units, and whether there may be more.
    func next() throws -> (units: [[ArchiveMember]], hasMore: Bool) {
        guard let next = try members() else { return (units.end(), false) }
        return (try units.add(next), true)
    }
}

/// Consecutive members that one thread makes.
///
/// Where a unit begins depends on names only, so that a new file moves no boundary but those near it. Inside a unit, files
/// from ``largeSize`` on are kept apart from their neighbours, in *segments*: what the cache holds is a segment.
struct MemberUnits {
    private let format: PackedFormat
    /// The members after the last boundary.
    private var rest: [ArchiveMember] = []

    /// On average, members of a unit.
    private static let mean: UInt64 = 32
    private static let longest = 256
    /// Files from here on are segments of their own.
    static let largeSize: Int64 = 1 << 20

    init(_ format: PackedFormat) { self.format = format }

    /// Takes the next members.
    /// - Returns: the units that are complete.
    /// - Throws: ``ArchiveError`` for names that no archive may hold.
    mutating func add(_ members: [ArchiveMember]) throws -> [[ArchiveMember]] {
        var units: [[ArchiveMember]] = []
        for member in members {
            let hash = try Self.checkedHash(member, format)
            if !rest.isEmpty, hash % Self.mean == 0 || rest.count == Self.longest { units += end() }
            rest.append(member)
        }
        return units
    }

    /// Ends the last unit; none if there is nothing in it.
    mutating func end() -> [[ArchiveMember]] {
        defer { rest = [] }
        return rest.isEmpty ? [] : [rest]
    }

    /// FNV-1a, mixed: it must be the same in every process, as Swift's own hashes aren't.
    private static func checkedHash(_ member: ArchiveMember, _ format: PackedFormat) throws -> UInt64 {
        func failure(_ message: String) -> ArchiveError {
            ArchiveError(
                code: .unsafeName, path: "the archive being written",
                entry: printable(String(decoding: member.name, as: UTF8.self)), message: message)
        }
        let slash = UInt8(ascii: "/")
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var dots = 0
        var length = 0
        for byte in member.name {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
            guard byte != 0 else { throw failure("the name contains a NUL character") }
            if byte == slash {
                guard length > 0, dots != length || dots > 2 else { throw failure("the name is not a plain path") }
                length = 0
                dots = 0
            } else {
                length += 1
                if byte == UInt8(ascii: ".") { dots += 1 }
            }
        }
        guard length > 0, dots != length || dots > 2 else { throw failure("the name is not a plain path") }
        guard member.name.count < 65_000 else { throw failure("the name is too long") }
        if case .symlink(let target) = member.kind {
            guard format != .zip else {
                throw ArchiveError(
                    code: .unsupportedFormat, path: "the archive being written",
                    entry: printable(String(decoding: member.name, as: UTF8.self)),
                    message: "a zip file can't hold symbolic links that all programs unpack as such")
            }
            guard !target.isEmpty, !target.contains(0), target.count < 65_000 else {
                throw failure("the link's target is empty, too long or contains a NUL character")
            }
        }
        if format == .zip, String(validating: member.name, as: UTF8.self) == nil {
            throw failure("the name is not UTF-8, as a zip file needs")
        }
        hash ^= hash >> 32
        hash = hash &* 0xD6E8_FEB8_6659_FD93
        return hash ^ hash >> 32
    }
}
