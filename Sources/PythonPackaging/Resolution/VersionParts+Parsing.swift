extension VersionParts {
    /// Reads a version in any of the spellings of PEP 440, "Normalization"; `nil` for anything else, blanks included.
    init?(_ text: String) {
        var parser = VersionParser(text)
        guard let parts = parser.version() else { return nil }
        self = parts
    }

    /// Reads a version as file names spell it, with the local part's `+` as `_` (binary distribution format,
    /// "Escaping and Unicode"): `2.1.0_cpu`.
    init?(fileNameSpelling text: String) {
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "_")) else { return nil }
        self.init(text[..<mark] + "+" + text[text.utf8.index(after: mark)...])
    }
}

/// Reads a version once from left to right.
private struct VersionParser {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        bytes = text.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func version() -> VersionParts? {
        var parts = VersionParts()
        _ = take("v")
        guard var first = number() else { return nil }
        if take("!") {
            parts.epoch = first
            guard let release = number() else { return nil }
            first = release
        }
        parts.release = [first]
        while next == UInt8(ascii: "."), digit(at: position + 1) {
            position += 1
            if let segment = number() { parts.release.append(segment) }
        }
        parts.writtenReleaseCount = parts.release.count
        while parts.release.count > 1, parts.release.last == .zero { parts.release.removeLast() }

        let phases: [(String, VersionParts.Phase)] = [
            ("alpha", .alpha), ("a", .alpha), ("beta", .beta), ("b", .beta), ("preview", .candidate),
            ("pre", .candidate), ("c", .candidate), ("rc", .candidate),
        ]
        if let (phase, number) = segment(phases) { parts.pre = VersionParts.Prerelease(phase: phase, number: number) }
        if next == UInt8(ascii: "-"), digit(at: position + 1) {
            position += 1
            parts.post = number()
        } else if let (_, number) = segment([("post", ()), ("rev", ()), ("r", ())]) {
            parts.post = number
        }
        if let (_, number) = segment([("dev", ())]) { parts.dev = number }
        if take("+") {
            guard let local = local() else { return nil }
            parts.local = local
        }
        return position == bytes.count ? parts : nil
    }

    private func digit(at index: Int) -> Bool { index < bytes.count && PythonNames.isDigit(bytes[index]) }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func takeSeparator() {
        if let next, next == UInt8(ascii: "-") || next == UInt8(ascii: "_") || next == UInt8(ascii: ".") {
            position += 1
        }
    }

    private mutating func number() -> VersionParts.Number? {
        let start = position
        while digit(at: position) { position += 1 }
        return position > start ? Self.number(bytes[start..<position]) : nil
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> VersionParts.Number {
        let significant = digits.drop { $0 == UInt8(ascii: "0") }
        return significant.isEmpty ? .zero : VersionParts.Number(digits: String(decoding: significant, as: UTF8.self))
    }

    /// `[-_.]?` word `[-_.]?` number; the number may be missing and is then 0.
    private mutating func segment<Meaning>(_ words: [(String, Meaning)]) -> (Meaning, VersionParts.Number)? {
        let start = position
        takeSeparator()
        guard let (word, meaning) = words.first(where: { bytes[position...].starts(with: $0.0.utf8) }) else {
            position = start
            return nil
        }
        position += word.utf8.count
        takeSeparator()
        return (meaning, number() ?? .zero)
    }

    private mutating func local() -> [VersionParts.LocalSegment]? {
        var segments: [VersionParts.LocalSegment] = []
        repeat {
            let start = position
            while let next, PythonNames.isAlphanumeric(next) { position += 1 }
            let segment = bytes[start..<position]
            guard !segment.isEmpty else { return nil }
            let isNumber = segment.allSatisfy(PythonNames.isDigit)
            segments.append(isNumber ? .number(Self.number(segment)) : .text(String(decoding: segment, as: UTF8.self)))
        } while take(".") || take("-") || take("_")
        return segments
    }
}
