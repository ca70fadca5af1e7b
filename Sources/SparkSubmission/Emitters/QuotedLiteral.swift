/// A double-quoted string in ASCII that Python (Language Reference, 2.4.1) and YAML (1.2.2, 5.7) both read as the text.
enum QuotedLiteral {
    static func text(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where (0x20..<0x7F).contains(scalar.value): result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x100: result += "\\x" + hex(scalar, 2)
            case _ where scalar.value < 0x10000: result += "\\u" + hex(scalar, 4)
            default: result += "\\U" + hex(scalar, 8)
            }
        }
        return result + "\""
    }

    private static func hex(_ scalar: Unicode.Scalar, _ width: Int) -> String {
        let digits = String(scalar.value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// Python source of lists and dictionaries, one element a line.
enum PythonLiteral {
    static func list(_ elements: [String], indentation: String) -> String {
        block("[", elements.map(QuotedLiteral.text), "]", indentation)
    }

    static func pairs(_ elements: [(String, String)], indentation: String) -> String {
        block("[", elements.map { "(\(QuotedLiteral.text($0.0)), \(QuotedLiteral.text($0.1)))" }, "]", indentation)
    }

    static func dictionary(_ elements: [(String, String)], indentation: String) -> String {
        block("{", elements.map { "\(QuotedLiteral.text($0.0)): \(QuotedLiteral.text($0.1))" }, "}", indentation)
    }

    private static func block(_ open: String, _ lines: [String], _ close: String, _ indentation: String) -> String {
        guard !lines.isEmpty else { return open + close }
        return open + lines.map { "\n\(indentation)    \($0)," }.joined() + "\n" + indentation + close
    }
}
