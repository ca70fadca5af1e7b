/// A wheel's `RECORD`: each file's path, hash and size, as CSV (recording installed projects, "The RECORD file").
struct WheelRecord {
    struct Row: Hashable {
        var hash: RecordHash?
        var size: Int64?
    }

    struct Malformed: Error {
        var message: String
    }

    private(set) var rows: [String: Row] = [:]

    init(_ bytes: [UInt8]) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Malformed(message: "is not UTF-8") }
        var parser = CSVParser(text)
        while let fields = try parser.nextRow() {
            if fields == [""] { continue }
            guard fields.count == 3 else {
                throw Malformed(message: "line \(parser.line) has \(fields.count) fields instead of 3")
            }
            let path = Self.normalized(fields[0])
            guard !path.isEmpty else { throw Malformed(message: "line \(parser.line) has no path") }
            var row = Row()
            if !fields[1].isEmpty {
                guard let hash = RecordHash(fields[1]) else {
                    throw Malformed(
                        message: "line \(parser.line) has a hash that is neither SHA-256, SHA-384 nor SHA-512")
                }
                row.hash = hash
            }
            if !fields[2].isEmpty {
                guard let size = Int64(fields[2]), size >= 0 else {
                    throw Malformed(message: "line \(parser.line) has a size that is no number")
                }
                row.size = size
            }
            if let earlier = rows.updateValue(row, forKey: path), earlier != row {
                throw Malformed(message: "line \(parser.line) contradicts an earlier one: \(path.debugDescription)")
            }
        }
    }

    /// Writers on Windows have used backslashes, and some begin with `./`.
    private static func normalized(_ path: String) -> String {
        var path = path.utf8.contains(UInt8(ascii: "\\")) ? String(path.map { $0 == "\\" ? "/" : $0 }) : path
        while path.hasPrefix("./") { path.removeFirst(2) }
        return path
    }
}

/// RFC 4180 as Python's `csv` module reads it: fields may be quoted, quotes inside are doubled.
private struct CSVParser {
    private let bytes: [UInt8]
    private var position = 0
    /// The line the last row began on.
    private(set) var line = 0
    private var nextLine = 1

    init(_ text: String) {
        bytes = Array((text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]).utf8)
    }

    mutating func nextRow() throws -> [String]? {
        guard position < bytes.count else { return nil }
        line = nextLine
        var fields: [String] = []
        var field: [UInt8] = []
        var quoted = false
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if quoted {
                if byte == UInt8(ascii: "\n") { nextLine += 1 }
                if byte != UInt8(ascii: "\"") {
                    field.append(byte)
                } else if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
                    field.append(byte)
                    position += 1
                } else {
                    quoted = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\"") where field.isEmpty: quoted = true
            case UInt8(ascii: ","):
                fields.append(String(decoding: field, as: UTF8.self))
                field.removeAll(keepingCapacity: true)
            case UInt8(ascii: "\r"):
                if position < bytes.count, bytes[position] == UInt8(ascii: "\n") { position += 1 }
                nextLine += 1
                return fields + [String(decoding: field, as: UTF8.self)]
            case UInt8(ascii: "\n"):
                nextLine += 1
                return fields + [String(decoding: field, as: UTF8.self)]
            default: field.append(byte)
            }
        }
        guard !quoted else { throw WheelRecord.Malformed(message: "line \(line) has a quote that is never closed") }
        return fields + [String(decoding: field, as: UTF8.self)]
    }
}
