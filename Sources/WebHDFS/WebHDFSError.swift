import CurlHTTP

/// A WebHDFS operation that failed, in terms of the file system where the server said enough to tell.
public struct WebHDFSError: Error, Sendable {
    /// What retrying can do about an error.
    public enum Disposition: Sendable, Hashable {
        /// The same server may succeed later.
        case retry
        /// Another NameNode may succeed now.
        case failOver
        /// Asking again gives the same answer.
        case final
    }

    /// Which server gave the answer, or none.
    public enum Leg: Sendable, Hashable {
        /// The NameNode, or the HttpFS server or gateway in its place.
        case namenode
        /// The server that the NameNode redirected to.
        case datanode
    }

    /// What went wrong.
    public var code: Code
    /// The WebHDFS operation, such as `CREATE`.
    public var operation: String
    /// The HDFS path the operation was about.
    public var path: String
    /// The short name of the server's Java exception, such as `AccessControlException`.
    public var exception: String?
    /// The server's message in one line, without secrets and stack trace; or this client's words if the server sent none.
    public var serverMessage: String?
    /// `host:port` of the server that failed.
    public var endpoint: String?
    /// The HTTP status, if there was an answer. It says little: WebHDFS answers 403 to every kind of IOException.
    public var status: Int?
    /// Whether the NameNode or a DataNode failed.
    public var leg: Leg
    /// Why there was no usable HTTP answer, if that is what happened.
    public var underlying: HTTPTransferError?
    /// How many times the operation was tried before this error was given to the caller.
    public var attempts: Int
    /// Whether trying again may help. The client has done so already, within its ``RetryPolicy``.
    public var disposition: Disposition

    /// An error from its parts; `disposition` is that of the code unless one is given.
    public init(
        _ code: Code,
        operation: String,
        path: String,
        exception: String? = nil,
        serverMessage: String? = nil,
        endpoint: String? = nil,
        status: Int? = nil,
        leg: Leg = .namenode,
        underlying: HTTPTransferError? = nil,
        attempts: Int = 1,
        disposition: Disposition? = nil
    ) {
        self.code = code
        self.operation = operation
        self.path = path
        self.exception = exception
        self.serverMessage = serverMessage
        self.endpoint = endpoint
        self.status = status
        self.leg = leg
        self.underlying = underlying
        self.attempts = attempts
        self.disposition = disposition ?? code.disposition
    }
}

extension WebHDFSError: CustomStringConvertible {
    /// One line: operation, path, code, the server's words and where they came from. Holds no secret.
    public var description: String {
        var text = "\(operation) \(path): \(code.summary)"
        if let serverMessage {
            text += ": " + (exception.map { "\($0): " } ?? "") + serverMessage
        } else if let exception {
            text += ": \(exception)"
        }
        if let underlying { text += ": \(underlying.message)" }
        var details: [String] = []
        if let endpoint { details.append("\(leg == .datanode ? "DataNode" : "NameNode") \(endpoint)") }
        if let status { details.append("HTTP \(status)") }
        if attempts > 1 { details.append("\(attempts) attempts") }
        return details.isEmpty ? text : "\(text) (\(details.joined(separator: ", ")))"
    }
}
