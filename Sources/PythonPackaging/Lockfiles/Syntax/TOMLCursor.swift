/// A place in a TOML text, and the parts of the language that are no structure: blanks, comments, strings, numbers.
struct TOMLCursor {
    private let bytes: [UInt8]
    private var index = 0
    /// Counted from 1.
    private(set) var line = 1

    init(_ text: String) { bytes = Array(text.utf8) }

    var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    func error(_ message: String) -> LockfileError {
        LockfileError("is not valid TOML: \(message)", line: line)
    }

    /// Goes over a byte that is no end of line.
    mutating func advance() { index += 1 }

    mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    private mutating func take(three byte: UInt8) -> Bool {
        guard index + 2 < bytes.count, bytes[index] == byte, bytes[index + 1] == byte, bytes[index + 2] == byte else {
            return false
        }
        index += 3
        return true
    }

    // MARK: - Blanks

    mutating func skipBlanks() {
        while let byte = peek, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { index += 1 }
    }

    /// An end of line: LF or CR LF.
    private mutating func takeLineEnd() -> Bool {
        if peek == UInt8(ascii: "\r"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "\n") { index += 1 }
        guard take(UInt8(ascii: "\n")) else { return false }
        line += 1
        return true
    }

    private mutating func skipComment() throws(LockfileError) {
        guard take(UInt8(ascii: "#")) else { return }
        while let byte = peek, byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") {
            guard !Self.isControl(byte) else { throw error("a control character in a comment") }
            index += 1
        }
    }

    /// Blanks, comments and ends of lines.
    mutating func skipBlankLines() throws(LockfileError) {
        repeat {
            skipBlanks()
            try skipComment()
        } while takeLineEnd()
    }

    /// The rest of a line, which may hold a comment only.
    mutating func endLine() throws(LockfileError) {
        skipBlanks()
        try skipComment()
        guard peek == nil || takeLineEnd() else { throw error("expected the end of the line") }
    }

    private static func isControl(_ byte: UInt8) -> Bool {
        byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F
    }

    // MARK: - Keys and strings

    /// One part of a key: bare or in quotes.
    mutating func keyPart() throws(LockfileError) -> String {
        if peek == UInt8(ascii: "\"") || peek == UInt8(ascii: "'") { return try string(allowsMultipleLines: false) }
        let start = index
        while let byte = peek,
            PythonNames.isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        {
            index += 1
        }
        guard index > start else { throw error("expected a key") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// A string of any of the four kinds, or of the two without line breaks. The cursor is at its quotation mark.
    mutating func string(allowsMultipleLines: Bool) throws(LockfileError) -> String {
        let quote = bytes[index]
        let isBasic = quote == UInt8(ascii: "\"")
        let isMultiline = allowsMultipleLines && take(three: quote)
        if isMultiline { _ = takeLineEnd() } else { index += 1 }
        var start = index
        var result: [UInt8] = []
        while let byte = peek {
            if byte == quote {
                if !isMultiline {
                    defer { index += 1 }
                    // Most strings have no escapes, and are copied once.
                    if result.isEmpty { return String(decoding: bytes[start..<index], as: UTF8.self) }
                    return String(decoding: result + bytes[start..<index], as: UTF8.self)
                }
                let end = index
                guard take(three: quote) else {
                    index += 1
                    continue
                }
                // Up to two quotation marks may stand before the closing three.
                var extra = 0
                while extra < 2, take(quote) { extra += 1 }
                result += bytes[start..<end + extra]
                return String(decoding: result, as: UTF8.self)
            }
            if isBasic, byte == UInt8(ascii: "\\") {
                result += bytes[start..<index]
                index += 1
                try escape(into: &result, isMultiline: isMultiline)
                start = index
            } else if isMultiline, byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                guard takeLineEnd() else { throw error("a carriage return without line feed in a string") }
            } else {
                guard !Self.isControl(byte) else { throw error("a control character or end of line in a string") }
                index += 1
            }
        }
        throw error("a string has no end")
    }

    /// What follows a backslash.
    private mutating func escape(into result: inout [UInt8], isMultiline: Bool) throws(LockfileError) {
        guard let byte = peek else { throw error("a string has no end") }
        if isMultiline, [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains(byte) {
            skipBlanks()
            guard takeLineEnd() else { throw error("a backslash before a blank") }
            repeat { skipBlanks() } while takeLineEnd()
            return
        }
        index += 1
        switch byte {
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): result.append(byte)
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let count = byte == UInt8(ascii: "u") ? 4 : 8
            let digits = bytes[index..<min(index + count, bytes.count)].compactMap(LockedHash.hexadecimal)
            guard digits.count == count, let scalar = Unicode.Scalar(digits.reduce(0) { $0 << 4 | UInt32($1) }) else {
                throw error("an escape that is no character")
            }
            index += count
            result += Array(String(scalar).utf8)
        default: throw error("an escape that is not known")
        }
    }

    // MARK: - Other values

    /// A number, truth value, date or time.
    mutating func scalar() throws(LockfileError) -> LockfileValue {
        let start = index
        while let byte = peek, PythonNames.isAlphanumeric(byte) || "+-_.:".utf8.contains(byte) { index += 1 }
        let word = bytes[start..<index]
        guard word.count <= 100 else { throw error("a number that is too long") }
        var text = String(decoding: word, as: UTF8.self)
        if TOMLDate.isDate(text), peek == UInt8(ascii: " "), index + 1 < bytes.count,
            PythonNames.isDigit(bytes[index + 1])
        {
            // A blank may stand between date and time.
            index += 1
            while let byte = peek, PythonNames.isAlphanumeric(byte) || "+-.:".utf8.contains(byte) { index += 1 }
            text = String(decoding: bytes[start..<index].prefix(100), as: UTF8.self)
        }
        if TOMLDate.isValid(text) { return .other("a date or time") }
        switch text {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "inf", "+inf", "-inf", "nan", "+nan", "-nan": return .other("a floating-point number")
        default: break
        }
        guard let value = TOMLNumber.value(text) else {
            throw error(
                text.isEmpty ? "expected a value" : "\(LockfileText.quoted(text)) is no value; text stands in quotes")
        }
        return value
    }
}
