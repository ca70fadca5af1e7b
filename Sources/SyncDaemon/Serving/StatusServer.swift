import EnvSyncModel
import Foundation
import Glibc
import Logging
import Synchronization

/// Serves the status page, `/healthz`, `/readyz` and `/metrics` to this machine: read-only, without a password, and so
/// readable by every user of the machine.
///
/// | | |
/// |---|---|
/// | `/` | all workspaces |
/// | `/workspaces/<index>` | one of them, counted from 0 in the order of ``DaemonStatus/workspaces`` |
/// | `/healthz` | 200 as long as the daemon answers |
/// | `/readyz` | 200 when the files of every workspace were looked at; else 503, and which were not |
/// | `/metrics` | Prometheus's text format |
public final class StatusServer: Sendable {
    private struct Listening {
        var descriptor: Int32
        var port: UInt16
    }

    private let address: LoopbackAddress
    private let control: any DaemonControl
    private let logger: Logger
    private let listening = Mutex<Listening?>(nil)
    /// How long the daemon may take to say what it is doing.
    private static let patience: Duration = .seconds(5)

    /// Makes a server; nothing happens before ``listen()`` or ``run()``.
    ///
    /// - Parameter address: `127.0.0.1:9464`, `localhost:9464` or `[::1]:9464`; port 0 takes a free one.
    /// - Throws: `EnvSyncError` for anything that other machines might reach.
    public init(address: String, control: any DaemonControl, logger: Logger) throws {
        self.address = try LoopbackAddress(address)
        self.control = control
        self.logger = logger
    }

    deinit {
        if let descriptor = listening.withLock({ $0?.descriptor }) { close(descriptor) }
    }

    /// Takes the port: from now on clients can connect, and are answered by ``run()``. Does nothing a second time.
    ///
    /// - Returns: where the page is, for example `http://127.0.0.1:9464`.
    /// - Throws: `EnvSyncError`, for example if the port is taken.
    @discardableResult public func listen() throws -> String {
        let port = try listening.withLock { listening in
            if let listening { return listening.port }
            let (descriptor, port) = try address.listen()
            listening = Listening(descriptor: descriptor, port: port)
            return port
        }
        return "http://\(address.urlHost):\(port)"
    }

    /// Serves until the task is cancelled.
    /// - Throws: what ``listen()`` throws, and `EnvSyncError` if the system gives up the socket.
    public func run() async throws {
        try listen()
        guard let listening = listening.withLock({ $0 }) else { return }
        var limits = HTTPListener.Limits()
        limits.body = 0
        let server = HTTPListener(
            descriptor: listening.descriptor, limits: limits, logger: logger,
            refuse: { Self.guarded(ServedResponse(status: $0.status, text: $0.message)) },
            handler: { Self.guarded(await self.answer($0, port: listening.port)) })
        try await server.run()
    }

    private func answer(_ request: ServedRequest, port: UInt16) async -> ServedResponse {
        guard let host = request.field("host"), address.isNamed(by: host, port: port) else {
            return ServedResponse(status: 421, text: "this server is localhost:\(port), and nothing else")
        }
        guard request.method == "GET" || request.method == "HEAD" else {
            return ServedResponse(
                status: 405, text: "only GET and HEAD are answered here", fields: [("Allow", "GET, HEAD")])
        }
        let control = control
        guard let status = await Self.withinPatience({ await control.status() }) else {
            return ServedResponse(status: 503, text: "the daemon does not answer")
        }
        switch request.path {
        case "/": return page { OverviewPage(status: status, now: $0).document($1) }
        case "/healthz": return ServedResponse(status: 200, text: "ok")
        case "/readyz": return Self.readiness(status)
        case "/metrics":
            let text = Metrics.text(status, process: ProcessFigures.current())
            return ServedResponse(
                status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: Array(text.utf8))
        default: return await workspacePage(request.path, status)
        }
    }

    private func workspacePage(_ path: String, _ status: DaemonStatus) async -> ServedResponse {
        let prefix = "/workspaces/"
        let digits = path.dropFirst(prefix.count)
        guard path.hasPrefix(prefix), (1...6).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let index = Int(digits),
            status.workspaces.indices.contains(index)
        else {
            return page(status: 404) { MissingPage(status: status, now: $0).document($1) }
        }
        let control = control
        let directory = status.workspaces[index].directory
        // What is read for the page may take long; what the daemon knows by heart is shown then.
        let found = await Self.withinPatience { await control.detail(of: directory) } ?? nil
        let detail =
            found
            ?? WorkspaceDetail(status: status.workspaces[index], generations: [], objects: [], pushes: [])
        return page { WorkspacePage(status: status, index: index, detail: detail, now: $0).document($1) }
    }

    private func page(status: Int = 200, _ make: (Double, PageSecurity) -> HTMLDocument) -> ServedResponse {
        let security = PageSecurity()
        let document = make(Date().timeIntervalSince1970, security)
        return ServedResponse(
            status: status, type: "text/html; charset=utf-8", body: Array(document.text.utf8),
            fields: [("Content-Security-Policy", security.policy)])
    }

    /// - Returns: 200 when every workspace's files were looked at.
    static func readiness(_ status: DaemonStatus) -> ServedResponse {
        let waiting = status.workspaces.filter { workspace in
            workspace.phase == .starting || workspace.counters.examinations == 0 && workspace.phase != .blocked
        }
        guard waiting.isEmpty else {
            let names = waiting.map { QuotedText.visible($0.directory) }
            return ServedResponse(status: 503, text: "not looked at yet: " + names.joined(separator: ", "))
        }
        return ServedResponse(status: 200, text: "ready")
    }

    /// Nothing here is for other sites, frames, or caches.
    private static func guarded(_ response: ServedResponse) -> ServedResponse {
        var response = response
        if !response.fields.contains(where: { $0.name == "Content-Security-Policy" }) {
            response.fields.append(("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"))
        }
        response.fields += [
            ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ]
        return response
    }

    /// The work's value; `nil` if it took too long, after which nobody waits for it any more.
    private static func withinPatience<Value: Sendable>(
        _ work: @escaping @Sendable () async -> Value
    ) async -> Value? {
        let (values, continuation) = AsyncStream.makeStream(of: Value?.self)
        let working = Task { continuation.yield(await work()) }
        let timing = Task {
            try await Task.sleep(for: patience)
            continuation.yield(nil)
        }
        defer {
            working.cancel()
            timing.cancel()
        }
        for await value in values { return value }
        return nil
    }
}
