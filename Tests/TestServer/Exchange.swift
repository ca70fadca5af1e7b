import Glibc

/// One request and its answer, in the hands of a handler. What the handler leaves undone is done for it: an unanswered
/// request gets a 200, an unread body is read. Belongs to the connection's thread.
public final class Exchange {
    /// The method, such as `PUT`.
    public var method: String { head.method }
    /// The request target as sent: path and query, still percent-encoded.
    public var target: String { head.target }
    /// The target up to the question mark, still percent-encoded.
    public var path: String { String(target.prefix { $0 != "?" }) }
    /// The query's items as sent, still percent-encoded, in order.
    public var query: [(name: String, value: String)] { RequestHead.query(of: target) }
    /// The header fields in order.
    public var headers: [(name: String, value: String)] { head.headers }
    /// The number of this request at its server, from 0.
    public let index: Int
    /// Whether the connection serves another request afterwards.
    public var keepsConnection = true

    private let server: TestServer
    private let connection: Connection
    private let head: RequestHead
    private var bodyRemaining: Int
    private var isAnswered = false

    init(server: TestServer, connection: Connection, head: RequestHead, index: Int) {
        self.server = server
        self.connection = connection
        self.head = head
        self.index = index
        bodyRemaining = RequestHead.value(of: "Content-Length", in: head.headers).flatMap { Int($0) } ?? 0
        if RequestHead.value(of: "Connection", in: head.headers)?.lowercased() == "close" { keepsConnection = false }
    }

    /// The first value of a header field, or nil.
    public func header(_ name: String) -> String? { RequestHead.value(of: name, in: head.headers) }

    /// The first value of a query item, still percent-encoded, or nil.
    public func queryValue(_ name: String) -> String? { query.first { $0.name == name }?.value }

    // MARK: - Reading

    /// Reads the body, or its next bytes, and records them with the request.
    /// - Throws: ``TestServerError`` if the client breaks off before.
    @discardableResult
    public func readBody(atMost limit: Int = .max) throws -> [UInt8] {
        var body: [UInt8] = []
        while bodyRemaining > 0, body.count < limit {
            let piece = try connection.read(atMost: min(bodyRemaining, limit - body.count))
            guard !piece.isEmpty else { throw TestServerError("the client closed the connection within the body") }
            bodyRemaining -= piece.count
            server.record(index, body: piece)
            body += piece
        }
        return body
    }

    // MARK: - Answering

    /// Sends a complete answer. `Content-Length` is added unless one of the fields given says how the body ends.
    /// - Parameter contentLength: what to claim instead of the truth.
    public func respond(
        status: Int = 200, headers: [(String, String)] = [], body: [UInt8], contentLength: Int? = nil
    ) throws {
        try sendHead(status: status, headers: headers, contentLength: contentLength ?? body.count)
        try send(body)
    }

    /// Sends a complete answer with a text.
    public func respond(
        status: Int = 200, headers: [(String, String)] = [], body: String = "", contentLength: Int? = nil
    ) throws {
        try respond(status: status, headers: headers, body: Array(body.utf8), contentLength: contentLength)
    }

    /// Sends an answer in chunks (RFC 9112, 7.1), each as soon as the sequence gives it.
    public func respond(status: Int = 200, headers: [(String, String)] = [], chunks: some Sequence<[UInt8]>) throws {
        try sendHead(status: status, headers: headers + [("Transfer-Encoding", "chunked")], contentLength: nil)
        for chunk in chunks where !chunk.isEmpty {
            try send(Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8))
        }
        try send("0\r\n\r\n")
    }

    /// Sends `HTTP/1.1 100 Continue`, asked for or not.
    public func sendContinue() throws { try connection.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }

    /// Sends the status line and the fields only.
    public func sendHead(status: Int, headers: [(String, String)] = [], contentLength: Int?) throws {
        var lines = ["HTTP/1.1 \(status) Test"]
        lines += headers.map { "\($0.0): \($0.1)" }
        let namesLength = headers.contains { ["content-length", "transfer-encoding"].contains($0.0.lowercased()) }
        if let contentLength, !namesLength { lines.append("Content-Length: \(contentLength)") }
        if headers.contains(where: { $0.0.lowercased() == "connection" && $0.1.lowercased() == "close" }) {
            keepsConnection = false
        }
        try send(lines.joined(separator: "\r\n") + "\r\n\r\n")
    }

    /// Sends bytes as they are.
    public func send(_ bytes: [UInt8]) throws {
        isAnswered = true
        try connection.write(bytes)
    }

    /// Sends a text as it is.
    public func send(_ text: String) throws { try send(Array(text.utf8)) }

    // MARK: - Misbehaving

    /// Whether the test is over.
    public var isServerStopping: Bool { server.isStopping }

    /// Waits, but not after the server was stopped.
    /// - Throws: ``TestServerError`` when it was.
    public func pause(_ duration: Duration) throws {
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end {
            guard !isServerStopping else { throw TestServerError("the server was stopped") }
            usleep(5_000)
        }
    }

    /// Waits without a word until the client closes the connection or the server is stopped.
    public func hang() throws {
        isAnswered = true
        keepsConnection = false
        while !(try connection.read(atMost: 1 << 16)).isEmpty {}
    }

    /// Closes the connection, whatever was promised. The client sees an orderly end (FIN) unless it has sent something
    /// that was not read, upon which the kernel resets.
    public func closeConnection() {
        isAnswered = true
        keepsConnection = false
        bodyRemaining = 0
    }

    /// Closes the connection with a reset (RST).
    public func reset() {
        closeConnection()
        connection.resetOnClose()
    }

    /// Answers without reading the body, and closes, as a server does that has seen enough. With unread data in the
    /// socket the kernel follows the answer by a reset.
    public func respondWithoutReading(status: Int, headers: [(String, String)] = [], body: String = "") throws {
        try respond(status: status, headers: headers, body: body)
        closeConnection()
    }

    func finish() throws {
        if !isAnswered {
            try readBody()
            try respond()
        } else if keepsConnection {
            try readBody()
        }
    }
}
