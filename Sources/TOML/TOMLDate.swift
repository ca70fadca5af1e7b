/// Dates and times of TOML (RFC 3339).
enum TOMLDate {
    /// `nil` if it is none.
    static func value(_ text: String) -> TOMLValue? {
        var rest = text.utf8[...]
        guard rest.dropFirst(4).first == UInt8(ascii: "-") else { return time(&rest) && rest.isEmpty ? .time : nil }
        guard date(&rest) else { return nil }
        if rest.isEmpty { return .date }
        guard take("T", &rest) || take("t", &rest) || take(" ", &rest), time(&rest) else { return nil }
        if rest.isEmpty || (take("Z", &rest) || take("z", &rest)) && rest.isEmpty { return .dateTime }
        guard take("+", &rest) || take("-", &rest), number(2, 0...23, &rest) != nil, take(":", &rest),
            number(2, 0...59, &rest) != nil, rest.isEmpty
        else { return nil }
        return .dateTime
    }

    /// Whether it is a date without time.
    static func isDate(_ text: String) -> Bool {
        var rest = text.utf8[...]
        return date(&rest) && rest.isEmpty
    }

    private static func date(_ rest: inout Substring.UTF8View) -> Bool {
        guard let year = number(4, 0...9999, &rest), take("-", &rest), let month = number(2, 1...12, &rest),
            take("-", &rest), let day = number(2, 1...31, &rest)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        switch month {
        case 2: return day <= (isLeap ? 29 : 28)
        case 4, 6, 9, 11: return day <= 30
        default: return true
        }
    }

    private static func time(_ rest: inout Substring.UTF8View) -> Bool {
        guard number(2, 0...23, &rest) != nil, take(":", &rest), number(2, 0...59, &rest) != nil, take(":", &rest),
            // 60 is a leap second.
            number(2, 0...60, &rest) != nil
        else { return false }
        guard take(".", &rest) else { return true }
        let digits = rest.prefix(while: ASCII.isDigit)
        rest = rest[digits.endIndex...]
        return !digits.isEmpty
    }

    private static func take(_ character: Unicode.Scalar, _ rest: inout Substring.UTF8View) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    private static func number(_ count: Int, _ range: ClosedRange<Int>, _ rest: inout Substring.UTF8View) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(ASCII.isDigit) else { return nil }
        rest = rest[digits.endIndex...]
        let value = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return range.contains(value) ? value : nil
    }
}
