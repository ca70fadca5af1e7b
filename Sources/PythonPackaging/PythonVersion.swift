/// A project's version in a form in which equal versions are equal (PEP 440, "Normalization" and the padding of release
/// segments with zeros): `1.0`, `v1.0.0` and `01.0` are one version, `1.0-1` is `1.0.post1`, `1.0+a_b` is `1.0+a.b`.
public struct PythonVersion: Hashable, Sendable {
    /// The canonical text; for a version that PEP 440 doesn't know, the lower-case text with `-` and `_` as `.`.
    public let canonical: String

    /// Any text is accepted.
    public init(_ text: some StringProtocol) {
        let lower = String(text).lowercased()
        var parser = Parser(rest: Substring(lower))
        canonical = parser.parse() ?? String(lower.map { $0 == "-" || $0 == "_" || $0 == "+" ? "." : $0 })
    }

    /// Whether a version may consist of these characters: letters, digits and `.!+_-`, at least one.
    public static func isPlausible(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { PythonNames.isAlphanumeric($0) || ".!+_-".utf8.contains($0) }
    }

    /// Reads `[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]` in all its spellings; nil for anything else.
    private struct Parser {
        var rest: Substring

        mutating func parse() -> String? {
            _ = take("v")
            guard var first = number() else { return nil }
            var result = ""
            if take("!") {
                if first != "0" { result = first + "!" }
                guard let release = number() else { return nil }
                first = release
            }
            var release = [first]
            while rest.first == ".", let next = rest.dropFirst().utf8.first, PythonNames.isDigit(next) {
                rest.removeFirst()
                if let segment = number() { release.append(segment) }
            }
            while release.count > 1, release.last == "0" { release.removeLast() }
            result += release.joined(separator: ".")
            let preSpellings = [
                ("alpha", "a"), ("a", "a"), ("beta", "b"), ("b", "b"), ("preview", "rc"), ("pre", "rc"), ("rc", "rc"),
                ("c", "rc"),
            ]
            if let pre = segment(preSpellings) { result += pre }
            if rest.first == "-", let digit = rest.dropFirst().utf8.first, PythonNames.isDigit(digit) {
                rest.removeFirst()
                result += ".post" + (number() ?? "0")
            } else if let post = segment([("post", ".post"), ("rev", ".post"), ("r", ".post")]) {
                result += post
            }
            if let dev = segment([("dev", ".dev")]) { result += dev }
            // File names spell the local part's "+" as "_" too (binary distribution format, "Escaping and Unicode").
            if rest.first == "+" || rest.first == "_" {
                let local = rest.dropFirst().split(separator: /[-_.]/, omittingEmptySubsequences: false)
                guard local.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(PythonNames.isAlphanumeric) }) else {
                    return nil
                }
                let parts = local.map { part in
                    part.utf8.allSatisfy(PythonNames.isDigit) ? Self.withoutZeros(part) : String(part)
                }
                return result + "+" + parts.joined(separator: ".")
            }
            return rest.isEmpty ? result : nil
        }

        private mutating func take(_ character: Character) -> Bool {
            guard rest.first == character else { return false }
            rest.removeFirst()
            return true
        }

        private mutating func number() -> String? {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard !digits.isEmpty else { return nil }
            rest = rest[digits.endIndex...]
            return Self.withoutZeros(digits)
        }

        private static func withoutZeros(_ digits: some StringProtocol) -> String {
            let significant = digits.drop { $0 == "0" }
            return significant.isEmpty ? "0" : String(significant)
        }

        /// `[-_.]?` spelling `[-_.]?` number; the number may be missing and is then 0.
        private mutating func segment(_ spellings: [(spelling: String, canonical: String)]) -> String? {
            var tried = rest
            if let separator = tried.first, "-_.".contains(separator) { tried.removeFirst() }
            guard let match = spellings.first(where: { tried.hasPrefix($0.spelling) }) else { return nil }
            tried = tried.dropFirst(match.spelling.count)
            let afterWord = tried
            if let separator = tried.first, "-_.".contains(separator) { tried.removeFirst() }
            let before = rest
            rest = tried
            if let number = number() { return match.canonical + number }
            // "_cpu" is a local part, not a release candidate.
            rest = afterWord.first?.isLetter == true ? before : afterWord
            return rest == before ? nil : match.canonical + "0"
        }
    }
}
