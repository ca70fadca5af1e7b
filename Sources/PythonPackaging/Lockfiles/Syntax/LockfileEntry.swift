/// A table of a lockfile with a name for messages: values by type, or an error that says where.
struct LockfileEntry {
    let table: LockfileTable
    /// As messages name it; `nil` for the file as a whole.
    var name: String?

    func error(_ message: String) -> LockfileError {
        LockfileError(message, line: table.line, entry: name)
    }

    private func wrongType(_ key: String, _ expected: String, _ value: LockfileValue) -> LockfileError {
        error("\(key) must be \(expected), not \(value.kind)")
    }

    func string(_ key: String) throws(LockfileError) -> String? {
        guard let value = table[key] else { return nil }
        guard let text = value.text else { throw wrongType(key, "a string", value) }
        return text
    }

    /// The string of the first key that is there.
    func first(of keys: [String]) throws(LockfileError) -> String? {
        for key in keys {
            if let text = try string(key) { return text }
        }
        return nil
    }

    /// A string that must be there and not be empty.
    func required(_ key: String) throws(LockfileError) -> String {
        guard let text = try string(key) else { throw error("\(key) is missing") }
        guard !text.isEmpty else { throw error("\(key) is empty") }
        return text
    }

    /// A project's name; must be there and valid.
    func projectName(_ key: String = "name") throws(LockfileError) -> String {
        let name = try required(key)
        guard PythonNames.isValidProjectName(name) else {
            throw error("\(key) is \(LockfileText.quoted(name)), which can't be a project's name")
        }
        return name
    }

    /// A version; checked for the characters that versions consist of.
    func version(_ key: String = "version") throws(LockfileError) -> String? {
        guard let version = try string(key) else { return nil }
        guard PythonVersion.isPlausible(version) else {
            throw error("\(key) is \(LockfileText.quoted(version)), which can't be a version")
        }
        return version
    }

    func integer(_ key: String) throws(LockfileError) -> Int64? {
        guard let value = table[key] else { return nil }
        switch value {
        case .integer(let integer): return integer
        case .plain(let text):
            if let integer = Int64(text) { return integer }
        default: break
        }
        throw wrongType(key, "an integer", value)
    }

    func boolean(_ key: String) throws(LockfileError) -> Bool? {
        guard let value = table[key] else { return nil }
        switch value {
        case .boolean(let boolean): return boolean
        case .plain("true"), .plain("True"), .plain("yes"): return true
        case .plain("false"), .plain("False"), .plain("no"): return false
        default: throw wrongType(key, "true or false", value)
        }
    }

    func list(_ key: String) throws(LockfileError) -> [LockfileValue] {
        guard let value = table[key] else { return [] }
        guard case .list(let list) = value else { throw wrongType(key, "a list", value) }
        return list
    }

    func strings(_ key: String) throws(LockfileError) -> [String] {
        var strings: [String] = []
        for value in try list(key) {
            guard let text = value.text else { throw error("\(key) must hold strings, not \(value.kind)") }
            strings.append(text)
        }
        return strings
    }

    /// A list of names of extras or groups, normalized.
    func names(_ key: String) throws(LockfileError) -> Set<String> {
        Set(try strings(key).map(PythonNames.normalize))
    }

    /// - Parameter name: how messages name the table; by default, as this one.
    func entry(_ key: String, name: String? = nil) throws(LockfileError) -> LockfileEntry? {
        guard let value = table[key] else { return nil }
        guard case .table(let table) = value else { throw wrongType(key, "a table", value) }
        return LockfileEntry(table: table, name: name ?? self.name ?? key)
    }

    func entries(_ key: String) throws(LockfileError) -> [LockfileEntry] {
        var entries: [LockfileEntry] = []
        for value in try list(key) {
            guard case .table(let table) = value else { throw error("\(key) must hold tables, not \(value.kind)") }
            entries.append(LockfileEntry(table: table, name: name ?? key))
        }
        return entries
    }

    /// Tables by key, such as `[extras]` of lists: the keys, and each one's value as a list of tables.
    func fields(_ key: String) throws(LockfileError) -> [(key: String, value: LockfileValue)] {
        try entry(key)?.table.fields ?? []
    }

    func marker(_ key: String = "marker") throws(LockfileError) -> Marker? {
        guard let text = try string(key), !text.isEmpty else { return nil }
        return try parse(marker: text)
    }

    /// A marker, with this table named in what is thrown.
    func parse(marker text: String) throws(LockfileError) -> Marker {
        do {
            return try Marker(text)
        } catch {
            throw self.error(error.message)
        }
    }
}
