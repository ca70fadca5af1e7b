import Glibc

/// The request line and the header fields.
struct RequestHead {
    var method: String
    var target: String
    var headers: [(name: String, value: String)]

    init(_ bytes: ArraySlice<UInt8>) throws {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { throw TestServerError("no request line: \(lines.first ?? "")") }
        method = String(words[0])
        target = String(words[1])
        headers = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (String(line[..<colon]), String(line[colon...].dropFirst().drop { $0 == " " }))
        }
    }

    static func value(of name: String, in headers: [(name: String, value: String)]) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    static func query(of target: String) -> [(name: String, value: String)] {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        return target[mark...].dropFirst().split(separator: "&").map { item in
            let equals = item.firstIndex(of: "=") ?? item.endIndex
            return (String(item[..<equals]), String(item[equals...].dropFirst()))
        }
    }
}

/// A connected socket with what was read too far.
final class Connection {
    private let socket: Int32
    private var buffer: ArraySlice<UInt8> = []

    init(socket: Int32) { self.socket = socket }

    /// The next request's head, or nil if the client has closed the connection instead.
    func readHead() throws -> RequestHead? {
        let end = Array("\r\n\r\n".utf8)
        var searched = buffer.startIndex
        while true {
            while searched + end.count <= buffer.endIndex {
                if buffer[searched..<searched + end.count].elementsEqual(end) {
                    let head = try RequestHead(buffer[..<searched])
                    buffer = ArraySlice(Array(buffer[(searched + end.count)...]))
                    return head
                }
                searched += 1
            }
            let offset = searched - buffer.startIndex
            let piece = try receive(atMost: 1 << 16)
            if piece.isEmpty { return nil }
            buffer = ArraySlice(Array(buffer) + piece)
            searched = buffer.startIndex + offset
        }
    }

    /// The next bytes as they come; none if the client has closed the connection.
    func read(atMost limit: Int) throws -> ArraySlice<UInt8> {
        guard buffer.isEmpty else {
            defer { buffer = buffer.dropFirst(limit) }
            return buffer.prefix(limit)
        }
        return try receive(atMost: min(limit, 1 << 20))[...]
    }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw TestServerError("send: errno \(errno)") }
            rest = rest.dropFirst(count)
        }
    }

    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    private func receive(atMost limit: Int) throws -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { space, count in
            let result = recv(socket, space.baseAddress, limit, 0)
            if result < 0 { failure = errno }
            count = max(0, result)
        }
        guard failure == 0 else { throw TestServerError("recv: errno \(failure)") }
        return bytes
    }
}

/// The few socket calls of a server.
enum Socket {
    static func listen(backlog: Int32 = 256) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestServerError("socket: errno \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        // A port that the kernel chose would be given back by `shutdown`, while the socket is still open (inet_put_port in
        // tcp_set_state); one that was asked for stays taken until it is closed.
        var status: Int32 = -1
        for _ in 0..<200 where status != 0 {
            address.sin_port = UInt16.random(in: 20_000...32_000).bigEndian
            status = withGeneric(&address) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard status == 0, Glibc.listen(descriptor, backlog) == 0 else {
            let number = errno
            close(descriptor)
            throw TestServerError("bind or listen: errno \(number)")
        }
        return descriptor
    }

    /// A socket on its way to being connected; does not wait.
    static func beginConnecting(to port: Int) throws -> Int32 {
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let descriptor = socket(AF_INET, Int32(kind), 0)
        guard descriptor >= 0 else { throw TestServerError("socket: errno \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        _ = withGeneric(&address) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        return descriptor
    }

    static func port(of descriptor: Int32) throws -> Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard withGeneric(&address, { getsockname(descriptor, $0, &size) }) == 0 else {
            throw TestServerError("getsockname: errno \(errno)")
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// The next connection, or nil when the listener was shut down.
    static func accept(_ listener: Int32) -> Int32? {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            if descriptor >= 0 {
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                var on: Int32 = 1
                setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
                return descriptor
            }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    private static func withGeneric<Result>(
        _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Result
    ) -> Result {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }
}

/// A port that does not answer connections: its queue is full, and nobody takes from it.
public final class SilentListener: Sendable {
    private let listener: Int32
    private let fillers: [Int32]
    private let port: Int
    /// `http://127.0.0.1:<port>`
    public var url: String { "http://127.0.0.1:\(port)" }

    /// Fills the queue.
    /// - Throws: ``TestServerError`` if no socket can be had.
    public init() throws {
        listener = try Socket.listen(backlog: 0)
        port = try Socket.port(of: listener)
        // A backlog of 0 still has room for one; the others are never answered.
        fillers = try (0..<4).map { [port] _ in try Socket.beginConnecting(to: port) }
    }

    deinit {
        for descriptor in fillers + [listener] { close(descriptor) }
    }
}

/// Threads of our own, because handlers block.
enum Threads {
    private final class Work {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ body: @escaping @Sendable () -> Void) throws {
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, work.toOpaque())
        guard status == 0 else {
            work.release()
            throw TestServerError("pthread_create: errno \(status)")
        }
        pthread_detach(thread)
    }
}
