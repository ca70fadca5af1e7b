/// A table of TOML while it is being read, when later headers may still add to it.
final class TOMLTableBuilder {
    /// What made it, and so what may add to it.
    enum Origin {
        /// Its own header.
        case header
        /// A header of a table within it.
        case implicit
        /// A key of several parts.
        case dotted
        /// Braces.
        case inline
    }

    enum Element {
        case value(LockfileValue)
        case table(TOMLTableBuilder)
        case tables(TOMLTableListBuilder)
    }

    var origin: Origin
    var line: Int
    private var elements: [(key: String, element: Element)] = []
    /// Where each key is, once there are many.
    private var places: [String: Int] = [:]

    init(_ origin: Origin, line: Int) {
        self.origin = origin
        self.line = line
    }

    subscript(key: String) -> Element? {
        if places.isEmpty { return elements.first { $0.key == key }?.element }
        return places[key].map { elements[$0].element }
    }

    /// - Parameter key: one that is not there.
    func add(_ key: String, _ element: Element) {
        elements.append((key, element))
        if !places.isEmpty {
            places[key] = elements.count - 1
        } else if elements.count == 12 {
            for (place, element) in elements.enumerated() { places[element.key] = place }
        }
    }

    func table() -> LockfileTable {
        LockfileTable(
            elements.map { key, element in
                switch element {
                case .value(let value): (key, value)
                case .table(let table): (key, .table(table.table()))
                case .tables(let list): (key, .list(list.tables.map { .table($0.table()) }))
                }
            }, line: line)
    }
}

/// An array of tables while it is being read.
final class TOMLTableListBuilder {
    private(set) var tables: [TOMLTableBuilder]
    private(set) var last: TOMLTableBuilder

    init(_ first: TOMLTableBuilder) {
        tables = [first]
        last = first
    }

    func append(_ table: TOMLTableBuilder) {
        tables.append(table)
        last = table
    }
}
