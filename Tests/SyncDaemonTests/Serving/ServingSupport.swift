import Foundation
import Glibc
import Logging
import SyncDaemon
import Synchronization
import Testing

/// A daemon that has no files and no store: it says what it is told to say.
final class SaidControl: DaemonControl {
    private struct State {
        var status: DaemonStatus
        var details: [String: WorkspaceDetail] = [:]
        var outcome: WaitOutcome?
        var waiting = 0
        var cancelled = 0
        var stops = 0
    }

    private let state: Mutex<State>

    init(_ status: DaemonStatus = .sample(), details: [WorkspaceDetail] = [], outcome: WaitOutcome? = nil) {
        state = Mutex(
            State(
                status: status, details: Dictionary(uniqueKeysWithValues: details.map { ($0.status.directory, $0) }),
                outcome: outcome))
    }

    var waiting: Int { state.withLock { $0.waiting } }
    var cancelled: Int { state.withLock { $0.cancelled } }
    var stops: Int { state.withLock { $0.stops } }

    func say(_ change: (inout DaemonStatus) -> Void) { state.withLock { change(&$0.status) } }
    func finishWaiting(_ outcome: WaitOutcome) { state.withLock { $0.outcome = outcome } }

    func status() async -> DaemonStatus { state.withLock { $0.status } }
    func detail(of directory: String) async -> WorkspaceDetail? { state.withLock { $0.details[directory] } }

    func wait(for directory: String) async -> WaitOutcome {
        state.withLock { $0.waiting += 1 }
        defer { state.withLock { $0.waiting -= 1 } }
        while true {
            if let outcome = state.withLock({ $0.outcome }) { return outcome }
            do {
                try await Task.sleep(for: .milliseconds(5))
            } catch {
                state.withLock { $0.cancelled += 1 }
                return WaitOutcome(isInSync: false)
            }
        }
    }

    func reload() async -> ReloadOutcome { ReloadOutcome(added: ["/work/new"], removed: ["/work/old"]) }
    func stop() async { state.withLock { $0.stops += 1 } }
}

extension DaemonStatus {
    static func sample(_ workspaces: [WorkspaceStatus] = [.sample()]) -> DaemonStatus {
        DaemonStatus(version: "0.4.0", processID: getpid(), startedAt: 1_790_000_000, workspaces: workspaces)
    }
}

extension WorkspaceStatus {
    /// One that is in sync, or what is changed of it.
    static func sample(_ directory: String = "/work/etl", _ change: (inout Self) -> Void = { _ in }) -> WorkspaceStatus
    {
        var status = WorkspaceStatus(directory: directory, autoLock: true)
        status.environment = "etl"
        status.store = "webhdfs://namenode:9870/envsync"
        status.phase = .idle
        status.watched = 42
        status.isInSync = true
        change(&status)
        return status
    }
}

/// A directory that goes with the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        var name = Array((NSTemporaryDirectory() + "/serving-XXXXXX").utf8CString)
        path = String(cString: try #require(mkdtemp(&name)))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Runs something beside a body, and ends it when the body has ended.
func beside<Result: Sendable>(
    _ service: @escaping @Sendable () async throws -> Void, _ body: () async throws -> Result
) async throws -> Result {
    let task = Task { try await service() }
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    task.cancel()
    try await task.value
    return try result.get()
}

/// Waits for something that has to come soon.
func holdsSoon(
    sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    for _ in 0..<1000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("it did not come true within 10 s", sourceLocation: sourceLocation)
}

/// A client that sends exactly the bytes it is told to, and reads what comes.
final class RawClient: Sendable {
    private let descriptor: Int32

    init(unix path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        try Self.join(descriptor, &address)
    }

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        try Self.join(descriptor, &address)
    }

    deinit { Glibc.close(descriptor) }

    private static func join<Address>(_ descriptor: Int32, _ address: inout Address) throws {
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        try #require(status == 0, "connect: \(String(cString: strerror(errno)))")
        // No test waits longer for bytes.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            try #require(count > 0, "send: \(String(cString: strerror(errno)))")
            sent += count
        }
    }

    /// Everything until the server closes the connection.
    ///
    /// Reading blocks, which it mustn't do on the threads that the server needs, too.
    func readAll() async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in
                var bytes: [UInt8] = []
                while let piece = read(65_536) { bytes += piece }
                continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    /// The next bytes as they come; `nil` at the end.
    private func read(_ limit: Int) -> [UInt8]? {
        let piece = [UInt8](unsafeUninitializedCapacity: limit) { space, count in
            count = max(0, recv(descriptor, space.baseAddress, limit, 0))
        }
        return piece.isEmpty ? nil : piece
    }
}
