/// Text in XML 1.0 documents.
enum XMLText {
    /// The text as the value of an attribute in double quotes, line breaks kept.
    static func attribute(_ text: String) -> String { escaped(text, isAttribute: true) }

    /// The text as the content of an element.
    static func content(_ text: String) -> String { escaped(text, isAttribute: false) }

    private static func escaped(_ text: String, isAttribute: Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;".unicodeScalars
            case "<": result += "&lt;".unicodeScalars
            // Only `]]>` must not be written out, which is easier never to do.
            case ">": result += "&gt;".unicodeScalars
            case "\"" where isAttribute: result += "&quot;".unicodeScalars
            // A parser makes spaces of those in an attribute, and a line feed of a carriage return anywhere.
            case "\n" where isAttribute, "\t" where isAttribute, "\r":
                result += "&#\(scalar.value);".unicodeScalars
            default:
                if isAllowed(scalar) {
                    result.append(scalar)
                } else {
                    result += "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars
                }
            }
        }
        return String(result)
    }

    /// `Char` of XML 1.0, section 2.2, without the controls that its note advises against.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x20...0x7E, 0x85, 0xA0...0xFFFD: !(0xFDD0...0xFDEF).contains(scalar.value)
        case 0x10000...0x10FFFF: scalar.value & 0xFFFE != 0xFFFE
        default: false
        }
    }
}
