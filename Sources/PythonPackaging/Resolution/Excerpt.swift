/// A piece of a file in a message: in quotes, shortened, and with what a terminal would obey made visible.
struct Excerpt: CustomStringConvertible {
    /// Longer texts are cut.
    static let limit = 80

    let description: String

    /// A version or name as it is if it looks like one, else an excerpt.
    static func bare(_ text: String) -> String {
        text.utf8.count <= limit && PythonVersion.isPlausible(text) ? text : Excerpt(text).description
    }

    init(_ text: some StringProtocol) {
        let shown = text.unicodeScalars.prefix(Self.limit)
        var result = "\""
        for scalar in shown {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        description = result + (shown.endIndex == text.unicodeScalars.endIndex ? "\"" : "…\"")
    }
}
