/// Keeps secrets out of the database, whatever it is given.
///
/// The words are those by which Spark recognises a secret in a property's name (`spark.redaction.regex`), and the
/// parameter that WebHDFS carries a delegation token in.
public enum SecretFilter {
    /// What stands in the place of a secret.
    public static let replacement = "…redacted…"

    private static let words = [
        "secret", "password", "passwd", "token", "access.key", "access_key", "accesskey", "delegation",
    ]

    /// The text with each `name=value` whose name speaks of a secret made `name=…redacted…`.
    ///
    /// A value ends at white space or `&`; inside quotes, at the closing quote, as a shell or JSON reads it.
    public static func clean(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "=")) else { return text }
        var result = ""
        var name = ""
        var quote: Character?
        var rest = text[...]
        while let character = rest.popFirst() {
            result.append(character)
            if character == "=", isSecret(name) {
                if let open = rest.first, quote == nil, open == "'" || open == "\"" {
                    quote = open
                    rest.removeFirst()
                    result.append(open)
                }
                skipValue(in: &rest, quote: quote)
                result += replacement
                name = ""
            } else if character == quote {
                quote = nil
                name = ""
            } else if quote == nil, character == "'" || character == "\"" {
                quote = character
                name = ""
            } else if character.isWhitespace || "&?,;=".contains(character) {
                name = ""
            } else {
                name.append(character)
            }
        }
        return result
    }

    private static func skipValue(in rest: inout Substring, quote: Character?) {
        while let character = rest.first {
            if quote == "'", rest.hasPrefix("'\\''") {
                rest.removeFirst(4)
            } else if quote != "'", character == "\\" {
                rest.removeFirst(min(2, rest.count))
            } else if let quote {
                if character == quote { return }
                rest.removeFirst()
            } else if character.isWhitespace || character == "&" {
                return
            } else {
                rest.removeFirst()
            }
        }
    }

    private static func isSecret(_ name: String) -> Bool {
        let lowered = name.lowercased()
        return words.contains { lowered.contains($0) }
    }
}
