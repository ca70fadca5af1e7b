/// The HTTP address of one NameNode, HttpFS server or gateway that speaks WebHDFS.
public struct WebHDFSEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// The protocol spoken to the endpoint.
    public enum Scheme: String, Sendable, Hashable {
        /// Plain HTTP, written `webhdfs://` in a store URL.
        case http
        /// HTTP over TLS, written `swebhdfs://` in a store URL.
        case https

        /// The NameNode's default port in Hadoop 3 (hdfs-default.xml, `dfs.namenode.http-address`, `…https-address`).
        public var defaultPort: Int {
            switch self {
            case .http: 9870
            case .https: 9871
            }
        }
    }

    /// What is wrong with the text of an endpoint.
    public struct ParseError: Error, Sendable, Equatable, CustomStringConvertible {
        /// The text that is no endpoint.
        public let text: String
        /// What is wrong with it.
        public let reason: String

        /// Both in a sentence.
        public var description: String { "\"\(text)\" is no WebHDFS endpoint: \(reason)" }
    }

    /// The protocol.
    public var scheme: Scheme
    /// Host name or address; an IPv6 address without its brackets.
    public var host: String
    /// TCP port.
    public var port: Int
    /// What comes before the file path in a URL. A gateway such as Knox has a longer one.
    public var basePath: String

    /// An endpoint from its parts.
    public init(scheme: Scheme = .http, host: String, port: Int? = nil, basePath: String = "/webhdfs/v1") {
        self.scheme = scheme
        self.host = host
        self.port = port ?? scheme.defaultPort
        self.basePath = basePath
    }

    /// Reads `webhdfs://host[:port]`, `swebhdfs://…`, `http://…` or `https://…`; what follows the authority is ignored.
    ///
    /// Without a port it is the one of Hadoop 3.
    ///
    /// - Throws: ``ParseError``.
    public static func parse(_ text: String) throws -> WebHDFSEndpoint {
        func fail(_ reason: String) -> ParseError { ParseError(text: Redaction.redact(text), reason: reason) }
        guard let separator = text.firstRange(of: "://") else { throw fail("it has no scheme") }
        let scheme: Scheme
        switch text[..<separator.lowerBound].lowercased() {
        case "webhdfs", "http": scheme = .http
        case "swebhdfs", "https": scheme = .https
        default: throw fail("its scheme is not webhdfs or swebhdfs")
        }
        let authority = text[separator.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let (host, port) = HTTPURL.splitAuthority(authority) else { throw fail("its host or port is malformed") }
        return WebHDFSEndpoint(scheme: scheme, host: host, port: port)
    }

    /// `host:port`, with brackets around an IPv6 address.
    public var authority: String { HTTPURL.authority(host: host, port: port) }

    /// `scheme://host:port`.
    public var origin: String { "\(scheme.rawValue)://\(authority)" }

    /// The same as ``origin``.
    public var description: String { origin }
}

/// The parts of an absolute http or https URL that redirects are judged by.
struct HTTPURL: Equatable, Sendable {
    var scheme: WebHDFSEndpoint.Scheme
    var host: String
    var port: Int
    /// Path and query as they were written, starting with `/`.
    var target: String

    /// `host:port` as WebHDFS wants it in `excludedatanodes`.
    var authority: String { Self.authority(host: host, port: port) }

    /// Whether the URL leads to the same server as `endpoint`.
    func isSameOrigin(as endpoint: WebHDFSEndpoint) -> Bool {
        scheme == endpoint.scheme && host.lowercased() == endpoint.host.lowercased() && port == endpoint.port
    }

    static func authority(host: String, port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Splits `host`, `host:port`, `[v6]` or `[v6]:port`; `nil` for an empty or odd host, user information or a bad port.
    static func splitAuthority(_ authority: Substring) -> (host: String, port: Int?)? {
        let host: Substring
        var rest: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            rest = authority[authority.index(after: end)...]
            guard host.contains(":"), host.utf8.allSatisfy(isAddressByte) else { return nil }
        } else {
            host = authority.prefix { $0 != ":" }
            rest = authority[host.endIndex...]
            guard !host.isEmpty, host.utf8.allSatisfy(isHostByte) else { return nil }
        }
        if rest.isEmpty { return (String(host), nil) }
        guard rest.removeFirst() == ":", rest.utf8.allSatisfy(isDigit), let port = Int(rest), (1...65535).contains(port)
        else { return nil }
        return (String(host), port)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        PercentEncoding.hexValue(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    /// Letters, digits, `-`, `.` and `_`; the last one is no host name by RFC 952, but clusters have it.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"),
            UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default:
            isDigit(byte)
        }
    }
}
