/// The structure of TOML: tables, keys, arrays.
struct TOMLParser {
    private typealias Key = [(part: String, position: TOMLPosition)]

    private var cursor: TOMLCursor
    private let root = TOMLTableBuilder(.header, at: TOMLPosition(line: 1, column: 1))

    init(_ text: String) { cursor = TOMLCursor(text) }

    var escapedNUL: TOMLPosition? { cursor.escapedNUL }

    mutating func document() throws(TOMLError) -> TOMLTable {
        var current = root
        while true {
            try cursor.skipBlankLines()
            guard let byte = cursor.peek else { return root.table() }
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
    private mutating func header() throws(TOMLError) -> TOMLTableBuilder {
        cursor.advance()
        let isArray = cursor.take(UInt8(ascii: "["))
        var path = try key()
        guard cursor.take(UInt8(ascii: "]")), !isArray || cursor.take(UInt8(ascii: "]")) else {
            throw cursor.error("expected \(isArray ? "\"]]\"" : "\"]\"") after the name of a table")
        }
        guard let (name, position) = path.popLast() else { throw cursor.error("expected a key") }
        var table = root
        for (part, position) in path {
            switch table[part] {
            case nil:
                let next = TOMLTableBuilder(.implicit, at: position)
                table.add(part, at: position, .table(next))
                table = next
            case .table(let next)?: table = next
            case .tables(let list)?: table = list.last
            case .value?: throw Self.notExtensible(part, position)
            }
        }
        switch table[name] {
        case nil:
            let next = TOMLTableBuilder(.header, at: position)
            table.add(name, at: position, isArray ? .tables(TOMLTableListBuilder(next)) : .table(next))
            return next
        case .table(let next)? where next.origin == .implicit && !isArray:
            next.origin = .header
            next.position = position
            return next
        case .tables(let list)? where isArray:
            let next = TOMLTableBuilder(.header, at: position)
            list.append(next)
            return next
        default: throw Self.twice(name, position)
        }
    }

    private mutating func keyAndValue(into start: TOMLTableBuilder, depth: Int) throws(TOMLError) {
        var path = try key()
        guard cursor.take(UInt8(ascii: "=")) else { throw cursor.error("expected \"=\" after a key") }
        cursor.skipBlanks()
        guard let (name, position) = path.popLast() else { throw cursor.error("expected a key") }
        var table = start
        for (part, position) in path {
            switch table[part] {
            case nil:
                let next = TOMLTableBuilder(.dotted, at: position)
                table.add(part, at: position, .table(next))
                table = next
            case .table(let next)? where next.origin == .dotted: table = next
            default: throw Self.notExtensible(part, position)
            }
        }
        guard table[name] == nil else { throw Self.twice(name, position) }
        table.add(name, at: position, .value(try item(depth: depth + path.count).value))
    }

    private static func twice(_ key: String, _ position: TOMLPosition) -> TOMLError {
        TOMLError(message: "\(TOMLError.quoted(key)) is there twice", position: position)
    }

    private static func notExtensible(_ key: String, _ position: TOMLPosition) -> TOMLError {
        TOMLError(message: "\(TOMLError.quoted(key)) is no table that can be extended", position: position)
    }

    /// A key of one or more parts, and the blanks around it.
    private mutating func key() throws(TOMLError) -> Key {
        var parts: Key = []
        repeat {
            cursor.skipBlanks()
            guard parts.count < TOMLDocument.maximumDepth else {
                throw cursor.error("a key of more than \(TOMLDocument.maximumDepth) parts")
            }
            let position = cursor.position()
            parts.append((try cursor.keyPart(), position))
            cursor.skipBlanks()
        } while cursor.take(UInt8(ascii: "."))
        return parts
    }

    // MARK: - Values

    private mutating func item(depth: Int) throws(TOMLError) -> TOMLItem {
        guard depth <= TOMLDocument.maximumDepth else {
            throw cursor.error("nested more than \(TOMLDocument.maximumDepth) deep")
        }
        let position = cursor.position()
        let value: TOMLValue
        switch cursor.peek {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): value = .string(try cursor.string(allowsMultipleLines: true))
        case UInt8(ascii: "["): value = .array(try array(depth: depth))
        case UInt8(ascii: "{"): value = .table(try inlineTable(at: position, depth: depth))
        default: value = try cursor.scalar()
        }
        return TOMLItem(value: value, position: position)
    }

    private mutating func array(depth: Int) throws(TOMLError) -> [TOMLItem] {
        cursor.advance()
        var items: [TOMLItem] = []
        while true {
            try cursor.skipBlankLines()
            if cursor.take(UInt8(ascii: "]")) { return items }
            items.append(try item(depth: depth + 1))
            try cursor.skipBlankLines()
            if cursor.take(UInt8(ascii: ",")) { continue }
            guard cursor.peek == UInt8(ascii: "]") else { throw cursor.error("expected \",\" or \"]\" in an array") }
        }
    }

    private mutating func inlineTable(at position: TOMLPosition, depth: Int) throws(TOMLError) -> TOMLTable {
        let table = TOMLTableBuilder(.inline, at: position)
        cursor.advance()
        cursor.skipBlanks()
        if cursor.take(UInt8(ascii: "}")) { return table.table() }
        while true {
            try keyAndValue(into: table, depth: depth + 1)
            cursor.skipBlanks()
            if cursor.take(UInt8(ascii: "}")) { return table.table() }
            guard cursor.take(UInt8(ascii: ",")) else {
                throw cursor.error("expected \",\" or \"}\" in an inline table")
            }
        }
    }
}
