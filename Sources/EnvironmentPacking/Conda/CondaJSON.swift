/// JSON as it is in `conda-meta`: megabytes of short strings, of which few are wanted. Numbers keep their spelling, so that what
/// isn't understood can be written again as it was.
enum CondaJSON: Sendable, Equatable {
    case object([Member])
    case array([CondaJSON])
    case string(String)
    /// A number, `true`, `false` or `null`, as it is spelled.
    case literal(String)

    struct Member: Sendable, Equatable {
        var key: String
        var value: CondaJSON
    }

    /// Text that isn't JSON.
    struct Malformed: Error, Equatable {
        var message: String
        /// In bytes from the start.
        var offset: Int
    }

    /// Deeper nesting is refused; conda nests four deep.
    static let maximumDepth = 32

    init(_ bytes: [UInt8]) throws(Malformed) {
        var reader = CondaJSONReader(bytes: bytes)
        self = try reader.document()
    }

    /// A member's value; of several with one name the last, as Python's reader has it.
    subscript(_ key: String) -> CondaJSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key == key }?.value
    }

    var string: String? {
        if case .string(let text) = self { text } else { nil }
    }
    var integer: Int64? {
        if case .literal(let text) = self { Int64(text) } else { nil }
    }
    var elements: [CondaJSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }
    var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }
}

/// Reads ``CondaJSON`` (RFC 8259).
private struct CondaJSONReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(CondaJSON.Malformed) -> CondaJSON {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw malformed("has something after its end") }
        return value
    }

    private func malformed(_ message: String) -> CondaJSON.Malformed {
        CondaJSON.Malformed(message: message, offset: position)
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
    }

    /// The next byte that isn't space, left in place.
    private mutating func next() throws(CondaJSON.Malformed) -> UInt8 {
        skipSpace()
        guard position < bytes.count else { throw malformed("ends in the middle") }
        return bytes[position]
    }

    private mutating func value(depth: Int) throws(CondaJSON.Malformed) -> CondaJSON {
        switch try next() {
        case UInt8(ascii: "{"): return .object(try members(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try elements(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try text())
        default: return .literal(try literal())
        }
    }

    private mutating func members(depth: Int) throws(CondaJSON.Malformed) -> [CondaJSON.Member] {
        guard depth <= CondaJSON.maximumDepth else { throw malformed("is nested too deep") }
        position += 1
        var members: [CondaJSON.Member] = []
        if try next() == UInt8(ascii: "}") {
            position += 1
            return members
        }
        while true {
            guard try next() == UInt8(ascii: "\"") else { throw malformed("lacks a name") }
            let key = try text()
            guard try next() == UInt8(ascii: ":") else { throw malformed("lacks a colon") }
            position += 1
            members.append(.init(key: key, value: try value(depth: depth)))
            if try ends(with: UInt8(ascii: "}")) { return members }
        }
    }

    private mutating func elements(depth: Int) throws(CondaJSON.Malformed) -> [CondaJSON] {
        guard depth <= CondaJSON.maximumDepth else { throw malformed("is nested too deep") }
        position += 1
        var elements: [CondaJSON] = []
        if try next() == UInt8(ascii: "]") {
            position += 1
            return elements
        }
        while true {
            elements.append(try value(depth: depth))
            if try ends(with: UInt8(ascii: "]")) { return elements }
        }
    }

    /// Passes a comma (`false`) or the closing bracket (`true`).
    private mutating func ends(with closing: UInt8) throws(CondaJSON.Malformed) -> Bool {
        let byte = try next()
        guard byte == closing || byte == UInt8(ascii: ",") else { throw malformed("lacks a comma") }
        position += 1
        return byte == closing
    }

    private mutating func literal() throws(CondaJSON.Malformed) -> String {
        let start = position
        while position < bytes.count, Self.isLiteral(bytes[position]) { position += 1 }
        let spelled = String(decoding: bytes[start..<position], as: UTF8.self)
        let isNumber = spelled.first.map { $0 == "-" || $0.isNumber } ?? false
        // Double's reader takes more than JSON does (hexadecimal, "1."); what matters is that it is one token of a number.
        guard ["true", "false", "null"].contains(spelled) || (isNumber && Double(spelled) != nil) else {
            position = start
            throw malformed("has something that is no value")
        }
        return spelled
    }

    private static func isLiteral(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "E"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private mutating func text() throws(CondaJSON.Malformed) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                guard let text = String(validating: bytes[start..<position], as: UTF8.self) else {
                    throw malformed("is not UTF-8")
                }
                position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedText(from: start) }
            guard byte >= 0x20 else { throw malformed("has a control character") }
            position += 1
        }
        throw malformed("ends in the middle")
    }

    private mutating func escapedText(from start: Int) throws(CondaJSON.Malformed) -> String {
        var utf8 = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: utf8, as: UTF8.self) else { throw malformed("is not UTF-8") }
                return text
            case UInt8(ascii: "\\"): utf8 += Array(String(try escape()).utf8)
            case 0..<0x20: throw malformed("has a control character")
            default: utf8.append(byte)
            }
        }
        throw malformed("ends in the middle")
    }

    private mutating func escape() throws(CondaJSON.Malformed) -> Unicode.Scalar {
        guard position < bytes.count else { throw malformed("ends in the middle") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            guard unit < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            else { throw malformed("has half a character") }
            position += 2
            let low = try codeUnit()
            guard (0xDC00...0xDFFF).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
            else { throw malformed("has half a character") }
            return scalar
        default: throw malformed("has an unknown escape")
        }
    }

    private mutating func codeUnit() throws(CondaJSON.Malformed) -> UInt16 {
        guard position + 4 <= bytes.count, let text = String(validating: bytes[position..<position + 4], as: UTF8.self),
            text.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }), let unit = UInt16(text, radix: 16)
        else { throw malformed("has an unknown escape") }
        position += 4
        return unit
    }
}

extension CondaJSON {
    /// The text, without spaces and line ends but for one at the end; members in the order that they have here.
    var text: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        output.append(UInt8(ascii: "\n"))
        return output
    }

    private func write(to output: inout [UInt8]) {
        switch self {
        case .literal(let spelled): output += Array(spelled.utf8)
        case .string(let text): Self.write(text, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                element.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                Self.write(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                output += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
