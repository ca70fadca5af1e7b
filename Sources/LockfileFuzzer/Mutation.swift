/// Numbers that are the same for the same seed everywhere (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// Ways to spoil a file.
enum Mutation: CaseIterable {
    case flipBits, setBytes, truncate, dropToken, doubleToken, swapTokens, spliceOther, repeatRange, nest, longLine
    case number, dropLine, doubleLine, insertDelimiter

    /// The largest input that is made.
    static let maximumSize = 1 << 20

    func apply(
        to bytes: inout [UInt8], other: [UInt8], using generator: inout SeededGenerator
    ) {
        guard !bytes.isEmpty else {
            bytes = Array(other.prefix(64))
            return
        }
        switch self {
        case .flipBits:
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
            }
        case .setBytes:
            let start = Int.random(in: 0..<bytes.count, using: &generator)
            for index in start..<min(bytes.count, start + Int.random(in: 1...16, using: &generator)) {
                bytes[index] = UInt8.random(in: 0...255, using: &generator)
            }
        case .truncate: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
        case .dropToken: bytes.removeSubrange(Self.token(of: bytes, using: &generator))
        case .doubleToken:
            let token = Self.token(of: bytes, using: &generator)
            bytes.insert(contentsOf: bytes[token], at: token.upperBound)
        case .swapTokens:
            let first = Array(bytes[Self.token(of: bytes, using: &generator)])
            bytes.replaceSubrange(Self.token(of: bytes, using: &generator), with: first)
        case .spliceOther:
            let start = Int.random(in: 0...other.count, using: &generator)
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)) + other[start...])
        case .repeatRange:
            let start = Int.random(in: 0..<bytes.count, using: &generator)
            let range = Array(bytes[start..<min(bytes.count, start + Int.random(in: 1...2_000, using: &generator))])
            for _ in 0..<Int.random(in: 1...200, using: &generator) where bytes.count < Self.maximumSize {
                bytes.insert(contentsOf: range, at: start)
            }
        case .nest:
            let brackets: [(String, String)] = [
                ("[", "]"), ("{", "}"), ("{a=", "}"), ("{\"a\":", "}"), ("- ", ""), ("a.", ""), ("(", ")"),
                ("[[", "]]"),
                ("? ", ""), ("a: {b: [", "]}"), ("!t ", ""), ("not ", ""), ("\"", "\""),
            ]
            let pair = brackets[Int.random(in: 0..<brackets.count, using: &generator)]
            let count = 1 << Int.random(in: 3...15, using: &generator)
            let text = String(repeating: pair.0, count: count) + "1" + String(repeating: pair.1, count: count)
            bytes.insert(contentsOf: text.utf8, at: Self.token(of: bytes, using: &generator).lowerBound)
        case .longLine:
            let byte = UInt8.random(in: 0x20...0x7E, using: &generator)
            let count = 1 << Int.random(in: 4...18, using: &generator)
            bytes.insert(
                contentsOf: repeatElement(byte, count: count), at: Int.random(in: 0...bytes.count, using: &generator))
        case .number:
            let numbers = [
                "-1", "0", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e309", "nan", "inf",
                "0x7fffffffffffffffff", "1_000", "99999999999999999999999999", "1.10", "00", "2",
            ]
            let number = numbers[Int.random(in: 0..<numbers.count, using: &generator)]
            bytes.replaceSubrange(Self.token(of: bytes, using: &generator), with: number.utf8)
        case .dropLine: bytes.removeSubrange(Self.line(of: bytes, using: &generator))
        case .doubleLine:
            let line = Self.line(of: bytes, using: &generator)
            bytes.insert(contentsOf: Array(bytes[Self.line(of: bytes, using: &generator)]), at: line.lowerBound)
        case .insertDelimiter:
            let delimiters = Array("\"'[]{}=,:#\\\n\r\t -&*!|>%@`;()<~^\u{0}\u{85}\u{2028}\u{FEFF}".utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let byte = delimiters[Int.random(in: 0..<delimiters.count, using: &generator)]
                bytes.insert(byte, at: Int.random(in: 0...bytes.count, using: &generator))
            }
        }
        if bytes.count > Self.maximumSize { bytes.removeLast(bytes.count - Self.maximumSize) }
    }

    /// A run of letters and digits, or one other byte.
    private static func token(of bytes: [UInt8], using generator: inout SeededGenerator) -> Range<Int> {
        let start = Int.random(in: 0..<bytes.count, using: &generator)
        func isWord(_ index: Int) -> Bool {
            let byte = bytes[index] | 0x20
            return (0x61...0x7A).contains(byte) || (0x30...0x39).contains(bytes[index])
        }
        guard isWord(start) else { return start..<start + 1 }
        var range = start..<start + 1
        while range.lowerBound > 0, start - range.lowerBound < 200, isWord(range.lowerBound - 1) {
            range = range.lowerBound - 1..<range.upperBound
        }
        while range.upperBound < bytes.count, range.upperBound - start < 200, isWord(range.upperBound) {
            range = range.lowerBound..<range.upperBound + 1
        }
        return range
    }

    private static func line(of bytes: [UInt8], using generator: inout SeededGenerator) -> Range<Int> {
        let start = Int.random(in: 0..<bytes.count, using: &generator)
        let begin = (bytes[..<start].lastIndex(of: 0x0A) ?? -1) + 1
        let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count - 1
        return begin..<max(begin, end + 1)
    }
}
