internal import FlyingSocks
import Glibc

/// Reads and writes a connected socket that doesn't block, within time limits.
struct ByteStream: Sendable {
    /// Why a connection is given up without a word.
    struct Ended: Error {}

    private let socket: Socket
    private let pool: SocketPool<ePoll>
    /// Bytes that were read and not asked for yet.
    private var buffer: [UInt8] = []

    init(socket: Socket, pool: SocketPool<ePoll>) {
        self.socket = socket
        self.pool = pool
    }

    var isEmpty: Bool { buffer.isEmpty }

    /// Waits for the next bytes; false if none came in time, or the client has closed the connection.
    mutating func waitForMore(_ limit: Duration) async throws -> Bool {
        try await fill(until: .now + limit)
    }

    /// What comes before the next empty line; `nil` if the client closed the connection instead of sending anything.
    mutating func readHead(limit: Int, until deadline: ContinuousClock.Instant) async throws -> [UInt8]? {
        var searched = 0
        while true {
            if let end = Self.endOfHead(buffer, from: searched) {
                guard end <= limit else { break }
                defer { buffer.removeSubrange(..<(end + 4)) }
                return Array(buffer[..<end])
            }
            guard buffer.count <= limit else { break }
            searched = max(0, buffer.count - 3)
            guard try await fill(until: deadline) else {
                if buffer.isEmpty { return nil }
                throw Self.lateness
            }
        }
        throw ServedRequest.Refusal(status: 431, message: "the request's head has more than \(limit) bytes")
    }

    /// Exactly so many bytes.
    mutating func read(_ count: Int, until deadline: ContinuousClock.Instant) async throws -> [UInt8] {
        while buffer.count < count {
            guard try await fill(until: deadline) else { throw Self.lateness }
        }
        defer { buffer.removeSubrange(..<count) }
        return Array(buffer[..<count])
    }

    /// Sends all bytes; what the kernel takes at once is sent even if the task was cancelled.
    ///
    /// - Parameter patience: how long the client may take nothing.
    func write(_ bytes: [UInt8], patience: Duration) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                send(socket.file.rawValue, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent >= 0 {
                rest = rest.dropFirst(sent)
            } else if errno == EAGAIN {
                guard try await ready(for: .write, until: .now + patience) else { throw Ended() }
            } else if errno != EINTR {
                throw Ended()
            }
        }
    }

    /// Returns when the client has closed the connection, sent more, or the task was cancelled.
    func waitForEnd() async {
        var byte: UInt8 = 0
        while !Task.isCancelled {
            let count = recv(socket.file.rawValue, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
            if count < 0, errno == EAGAIN {
                guard (try? await pool.suspendSocket(socket, untilReadyFor: .read)) != nil else { return }
            } else if count <= 0 {
                return
            } else {
                // Another request follows already, so the client is there. It can't be watched any more, which would
                // need its bytes to be read.
                try? await Task.sleep(for: .seconds(86_400))
            }
        }
    }

    /// Tells the client that nothing more comes, and reads what it still sends, for a while.
    mutating func linger(_ limit: Duration) async {
        shutdown(socket.file.rawValue, Int32(SHUT_WR))
        let deadline = ContinuousClock.now + limit
        for _ in 0..<64 {
            buffer = []
            guard (try? await fill(until: deadline)) == true else { return }
        }
    }

    private static let lateness = ServedRequest.Refusal(status: 408, message: "the request did not arrive completely")

    private static func endOfHead(_ bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= start + 4 else { return nil }
        return (start...(bytes.count - 4)).first {
            bytes[$0] == 0x0D && bytes[$0 + 1] == 0x0A && bytes[$0 + 2] == 0x0D && bytes[$0 + 3] == 0x0A
        }
    }

    /// Reads a piece; false at the end, and when time ran out.
    private mutating func fill(until deadline: ContinuousClock.Instant) async throws -> Bool {
        let size = 4096
        while true {
            var count = 0
            var failure: Int32 = 0
            let piece = [UInt8](unsafeUninitializedCapacity: size) { space, initialized in
                count = recv(socket.file.rawValue, space.baseAddress, size, Int32(MSG_DONTWAIT))
                failure = errno
                initialized = max(0, count)
            }
            if count > 0 {
                buffer += piece
                // A client that sends a byte now and then doesn't get more time.
                return .now < deadline
            }
            guard count < 0 else { return false }
            if failure == EINTR { continue }
            guard failure == EAGAIN, try await ready(for: .read, until: deadline) else { return false }
        }
    }

    /// Waits until the socket is ready; false when time ran out.
    private func ready(for events: Socket.Events, until deadline: ContinuousClock.Instant) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [socket, pool] in
                try await pool.suspendSocket(socket, untilReadyFor: events)
                return true
            }
            group.addTask {
                try await Task.sleep(until: deadline, clock: .continuous)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }
}
