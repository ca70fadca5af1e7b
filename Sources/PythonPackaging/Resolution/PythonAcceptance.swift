/// Whether the target's Python is accepted by what `requires-python` says.
struct PythonAcceptance {
    private let target: TargetEnvironment
    private let version: PythonVersion
    /// Lockfiles repeat a few texts for thousands of packages.
    private var known: [String: Bool] = [:]

    init(target: TargetEnvironment) {
        self.target = target
        version = target.pythonVersion
    }

    /// Whether it is accepted. A text that can't be understood accepts everything.
    mutating func accepts(_ text: String?) -> Bool {
        guard let text else { return true }
        if let answer = known[text] { return answer }
        let answer = PythonConstraint(text)?.accepts(version) ?? true
        known[text] = answer
        return answer
    }

    /// What to do where it isn't.
    func remedy(_ text: String) -> String {
        // Any patch release at all that would do?
        let patches = (0..<100).lazy.map { PythonVersion("\(target.python).\($0)") }
        if !target.hasPatchRelease, let constraint = PythonConstraint(text),
            let patch = patches.first(where: constraint.accepts)
        {
            return "if the cluster's Python is new enough, say so in environment.target: "
                + "python = \"\(patch.written)\" or what it is"
        }
        return "lock for Python \(target.python), or change environment.target"
    }
}

/// The versions of Python that something accepts: the specifiers of PEP 440, and what Poetry writes besides: `^3.9`,
/// `~3.9`, `*`, a version alone, blanks for "and", `||` for "or".
struct PythonConstraint {
    /// All clauses of one of these must hold.
    private var alternatives: [[VersionSpecifier]] = []

    /// `nil` for what can't be understood.
    init?(_ text: String) {
        for alternative in text.split(separator: "|", omittingEmptySubsequences: true) {
            var clauses: [VersionSpecifier] = []
            var scanner = SpecifierScanner(String(alternative), what: "requires-python")
            while !scanner.isAtEnd {
                _ = scanner.takeWhile { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
                if scanner.isAtEnd { break }
                let symbol = scanner.takeWhile { "<>=!~^".utf8.contains($0) }
                scanner.skipBlanks()
                let version = scanner.takeWhile { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: " ") }
                guard
                    let read = Self.clauses(
                        String(decoding: symbol, as: UTF8.self), String(decoding: version, as: UTF8.self))
                else { return nil }
                clauses += read
            }
            alternatives.append(clauses)
        }
    }

    func accepts(_ version: PythonVersion) -> Bool {
        alternatives.isEmpty || alternatives.contains { $0.allSatisfy { $0.contains(version) } }
    }

    private static func clauses(_ symbol: String, _ version: String) -> [VersionSpecifier]? {
        if symbol.isEmpty, version == "*" { return [] }
        let isPrefix = version.hasSuffix(".*")
        let bare = isPrefix ? String(version.dropLast(2)) : version
        let numbers = bare.split(separator: ".", omittingEmptySubsequences: false)
        let clauses: [VersionSpecifier?]
        switch symbol {
        case "", "=": clauses = [VersionSpecifier(.equal, version)]
        case "^":
            // The first number may not change; no Python has a 0 there.
            clauses = [VersionSpecifier(.atLeast, bare), VersionSpecifier(.equal, numbers[0] + ".*")]
        case "~":
            let kept = numbers.prefix(2).joined(separator: ".")
            clauses = [VersionSpecifier(.atLeast, bare), VersionSpecifier(.equal, kept + ".*")]
        default:
            guard let comparison = VersionSpecifier.Operator(rawValue: symbol) else { return nil }
            // ">=3.6.*" was written before PEP 440 forbade it, and means ">=3.6".
            let takesPrefix = comparison == .equal || comparison == .notEqual || comparison == .arbitrary
            clauses = [VersionSpecifier(comparison, takesPrefix ? version : bare)]
        }
        let read = clauses.compactMap { $0 }
        return read.count == clauses.count ? read : nil
    }
}
