/// Rules for the names of Python projects and modules.
public enum PythonNames {
    /// The normalized form under which two spellings of a project's name are the same (PEP 503): lower case, with each
    /// run of `-`, `_` and `.` replaced by one `-`.
    public static func normalize(_ name: some StringProtocol) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(name.utf8.count)
        var inRun = false
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                if !inRun { result.append(UInt8(ascii: "-")) }
                inRun = true
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                result.append(byte | 0x20)
                inRun = false
            default:
                result.append(byte)
                inRun = false
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Whether a project may have this name (core metadata specification, "Name"): ASCII letters, digits, `.`, `_` and
    /// `-`, beginning and ending with a letter or digit.
    public static func isValidProjectName(_ name: String) -> Bool {
        guard let first = name.utf8.first, let last = name.utf8.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && name.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
    }

    /// Whether `import` accepts the name, as far as it can be told without Unicode tables: letters, digits and `_`, not
    /// beginning with a digit. Anything outside of ASCII is taken for a letter.
    public static func isModuleName(_ name: some StringProtocol) -> Bool {
        guard let first = name.utf8.first, !isDigit(first) else { return false }
        return name.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 >= 0x80 }
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
