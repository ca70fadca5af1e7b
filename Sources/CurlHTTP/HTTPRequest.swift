/// The request methods that WebHDFS and similar REST services need.
public enum HTTPMethod: String, Sendable {
    case get = "GET"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"
}

/// How a request proves who sends it.
public enum HTTPCredentials: Sendable, Hashable {
    /// Nothing is sent.
    case none
    /// SPNEGO (RFC 4559) with the Kerberos ticket of the process's credential cache.
    case negotiate
}

/// One HTTP request. Redirects are never followed: a 3xx answer is returned like any other.
public struct HTTPRequest: Sendable {
    /// The request method.
    public var method: HTTPMethod
    /// An absolute `http` or `https` URL, already percent-encoded. It is sent as it is; `.` and `..` are not resolved.
    public var url: String
    /// Fields sent besides those that libcurl adds (`Host`, `User-Agent`, `Accept`, `Content-Length`).
    /// `Expect` is not sent unless it is named here.
    public var headers: HTTPHeaders
    /// What to send as the body; nil sends `Content-Length: 0` with `PUT` and `POST` and no body with the others.
    public var body: UploadBody?
    /// The greatest number of body bytes that may be collected into the response, 1 MiB by default. A longer body ends
    /// the transfer with ``HTTPTransferError/Code-swift.struct/responseTooLarge``. Bytes that go to a download's sink do not count.
    public var responseLimit: Int
    /// How to authenticate, `.none` by default.
    public var credentials: HTTPCredentials
    /// Set when the URL carries a secret: no part of its query then appears in an error, and libcurl's own words,
    /// which may quote it, are replaced by the general text for the error code.
    public var isSensitive: Bool
    /// Whether libcurl may send the request a second time by itself, true by default. It does so when a kept-alive
    /// connection is closed before one byte of an answer came: mostly the server had given the connection up, but it may
    /// as well have done what was asked. With false that is a ``HTTPTransferError/Code-swift.struct/connectionLost``,
    /// and the caller can look before it asks again.
    public var isRepeatable: Bool

    /// Makes a request; the defaults are those described at the properties.
    public init(
        _ method: HTTPMethod = .get,
        url: String,
        headers: HTTPHeaders = [:],
        body: UploadBody? = nil,
        responseLimit: Int = 1 << 20,
        credentials: HTTPCredentials = .none,
        isSensitive: Bool = false,
        isRepeatable: Bool = true
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.responseLimit = responseLimit
        self.credentials = credentials
        self.isSensitive = isSensitive
        self.isRepeatable = isRepeatable
    }
}

/// A complete answer of the server, whatever its status.
public struct HTTPResponse: Sendable {
    /// The status code of the final answer; interim (1xx) answers are not seen.
    public var status: Int
    /// The header fields of the final answer.
    public var headers: HTTPHeaders
    /// The body, without transfer encoding; empty if it went to a download's sink.
    public var body: [UInt8]

    /// Makes a response, for tests and stand-ins.
    public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Whether the status is in 200…299.
    public var isSuccess: Bool { (200..<300).contains(status) }

    /// The body read as UTF-8; broken sequences become replacement characters.
    public var text: String { String(decoding: body, as: UTF8.self) }
}
