/// Takes a dependency specifier or marker apart, byte by byte.
struct SpecifierScanner {
    /// What is read, for messages: `marker`.
    private let what: String
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String, what: String) {
        self.what = what
        bytes = Array(text.utf8)
    }

    var isAtEnd: Bool { position == bytes.count }

    /// The bytes that are left.
    var rest: ArraySlice<UInt8> { bytes[position...] }

    /// An error at this place.
    func error(_ message: String) -> LockfileError {
        let text = Excerpt(String(decoding: bytes, as: UTF8.self))
        return LockfileError("\(what) \(text): \(message), at character \(position + 1)")
    }

    /// Skips spaces and tabs; returns how many.
    @discardableResult
    mutating func skipBlanks() -> Int {
        takeWhile { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count
    }

    mutating func takeWhile(_ isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = position
        while position < bytes.count, isWanted(bytes[position]) { position += 1 }
        return bytes[start..<position]
    }

    mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        position += text.utf8.count
        return true
    }

    /// Takes a word that no letter, digit or `_` follows.
    mutating func takeWord(_ word: String) -> Bool {
        var copy = self
        guard copy.take(word), copy.rest.first.map({ !Self.isWord($0) }) ?? true else { return false }
        self = copy
        return true
    }

    /// Takes letters, digits, `_` and `.`; `nil` if there are none.
    mutating func takeName() -> String? {
        let name = takeWhile { Self.isWord($0) || $0 == UInt8(ascii: ".") }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }

    /// Takes a text in quotes of either kind, in which no character has a special meaning; `nil` if there is none.
    mutating func takeQuoted() throws(LockfileError) -> String? {
        guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        let start = self
        position += 1
        let text = takeWhile { $0 != quote }
        guard !isAtEnd else { throw start.error("the closing quote is missing") }
        position += 1
        return String(decoding: text, as: UTF8.self)
    }

    /// Takes the name of a project or extra: letters, digits, `-`, `_` and `.`, beginning and ending with a letter, digit
    /// or `_` at the end; `nil` if there is none.
    mutating func takeIdentifier() -> String? {
        guard let first = rest.first, PythonNames.isAlphanumeric(first) else { return nil }
        let run = rest.prefix { Self.isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
        let end = run.lastIndex(where: Self.isWord) ?? run.startIndex
        position = end + 1
        return String(decoding: run[...end], as: UTF8.self)
    }

    private static func isWord(_ byte: UInt8) -> Bool { PythonNames.isAlphanumeric(byte) || byte == UInt8(ascii: "_") }
}
