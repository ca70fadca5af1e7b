/// Numbers of TOML.
enum TOMLNumber {
    /// `nil` if it is none, or an integer of more than 64 bits.
    static func value(_ text: String) -> TOMLValue? {
        let isSigned = text.hasPrefix("+") || text.hasPrefix("-")
        let isNegative = text.hasPrefix("-")
        let unsigned = isSigned ? text.dropFirst() : text[...]
        if unsigned == "inf" { return .float(isNegative ? -.infinity : .infinity) }
        if unsigned == "nan" { return .float(.nan) }
        let digits = Array(unsigned.utf8)
        // An underscore stands between digits only.
        let isHexadecimal = digits.starts(with: "0x".utf8)
        let isDigit: (UInt8) -> Bool = { isHexadecimal ? ASCII.hexadecimal($0) != nil : ASCII.isDigit($0) }
        for (index, byte) in digits.enumerated() where byte == UInt8(ascii: "_") {
            guard index > 0, index + 1 < digits.count, isDigit(digits[index - 1]), isDigit(digits[index + 1]) else {
                return nil
            }
        }
        let plain = digits.filter { $0 != UInt8(ascii: "_") }
        guard let first = plain.first, ASCII.isDigit(first) else { return nil }
        if first == UInt8(ascii: "0"), plain.count > 1, let radix = radix(plain[1]) {
            let rest = plain[2...]
            guard !isSigned, rest.allSatisfy(ASCII.isAlphanumeric) else { return nil }
            return Int64(String(decoding: rest, as: UTF8.self), radix: radix).map(TOMLValue.integer)
        }
        let number = (isNegative ? "-" : "") + String(decoding: plain, as: UTF8.self)
        let hasLeadingZero = first == UInt8(ascii: "0") && plain.count > 1 && ASCII.isDigit(plain[1])
        guard !hasLeadingZero else { return nil }
        if plain.allSatisfy(ASCII.isDigit) { return Int64(number).map(TOMLValue.integer) }
        // `1.` and `1.e5` are none.
        for (index, byte) in plain.enumerated() where byte == UInt8(ascii: ".") {
            guard index + 1 < plain.count, ASCII.isDigit(plain[index + 1]) else { return nil }
        }
        guard plain.allSatisfy({ ASCII.isDigit($0) || "+-.eE".utf8.contains($0) }) else { return nil }
        return Double(number).map(TOMLValue.float)
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
