internal import TOML

/// TOML as lockfiles use it.
enum TOMLSyntax {
    static func parse(_ text: String) throws(LockfileError) -> LockfileTable {
        do {
            return table(try TOMLDocument(parsing: text).root, line: 1)
        } catch {
            throw LockfileError("is not valid TOML: \(error.message)", line: error.position.line)
        }
    }

    private static func table(_ table: TOMLTable, line: Int) -> LockfileTable {
        LockfileTable(table.fields.map { (key: $0.key, value: value($0.item)) }, line: line)
    }

    private static func value(_ item: TOMLItem) -> LockfileValue {
        switch item.value {
        case .string(let text): .string(text)
        case .integer(let integer): .integer(integer)
        case .boolean(let boolean): .boolean(boolean)
        case .array(let items): .list(items.map(value))
        case .table(let table): .table(Self.table(table, line: item.position.line))
        case .float, .date, .time, .dateTime: .other(item.value.kind)
        }
    }
}
