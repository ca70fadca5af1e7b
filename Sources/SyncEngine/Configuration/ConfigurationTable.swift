import EnvSyncModel
internal import TOMLKit

/// The text that a configuration is read from, for messages that point into it.
struct ConfigurationSource {
    /// As messages name it.
    let fileName: String
    let text: String

    /// An error that begins with `file:line:column:`, or with as much of it as is known.
    func error(at path: [TOMLStep], _ message: String, suggestion: String? = nil) -> EnvSyncError {
        let locator = KeyLocator(text)
        var path = path
        // What has no place of its own is at what holds it.
        while !path.isEmpty {
            if let position = locator.position(of: path) { return error(at: position, message, suggestion: suggestion) }
            path.removeLast()
        }
        return EnvSyncError(.configuration, "\(fileName): \(message)", suggestion: suggestion)
    }

    func error(at position: TextPosition, _ message: String, suggestion: String? = nil) -> EnvSyncError {
        EnvSyncError(
            .configuration, "\(fileName):\(position.line):\(position.column): \(message)", suggestion: suggestion)
    }
}

/// One table of the configuration, all of whose keys are known.
struct ConfigurationTable {
    let source: ConfigurationSource
    let path: [TOMLStep]
    private let table: TOMLTable

    /// - Parameter known: the keys that it may have; `nil`: any.
    init(
        _ table: TOMLTable, at path: [TOMLStep], known: [String]?, source: ConfigurationSource
    ) throws(EnvSyncError) {
        self.table = table
        self.path = path
        self.source = source
        guard let known else { return }
        for key in table.keys.sorted() where !known.contains(key) {
            throw error(
                key, "unknown key \(QuotedText.visible(key)) in \(name)",
                suggestion: Self.suggestion(for: key, known: known))
        }
    }

    private static func suggestion(for key: String, known: [String]) -> String {
        if let near = NearestWord.of(key, among: known) { return "did you mean \"\(near)\"?" }
        let homes = ConfigurationKeys.sections(with: key)
        if !homes.isEmpty { return "\(key) belongs in \(homes.joined(separator: " or "))" }
        return "the keys known here are \(known.joined(separator: ", "))"
    }

    /// The table as its header is written, for messages.
    var name: String {
        if path.isEmpty { return "the file" }
        let keys = path.compactMap(Self.written)
        if case .index = path.last { return "[[\(keys.joined(separator: "."))]]" }
        return "[\(keys.joined(separator: "."))]"
    }

    /// A key as it is written in a header; `nil` for an index, which isn't.
    private static func written(_ step: TOMLStep) -> String? {
        guard case .key(let key) = step else { return nil }
        let isBare =
            !key.isEmpty
            && key.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
        return isBare ? key : QuotedText.visible(key)
    }

    var keys: [String] { table.keys.sorted() }

    func error(_ key: String, _ message: String, suggestion: String? = nil) -> EnvSyncError {
        source.error(at: path + [.key(key)], message, suggestion: suggestion)
    }

    func missing(_ key: String, suggestion: String) -> EnvSyncError {
        source.error(at: path, path.isEmpty ? "\(key) is missing" : "\(name) has no \(key)", suggestion: suggestion)
    }

    // MARK: - Values by type

    func string(_ key: String) throws(EnvSyncError) -> String? {
        guard let value = table[key] else { return nil }
        guard let string = value.string else { throw wrongType(key, expected: "a string", value) }
        return string
    }

    func integer(_ key: String) throws(EnvSyncError) -> Int? {
        guard let value = table[key] else { return nil }
        guard let integer = value.int else { throw wrongType(key, expected: "an integer", value) }
        return integer
    }

    /// A list of strings.
    ///
    /// - Parameter acceptingOne: take a single string for a list of one.
    func strings(_ key: String, acceptingOne: Bool = false) throws(EnvSyncError) -> [String]? {
        guard let value = table[key] else { return nil }
        if acceptingOne, let string = value.string { return [string] }
        guard let array = value.array else {
            throw wrongType(
                key, expected: acceptingOne ? "a string or a list of strings" : "a list of strings", value,
                suggestion: value.string.map { "write \(key) = [\(QuotedText.visible($0))]" })
        }
        var strings: [String] = []
        for index in 0..<array.count {
            guard let string = array[index].string else {
                throw source.error(
                    at: path + [.key(key), .index(index)],
                    "\(key) must be a list of strings, but element \(index + 1) is \(Self.words(array[index].type))")
            }
            strings.append(string)
        }
        return strings
    }

    func table(_ key: String, known: [String]?) throws(EnvSyncError) -> ConfigurationTable? {
        guard let value = self.table[key] else { return nil }
        guard let table = value.table else {
            let header = (path + [.key(key)]).compactMap(Self.written).joined(separator: ".")
            throw wrongType(key, expected: "a table", value, suggestion: "write [\(header)] and its keys below it")
        }
        return try ConfigurationTable(table, at: path + [.key(key)], known: known, source: source)
    }

    func tables(_ key: String, known: [String]) throws(EnvSyncError) -> [ConfigurationTable] {
        guard let value = self.table[key] else { return [] }
        guard let array = value.array else {
            throw wrongType(
                key, expected: "a list of tables", value, suggestion: "write [[\(key)]], in double brackets")
        }
        var tables: [ConfigurationTable] = []
        for index in 0..<array.count {
            let step = path + [.key(key), .index(index)]
            guard let table = array[index].table else {
                throw source.error(
                    at: step,
                    "\(key) must be a list of tables, but element \(index + 1) is \(Self.words(array[index].type))",
                    suggestion: "write [[\(key)]], in double brackets")
            }
            tables.append(try ConfigurationTable(table, at: step, known: known, source: source))
        }
        return tables
    }

    /// Spark properties. An unquoted `spark.executor.memory` is nested tables to TOML; both forms mean the same here.
    ///
    /// - Parameter prefix: what goes before the keys of this table.
    func properties(prefix: String = "") throws(EnvSyncError) -> [String: String] {
        var result: [String: String] = [:]
        for key in keys {
            guard let value = table[key] else { continue }
            let name = prefix + key
            if let nested = value.table {
                let inner = try ConfigurationTable(nested, at: path + [.key(key)], known: nil, source: source)
                for (property, text) in try inner.properties(prefix: name + ".") {
                    guard result.updateValue(text, forKey: property) == nil else {
                        throw error(key, "\(QuotedText.visible(property)) is set twice")
                    }
                }
                continue
            }
            let text: String
            switch value.type {
            case .string: text = value.string ?? ""
            case .int: text = value.int.map(String.init) ?? ""
            case .bool: text = value.bool == true ? "true" : "false"
            default:
                throw error(
                    key,
                    "\(QuotedText.visible(name)) must be a string, integer or boolean, not \(Self.words(value.type))",
                    suggestion: "write the value in quotes, exactly as Spark is to get it")
            }
            guard result.updateValue(text, forKey: name) == nil else {
                throw error(key, "\(QuotedText.visible(name)) is set twice")
            }
        }
        return result
    }

    private func wrongType(
        _ key: String, expected: String, _ value: any TOMLValueConvertible, suggestion: String? = nil
    ) -> EnvSyncError {
        error(key, "\(key) must be \(expected), not \(Self.words(value.type))", suggestion: suggestion)
    }

    private static func words(_ type: TOMLType) -> String {
        switch type {
        case .table: "a table"
        case .array: "a list"
        case .string: "a string"
        case .int: "an integer"
        case .double: "a floating-point number"
        case .bool: "a boolean"
        case .date: "a date"
        case .time: "a time"
        case .dateTime: "a date and time"
        }
    }
}
