import CurlHTTP
import Logging
import Synchronization

/// A client of HDFS's REST interface (WebHDFS, HttpFS and gateways in front of them).
///
/// Every operation is retried within the ``WebHDFSConfiguration/retryPolicy`` when that can help, moves on to the next
/// NameNode when the one asked is on standby or gone, and remembers the one that answered. When a reply to an operation
/// that can't be repeated is lost, the client looks at the file system to learn what happened.
///
/// Paths are absolute, without `.`, `..` and empty components, and not percent-encoded. Every operation throws
/// ``WebHDFSError``, and `CancellationError` when its task is cancelled.
public final class WebHDFSClient: Sendable {
    /// The NameNodes in the order they are tried.
    public let namenodes: [WebHDFSEndpoint]
    /// Who the client is.
    public let authentication: WebHDFSAuthentication
    /// Retries and limits.
    public let configuration: WebHDFSConfiguration

    let http: HTTPClient
    let logger: Logger
    let state = Mutex(State())

    /// What the client learns about its servers.
    struct State {
        /// Index of the NameNode that is asked first.
        var active = 0
        /// Whether LISTSTATUS_BATCH is used.
        var batchListing = BatchListing.untried
    }

    /// What is known about LISTSTATUS_BATCH, which Hadoop has since 2.9.
    enum BatchListing {
        /// No large listing was seen yet, so there is nothing to gain.
        case untried
        /// Large listings occur; the next one tries it.
        case wanted
        /// The server has it.
        case available
        /// The server does not have it.
        case unavailable
    }

    /// A client.
    ///
    /// - Parameters:
    ///   - namenodes: one endpoint, or those of all NameNodes of a nameservice.
    ///   - authentication: who the client is; by default nobody in particular.
    ///   - configuration: retries and limits.
    ///   - http: the HTTP client, which may serve others too; its ``CurlHTTP/HTTPClient/statistics`` count the requests.
    ///   - logger: gets each request and retry at debug level, without secrets.
    public init(
        namenodes: [WebHDFSEndpoint],
        authentication: WebHDFSAuthentication = .simple(user: nil),
        configuration: WebHDFSConfiguration = .init(),
        http: HTTPClient,
        logger: Logger = Logger(label: "webhdfs", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.namenodes = namenodes
        self.authentication = authentication
        self.configuration = configuration
        self.http = http
        self.logger = logger
    }

    /// The NameNode that is asked next.
    public var activeNamenode: WebHDFSEndpoint? {
        let index = state.withLock { $0.active }
        return namenodes.indices.contains(index) ? namenodes[index] : nil
    }
}

/// An operation on a path, as it goes into the URL of the first leg.
struct Operation: Sendable {
    var name: String
    var method: HTTPMethod
    var path: String
    /// Whether asking twice does what asking once does. libcurl sends a request again by itself when a kept-alive
    /// connection turns out to be closed; for these, we want to look first.
    var isRepeatable: Bool { name != "RENAME" && name != "DELETE" }
    var query: [(name: String, value: String)] = []
    /// The greatest number of bytes the answer may have.
    var responseLimit = 1 << 20

    /// Why HDFS would not take the path, or `nil`.
    ///
    /// `//`, `.` and `..` are refused here, because servers and proxies between normalise them differently.
    static func problem(withPath path: String) -> String? {
        if path == "/" { return nil }
        guard path.hasPrefix("/") else { return "the path is not absolute" }
        for component in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            if component.isEmpty { return "the path has an empty component" }
            if component == "." || component == ".." { return "the path has a component \(component)" }
        }
        return path.utf8.contains(0) ? "the path has a NUL character" : nil
    }
}

extension WebHDFSClient {
    /// One attempt at an operation.
    struct Attempt {
        var endpoint: WebHDFSEndpoint
        /// Counted from 1.
        var number: Int
        /// DataNodes that failed in earlier attempts.
        var excludedDataNodes: [String]
        /// Whether an earlier attempt may have been carried out.
        var mayHaveHappened: Bool
        /// Why the attempt before failed.
        var lastError: WebHDFSError?
    }

    /// Runs attempts until one succeeds, an error is final, or the policy gives up.
    func withRetries<Result>(
        _ operation: Operation, _ body: (Attempt) async throws -> Result
    ) async throws -> Result {
        if let problem = Operation.problem(withPath: operation.path) {
            throw WebHDFSError(
                .invalidPath, operation: operation.name, path: operation.path, serverMessage: problem)
        }
        guard !namenodes.isEmpty else {
            throw WebHDFSError(
                .illegalArgument, operation: operation.name, path: operation.path,
                serverMessage: "no NameNode is configured")
        }
        let clock = ContinuousClock()
        var history = RetryHistory()
        var lastEnd = clock.now
        var lastError: WebHDFSError?
        while true {
            let index = state.withLock { $0.active }
            let start = clock.now
            let attempt = Attempt(
                endpoint: namenodes[index], number: history.failures + 1, excludedDataNodes: history.excludedDataNodes,
                mayHaveHappened: history.mayHaveHappened, lastError: lastError)
            do {
                return try await body(attempt)
            } catch var error as WebHDFSError {
                let end = clock.now
                history.record(error, duration: start.duration(to: end), pause: lastEnd.duration(to: start))
                lastEnd = end
                error.attempts = history.failures
                lastError = error
                let decision = RetryDecision.decide(
                    error, history: history, policy: configuration.retryPolicy, namenodes: namenodes.count,
                    random: Double.random(in: 0..<1))
                log(error, decision)
                switch decision {
                case .giveUp: throw error
                case .retry(let pause): try await Task.sleep(for: pause)
                case .failOver(let pause):
                    history.failOvers += 1
                    moveOn(from: index)
                    try await Task.sleep(for: pause)
                }
            }
        }
    }

    /// Makes the next NameNode the active one, unless a concurrent operation has done so.
    private func moveOn(from index: Int) {
        state.withLock { state in
            if state.active == index { state.active = (index + 1) % namenodes.count }
        }
    }

    private func log(_ error: WebHDFSError, _ decision: RetryDecision) {
        guard logger.logLevel <= .debug, decision != .giveUp else { return }
        logger.debug(
            "webhdfs retry",
            metadata: [
                "op": "\(error.operation)", "path": "\(error.path)", "error": "\(error)", "decision": "\(decision)",
            ])
    }
}
