import EnvSyncModel
import Foundation
import Logging
import Synchronization

/// Answers `envsync daemon status`, `wait`, `reload` and `stop` over a Unix-domain socket: HTTP/1.1 and JSON.
///
/// | | |
/// |---|---|
/// | `GET /v1/status` | ``DaemonStatus`` |
/// | `POST /v1/wait` with ``WaitRequest`` | ``WaitOutcome``, as soon as there is one |
/// | `POST /v1/reload` | ``ReloadOutcome`` |
/// | `POST /v1/stop` | `{"schemaVersion": 1}` |
///
/// Anything else is answered by ``ControlFailure``.
public final class ControlServer: Sendable {
    /// The longest that a request to wait is kept; a client that wants to wait longer asks again.
    public static let longestWait: Duration = .seconds(600)

    /// Where the socket is.
    public let socketPath: String
    private let control: any DaemonControl
    private let logger: Logger
    private let listener = Mutex<ControlListener?>(nil)
    private let waits = Mutex(0)
    private static let connections = 256

    /// Makes a server; nothing happens before ``listen()`` or ``run()``.
    ///
    /// - Parameter socketPath: absolute, at most ``ControlSocket/maximumPathLength`` bytes.
    public init(socketPath: String, control: any DaemonControl, logger: Logger) {
        self.socketPath = socketPath
        self.control = control
        self.logger = logger
    }

    /// Makes the socket: from now on clients can connect, and are answered by ``run()``. Does nothing a second time.
    ///
    /// Its directory is made with mode 0700 if it is missing; the socket has mode 0600 from the beginning. The socket of
    /// a daemon that is gone is replaced.
    /// - Throws: `EnvSyncError` if a daemon answers there already, if the path is too long, or if the directory belongs
    ///   to somebody else or can be written by others.
    public func listen() throws {
        try listener.withLock { listener in
            if listener == nil { listener = try ControlListener(path: socketPath) }
        }
    }

    /// Serves until the task is cancelled; then answers what it was asked, removes the socket, and returns.
    /// - Throws: what ``listen()`` throws, and `EnvSyncError` if the system gives up the socket.
    public func run() async throws {
        try listen()
        guard let listener = listener.withLock({ $0 }) else { return }
        defer { self.listener.withLock { $0 = nil } }
        var limits = HTTPListener.Limits()
        limits.connections = Self.connections
        let server = HTTPListener(
            descriptor: listener.descriptor, limits: limits, logger: logger,
            refuse: { ControlFailure(status: $0.status, code: "request", message: $0.message).response },
            handler: { await self.answer($0) })
        try await server.run()
        // The socket lives until here.
        withExtendedLifetime(listener) {}
    }

    private func answer(_ request: ServedRequest) async -> ServedResponse {
        do {
            switch request.path {
            case "/v1/status":
                try Self.expect("GET", request)
                return try Self.document(await control.status())
            case "/v1/wait":
                try Self.expect("POST", request)
                return try Self.document(
                    try await wait(WaitRequest(body: request.body), clientLeft: request.clientLeft))
            case "/v1/reload":
                try Self.expect("POST", request)
                return try Self.document(await control.reload())
            case "/v1/stop":
                try Self.expect("POST", request)
                await control.stop()
                return try Self.document(["schemaVersion": 1])
            default:
                throw ControlFailure(status: 404, code: "request", message: "there is no \(request.path)")
            }
        } catch let failure as ControlFailure {
            return failure.response
        } catch {
            return ControlFailure(status: 500, code: "system", message: "\(error)").response
        }
    }

    private func wait(
        _ request: WaitRequest, clientLeft: @escaping @Sendable () async -> Void
    ) async throws -> WaitOutcome {
        let status = await control.status()
        let physical = DirectoryNames.physical(request.directory)
        guard
            status.workspaces.contains(where: {
                $0.directory == request.directory || DirectoryNames.physical($0.directory) == physical
            })
        else {
            throw ControlFailure(
                status: 404, code: "configuration", message: "the daemon doesn't serve \(request.directory)",
                reason: status.workspaces.isEmpty
                    ? "it serves no workspace"
                    : "it serves " + status.workspaces.map(\.directory).joined(separator: ", "),
                suggestion: "add it to the daemon's configuration, then envsync daemon reload")
        }
        // Some connections are kept for those who don't wait.
        let hasPlace = waits.withLock { waits in
            guard waits < Self.connections / 2 else { return false }
            waits += 1
            return true
        }
        guard hasPlace else {
            throw ControlFailure(status: 503, code: "system", message: "too many are waiting already")
        }
        defer { waits.withLock { $0 -= 1 } }
        let limit = min(request.timeout.map { .seconds($0) } ?? Self.longestWait, Self.longestWait)
        let outcome = await withTaskGroup(of: WaitOutcome?.self) { group in
            group.addTask { [control] in await control.wait(for: request.directory) }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            group.addTask {
                await clientLeft()
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        if let outcome { return outcome }
        return WaitOutcome(
            isInSync: false,
            problem: .init(
                code: WaitRequest.timeoutCode, message: "not in sync within \(limit.inWords)",
                suggestion: "envsync daemon status", since: Date().timeIntervalSince1970))
    }

    private static func expect(_ method: String, _ request: ServedRequest) throws {
        guard request.method == method else {
            throw ControlFailure(
                status: 405, code: "request", message: "\(request.path) takes \(method), not \(request.method)",
                allow: method)
        }
    }

    private static func document(_ value: some Encodable) throws -> ServedResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ServedResponse(
            status: 200, type: "application/json", body: Array(try encoder.encode(value)),
            fields: [("Cache-Control", "no-store")])
    }
}
