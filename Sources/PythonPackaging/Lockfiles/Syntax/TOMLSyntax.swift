/// TOML 1.0 (toml.io/en/v1.0.0), as far as lockfiles need it: dates and floating-point numbers are recognised, and their
/// values dropped.
///
/// There is a parser of our own because lockfiles come from anywhere: toml++ 3.4, which TOMLKit wraps, ends the process
/// by an assertion for some malformed keys and recurses without bound for keys of many parts, and TOMLKit 0.6 never
/// frees a document, nor tells the lines of tables.
struct TOMLSyntax {
    /// Deeper nesting of arrays and inline tables, and keys of more parts, are refused.
    static let maximumDepth = 32

    private var cursor: TOMLCursor
    private let root = TOMLTableBuilder(.header, line: 1)

    static func parse(_ text: String) throws(LockfileError) -> LockfileTable {
        var parser = TOMLSyntax(cursor: TOMLCursor(text))
        try parser.document()
        return parser.root.table()
    }

    private init(cursor: TOMLCursor) { self.cursor = cursor }

    private mutating func document() throws(LockfileError) {
        var current = root
        while true {
            try cursor.skipBlankLines()
            guard let byte = cursor.peek else { return }
            if byte == UInt8(ascii: "[") {
                current = try header()
            } else {
                try keyAndValue(into: current, depth: 0)
            }
            try cursor.endLine()
        }
    }

    // MARK: - Tables

    /// `[a.b]` or `[[a.b]]`.
    private mutating func header() throws(LockfileError) -> TOMLTableBuilder {
        let line = cursor.line
        cursor.advance()
        let isArray = cursor.take(UInt8(ascii: "["))
        let path = try key()
        guard cursor.take(UInt8(ascii: "]")), !isArray || cursor.take(UInt8(ascii: "]")) else {
            throw cursor.error("expected \(isArray ? "\"]]\"" : "\"]\"") after the name of a table")
        }
        var table = root
        for part in path.dropLast() {
            switch table[part] {
            case nil:
                let next = TOMLTableBuilder(.implicit, line: line)
                table.add(part, .table(next))
                table = next
            case .table(let next)? where next.origin != .inline: table = next
            case .tables(let list)?: table = list.last
            default: throw cursor.error("\(LockfileText.quoted(part)) is no table that can be extended")
            }
        }
        guard let name = path.last else { throw cursor.error("expected a key") }
        switch table[name] {
        case nil:
            let next = TOMLTableBuilder(.header, line: line)
            table.add(name, isArray ? .tables(TOMLTableListBuilder(next)) : .table(next))
            return next
        case .table(let next)? where next.origin == .implicit && !isArray:
            next.origin = .header
            next.line = line
            return next
        case .tables(let list)? where isArray:
            let next = TOMLTableBuilder(.header, line: line)
            list.append(next)
            return next
        default: throw cursor.error("\(LockfileText.quoted(name)) is there twice")
        }
    }

    private mutating func keyAndValue(into start: TOMLTableBuilder, depth: Int) throws(LockfileError) {
        let line = cursor.line
        let path = try key()
        guard cursor.take(UInt8(ascii: "=")) else { throw cursor.error("expected \"=\" after a key") }
        cursor.skipBlanks()
        var table = start
        for part in path.dropLast() {
            switch table[part] {
            case nil:
                let next = TOMLTableBuilder(.dotted, line: line)
                table.add(part, .table(next))
                table = next
            case .table(let next)? where next.origin == .dotted: table = next
            default: throw cursor.error("\(LockfileText.quoted(part)) is no table that can be extended")
            }
        }
        guard let name = path.last else { throw cursor.error("expected a key") }
        guard table[name] == nil else { throw cursor.error("\(LockfileText.quoted(name)) is there twice") }
        table.add(name, .value(try value(depth: depth)))
    }

    /// A key of one or more parts, and the blanks around it.
    private mutating func key() throws(LockfileError) -> [String] {
        var parts: [String] = []
        repeat {
            cursor.skipBlanks()
            parts.append(try cursor.keyPart())
            cursor.skipBlanks()
            guard parts.count <= Self.maximumDepth else { throw cursor.error("a key has too many parts") }
        } while cursor.take(UInt8(ascii: "."))
        return parts
    }

    // MARK: - Values

    private mutating func value(depth: Int) throws(LockfileError) -> LockfileValue {
        guard depth <= Self.maximumDepth else {
            throw cursor.error("is nested more than \(Self.maximumDepth) deep")
        }
        switch cursor.peek {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try cursor.string(allowsMultipleLines: true))
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "{"): return try inlineTable(depth: depth)
        default: return try cursor.scalar()
        }
    }

    private mutating func array(depth: Int) throws(LockfileError) -> LockfileValue {
        cursor.advance()
        var list: [LockfileValue] = []
        while true {
            try cursor.skipBlankLines()
            if cursor.take(UInt8(ascii: "]")) { return .list(list) }
            list.append(try value(depth: depth + 1))
            try cursor.skipBlankLines()
            if cursor.take(UInt8(ascii: ",")) { continue }
            guard cursor.peek == UInt8(ascii: "]") else { throw cursor.error("expected \",\" or \"]\" in an array") }
        }
    }

    private mutating func inlineTable(depth: Int) throws(LockfileError) -> LockfileValue {
        let table = TOMLTableBuilder(.inline, line: cursor.line)
        cursor.advance()
        cursor.skipBlanks()
        if cursor.take(UInt8(ascii: "}")) { return .table(table.table()) }
        while true {
            try keyAndValue(into: table, depth: depth + 1)
            cursor.skipBlanks()
            if cursor.take(UInt8(ascii: "}")) { return .table(table.table()) }
            guard cursor.take(UInt8(ascii: ",")) else {
                throw cursor.error("expected \",\" or \"}\" in an inline table")
            }
        }
    }
}
