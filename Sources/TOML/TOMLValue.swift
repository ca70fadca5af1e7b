/// A value of TOML.
public enum TOMLValue: Sendable {
    case string(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    /// Dates and times are recognised and checked; no file that this is for uses their values.
    case date, time, dateTime
    case array([TOMLItem])
    case table(TOMLTable)

    /// What it is, for messages: "a string", "an integer".
    public var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "an integer"
        case .float: "a floating-point number"
        case .boolean: "a boolean"
        case .date: "a date"
        case .time: "a time"
        case .dateTime: "a date and time"
        case .array: "a list"
        case .table: "a table"
        }
    }
}

/// A value with its place.
public struct TOMLItem: Sendable {
    /// The value.
    public let value: TOMLValue
    /// In a table, where its key begins, which for a table with a header is its name there; in an array, where it begins
    /// itself.
    public let position: TOMLPosition
}

/// Keys and values, each key once.
public struct TOMLTable: Sendable {
    /// In the order of the file.
    public let fields: [(key: String, item: TOMLItem)]

    /// Takes time proportional to the number of keys.
    public subscript(key: String) -> TOMLItem? { fields.first { $0.key == key }?.item }
}

/// A place in a text.
public struct TOMLPosition: Hashable, Sendable {
    /// Counted from 1.
    public var line: Int
    /// Counted from 1 in Unicode scalars; a byte order mark is none.
    public var column: Int

    /// Makes a position.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// A step from a table or array to what it holds.
public enum TOMLStep: Hashable, Sendable {
    case key(String)
    /// Counted from 0.
    case index(Int)
}

/// Why a text is not TOML.
public struct TOMLError: Error, Hashable, Sendable {
    /// One short line, without control characters.
    public let message: String
    /// The place of the mistake; for a string without end, where the string begins.
    public let position: TOMLPosition

    /// Text of the file in quotation marks, of bounded length, and without characters that a terminal would act on.
    static func quoted(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(100) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                shown.append("\u{FFFD}")
            default: shown.append(scalar)
            }
        }
        return "\"\(String(shown))\(text.unicodeScalars.count > 100 ? "…" : "")\""
    }
}
