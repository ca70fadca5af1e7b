import EnvSyncModel
internal import FlyingSocks
import Glibc
import Logging
import Synchronization

/// Serves HTTP/1.1 on a listening socket, within bounds that hold against careless and hostile clients: how many
/// connections there are, how long a request may take to arrive, how large its head and body may be.
///
/// The sockets are FlyingSocks's: one thread of its own sleeps in `epoll_wait`, without a timeout, and nothing blocks
/// Swift's cooperative pool. FlyingFox's `HTTPServer` on top of it is not used because it has none of these bounds, and
/// ends when `accept` finds no free descriptor.
final class HTTPListener: Sendable {
    struct Limits: Sendable {
        /// Connections at a time; others wait in the kernel's queue.
        var connections = 64
        /// Bytes of request line and header fields.
        var head = 16 << 10
        /// Bytes of a request's body.
        var body = 64 << 10
        /// For a request to arrive completely.
        var request: Duration = .seconds(10)
        /// The same when more than half of the connections are in use, so that slow clients don't keep others out.
        var crowdedRequest: Duration = .seconds(1)
        /// For the next request on a connection that stays open.
        var idle: Duration = .seconds(30)
        /// For the client to take more of an answer.
        var write: Duration = .seconds(10)
    }

    typealias Handler = @Sendable (ServedRequest) async -> ServedResponse

    private let socket: Socket
    private let limits: Limits
    private let logger: Logger
    private let handler: Handler
    /// What clients are told of bytes that are no request.
    private let refuse: @Sendable (ServedRequest.Refusal) -> ServedResponse
    private let pool: SocketPool<ePoll> = .ePoll()
    private let gate: ConnectionGate

    /// - Parameter descriptor: of a listening stream socket that doesn't block; not closed here.
    init(
        descriptor: Int32, limits: Limits, logger: Logger,
        refuse: @escaping @Sendable (ServedRequest.Refusal) -> ServedResponse, handler: @escaping Handler
    ) {
        socket = Socket(file: .init(rawValue: descriptor))
        self.limits = limits
        self.logger = logger
        self.refuse = refuse
        self.handler = handler
        gate = ConnectionGate(limit: limits.connections)
    }

    /// Whether more than half of the connections are in use; each is then given up after its answer.
    private var isCrowded: Bool { gate.count > limits.connections / 2 }

    /// Serves until the task is cancelled; returns then, when the last answer was given.
    func run() async throws {
        try await pool.prepare()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [pool] in try await pool.run() }
            group.addTask { await self.acceptConnections() }
            defer { group.cancelAll() }
            do {
                try await group.next()
                group.cancelAll()
                try await group.next()
            } catch  where Task.isCancelled {
                return
            }
            guard Task.isCancelled else { throw EnvSyncError(.system, "no more connections can be accepted") }
        }
    }

    private func acceptConnections() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                await gate.enter()
                guard let connection = await accept() else {
                    gate.leave()
                    break
                }
                group.addTask { [self] in
                    await serve(connection)
                    close(connection.file.rawValue)
                    gate.leave()
                }
            }
            group.cancelAll()
        }
    }

    /// The next connection; `nil` when the task was cancelled.
    private func accept() async -> Socket? {
        while !Task.isCancelled {
            // accept4(2) is hidden from Swift.
            let descriptor = Glibc.accept(socket.file.rawValue, nil, nil)
            if descriptor >= 0 {
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
                return Socket(file: .init(rawValue: descriptor))
            }
            switch errno {
            case EAGAIN:
                do { try await pool.suspendSocket(socket, untilReadyFor: .read) } catch { return nil }
            case EINTR, ECONNABORTED: continue
            case let number:
                // Out of descriptors or memory: connections stay in the queue until some are free again.
                logger.warning("no connection can be accepted: \(String(cString: strerror(number)))")
                try? await Task.sleep(for: .seconds(1))
            }
        }
        return nil
    }

    private func serve(_ connection: Socket) async {
        var stream = ByteStream(socket: connection, pool: pool)
        var isFirst = true
        do {
            while !Task.isCancelled {
                if !isFirst, stream.isEmpty, try await !stream.waitForMore(limits.idle) { return }
                isFirst = false
                let deadline = ContinuousClock.now + (isCrowded ? limits.crowdedRequest : limits.request)
                guard let head = try await stream.readHead(limit: limits.head, until: deadline) else { return }
                var request = try ServedRequest(head: head)
                guard request.contentLength <= limits.body else {
                    throw ServedRequest.Refusal(
                        status: 413, message: "the body has more than \(limits.body) bytes")
                }
                if request.expectsContinue, request.contentLength > 0 {
                    try await stream.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), patience: limits.write)
                }
                request.body = try await stream.read(request.contentLength, until: deadline)
                request.clientLeft = { [pool] in await ByteStream(socket: connection, pool: pool).waitForEnd() }
                let response = await handler(request)
                let isPersistent = request.isPersistent && !isCrowded
                try await stream.write(
                    response.encoded(isPersistent: isPersistent, hasBody: request.method != "HEAD"),
                    patience: limits.write)
                guard isPersistent else { break }
            }
        } catch let refusal as ServedRequest.Refusal {
            let answer = refuse(refusal).encoded(isPersistent: false, hasBody: true)
            guard (try? await stream.write(answer, patience: limits.write)) != nil else { return }
        } catch {
            return
        }
        // Closing with unread bytes resets the connection, and the client might not see the answer.
        await stream.linger(.seconds(1))
    }
}

/// Counts connections, and lets one task wait until there are fewer.
final class ConnectionGate: Sendable {
    private struct State {
        var count = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    var count: Int { state.withLock { $0.count } }

    /// Waits for a free place and takes it; only one task may do so.
    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.count < limit {
                    state.count += 1
                    return true
                }
                state.waiter = continuation
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Gives a place back, or hands it over.
    func leave() {
        let waiter = state.withLock { state in
            let waiter = state.waiter.take()
            if waiter == nil { state.count -= 1 }
            return waiter
        }
        waiter?.resume()
    }
}
