import Glibc

/// A running Python that compiles what it is sent. Used by one thread at a time; ended when released.
final class CompilerProcess: @unchecked Sendable {
    enum Request: UInt8 {
        case compile = 1
        case magic = 2
    }

    enum Answer {
        case code([UInt8])
        /// It doesn't compile.
        case refused
        /// The process is gone; the reason follows "compiling it".
        case lost(String)
    }

    private let process: pid_t
    private let socket: Int32
    /// Whether it can be asked again. Only touched by the thread that has the process, see ``BytecodeCompiler``.
    private(set) var isUsable = true

    /// Starts it and waits for its greeting.
    init(interpreter: String, timeout: Duration) throws(BytecodeError) {
        var ends: [Int32] = [-1, -1]
        // A socket, not a pipe: writing to one that nobody reads any more can be kept from raising SIGPIPE.
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw .cannotRun(interpreter: interpreter, reason: String(cString: strerror(errno)))
        }
        socket = ends[0]
        _ = fcntl(socket, F_SETFL, O_NONBLOCK)
        let spawned = Self.spawn(
            interpreter, socket: ends[1], seconds: Int(timeout.components.seconds) + 1)
        // Kept open here, it would keep the end of the process from being noticed.
        close(ends[1])
        guard let started = spawned.process else {
            close(socket)
            throw .cannotRun(interpreter: interpreter, reason: String(cString: strerror(spawned.code)))
        }
        process = started
        var greeting = [UInt8](repeating: 0, count: 4)
        guard receive(&greeting, until: .now + timeout) == .done, greeting == Array("pyc1".utf8) else {
            end()
            throw .unusable(interpreter: interpreter, reason: "it doesn't run the compiling program")
        }
    }

    deinit {
        end()
        close(socket)
    }

    private func end() {
        guard isUsable else { return }
        isUsable = false
        // It is ours and not reaped yet, so nobody else can have its number. It has nothing to tidy up.
        kill(process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }

    /// Sends a request and waits for the answer.
    func ask(_ request: Request, name: [UInt8], _ source: [UInt8], timeout: Duration) -> Answer {
        let deadline = ContinuousClock.now + timeout
        var message = [request.rawValue]
        for length in [name.count, source.count] {
            for shift in stride(from: 0, to: 32, by: 8) { message.append(UInt8(truncatingIfNeeded: length >> shift)) }
        }
        message += name
        var outcome = send(message, until: deadline)
        if outcome == .done { outcome = send(source, until: deadline) }
        var head = [UInt8](repeating: 0, count: 5)
        if outcome == .done { outcome = receive(&head, until: deadline) }
        guard outcome == .done else { return lost(outcome) }
        let length = (1...4).reduce(0) { $0 | Int(head[$1]) << (8 * ($1 - 1)) }
        guard length <= Self.answerLimit else { return lost(.closed) }
        var body = [UInt8](repeating: 0, count: length)
        outcome = receive(&body, until: deadline)
        guard outcome == .done else { return lost(outcome) }
        return head[0] == 0 ? .code(body) : .refused
    }

    private static let answerLimit = 1 << 28

    private func lost(_ outcome: Outcome) -> Answer {
        end()
        return .lost(outcome == .late ? "takes too long" : "ended Python")
    }

    // MARK: - The socket

    private enum Outcome { case done, late, closed }

    private func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) -> Outcome {
        bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                let count = Glibc.send(socket, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if count > 0 {
                    sent += count
                } else if count < 0, errno == EAGAIN {
                    guard wait(POLLOUT, until: deadline) else { return .late }
                } else if count < 0, errno == EINTR {
                    continue
                } else {
                    return .closed
                }
            }
            return .done
        }
    }

    private func receive(_ bytes: inout [UInt8], until deadline: ContinuousClock.Instant) -> Outcome {
        bytes.withUnsafeMutableBytes { bytes in
            var received = 0
            while received < bytes.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[received...])
                let count = read(socket, rest.baseAddress, rest.count)
                if count > 0 {
                    received += count
                } else if count < 0, errno == EAGAIN {
                    guard wait(POLLIN, until: deadline) else { return .late }
                } else if count < 0, errno == EINTR {
                    continue
                } else {
                    return .closed
                }
            }
            return .done
        }
    }

    /// Waits until the socket can be read or written; `false`: the time is over.
    private func wait(_ events: Int32, until deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let left = deadline - .now
            guard left > .zero else { return false }
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
            var request = pollfd(fd: socket, events: Int16(events), revents: 0)
            let count = poll(&request, 1, Int32(min(milliseconds, 60_000)))
            if count > 0 { return true }
        }
    }
}
