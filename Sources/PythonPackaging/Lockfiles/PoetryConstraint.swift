/// The version constraints that Poetry adds to those of PEP 440: `^1.2`, `~1.2`, `1.2.*`, and alternatives with `||`
/// (python-poetry.org, "Dependency specification").
enum PoetryConstraint {
    /// The marker that a constraint on Python's version means; `nil` if it allows every version.
    ///
    /// - Parameter entry: named in what is thrown.
    static func marker(python constraint: String, in entry: LockfileEntry) throws(LockfileError) -> String? {
        var alternatives: [String] = []
        for alternative in constraint.split(separator: "|") {
            var conditions: [String] = []
            for part in alternative.split(whereSeparator: { $0 == "," || $0 == " " }).reduce(into: [], joinOperator) {
                conditions += try Self.conditions(part, of: constraint, in: entry)
            }
            if conditions.isEmpty { return nil }
            alternatives.append(conditions.joined(separator: " and "))
        }
        guard alternatives.count > 1 else { return alternatives.first }
        return alternatives.map { "(\($0))" }.joined(separator: " or ")
    }

    /// `>= 3.8` is one part, with its operator before a space.
    private static func joinOperator(_ parts: inout [String], _ part: Substring) {
        if let last = parts.last, last.allSatisfy({ "<>=!~^".contains($0) }) {
            parts[parts.count - 1] = last + part
        } else {
            parts.append(String(part))
        }
    }

    private static func conditions(
        _ part: String, of constraint: String, in entry: LockfileEntry
    ) throws(LockfileError) -> [String] {
        if part == "*" { return [] }
        let comparison = part.prefix { "<>=!~^".contains($0) }
        var version = part[comparison.endIndex...]
        let isPrefix = version.hasSuffix(".*")
        if isPrefix { version = version.dropLast(2) }
        var numbers: [Int] = []
        for number in version.split(separator: ".", omittingEmptySubsequences: false) {
            guard let number = Int(number), (0...100_000).contains(number), numbers.count < 4 else {
                throw entry.error("\(LockfileText.quoted(constraint)) is no constraint on Python's version")
            }
            numbers.append(number)
        }
        let lowest = numbers.map(String.init).joined(separator: ".")
        switch comparison {
        case ">=", ">", "<", "<=": return [condition(String(comparison), lowest)]
        case "!=": return [condition("!=", lowest + (isPrefix ? ".*" : ""))]
        case "", "=", "==": return [condition("==", lowest + (isPrefix ? ".*" : ""))]
        case "^":
            // The first number that is not zero may not change.
            let kept = (numbers.firstIndex { $0 > 0 } ?? numbers.count - 1) + 1
            return [condition(">=", lowest), condition("<", next(numbers.prefix(kept)))]
        case "~": return [condition(">=", lowest), condition("<", next(numbers.prefix(numbers.count > 1 ? 2 : 1)))]
        case "~=" where numbers.count > 1:
            return [condition(">=", lowest), condition("<", next(numbers.dropLast()))]
        default: throw entry.error("\(LockfileText.quoted(constraint)) is no constraint on Python's version")
        }
    }

    private static func condition(_ comparison: String, _ version: String) -> String {
        "python_full_version \(comparison) \"\(version)\""
    }

    private static func next(_ numbers: ArraySlice<Int>) -> String {
        var numbers = Array(numbers)
        if let last = numbers.popLast() { numbers.append(last + 1) }
        return numbers.map(String.init).joined(separator: ".")
    }
}
