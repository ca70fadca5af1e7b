/// A forward-only reader of JSON text (RFC 8259) that decodes straight into the caller's types.
///
/// A directory listing of ten thousand entries is a few megabytes; a tree of generic values, or Foundation's decoder on
/// Linux, would cost more than the request itself. Unknown members are skipped, so newer servers can add what they like.
struct JSONReader {
    /// Text that is not the JSON that was expected.
    struct Failure: Error, Equatable, Sendable {
        /// What was expected.
        var message: String
        /// Offset in bytes where reading stopped.
        var offset: Int
    }

    /// Nesting that no answer of a server reaches; keeps hostile text from exhausting the stack.
    static let maximumDepth = 64

    let bytes: [UInt8]
    private(set) var offset = 0
    private var depth = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte order mark is not JSON, but RFC 8259 section 8.1 lets a reader ignore it.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    /// What the next value is, by its first byte.
    enum Kind { case object, array, string, number, boolean, null, invalid }

    mutating func peek() -> Kind {
        skipWhitespace()
        guard offset < bytes.count else { return .invalid }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        default: return .invalid
        }
    }

    /// Reads an object; `member` must consume the value of each name, with ``skipValue()`` if it has no use for it.
    mutating func object(_ member: (inout JSONReader, String) throws -> Void) throws {
        try open(UInt8(ascii: "{"), "an object")
        if close(UInt8(ascii: "}")) { return }
        repeat {
            let name = try string()
            skipWhitespace()
            guard take(UInt8(ascii: ":")) else { throw failure("a colon") }
            try member(&self, name)
        } while try anotherOrClose(UInt8(ascii: "}"))
    }

    /// Reads an array; `element` must consume each value.
    mutating func array(_ element: (inout JSONReader) throws -> Void) throws {
        try open(UInt8(ascii: "["), "an array")
        if close(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while try anotherOrClose(UInt8(ascii: "]"))
    }

    /// Reads a string.
    mutating func string() throws -> String {
        skipWhitespace()
        guard take(UInt8(ascii: "\"")) else { throw failure("a string") }
        let start = offset
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == UInt8(ascii: "\"") {
                offset += 1
                return try validated(bytes[start..<(offset - 1)])
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw failure("no control character in a string") }
            offset += 1
        }
        throw failure("the end of a string")
    }

    /// Reads an integer; a fraction, an exponent, or a value beyond 64 bits is refused.
    mutating func integer() throws -> Int64 {
        skipWhitespace()
        let negative = take(UInt8(ascii: "-"))
        let start = offset
        var value: Int64 = 0
        while offset < bytes.count, case let digit = bytes[offset] &- UInt8(ascii: "0"), digit < 10 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (next, overflow2) = product.subtractingReportingOverflow(Int64(digit))
            guard !overflow, !overflow2 else { throw failure("an integer of 64 bits") }
            value = next
            offset += 1
        }
        guard offset > start else { throw failure("an integer") }
        if offset - start > 1, bytes[start] == UInt8(ascii: "0") { throw failure("no leading zero") }
        if offset < bytes.count, [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(bytes[offset]) {
            throw failure("an integer")
        }
        if negative { return value }
        guard value != Int64.min else { throw failure("an integer of 64 bits") }
        return -value
    }

    /// Reads `true` or `false`.
    mutating func boolean() throws -> Bool {
        skipWhitespace()
        if takeWord("true") { return true }
        if takeWord("false") { return false }
        throw failure("true or false")
    }

    /// Consumes a `null` if there is one.
    mutating func takeNull() -> Bool {
        skipWhitespace()
        return takeWord("null")
    }

    /// Consumes one value of any kind.
    mutating func skipValue() throws {
        switch peek() {
        case .object: try object { reader, _ in try reader.skipValue() }
        case .array: try array { reader in try reader.skipValue() }
        case .string: _ = try string()
        case .boolean: _ = try boolean()
        case .null: guard takeNull() else { throw failure("a value") }
        case .number: try skipNumber()
        case .invalid: throw failure("a value")
        }
    }

    /// Requires that nothing but white space is left.
    mutating func end() throws {
        skipWhitespace()
        guard offset == bytes.count else { throw failure("the end of the text") }
    }

    func failure(_ expected: String) -> Failure {
        Failure(message: "expected \(expected)", offset: offset)
    }
}

extension JSONReader {
    private mutating func skipWhitespace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let text = word.description.utf8
        guard bytes.count - offset >= text.count, bytes[offset...].starts(with: text) else { return false }
        offset += text.count
        return true
    }

    private mutating func open(_ bracket: UInt8, _ what: String) throws {
        skipWhitespace()
        guard take(bracket) else { throw failure(what) }
        depth += 1
        guard depth <= Self.maximumDepth else { throw failure("less nesting") }
    }

    private mutating func close(_ bracket: UInt8) -> Bool {
        skipWhitespace()
        guard take(bracket) else { return false }
        depth -= 1
        return true
    }

    private mutating func anotherOrClose(_ bracket: UInt8) throws -> Bool {
        if close(bracket) { return false }
        guard take(UInt8(ascii: ",")) else { throw failure("a comma or a closing bracket") }
        return true
    }

    private mutating func skipNumber() throws {
        _ = take(UInt8(ascii: "-"))
        let start = offset
        let digits = { (reader: inout JSONReader) in
            let start = reader.offset
            while reader.offset < reader.bytes.count, reader.bytes[reader.offset] &- UInt8(ascii: "0") < 10 {
                reader.offset += 1
            }
            return reader.offset > start
        }
        guard digits(&self) else { throw failure("a number") }
        if offset - start > 1, bytes[start] == UInt8(ascii: "0") { throw failure("no leading zero") }
        if take(UInt8(ascii: ".")), !digits(&self) { throw failure("a digit") }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard digits(&self) else { throw failure("a digit") }
        }
    }

    private func validated(_ slice: ArraySlice<UInt8>) throws -> String {
        guard let text = String(validating: slice, as: UTF8.self) else { throw failure("UTF-8") }
        return text
    }

    /// The slow path of ``string()``: starts over at `start`, because there is an escape.
    private mutating func escapedString(from start: Int) throws -> String {
        var result = Array(bytes[start..<offset])
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return try validated(result[...])
            case UInt8(ascii: "\\"): try appendEscape(to: &result)
            case 0..<0x20: throw failure("no control character in a string")
            default: result.append(byte)
            }
        }
        throw failure("the end of a string")
    }

    private mutating func appendEscape(to result: inout [UInt8]) throws {
        guard offset < bytes.count else { throw failure("the end of a string") }
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"):
            var code = try UInt32(fourHexDigits())
            if (0xD800..<0xDC00).contains(code) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw failure("a low surrogate") }
                let low = try UInt32(fourHexDigits())
                guard (0xDC00..<0xE000).contains(low) else { throw failure("a low surrogate") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("a Unicode scalar") }
            result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw failure("an escape")
        }
    }

    private mutating func fourHexDigits() throws -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard offset < bytes.count, let digit = PercentEncoding.hexValue(bytes[offset]) else {
                throw failure("four hexadecimal digits")
            }
            value = value << 4 | UInt16(digit)
            offset += 1
        }
        return value
    }
}
