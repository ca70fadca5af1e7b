/// A table while it is being read, when later headers may still add to it.
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
        case value(TOMLValue)
        case table(TOMLTableBuilder)
        case tables(TOMLTableListBuilder)
    }

    var origin: Origin
    /// Of its name: in its own header if it has one, else where it first is.
    var position: TOMLPosition
    private var elements: [(key: String, position: TOMLPosition, element: Element)] = []
    /// Where each key is, once there are many.
    private var places: [String: Int] = [:]

    init(_ origin: Origin, at position: TOMLPosition) {
        self.origin = origin
        self.position = position
    }

    subscript(key: String) -> Element? {
        if places.isEmpty { return elements.first { $0.key == key }?.element }
        return places[key].map { elements[$0].element }
    }

    /// - Parameter key: one that is not there.
    func add(_ key: String, at position: TOMLPosition, _ element: Element) {
        elements.append((key, position, element))
        if !places.isEmpty {
            places[key] = elements.count - 1
        } else if elements.count == 12 {
            for (place, element) in elements.enumerated() { places[element.key] = place }
        }
    }

    func table() -> TOMLTable {
        TOMLTable(
            fields: elements.map { key, position, element in
                switch element {
                case .value(let value): (key, TOMLItem(value: value, position: position))
                case .table(let table): (key, table.item())
                case .tables(let list):
                    (key, TOMLItem(value: .array(list.tables.map { $0.item() }), position: position))
                }
            })
    }

    private func item() -> TOMLItem { TOMLItem(value: .table(table()), position: position) }
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
