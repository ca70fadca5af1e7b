/// The error body of WebHDFS: `{"RemoteException":{"exception":…,"javaClassName":…,"message":…}}`
/// (JsonUtil.toJsonString(Exception), ExceptionHandler).
struct RemoteException: Equatable, Sendable {
    /// The short class name; wrapped exceptions are unwrapped where the message names the cause.
    var exception: String
    /// The message in one line, without stack trace, secrets and control characters; may be empty.
    var message: String

    /// The longest message that is kept, in characters.
    static let maximumMessageLength = 600

    init(exception: String, message: String) {
        self.exception = exception
        self.message = message
    }

    /// Reads an error body; `nil` if it is anything else, such as a proxy's HTML page.
    init?(body: [UInt8]) {
        var exception: String?
        var javaClassName: String?
        var message: String?
        var reader = JSONReader(body)
        do {
            try reader.object { reader, name in
                guard name == "RemoteException", reader.peek() == .object else { return try reader.skipValue() }
                try reader.object { reader, name in
                    guard reader.peek() == .string else { return try reader.skipValue() }
                    switch name {
                    case "exception": exception = try reader.string()
                    case "javaClassName": javaClassName = try reader.string()
                    case "message": message = try reader.string()
                    default: try reader.skipValue()
                    }
                }
            }
        } catch {
            return nil
        }
        guard let name = exception ?? javaClassName else { return nil }
        self = Self.unwrapping(exception: Self.shortName(name), message: message ?? "")
    }

    /// A DataNode may leave `RemoteException` as the class and name the cause only at the start of the message:
    /// `org.apache.hadoop.hdfs.server.namenode.SafeModeException: Cannot create file…`.
    private static func unwrapping(exception: String, message: String) -> RemoteException {
        var exception = exception
        var text = summary(of: message)
        while let colon = text.firstRange(of: ": "), isJavaClassName(text[..<colon.lowerBound]) {
            let inner = shortName(String(text[..<colon.lowerBound]))
            if exception == "RemoteException" || exception == "RuntimeException" { exception = inner }
            guard inner == exception else { break }
            text = String(text[colon.upperBound...])
        }
        return RemoteException(exception: exception, message: text)
    }

    /// The text in one line, without a Java stack trace, secrets or control characters, bounded.
    ///
    /// Some messages have several lines that matter ("file … on client ….", "Requested replication …"), so all are
    /// kept up to the trace.
    static func summary(of text: String) -> String {
        var lines: [String] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let visible = line.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
            let content = trimmed(String(String.UnicodeScalarView(visible)))
            if content.hasPrefix("at "), !lines.isEmpty { break }
            if !content.isEmpty { lines.append(content) }
        }
        let redacted = Redaction.redact(lines.joined(separator: " "))
        return redacted.count > maximumMessageLength ? redacted.prefix(maximumMessageLength) + "…" : redacted
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }

    private static func shortName(_ name: String) -> String {
        String(name.split(whereSeparator: { $0 == "." || $0 == "$" }).last ?? Substring(name))
    }

    private static func isJavaClassName(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 3, let name = parts.last, name.first?.isUppercase == true else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "$") }
        }
    }
}
