/// The rows of a `RECORD` (recording installed projects, "The RECORD file"), as positions in its text: thousands of rows
/// are read for every plan, and written back as they were but for a few.
struct RecordTable {
    struct Row {
        /// Without the end of the line.
        var line: Range<Int>
        /// As the row spells it, quotes taken away.
        var path: [UInt8]
        /// `nil` if there is none, or of another kind.
        var sha256: [UInt8]?
        var size: Int64?
    }
    struct Malformed: Error {
        var message: String
    }

    let bytes: [UInt8]
    private(set) var rows: [Row] = []

    init(_ bytes: [UInt8]) throws(Malformed) {
        self.bytes = bytes
        var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        rows.reserveCapacity(bytes.count / 90)
        var number = 1
        while position < bytes.count {
            let start = position
            let fields = try Self.fields(bytes, &position, line: number)
            number += 1
            if fields.count == 1, fields[0].isEmpty { continue }
            guard fields.count == 3 else {
                throw Malformed(message: "line \(number - 1) has \(fields.count) fields instead of 3")
            }
            guard let first = fields[0].first, first != 0, !fields[0].contains(0) else {
                throw Malformed(message: "line \(number - 1) has no path")
            }
            var row = Row(line: start..<Self.withoutEnd(bytes, start, position), path: fields[0])
            if !fields[1].isEmpty { row.sha256 = try Self.hash(fields[1], line: number - 1) }
            if !fields[2].isEmpty {
                guard let size = Int64(String(decoding: fields[2], as: UTF8.self)), size >= 0 else {
                    throw Malformed(message: "line \(number - 1) has a size that is no number")
                }
                row.size = size
            }
            rows.append(row)
        }
    }

    /// The row's path as a path of the environment; `nil` if it leads out of it.
    ///
    /// - Parameter directory: what the rows are relative to.
    static func resolve(_ path: [UInt8], in directory: [UInt8]) -> [UInt8]? {
        guard path.first != 0x2F else { return nil }
        let isPlain = !path.contains(0x5C) && path.first != 0x2E && !path.containsDotComponent
        if isPlain { return directory.isEmpty ? path : directory + [0x2F] + path }
        var parts = directory.split(separator: 0x2F)
        for part in path.split(whereSeparator: { $0 == 0x2F || $0 == 0x5C }) {
            if part.elementsEqual([0x2E]) { continue }
            if part.elementsEqual([0x2E, 0x2E]) {
                guard parts.popLast() != nil else { return nil }
            } else {
                parts.append(part)
            }
        }
        return parts.isEmpty ? nil : Array(parts.joined(separator: [0x2F]))
    }

    private static func withoutEnd(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int {
        var end = end
        if end > start, bytes[end - 1] == 0x0A { end -= 1 }
        if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        return end
    }

    /// One row's fields, as Python's `csv` reads them.
    private static func fields(
        _ bytes: [UInt8], _ position: inout Int, line: Int
    ) throws(Malformed) -> [[UInt8]] {
        var fields: [[UInt8]] = []
        fields.reserveCapacity(3)
        while true {
            if position < bytes.count, bytes[position] == 0x22 {
                position += 1
                var field: [UInt8] = []
                while true {
                    guard position < bytes.count else {
                        throw Malformed(message: "line \(line) has a quote that is never closed")
                    }
                    let byte = bytes[position]
                    position += 1
                    if byte == 0x22 {
                        guard position < bytes.count, bytes[position] == 0x22 else { break }
                        position += 1
                    }
                    field.append(byte)
                }
                fields.append(field)
            } else {
                let start = position
                while position < bytes.count, bytes[position] != 0x2C, bytes[position] != 0x0A { position += 1 }
                let isLast = position == bytes.count || bytes[position] == 0x0A
                let end = isLast && position > start && bytes[position - 1] == 0x0D ? position - 1 : position
                fields.append(Array(bytes[start..<end]))
            }
            while position < bytes.count, bytes[position] == 0x0D { position += 1 }
            guard position < bytes.count else { return fields }
            let separator = bytes[position]
            guard separator == 0x2C || separator == 0x0A else {
                throw Malformed(message: "line \(line) has text after a quote")
            }
            position += 1
            if separator == 0x0A { return fields }
            if position == bytes.count {
                fields.append([])
                return fields
            }
        }
    }

    private static func hash(_ field: [UInt8], line: Int) throws(Malformed) -> [UInt8]? {
        guard field.starts(with: "sha256=".utf8) else {
            guard field.contains(0x3D) else { throw Malformed(message: "line \(line) has a hash without an algorithm") }
            return nil
        }
        var result: [UInt8] = []
        result.reserveCapacity(32)
        var bits: UInt32 = 0
        var count = 0
        for byte in field[7...] {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 65
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 71
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte + 4
            case UInt8(ascii: "-"), UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "_"), UInt8(ascii: "/"): value = 63
            case UInt8(ascii: "="): continue
            default: throw Malformed(message: "line \(line) has a hash that can't be read")
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        guard result.count == 32 else { throw Malformed(message: "line \(line) has a hash of \(result.count) bytes") }
        return result
    }
}

extension [UInt8] {
    /// Whether a component is `.` or `..`, or empty.
    fileprivate var containsDotComponent: Bool {
        var dots = 0
        var length = 0
        for byte in self {
            if byte == 0x2F {
                if length == dots, length <= 2 { return true }
                dots = 0
                length = 0
            } else {
                if byte == 0x2E { dots += 1 }
                length += 1
            }
        }
        return length == dots && length <= 2
    }
}
