/// Reads markers (dependency specifiers, "Environment Markers") from left to right.
struct MarkerParser {
    /// Markers with more open parentheses than this are refused.
    static let maximumDepth = 100

    private var scanner: SpecifierScanner
    private var expression = MarkerExpression()

    init(_ scanner: SpecifierScanner) { self.scanner = scanner }

    /// Reads a marker up to the end of the text.
    static func parse(_ scanner: SpecifierScanner) throws(LockfileError) -> MarkerExpression {
        var parser = MarkerParser(scanner)
        try parser.alternatives(depth: 0)
        guard parser.scanner.isAtEnd else {
            throw parser.scanner.error("expected \"and\", \"or\" or the end")
        }
        return parser.expression
    }

    /// What is joined by `or`, which binds less than `and`.
    private mutating func alternatives(depth: Int) throws(LockfileError) {
        var count = 0
        repeat {
            try conjunction(depth: depth)
            count += 1
        } while scanner.takeWord("or")
        if count > 1 { expression.append(.any(count)) }
    }

    private mutating func conjunction(depth: Int) throws(LockfileError) {
        var count = 0
        repeat {
            try atom(depth: depth)
            count += 1
        } while scanner.takeWord("and")
        if count > 1 { expression.append(.all(count)) }
    }

    private mutating func atom(depth: Int) throws(LockfileError) {
        scanner.skipBlanks()
        guard scanner.take("(") else { return try comparison() }
        guard depth < Self.maximumDepth else {
            throw scanner.error("more than \(Self.maximumDepth) parentheses are open")
        }
        try alternatives(depth: depth + 1)
        scanner.skipBlanks()
        guard scanner.take(")") else { throw scanner.error("expected \")\", \"and\" or \"or\"") }
        scanner.skipBlanks()
    }

    private enum Side {
        case variable(MarkerVariable)
        case literal(String)
    }

    private mutating func comparison() throws(LockfileError) {
        let start = scanner
        let left = try side()
        let comparison = try comparisonOperator()
        let right = try side()
        let result: MarkerComparison
        switch (left, right) {
        case (.variable(let variable), .literal(let text)):
            result = MarkerComparison(variable, comparison, literal: text, variableIsLeft: true)
        case (.literal(let text), .variable(let variable)):
            result = MarkerComparison(variable, comparison, literal: text, variableIsLeft: false)
        case (.variable, .variable), (.literal, .literal):
            throw start.error("one side must be a name such as python_version, the other a text in quotes")
        }
        if let objection = result.objection { throw start.error(objection) }
        expression.append(.comparison(result))
    }

    private mutating func side() throws(LockfileError) -> Side {
        scanner.skipBlanks()
        defer { scanner.skipBlanks() }
        let start = scanner
        if let text = try scanner.takeQuoted() { return .literal(text) }
        guard let name = scanner.takeName() else {
            throw scanner.error("expected a name such as python_version, or a text in quotes")
        }
        guard let variable = MarkerVariable(name: name) else {
            throw start.error("\(Excerpt(name)) is no name that a marker knows")
        }
        return .variable(variable)
    }

    private mutating func comparisonOperator() throws(LockfileError) -> MarkerOperator {
        for comparison in VersionSpecifier.Operator.allCases where scanner.take(comparison.rawValue) {
            return .version(comparison)
        }
        if scanner.takeWord("in") { return .isIn }
        if scanner.takeWord("not") {
            guard scanner.skipBlanks() > 0, scanner.takeWord("in") else {
                throw scanner.error("expected \"in\" after \"not\"")
            }
            return .isNotIn
        }
        throw scanner.error("expected one of <=, <, !=, ==, >=, >, ~=, ===, in, not in")
    }
}
