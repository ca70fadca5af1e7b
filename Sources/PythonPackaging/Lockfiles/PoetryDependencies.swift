/// Dependencies as Poetry writes them in `poetry.lock` and `pyproject.toml`: a constraint, a table, or a list of
/// tables with one condition each.
struct PoetryDependencies {
    /// One of them.
    struct Item {
        var dependency: LockedDependency
        var isOptional: Bool
        /// What of the condition was not said by `extra`.
        var namesExtra: Bool
    }

    var markers = MarkerCache()

    /// - Parameter entry: the table that holds the dependency.
    mutating func read(
        name: String, _ value: LockfileValue, in entry: LockfileEntry
    ) throws(LockfileError) -> [Item] {
        guard PythonNames.isValidProjectName(name) else {
            throw entry.error("\(LockfileText.quoted(name)) can't be a project's name")
        }
        switch value {
        case .string:
            return [Item(dependency: LockedDependency(name: name), isOptional: false, namesExtra: false)]
        case .table(let table):
            return [try read(name: name, LockfileEntry(table: table, name: entry.name))]
        case .list(let list):
            var items: [Item] = []
            for value in list {
                guard case .table(let table) = value else {
                    throw entry.error("\(LockfileText.quoted(name)) must hold tables, not \(value.kind)")
                }
                items.append(try read(name: name, LockfileEntry(table: table, name: entry.name)))
            }
            return items
        default: throw entry.error("\(LockfileText.quoted(name)) must be a constraint or a table, not \(value.kind)")
        }
    }

    private mutating func read(name: String, _ entry: LockfileEntry) throws(LockfileError) -> Item {
        var conditions: [String] = []
        if let marker = try entry.string("markers"), !marker.isEmpty { conditions.append(marker) }
        let namesExtra = conditions.contains { $0.contains("extra") }
        if let python = try entry.string("python"),
            let marker = try PoetryConstraint.marker(python: python, in: entry)
        {
            conditions.append(marker)
        }
        if let platform = try entry.string("platform") {
            guard platform.utf8.allSatisfy({ PythonNames.isAlphanumeric($0) || $0 == UInt8(ascii: "_") }) else {
                throw entry.error("platform is \(LockfileText.quoted(platform)), which is none")
            }
            conditions.append("sys_platform == \"\(platform)\"")
        }
        var dependency = LockedDependency(name: name, extras: try entry.names("extras"))
        if !conditions.isEmpty {
            let text = conditions.count == 1 ? conditions[0] : conditions.map { "(\($0))" }.joined(separator: " and ")
            dependency.marker = try markers.marker(text, in: entry)
        }
        return Item(dependency: dependency, isOptional: try entry.boolean("optional") ?? false, namesExtra: namesExtra)
    }
}
