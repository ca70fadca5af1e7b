/// That a project is needed, as `Requires-Dist`, `requirements.txt` and many lockfiles spell it (PEP 508):
/// `requests[socks]>=2.8,<3; python_version < "3.12"` or `pip @ https://example.org/pip-1.0-py3-none-any.whl`.
public struct Requirement: Hashable, Sendable {
    /// The project's name, as it was written.
    public let name: String
    /// The extras of it that are wanted, normalized as PEP 503 says.
    public let extras: Set<String>
    /// The versions that will do; `nil` if none are said.
    public let specifiers: VersionSpecifiers?
    /// Where it is to be had from, as it was written; `nil` is the index.
    public let url: String?
    /// Where it is needed; `nil` is everywhere.
    public let marker: Marker?

    /// Parses a requirement. Blanks around it are ignored; comments and options are no part of it.
    ///
    /// - Throws: ``LockfileError``.
    public init(_ text: String) throws(LockfileError) {
        var scanner = SpecifierScanner(text, what: "requirement")
        scanner.skipBlanks()
        guard let name = scanner.takeIdentifier() else { throw scanner.error("expected the name of a project") }
        self.name = name
        scanner.skipBlanks()
        extras = try Self.extras(&scanner)
        scanner.skipBlanks()
        if scanner.take("@") {
            specifiers = nil
            scanner.skipBlanks()
            let url = scanner.takeWhile { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
            guard !url.isEmpty else { throw scanner.error("expected a URL after \"@\"") }
            self.url = String(decoding: url, as: UTF8.self)
        } else {
            specifiers = try Self.specifiers(&scanner)
            url = nil
        }
        scanner.skipBlanks()
        if scanner.take(";") {
            marker = try Marker(String(decoding: scanner.rest, as: UTF8.self))
        } else {
            guard scanner.isAtEnd else { throw scanner.error("expected \";\" and a marker, or the end") }
            marker = nil
        }
    }

    /// `[a, b]`, or nothing.
    private static func extras(_ scanner: inout SpecifierScanner) throws(LockfileError) -> Set<String> {
        guard scanner.take("[") else { return [] }
        var extras: Set<String> = []
        scanner.skipBlanks()
        if scanner.take("]") { return extras }
        repeat {
            scanner.skipBlanks()
            guard let extra = scanner.takeIdentifier() else { throw scanner.error("expected the name of an extra") }
            extras.insert(PythonNames.normalize(extra))
            scanner.skipBlanks()
        } while scanner.take(",")
        guard scanner.take("]") else { throw scanner.error("expected \",\" or \"]\"") }
        return extras
    }

    /// `>=1,<2`, possibly in parentheses, or nothing.
    private static func specifiers(_ scanner: inout SpecifierScanner) throws(LockfileError) -> VersionSpecifiers? {
        let isInParentheses = scanner.take("(")
        let text = scanner.takeWhile {
            $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ")") && $0 != UInt8(ascii: "(")
        }
        if isInParentheses, !scanner.take(")") { throw scanner.error("expected \")\"") }
        let specifiers = try VersionSpecifiers(String(decoding: text, as: UTF8.self))
        return specifiers.clauses.isEmpty ? nil : specifiers
    }
}
