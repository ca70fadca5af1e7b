/// A request as ``HTTPListener`` read it: origin-form, HTTP/1.x, with a `Host` if it is HTTP/1.1, and all of its body.
struct ServedRequest: Sendable {
    /// Why bytes are no request that is served here; goes back to whoever sent them.
    struct Refusal: Error, Equatable {
        var status: Int
        var message: String
    }

    let method: String
    /// The path as sent: percent-encoded, without the query.
    let path: String
    /// Names in lower case, values trimmed, in the order in which they came.
    let fields: [(name: String, value: String)]
    /// Whether another request may follow on the same connection.
    let isPersistent: Bool
    /// The bytes of body that follow the head.
    let contentLength: Int
    /// Whether the client waits to be told to send the body.
    let expectsContinue: Bool
    var body: [UInt8] = []
    /// Returns when the client has closed the connection, or its task was cancelled.
    var clientLeft: @Sendable () async -> Void = {}

    /// The only value of a field; `nil` if there is none or more than one.
    func field(_ name: String) -> String? {
        let values = fields.filter { $0.name == name }
        return values.count == 1 ? values[0].value : nil
    }
}

extension ServedRequest {
    static let maximumFields = 64

    /// Reads a request's head: what comes before the empty line, strictly as RFC 9112 has it.
    /// - Throws: ``Refusal``.
    init(head: some Sequence<UInt8>) throws(Refusal) {
        let bytes = Array(head)
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x0D || $0 == 0x0A || $0 == 0x09 }) else {
            throw Refusal(status: 400, message: "the request's head holds control characters")
        }
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, !words[0].isEmpty, words[0].utf8.allSatisfy(Self.isTokenByte),
            words[1].utf8.first == UInt8(ascii: "/")
        else { throw Refusal(status: 400, message: "the request line is not METHOD /PATH HTTP/1.1") }
        guard words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else {
            throw Refusal(status: 505, message: "only HTTP/1.1 is spoken here")
        }
        guard lines.count <= Self.maximumFields else {
            throw Refusal(status: 431, message: "the request has more than \(Self.maximumFields) header fields")
        }
        method = String(words[0])
        path = String(words[1].prefix { $0 != "?" && $0 != "#" })
        var fields: [(name: String, value: String)] = []
        for line in lines {
            guard let field = Self.field(line) else {
                throw Refusal(status: 400, message: "a header field is not NAME: VALUE")
            }
            fields.append(field)
        }
        self.fields = fields
        let isNew = words[2] == "HTTP/1.1"
        guard !isNew || fields.filter({ $0.name == "host" }).count == 1 else {
            throw Refusal(status: 400, message: "the request has not exactly one Host field")
        }
        guard !fields.contains(where: { $0.name == "transfer-encoding" }) else {
            throw Refusal(status: 501, message: "a body needs a Content-Length here")
        }
        contentLength = try Self.contentLength(fields)
        let options = fields.filter { $0.name == "connection" }.flatMap { $0.value.lowercased().split(separator: ",") }
        isPersistent = isNew && !options.contains { $0.drop { $0 == " " }.hasPrefix("close") }
        expectsContinue = isNew && fields.contains { $0.name == "expect" && $0.value.lowercased() == "100-continue" }
    }

    private static func field(_ line: Substring) -> (name: String, value: String)? {
        guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = line[..<colon]
        guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte), !line.utf8.contains(0x0D), !line.utf8.contains(0x0A)
        else { return nil }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let value = line[colon...].utf8.dropFirst().drop(while: isSpace)
        let end = value.lastIndex { !isSpace($0) }
        return (name.lowercased(), end.map { String(Substring(value[...$0])) } ?? "")
    }

    private static func contentLength(_ fields: [(name: String, value: String)]) throws(Refusal) -> Int {
        let values = fields.filter { $0.name == "content-length" }.map(\.value)
        guard let value = values.first else { return 0 }
        guard values.count == 1, !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(value)
        else { throw Refusal(status: 400, message: "the Content-Length is no number") }
        return length
    }

    /// `tchar` of RFC 9110, section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// What a handler answers.
struct ServedResponse: Sendable {
    var status: Int
    var fields: [(name: String, value: String)]
    var body: [UInt8]

    init(status: Int, type: String, body: [UInt8], fields: [(name: String, value: String)] = []) {
        self.status = status
        self.fields = [("Content-Type", type)] + fields
        self.body = body
    }

    init(status: Int, text: String, fields: [(name: String, value: String)] = []) {
        self.init(status: status, type: "text/plain; charset=utf-8", body: Array((text + "\n").utf8), fields: fields)
    }

    /// The answer as it is sent.
    ///
    /// - Parameters:
    ///   - isPersistent: whether the connection stays open.
    ///   - hasBody: false for `HEAD`: the length is told, and nothing follows.
    func encoded(isPersistent: Bool, hasBody: Bool) -> [UInt8] {
        var head = "HTTP/1.1 \(status) \(Self.reasons[status] ?? "Status")\r\nContent-Length: \(body.count)\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        head += isPersistent ? "\r\n" : "Connection: close\r\n\r\n"
        return Array(head.utf8) + (hasBody ? body : [])
    }

    private static let reasons = [
        200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
        408: "Request Timeout", 413: "Content Too Large", 421: "Misdirected Request",
        431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
        503: "Service Unavailable", 505: "HTTP Version Not Supported",
    ]
}
