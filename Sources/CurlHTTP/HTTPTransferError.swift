/// Why no answer came, or why it could not be taken. An answer with an error status is no error of this kind.
public struct HTTPTransferError: Error, Sendable {
    /// What went wrong, as a value that can be compared; more may come.
    public struct Code: Sendable, Hashable, RawRepresentable {
        /// The code's name, as it is declared here.
        public let rawValue: String

        /// Makes a code from its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The request itself is malformed: its URL, scheme or a header field. Nothing was sent.
        public static let invalidRequest = Code(rawValue: "invalidRequest")
        /// The name of the server or the proxy has no address.
        public static let couldNotResolve = Code(rawValue: "couldNotResolve")
        /// The connection was refused, or there is no route.
        public static let couldNotConnect = Code(rawValue: "couldNotConnect")
        /// ``HTTPClientConfiguration/connectTimeout`` passed.
        public static let connectTimedOut = Code(rawValue: "connectTimedOut")
        /// No byte moved for ``HTTPClientConfiguration/stallTimeout``.
        public static let stalled = Code(rawValue: "stalled")
        /// The TLS handshake failed, or the server's certificate is not trusted.
        public static let tlsFailed = Code(rawValue: "tlsFailed")
        /// The proxy refused the connection.
        public static let proxyFailed = Code(rawValue: "proxyFailed")
        /// SPNEGO could not be done on this side, for example for want of a ticket.
        public static let authenticationFailed = Code(rawValue: "authenticationFailed")
        /// The connection ended before the answer was complete.
        public static let connectionLost = Code(rawValue: "connectionLost")
        /// The answer is no HTTP/1.
        public static let invalidResponse = Code(rawValue: "invalidResponse")
        /// The body is longer than ``HTTPRequest/responseLimit``.
        public static let responseTooLarge = Code(rawValue: "responseTooLarge")
        /// The file to upload ended before the declared length.
        public static let bodyChanged = Code(rawValue: "bodyChanged")
        /// The file to upload could not be read.
        public static let bodyUnreadable = Code(rawValue: "bodyUnreadable")
        /// A download's sink threw; ``HTTPTransferError/cause`` is what it threw.
        public static let sinkFailed = Code(rawValue: "sinkFailed")
        /// The client was shut down.
        public static let clientShutDown = Code(rawValue: "clientShutDown")
        /// Anything else; ``HTTPTransferError/curlCode`` tells more.
        public static let other = Code(rawValue: "other")
    }

    /// What went wrong.
    public let code: Code
    /// Why, in libcurl's or the system's words, without secrets.
    public let message: String
    /// The URL without user information and without the values of secret query items; see ``URLRedaction``.
    public let url: String
    /// libcurl's `CURLcode`, 0 if libcurl saw no error.
    public let curlCode: Int32
    /// How many bytes of the body had been sent.
    public let bytesSent: Int64
    /// The error of the caller's own code that ended the transfer, if that is what happened.
    public let cause: (any Error)?

    /// Makes an error, for tests and stand-ins.
    public init(
        code: Code, message: String, url: String, curlCode: Int32 = 0, bytesSent: Int64 = 0, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.url = url
        self.curlCode = curlCode
        self.bytesSent = bytesSent
        self.cause = cause
    }
}

extension HTTPTransferError: CustomStringConvertible {
    /// The message and the redacted URL in one line.
    public var description: String { "\(message) (\(code.rawValue), \(url))" }
}
