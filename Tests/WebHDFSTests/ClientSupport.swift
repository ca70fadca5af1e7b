import CurlHTTP
import Glibc
import Logging
import Synchronization
import TestServer

@testable import WebHDFS

/// What the tests of the client share.
enum Support {
    /// As many attempts as the default policy, without its pauses.
    static let impatient = RetryPolicy(
        baseDelay: .milliseconds(1), maximumDelay: .milliseconds(2), connectionPatience: .seconds(300),
        safeModePatience: .seconds(300))

    static func client(
        _ servers: TestServer..., policy: RetryPolicy = impatient,
        authentication: WebHDFSAuthentication = .simple(user: "ana"), log: LogRecorder? = nil,
        configure: (inout WebHDFSConfiguration) -> Void = { _ in }
    ) throws -> WebHDFSClient {
        var configuration = WebHDFSConfiguration(retryPolicy: policy)
        configure(&configuration)
        var http = HTTPClientConfiguration()
        http.connectTimeout = .seconds(60)
        var logger = Logger(label: "test") { _ in log ?? LogRecorder() }
        logger.logLevel = .trace
        return WebHDFSClient(
            namenodes: servers.map { WebHDFSEndpoint(host: "127.0.0.1", port: $0.port) },
            authentication: authentication, configuration: configuration, http: try HTTPClient(configuration: http),
            logger: logger)
    }

    static func remoteException(_ name: String, _ message: String = "message") -> String {
        #"{"RemoteException":{"exception":"\#(name)","javaClassName":"x.\#(name)","message":"\#(message)"}}"#
    }

    static func fileStatus(length: Int, id: Int = 7, type: String = "FILE") -> String {
        #"{"FileStatus":{"fileId":\#(id),"length":\#(length),"permission":"644","type":"\#(type)"}}"#
    }

    static let notFound = remoteException("FileNotFoundException", "File does not exist: /x")

    /// Servers that were stopped; as long as they are kept, nobody else gets their ports.
    private static let stopped = Mutex<[TestServer]>([])

    /// A port on which nothing listens.
    static func deadPort() throws -> Int {
        let server = try TestServer { _ in }
        server.stop()
        stopped.withLock { $0.append(server) }
        return server.port
    }
}

extension Exchange {
    /// The operation asked for.
    var operation: String { queryValue("op") ?? "" }

    /// Answers as a NameNode that redirects to a DataNode, keeping path and query as it does.
    func redirect(to server: TestServer, extra: String = "") throws {
        try respond(status: 307, headers: [("Location", "\(server.url)\(target)\(extra)")])
    }
}

/// Keeps everything that is logged, at every level.
final class LogRecorder: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])
    private let level = Mutex(Logger.Level.trace)
    private let fields = Mutex<Logger.Metadata>([:])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    var logLevel: Logger.Level {
        get { level.withLock { $0 } }
        set { level.withLock { $0 = newValue } }
    }

    var metadata: Logger.Metadata {
        get { fields.withLock { $0 } }
        set { fields.withLock { $0 = newValue } }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { fields.withLock { $0[key] } }
        set { fields.withLock { $0[key] = newValue } }
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
}

/// Sees what is uploaded, and when it starts over.
final class Observer: UploadObserver {
    private let state = Mutex<(bytes: [UInt8], rewinds: Int)>(([], 0))

    var bytes: [UInt8] { state.withLock { $0.bytes } }
    var rewinds: Int { state.withLock { $0.rewinds } }

    func uploadRewound() { state.withLock { $0 = ([], $0.rewinds + 1) } }
    func uploadRead(_ bytes: UnsafeRawBufferPointer) {
        let piece = Array(bytes)
        state.withLock { $0.bytes += piece }
    }
}

/// A counter for handlers that answer differently each time.
final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    /// The number of earlier calls.
    func next() -> Int { value.add(1, ordering: .relaxed).oldValue }
    var count: Int { value.load(ordering: .relaxed) }
}
