/// A step from a TOML table or array to what it holds.
enum TOMLStep: Hashable {
    case key(String)
    case index(Int)
}

/// A place in a text; both count from 1, columns in Unicode scalars, as editors do.
struct TextPosition: Hashable {
    var line: Int
    var column: Int
}

/// Finds where in a text the keys and list elements of a TOML document are written.
///
/// The TOML parser gives positions for syntax errors only. This walks over a text that it has accepted, so it checks
/// nothing; on anything unexpected it goes on with the next byte. Grammar: <https://toml.io/en/v1.0.0>.
struct KeyLocator {
    private let bytes: [UInt8]
    private var index = 0
    private var offsets: [[TOMLStep]: Int] = [:]
    private var tableCounts: [[TOMLStep]: Int] = [:]
    private var nulOffset: Int?

    init(_ text: String) {
        bytes = Array(text.utf8)
        walk()
    }

    /// Where a key, or an element of a list, begins; a table begins at its name in its first header.
    func position(of path: [TOMLStep]) -> TextPosition? { offsets[path].map(position(ofByte:)) }

    /// Where a string holds an escaped NUL, which would cut the string off in the parser's C interface.
    var nulPosition: TextPosition? { nulOffset.map(position(ofByte:)) }

    private func position(ofByte offset: Int) -> TextPosition {
        var position = TextPosition(line: 1, column: 1)
        for byte in bytes[..<min(offset, bytes.count)] {
            if byte == 0x0A {
                position.line += 1
                position.column = 1
            } else if byte & 0xC0 != 0x80 {
                position.column += 1
            }
        }
        return position
    }

    // MARK: - Structure

    private mutating func walk() {
        var table: [TOMLStep] = []
        while true {
            skipBlank(newlines: true)
            guard let byte = peek() else { return }
            let start = index
            if byte == UInt8(ascii: "[") {
                table = header()
            } else {
                pair(in: table)
            }
            if index == start { index += 1 }
        }
    }

    /// `[a.b]` or `[[a.b]]`: the path of the table that begins.
    private mutating func header() -> [TOMLStep] {
        index += 1
        let isList = take("[")
        let keys = dottedKey()
        var path: [TOMLStep] = []
        for (number, key) in keys.enumerated() {
            path.append(.key(key.text))
            note(path, at: key.offset)
            let isLast = number == keys.count - 1
            if isLast, isList {
                let count = tableCounts[path, default: 0]
                tableCounts[path] = count + 1
                path.append(.index(count))
                note(path, at: key.offset)
            } else if let count = tableCounts[path] {
                path.append(.index(count - 1))
            }
        }
        skipBlank(newlines: false)
        _ = take("]")
        if isList { _ = take("]") }
        return path
    }

    private mutating func pair(in table: [TOMLStep]) {
        var path = table
        for key in dottedKey() {
            path.append(.key(key.text))
            note(path, at: key.offset)
        }
        skipBlank(newlines: false)
        guard take("=") else { return }
        value(at: path)
    }

    private mutating func value(at path: [TOMLStep]) {
        skipBlank(newlines: false)
        switch peek() {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): _ = string()
        case UInt8(ascii: "["): list(at: path)
        case UInt8(ascii: "{"): inlineTable(at: path)
        default:
            while let byte = peek(), !",]}#\n".utf8.contains(byte) { index += 1 }
        }
    }

    private mutating func list(at path: [TOMLStep]) {
        index += 1
        var count = 0
        while true {
            skipBlank(newlines: true)
            guard let byte = peek() else { return }
            let start = index
            if take("]") { return }
            if byte != UInt8(ascii: ",") {
                note(path + [.index(count)], at: index)
                value(at: path + [.index(count)])
                count += 1
            }
            if index == start { index += 1 }
        }
    }

    private mutating func inlineTable(at path: [TOMLStep]) {
        index += 1
        while true {
            skipBlank(newlines: true)
            guard let byte = peek() else { return }
            let start = index
            if take("}") { return }
            if byte != UInt8(ascii: ",") { pair(in: path) }
            if index == start { index += 1 }
        }
    }

    // MARK: - Keys and strings

    private mutating func dottedKey() -> [(text: String, offset: Int)] {
        var keys: [(text: String, offset: Int)] = []
        while true {
            skipBlank(newlines: false)
            let start = index
            switch peek() {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): keys.append((string(), start))
            default:
                while let byte = peek(), !" \t\r\n.=]}#,".utf8.contains(byte) { index += 1 }
                keys.append((String(decoding: bytes[start..<index], as: UTF8.self), start))
            }
            skipBlank(newlines: false)
            guard take(".") else { return keys }
        }
    }

    private mutating func string() -> String {
        guard let quote = peek() else { return "" }
        let isMultiline = bytes[index...].starts(with: [quote, quote, quote])
        index += isMultiline ? 3 : 1
        var result: [UInt8] = []
        while let byte = peek() {
            if byte == quote {
                if !isMultiline {
                    index += 1
                    break
                }
                let run = bytes[index...].prefix { $0 == quote }.count
                index += run
                // Up to two quotes can stand before the three that end it.
                if run >= 3 { break }
                result += repeatElement(quote, count: run)
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                escape(into: &result)
            } else if byte == 0x0A, !isMultiline {
                break
            } else {
                result.append(byte)
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private mutating func escape(into result: inout [UInt8]) {
        let start = index
        index += 1
        guard let letter = peek() else { return }
        index += 1
        let digits: Int
        switch letter {
        case UInt8(ascii: "u"): digits = 4
        case UInt8(ascii: "U"): digits = 8
        case UInt8(ascii: "x"): digits = 2
        default: digits = 0
        }
        guard digits > 0 else {
            let meanings: [UInt8: UInt8] = [
                UInt8(ascii: "b"): 0x08, UInt8(ascii: "t"): 0x09, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "f"): 0x0C,
                UInt8(ascii: "r"): 0x0D, UInt8(ascii: "e"): 0x1B,
            ]
            result.append(meanings[letter] ?? letter)
            return
        }
        let end = min(index + digits, bytes.count)
        let value = UInt32(String(decoding: bytes[index..<end], as: UTF8.self), radix: 16)
        index = end
        if value == 0, nulOffset == nil { nulOffset = start }
        if let value, let scalar = Unicode.Scalar(value) { result += Array(String(scalar).utf8) }
    }

    // MARK: - Bytes

    private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = peek(), UInt32(byte) == character.value else { return false }
        index += 1
        return true
    }

    private mutating func note(_ path: [TOMLStep], at offset: Int) {
        if offsets[path] == nil { offsets[path] = offset }
    }

    private mutating func skipBlank(newlines: Bool) {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): index += 1
            case 0xEF where index == 0: index += 3
            case 0x0A where newlines: index += 1
            case UInt8(ascii: "#") where newlines:
                while let byte = peek(), byte != 0x0A { index += 1 }
            default: return
            }
        }
    }
}
