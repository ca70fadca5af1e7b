import CurlHTTP
import EnvSyncModel
import Foundation
import Glibc

/// Asks a running daemon over its control socket.
public struct ControlClient: Sendable {
    /// Where the daemon's socket is.
    public let socketPath: String

    /// Makes a client; nothing happens before it asks.
    public init(socketPath: String) { self.socketPath = socketPath }

    /// What the daemon is doing.
    /// - Throws: `EnvSyncError`; ``isNoDaemon(_:)`` tells whether there is nobody to ask.
    public func status() async throws -> DaemonStatus {
        try await ask(.get, "/v1/status", as: DaemonStatus.self)
    }

    /// Makes the daemon read its configuration again.
    /// - Throws: `EnvSyncError`.
    public func reload() async throws -> ReloadOutcome {
        try await ask(.post, "/v1/reload", as: ReloadOutcome.self, patience: .seconds(120))
    }

    /// Asks the daemon to stop; it has begun to when this returns, and its socket goes when it has ended.
    /// - Throws: `EnvSyncError`.
    public func stop() async throws {
        _ = try await ask(.post, "/v1/stop", as: SchemaVersion.self)
    }

    /// Waits until the store has what is on disk now in a workspace.
    ///
    /// - Parameters:
    ///   - directory: as ``WorkspaceStatus/directory`` has it.
    ///   - timeout: how long to wait; `nil` for as long as it takes.
    /// - Returns: the outcome; if time ran out, one whose problem has the code ``WaitRequest/timeoutCode``.
    /// - Throws: `EnvSyncError` if there is no daemon, or it doesn't serve the directory; `CancellationError`.
    public func wait(for directory: String, timeout: Duration? = nil) async throws -> WaitOutcome {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        while true {
            let rest = deadline.map { max(.zero, $0 - .now) } ?? ControlServer.longestWait
            let limit = min(rest, ControlServer.longestWait)
            let body = try JSONEncoder().encode(WaitRequest(directory: directory, timeout: limit / .seconds(1)))
            let outcome = try await ask(
                .post, "/v1/wait", as: WaitOutcome.self, body: Array(body), patience: limit + .seconds(30))
            let isOver = deadline.map { .now >= $0 } ?? false
            guard outcome.problem?.code == WaitRequest.timeoutCode, !isOver else { return outcome }
        }
    }

    /// Whether an error of this client says that no daemon answers.
    public static func isNoDaemon(_ error: any Error) -> Bool {
        guard let error = error as? EnvSyncError else { return false }
        return error.code == .system && error.message.hasPrefix(noDaemon)
    }

    private static let noDaemon = "no daemon answers at "

    private func ask<Document: Decodable>(
        _ method: HTTPMethod, _ path: String, as type: Document.Type, body: [UInt8] = [],
        patience: Duration = .seconds(30)
    ) async throws -> Document {
        try ControlSocket.checkLength(socketPath)
        try checkOwner()
        var configuration = HTTPClientConfiguration()
        configuration.unixSocketPath = socketPath
        configuration.stallTimeout = patience
        let client = try HTTPClient(configuration: configuration)
        defer { client.shutdown() }
        let response: HTTPResponse
        do {
            response = try await client.send(
                HTTPRequest(
                    method, url: "http://localhost" + path,
                    headers: body.isEmpty ? [:] : ["Content-Type": "application/json"],
                    body: body.isEmpty ? nil : .bytes(body), responseLimit: 16 << 20, isRepeatable: method == .get))
        } catch let error as HTTPTransferError {
            throw failure(of: error, patience: patience)
        }
        return try decode(type, response)
    }

    /// A socket of somebody else is not to be told anything, nor believed.
    private func checkOwner() throws {
        var status = stat()
        guard lstat(socketPath, &status) == 0 else {
            guard errno != ENOENT, errno != ENOTDIR else { throw noDaemon("there is no such socket") }
            throw noDaemon(String(cString: strerror(errno)))
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw EnvSyncError(
                .system, "the control socket belongs to user \(status.st_uid): \(socketPath)",
                suggestion: "name your own daemon's socket with --socket")
        }
    }

    private func noDaemon(_ reason: String) -> EnvSyncError {
        EnvSyncError(.system, Self.noDaemon + socketPath, reason: reason, suggestion: "envsync daemon start")
    }

    private func failure(of error: HTTPTransferError, patience: Duration) -> EnvSyncError {
        switch error.code {
        case .couldNotConnect, .couldNotResolve, .connectTimedOut:
            return noDaemon(error.message)
        case .stalled:
            return EnvSyncError(
                .system, "the daemon at \(socketPath) did not answer within \(patience.inWords)",
                suggestion: "envsync daemon logs")
        case .connectionLost:
            return EnvSyncError(
                .system, "the daemon at \(socketPath) ended before it answered", reason: error.message,
                suggestion: "envsync daemon logs")
        default:
            return EnvSyncError(
                .system, "the daemon at \(socketPath) can't be asked", reason: error.message,
                suggestion: "envsync daemon logs")
        }
    }

    private func decode<Document: Decodable>(_ type: Document.Type, _ response: HTTPResponse) throws -> Document {
        let data = Data(response.body)
        let decoder = JSONDecoder()
        guard response.isSuccess else {
            guard let failure = try? decoder.decode(ControlFailure.Document.self, from: data).error else {
                throw EnvSyncError(
                    .system, "the daemon at \(socketPath) refused", reason: "HTTP status \(response.status)")
            }
            throw EnvSyncError(
                .init(rawValue: failure.code == "request" ? "system" : failure.code), failure.message,
                reason: failure.reason, suggestion: failure.suggestion)
        }
        do {
            return try decoder.decode(type, from: data)
        } catch {
            let version = try? decoder.decode(SchemaVersion.self, from: data).schemaVersion
            let reason = version.map { $0 == 1 ? nil : "its answers have schemaVersion \($0)" } ?? nil
            throw EnvSyncError(
                .system, "the answer of the daemon at \(socketPath) can't be read", reason: reason ?? "\(error)",
                suggestion: "restart the daemon, so that it is the version of envsync that asks")
        }
    }
}
