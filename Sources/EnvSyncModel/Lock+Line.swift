/// Reads one line of a lock file, byte by byte.
struct LockLine {
    let bytes: [UInt8]
    /// The next byte to read.
    var position: Int
    var end: Int
    let number: Int

    /// The next byte.
    var first: UInt8? { position < end ? bytes[position] : nil }

    mutating func trim() {
        skipSpaces()
        while position < end, bytes[end - 1] == UInt8(ascii: " ") || bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    }

    private mutating func skipSpaces() {
        while position < end, bytes[position] == UInt8(ascii: " ") { position += 1 }
    }

    private func starts(with text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes[position..<end].starts(with: $0) }
    }

    /// What git and other tools leave in a file that they could not merge.
    var isConflictMarker: Bool {
        switch first {
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "|"): true
        case UInt8(ascii: "="): starts(with: "=======")
        default: false
        }
    }

    /// What section the line begins, if it is the header of one that is known.
    var header: LockSection.Kind? {
        guard first == UInt8(ascii: "["), end - position >= 9 else { return nil }
        switch end - position {
        case 12 where starts(with: "[[artifact]]"): return .artifact
        case 9 where starts(with: "[[wheel]]"): return .wheel
        case 12 where starts(with: "[[provided]]"): return .provided
        case 10 where starts(with: "[[packed]]"): return .packed
        default: return nil
        }
    }

    private func error(_ message: String) -> LockFormatError { LockFormatError(line: number, message: message) }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    mutating func field() throws(LockFormatError) -> LockField {
        let start = position
        while position < end, bytes[position] != UInt8(ascii: "=") { position += 1 }
        guard position < end else { throw error("expected `key = value`") }
        var keyEnd = position
        while keyEnd > start, bytes[keyEnd - 1] == UInt8(ascii: " ") { keyEnd -= 1 }
        guard keyEnd > start else { throw error("expected `key = value`") }
        position += 1
        skipSpaces()
        let value: LockField.Value
        switch first {
        case UInt8(ascii: "\""): value = try string()
        case UInt8(ascii: "[") where position + 1 == end:
            position = end
            value = .opened
        case UInt8(ascii: "["): value = .strings(try strings())
        default:
            guard let integer = Int64(text(position..<end)) else {
                throw error("expected a string, a whole number or a list of strings")
            }
            position = end
            value = .integer(integer)
        }
        guard position == end else { throw error("text after the value") }
        return LockField(key: key(start..<keyEnd), value: value, line: number)
    }

    private func key(_ range: Range<Int>) -> LockField.Key {
        for (index, spelling) in LockKey.spellings.enumerated() where spelling.count == range.count {
            if bytes[range].elementsEqual(spelling) { return .known(index) }
        }
        return .unknown(text(range))
    }

    private mutating func strings() throws(LockFormatError) -> [String] {
        var strings: [String] = []
        position += 1
        while true {
            skipSpaces()
            if first == UInt8(ascii: "]") { break }
            switch try string() {
            case .plain(let range): strings.append(text(range))
            case .escaped(let text): strings.append(text)
            case .integer, .strings, .opened: break
            }
            skipSpaces()
            guard first == UInt8(ascii: ",") else { break }
            position += 1
        }
        guard first == UInt8(ascii: "]") else { throw error("the list does not end") }
        position += 1
        return strings
    }

    /// Reads a line of a list that goes over several.
    ///
    /// - Returns: whether the list goes on.
    mutating func addItem(to list: inout [String]) throws(LockFormatError) -> Bool {
        if first == UInt8(ascii: "]") {
            position += 1
            guard position == end else { throw error("text after the value") }
            return false
        }
        switch try string() {
        case .plain(let range): list.append(text(range))
        case .escaped(let text): list.append(text)
        case .integer, .strings, .opened: break
        }
        skipSpaces()
        guard first == UInt8(ascii: ",") else { throw error("expected a comma") }
        position += 1
        guard position == end else { throw error("text after the value") }
        return true
    }

    private mutating func string() throws(LockFormatError) -> LockField.Value {
        guard first == UInt8(ascii: "\"") else { throw error("expected a string") }
        position += 1
        let start = position
        while position < end, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") {
            position += 1
        }
        guard position < end else { throw error("the string does not end") }
        if bytes[position] == UInt8(ascii: "\"") {
            position += 1
            return .plain(start..<(position - 1))
        }
        return .escaped(try escapedString(from: start))
    }

    /// Reads on from the first backslash of a string that began at `start`.
    private mutating func escapedString(from start: Int) throws(LockFormatError) -> String {
        var result = Array(bytes[start..<position])
        while position < end {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: result, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            let escape = first
            position += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result.append(escape ?? 0)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"): result.append(contentsOf: String(try unicodeScalar()).utf8)
            case nil: throw error("the string does not end")
            default: throw error("an unknown escape in a string")
            }
        }
        throw error("the string does not end")
    }

    private mutating func unicodeScalar() throws(LockFormatError) -> Unicode.Scalar {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = first, let nibble = Character(Unicode.Scalar(digit)).hexDigitValue else {
                throw error("a bad \\u escape")
            }
            value = value << 4 | UInt32(nibble)
            position += 1
        }
        guard let scalar = Unicode.Scalar(value) else { throw error("a bad \\u escape") }
        return scalar
    }
}
