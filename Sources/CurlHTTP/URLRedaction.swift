/// Removes the secrets from URLs that are shown to people.
public enum URLRedaction {
    /// What stands in the place of a secret.
    public static let placeholder = "REDACTED"

    /// Names of query items whose values are secrets: WebHDFS's delegation token, the token in HttpFS's and Knox's
    /// redirects (`_`), and what other services call theirs. `user.name` is none.
    private static let secretNames: Set<String> = [
        "delegation", "token", "_", "password", "signature", "x-amz-signature", "access_token",
    ]

    /// The URL with user information removed and the values of secret query items replaced.
    /// - Parameter wholeQuery: replaces the whole query and the fragment, for a URL of which any part may be secret.
    public static func redacted(_ url: String, wholeQuery: Bool = false) -> String {
        var (base, query) = split(url)
        base = withoutUserInformation(base)
        guard let query else { return base }
        if wholeQuery { return "\(base)?\(placeholder)" }
        let items = query.split(separator: "&", omittingEmptySubsequences: false).map { item -> String in
            guard let equals = item.firstIndex(of: "=") else { return String(item) }
            let name = item[..<equals]
            return secretNames.contains(decoded(name).lowercased()) ? "\(name)=\(placeholder)" : String(item)
        }
        return "\(base)?\(items.joined(separator: "&"))"
    }

    /// A text that may quote the URL or its query, with those quotations redacted.
    static func redacted(message: String, url: String) -> String {
        let message = replacing(url, in: message, by: redacted(url))
        return replacing(split(url).query ?? "", in: message, by: placeholder)
    }

    private static func split(_ url: String) -> (base: String, query: String?) {
        guard let mark = url.firstIndex(of: "?") else { return (url, nil) }
        return (String(url[..<mark]), String(url[url.index(after: mark)...]))
    }

    private static func withoutUserInformation(_ base: String) -> String {
        let bytes = Array(base.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8) else {
            return base
        }
        let start = colon + 3
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
        guard let at = bytes[start..<end].lastIndex(of: UInt8(ascii: "@")) else { return base }
        return String(decoding: bytes[..<start] + bytes[(at + 1)...], as: UTF8.self)
    }

    /// Percent-decoded, because a server reads `%64elegation` as `delegation`.
    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            let value = digits.count == 2 ? UInt8(String(decoding: digits, as: UTF8.self), radix: 16) : nil
            if byte == UInt8(ascii: "%"), let value {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func replacing(_ needle: String, in text: String, by replacement: String) -> String {
        guard !needle.isEmpty else { return text }
        let (needle, text) = (Array(needle.utf8), Array(text.utf8))
        var result: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            if text[index...].starts(with: needle) {
                result += Array(replacement.utf8)
                index += needle.count
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
