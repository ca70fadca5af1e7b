import EnvSyncModel
internal import TOML

/// The file that a configuration is read from, for messages that point into it.
struct ConfigurationSource {
    /// As messages name it.
    let fileName: String
    let document: TOMLDocument

    /// An error that begins with `file:line:column:`, or with as much of it as is known. What isn't in the file is at
    /// what would hold it.
    func error(at path: [TOMLStep], _ message: String, suggestion: String? = nil) -> EnvSyncError {
        Self.error(fileName, document.position(of: path), message, suggestion: suggestion)
    }

    static func error(
        _ fileName: String, _ position: TOMLPosition?, _ message: String, suggestion: String? = nil
    ) -> EnvSyncError {
        let place = position.map { "\(fileName):\($0.line):\($0.column)" } ?? fileName
        return EnvSyncError(.configuration, "\(place): \(message)", suggestion: suggestion)
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
        for key in keys where !known.contains(key) {
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

    var keys: [String] { table.fields.map(\.key).sorted() }

    func error(_ key: String, _ message: String, suggestion: String? = nil) -> EnvSyncError {
        source.error(at: path + [.key(key)], message, suggestion: suggestion)
    }

    func missing(_ key: String, suggestion: String) -> EnvSyncError {
        source.error(at: path, path.isEmpty ? "\(key) is missing" : "\(name) has no \(key)", suggestion: suggestion)
    }

    // MARK: - Values by type

    private func value(_ key: String) -> TOMLValue? { table[key]?.value }

    func string(_ key: String) throws(EnvSyncError) -> String? {
        guard let value = value(key) else { return nil }
        guard case .string(let string) = value else { throw wrongType(key, expected: "a string", value) }
        return string
    }

    func integer(_ key: String) throws(EnvSyncError) -> Int? {
        guard let value = value(key) else { return nil }
        guard case .integer(let integer) = value else { throw wrongType(key, expected: "an integer", value) }
        return Int(clamping: integer)
    }

    func boolean(_ key: String) throws(EnvSyncError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard case .boolean(let boolean) = value else {
            guard case .string(let word) = value, ["true", "false"].contains(word) else {
                throw wrongType(key, expected: "true or false", value)
            }
            throw wrongType(key, expected: "true or false", value, suggestion: "write \(key) = \(word), without quotes")
        }
        return boolean
    }

    /// An integer or a fraction.
    func number(_ key: String) throws(EnvSyncError) -> Double? {
        switch value(key) {
        case nil: return nil
        case .integer(let integer): return Double(integer)
        case .float(let number): return number
        case let value?: throw wrongType(key, expected: "a number", value)
        }
    }

    /// A list of strings.
    ///
    /// - Parameter acceptingOne: take a single string for a list of one.
    func strings(_ key: String, acceptingOne: Bool = false) throws(EnvSyncError) -> [String]? {
        guard let value = value(key) else { return nil }
        if acceptingOne, case .string(let string) = value { return [string] }
        guard case .array(let items) = value else {
            let expected = acceptingOne ? "a string or a list of strings" : "a list of strings"
            guard case .string(let string) = value else { throw wrongType(key, expected: expected, value) }
            throw wrongType(
                key, expected: expected, value, suggestion: "write \(key) = [\(QuotedText.visible(string))]")
        }
        var strings: [String] = []
        for (index, item) in items.enumerated() {
            guard case .string(let string) = item.value else {
                throw source.error(
                    at: path + [.key(key), .index(index)],
                    "\(key) must be a list of strings, but element \(index + 1) is \(item.value.kind)")
            }
            strings.append(string)
        }
        return strings
    }

    func table(_ key: String, known: [String]?) throws(EnvSyncError) -> ConfigurationTable? {
        guard let value = value(key) else { return nil }
        guard case .table(let table) = value else {
            let header = (path + [.key(key)]).compactMap(Self.written).joined(separator: ".")
            throw wrongType(key, expected: "a table", value, suggestion: "write [\(header)] and its keys below it")
        }
        return try ConfigurationTable(table, at: path + [.key(key)], known: known, source: source)
    }

    func tables(_ key: String, known: [String]) throws(EnvSyncError) -> [ConfigurationTable] {
        guard let value = value(key) else { return [] }
        guard case .array(let items) = value else {
            throw wrongType(
                key, expected: "a list of tables", value, suggestion: "write [[\(key)]], in double brackets")
        }
        var tables: [ConfigurationTable] = []
        for (index, item) in items.enumerated() {
            let step = path + [.key(key), .index(index)]
            guard case .table(let table) = item.value else {
                throw source.error(
                    at: step, "\(key) must be a list of tables, but element \(index + 1) is \(item.value.kind)",
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
            guard let value = value(key) else { continue }
            let name = prefix + key
            let text: String
            switch value {
            case .table(let nested):
                let inner = try ConfigurationTable(nested, at: path + [.key(key)], known: nil, source: source)
                for (property, text) in try inner.properties(prefix: name + ".") {
                    guard result.updateValue(text, forKey: property) == nil else {
                        throw error(key, "\(QuotedText.visible(property)) is set twice")
                    }
                }
                continue
            case .string(let string): text = string
            case .integer(let integer): text = String(integer)
            case .boolean(let boolean): text = boolean ? "true" : "false"
            default:
                throw error(
                    key, "\(QuotedText.visible(name)) must be a string, integer or boolean, not \(value.kind)",
                    suggestion: "write the value in quotes, exactly as Spark is to get it")
            }
            guard result.updateValue(text, forKey: name) == nil else {
                throw error(key, "\(QuotedText.visible(name)) is set twice")
            }
        }
        return result
    }

    private func wrongType(
        _ key: String, expected: String, _ value: TOMLValue, suggestion: String? = nil
    ) -> EnvSyncError {
        error(key, "\(key) must be \(expected), not \(value.kind)", suggestion: suggestion)
    }
}
