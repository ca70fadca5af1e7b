/// A value of a lockfile, whatever syntax it is written in.
enum LockfileValue {
    case string(String)
    case integer(Int64)
    case boolean(Bool)
    /// A scalar of YAML without quotes, which is a number, a truth value or a string, as its place asks for. `1.10`
    /// stays what was written.
    case plain(String)
    case list([LockfileValue])
    case table(LockfileTable)
    case null
    /// Something that no lockfile asks for: a date or a floating-point number.
    case other(String)

    /// What it is, for messages.
    var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "an integer"
        case .boolean: "a truth value"
        case .plain: "a scalar"
        case .list: "a list"
        case .table: "a table"
        case .null: "null"
        case .other(let kind): kind
        }
    }

    /// The text of a string, or of a scalar that can be one.
    var text: String? {
        switch self {
        case .string(let text), .plain(let text): text
        default: nil
        }
    }
}

/// Keys and values, each key once.
struct LockfileTable {
    private struct Field {
        let key: String
        let value: LockfileValue
    }

    /// In the order of the file where the syntax's parser keeps it, else by key.
    private var stored: [Field]
    /// Where it begins, counted from 1, where the syntax's parser tells.
    let line: Int?

    init(_ fields: [(key: String, value: LockfileValue)] = [], line: Int? = nil) {
        stored = fields.map { Field(key: $0.key, value: $0.value) }
        self.line = line
    }

    /// All keys and values.
    var fields: [(key: String, value: LockfileValue)] { stored.map { ($0.key, $0.value) } }

    /// The value of a key; `nil` also for null. Takes time proportional to the number of keys.
    subscript(key: String) -> LockfileValue? {
        for field in stored where field.key == key {
            if case .null = field.value { return nil }
            return field.value
        }
        return nil
    }
}
