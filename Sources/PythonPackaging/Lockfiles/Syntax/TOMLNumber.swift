/// Numbers of TOML.
enum TOMLNumber {
    /// `nil` if it is none, or an integer of more than 64 bits.
    static func value(_ text: String) -> LockfileValue? {
        let isSigned = text.hasPrefix("+") || text.hasPrefix("-")
        let digits = Array((isSigned ? text.dropFirst() : text[...]).utf8)
        // An underscore stands between digits only.
        let isHexadecimal = digits.starts(with: "0x".utf8)
        let isDigit: (UInt8) -> Bool = { isHexadecimal ? LockedHash.hexadecimal($0) != nil : PythonNames.isDigit($0) }
        for (index, byte) in digits.enumerated() where byte == UInt8(ascii: "_") {
            guard index > 0, index + 1 < digits.count, isDigit(digits[index - 1]), isDigit(digits[index + 1]) else {
                return nil
            }
        }
        let plain = digits.filter { $0 != UInt8(ascii: "_") }
        guard let first = plain.first, PythonNames.isDigit(first) else { return nil }
        if first == UInt8(ascii: "0"), plain.count > 1, let radix = radix(plain[1]) {
            guard !isSigned, PythonNames.isAlphanumeric(plain[plain.count - 1]) else { return nil }
            return Int64(String(decoding: plain[2...], as: UTF8.self), radix: radix).map(LockfileValue.integer)
        }
        let number = (text.hasPrefix("-") ? "-" : "") + String(decoding: plain, as: UTF8.self)
        let hasLeadingZero = first == UInt8(ascii: "0") && plain.count > 1 && PythonNames.isDigit(plain[1])
        guard !hasLeadingZero else { return nil }
        if plain.allSatisfy(PythonNames.isDigit) { return Int64(number).map(LockfileValue.integer) }
        // `1.` and `1.e5` are none.
        for (index, byte) in plain.enumerated() where byte == UInt8(ascii: ".") {
            guard index + 1 < plain.count, PythonNames.isDigit(plain[index + 1]) else { return nil }
        }
        guard plain.allSatisfy({ PythonNames.isDigit($0) || "+-.eE".utf8.contains($0) }), Double(number) != nil else {
            return nil
        }
        return .other("a floating-point number")
    }

    private static func radix(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "x"): 16
        case UInt8(ascii: "o"): 8
        case UInt8(ascii: "b"): 2
        default: nil
        }
    }
}

/// Dates and times of TOML (RFC 3339), of which only the shape is checked.
enum TOMLDate {
    /// Whether it is a date without time.
    static func isDate(_ text: String) -> Bool { text.utf8.count == 10 && isValid(text) }

    static func isValid(_ text: String) -> Bool {
        var rest = text.utf8[...]
        if rest.dropFirst(4).first == UInt8(ascii: "-") {
            guard number(4, 0...9999, &rest), take("-", &rest), number(2, 1...12, &rest), take("-", &rest),
                number(2, 1...31, &rest)
            else { return false }
            if rest.isEmpty { return true }
            guard take("T", &rest) || take("t", &rest) || take(" ", &rest), time(&rest) else { return false }
            if rest.isEmpty || (take("Z", &rest) || take("z", &rest)) && rest.isEmpty { return true }
            return (take("+", &rest) || take("-", &rest)) && number(2, 0...23, &rest) && take(":", &rest)
                && number(2, 0...59, &rest) && rest.isEmpty
        }
        return time(&rest) && rest.isEmpty
    }

    private static func time(_ rest: inout Substring.UTF8View) -> Bool {
        guard number(2, 0...23, &rest), take(":", &rest), number(2, 0...59, &rest), take(":", &rest),
            number(2, 0...60, &rest)
        else { return false }
        guard take(".", &rest) else { return true }
        let digits = rest.prefix(while: PythonNames.isDigit)
        rest = rest[digits.endIndex...]
        return !digits.isEmpty
    }

    private static func take(_ character: Unicode.Scalar, _ rest: inout Substring.UTF8View) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    private static func number(_ count: Int, _ range: ClosedRange<Int>, _ rest: inout Substring.UTF8View) -> Bool {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(PythonNames.isDigit) else { return false }
        rest = rest[digits.endIndex...]
        return range.contains(digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
    }
}
