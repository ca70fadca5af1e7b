/// A place in a text, and the parts of the language that are no structure: blanks, comments, strings, numbers.
struct TOMLCursor {
    private let bytes: [UInt8]
    private var index = 0
    /// The latest place of which line and column were counted. Columns are counted on from here, so that those of a
    /// long line take no more time than reading it.
    private var counted = (index: 0, position: TOMLPosition(line: 1, column: 1))
    /// Where a string first holds an escaped NUL.
    private(set) var escapedNUL: TOMLPosition?

    init(_ text: String) {
        bytes = Array(text.utf8)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            index = 3
            counted.index = 3
        }
    }

    var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// Line and column of the next byte.
    mutating func position() -> TOMLPosition {
        // All but the continuation bytes of UTF-8.
        for byte in bytes[counted.index..<index] where byte & 0xC0 != 0x80 { counted.position.column += 1 }
        counted.index = index
        return counted.position
    }

    /// An error at the next byte.
    mutating func error(_ message: String) -> TOMLError {
        // Which stands nowhere, and can't be seen.
        TOMLError(message: peek == 0 ? "a NUL character" : message, position: position())
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
        counted = (index, TOMLPosition(line: counted.position.line + 1, column: 1))
        return true
    }

    private mutating func skipComment() throws(TOMLError) {
        guard take(UInt8(ascii: "#")) else { return }
        while let byte = peek, byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") {
            guard !ASCII.isControl(byte) else { throw error("a control character in a comment") }
            index += 1
        }
    }

    /// Blanks, comments and ends of lines.
    mutating func skipBlankLines() throws(TOMLError) {
        repeat {
            skipBlanks()
            try skipComment()
        } while takeLineEnd()
    }

    /// The rest of a line, which may hold a comment only.
    mutating func endLine() throws(TOMLError) {
        skipBlanks()
        try skipComment()
        guard peek == nil || takeLineEnd() else { throw error("expected the end of the line") }
    }

    // MARK: - Keys and strings

    /// One part of a key: bare or in quotes.
    mutating func keyPart() throws(TOMLError) -> String {
        if peek == UInt8(ascii: "\"") || peek == UInt8(ascii: "'") { return try string(allowsMultipleLines: false) }
        let start = index
        while let byte = peek, ASCII.isBareKey(byte) { index += 1 }
        guard index > start else { throw error("expected a key") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// A string of any of the four kinds, or of the two without line breaks. The cursor is at its quotation mark.
    mutating func string(allowsMultipleLines: Bool) throws(TOMLError) -> String {
        let begin = position()
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
                try escape(into: &result, isMultiline: isMultiline)
                start = index
            } else if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                guard isMultiline else { break }
                guard takeLineEnd() else { throw error("a carriage return without line feed in a string") }
            } else {
                guard !ASCII.isControl(byte) else { throw error("a control character in a string") }
                index += 1
            }
        }
        throw TOMLError(
            message: isMultiline ? "a string has no end" : "a string has no end in its line", position: begin)
    }

    /// A backslash and what follows.
    private mutating func escape(into result: inout [UInt8], isMultiline: Bool) throws(TOMLError) {
        let begin = position()
        index += 1
        // At the end of the text the string has no end, which is found next.
        guard let byte = peek else { return }
        if isMultiline, [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains(byte) {
            skipBlanks()
            guard takeLineEnd() else { throw TOMLError(message: "a backslash before a blank", position: begin) }
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
            let digits = bytes[index...].prefix(count).compactMap(ASCII.hexadecimal)
            guard digits.count == count, let scalar = Unicode.Scalar(digits.reduce(0) { $0 << 4 | UInt32($1) }) else {
                throw TOMLError(message: "an escape that is no character", position: begin)
            }
            index += count
            if scalar.value == 0, escapedNUL == nil { escapedNUL = begin }
            result += Array(String(scalar).utf8)
        default: throw TOMLError(message: "an escape that is not known", position: begin)
        }
    }

    // MARK: - Other values

    /// A number, truth value, date or time.
    mutating func scalar() throws(TOMLError) -> TOMLValue {
        let begin = position()
        let start = index
        while let byte = peek, ASCII.isAlphanumeric(byte) || "+-_.:".utf8.contains(byte) { index += 1 }
        guard index > start else { throw error("expected a value") }
        var text = String(decoding: bytes[start..<index].prefix(Self.maximumScalarSize + 1), as: UTF8.self)
        if TOMLDate.isDate(text), peek == UInt8(ascii: " "), index + 1 < bytes.count, ASCII.isDigit(bytes[index + 1]) {
            // A blank may stand between date and time.
            index += 1
            while let byte = peek, ASCII.isAlphanumeric(byte) || "+-.:".utf8.contains(byte) { index += 1 }
            text = String(decoding: bytes[start..<index].prefix(Self.maximumScalarSize + 1), as: UTF8.self)
        }
        switch text {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        default: break
        }
        if text.utf8.count <= Self.maximumScalarSize, let value = TOMLDate.value(text) ?? TOMLNumber.value(text) {
            return value
        }
        let isNumeric = bytes[start] < UInt8(ascii: "A")
        throw TOMLError(
            message: TOMLError.quoted(text)
                + (isNumeric ? " is no valid number, date or time" : " is no value; text stands in quotes"),
            position: begin)
    }

    /// Longer numbers are refused.
    private static let maximumScalarSize = 100
}
