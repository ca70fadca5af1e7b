import Glibc
import Synchronization

/// A small HTTP/1.1 server inside the test process, made for misbehaving: each request is answered by a closure that
/// reads, writes, waits and breaks off as it likes. One thread per connection, on 127.0.0.1 and a free port.
///
/// ```swift
/// let server = try TestServer { exchange in
///     let body = try exchange.readBody()
///     try exchange.respond(status: 201, body: "got \(body.count) bytes")
/// }
/// defer { server.stop() }
/// ```
public final class TestServer: Sendable {
    /// Answers one request. Throwing closes the connection.
    public typealias Handler = @Sendable (Exchange) throws -> Void

    /// The port on 127.0.0.1.
    public let port: Int
    /// `http://127.0.0.1:<port>`
    public var url: String { "http://127.0.0.1:\(port)" }

    private let handler: Handler
    private let listener: Int32
    private let shared = Mutex(Shared())

    private struct Shared {
        var requests: [RecordedRequest] = []
        var connectionCount = 0
        var open: Set<Int32> = []
        var isStopping = false
    }

    /// Starts listening.
    /// - Throws: ``TestServerError`` if no socket can be had.
    public init(handler: @escaping Handler) throws {
        self.handler = handler
        listener = try Socket.listen()
        port = try Socket.port(of: listener)
        let listener = listener
        // Until `stop` the accepting thread keeps the server alive.
        try Threads.start { [self] in
            while let socket = Socket.accept(listener) { serve(socket) }
        }
    }

    /// What has been asked so far, in order of arrival, with as much of the bodies as the handlers have read.
    public var requests: [RecordedRequest] { shared.withLock { $0.requests } }

    // Until now the port stays taken, so that nobody else's server answers where this one was stopped.
    deinit { close(listener) }

    /// How many connections were accepted so far.
    public var connectionCount: Int { shared.withLock { $0.connectionCount } }

    /// Whether ``stop()`` was called.
    public var isStopping: Bool { shared.withLock { $0.isStopping } }

    /// Stops listening and breaks every connection; handlers that wait wake up.
    public func stop() {
        shared.withLock { shared in
            guard !shared.isStopping else { return }
            shared.isStopping = true
            shutdown(listener, Int32(SHUT_RDWR))
            for socket in shared.open { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    private func serve(_ socket: Int32) {
        let number: Int? = shared.withLock { shared in
            guard !shared.isStopping else { return nil }
            shared.open.insert(socket)
            shared.connectionCount += 1
            return shared.connectionCount
        }
        guard let number else {
            close(socket)
            return
        }
        do {
            try Threads.start { [self] in
                talk(on: Connection(socket: socket), number: number)
                shared.withLock { shared in
                    shared.open.remove(socket)
                    close(socket)
                }
            }
        } catch {
            shared.withLock { shared in
                shared.open.remove(socket)
                close(socket)
            }
        }
    }

    /// Serves one connection for as long as it is kept alive.
    private func talk(on connection: Connection, number: Int) {
        do {
            while let head = try connection.readHead(), !isStopping {
                let index = shared.withLock { shared in
                    shared.requests.append(RecordedRequest(head: head, connection: number))
                    return shared.requests.count - 1
                }
                let exchange = Exchange(server: self, connection: connection, head: head, index: index)
                try handler(exchange)
                try exchange.finish()
                guard exchange.keepsConnection else { return }
            }
        } catch {
            // The handler or the client broke off, which is what such tests are about.
        }
    }

    func record(_ index: Int, body piece: ArraySlice<UInt8>) {
        shared.withLock { $0.requests[index].body += piece }
    }
}

/// A request as the server saw it.
public struct RecordedRequest: Sendable {
    /// The method, such as `PUT`.
    public let method: String
    /// The request target as sent: path and query, still percent-encoded.
    public let target: String
    /// The header fields in order, names as sent.
    public let headers: [(name: String, value: String)]
    /// The part of the body that the handler has read.
    public internal(set) var body: [UInt8] = []
    /// The number of the connection it came on, from 1.
    public let connection: Int

    init(head: RequestHead, connection: Int) {
        method = head.method
        target = head.target
        headers = head.headers
        self.connection = connection
    }

    /// The target up to the question mark, still percent-encoded.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// The query's items as sent, still percent-encoded, in order.
    public var query: [(name: String, value: String)] { RequestHead.query(of: target) }

    /// The first value of a header field, or nil.
    public func header(_ name: String) -> String? { RequestHead.value(of: name, in: headers) }
}

/// What the server could not do.
public struct TestServerError: Error, CustomStringConvertible {
    /// The call that failed and why.
    public let description: String

    init(_ description: String) { self.description = description }
}
