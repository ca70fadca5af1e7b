/// A request's URL and header fields after the checks that libcurl doesn't make: it takes C strings, and would end them
/// at a NUL and send a line break as it is.
struct RequestFields: Sendable {
    /// The header lines in libcurl's notation: `Name: value`, `Name;` for an empty value, `Name:` to send none.
    let lines: [String]
    /// Scheme, host and port as written: what ``HTTPClientConfiguration/maximumConnectionsPerHost`` counts by.
    let host: String

    /// - Throws: ``HTTPTransferError`` with the code `invalidRequest`.
    init(_ request: HTTPRequest) throws(HTTPTransferError) {
        func invalid(_ message: String) -> HTTPTransferError {
            HTTPTransferError(
                code: .invalidRequest, message: message,
                url: URLRedaction.redacted(request.url, wholeQuery: request.isSensitive))
        }
        let url = request.url
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw invalid("the URL holds a space, a control character or a character outside of ASCII")
        }
        guard let scheme = url.firstIndex(of: ":"), url[scheme...].hasPrefix("://"),
            ["http", "https"].contains(url[..<scheme].lowercased())
        else {
            throw invalid("only http and https URLs are supported")
        }
        let authority = url.index(scheme, offsetBy: 3)
        let end = url[authority...].firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? url.endIndex
        host = url[..<end].lowercased()
        if let body = request.body, body.length < 0 { throw invalid("the body's length is negative") }

        var lines: [String] = []
        for (name, value) in request.headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte) else {
                throw invalid("a header field's name is not a token")
            }
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw invalid("the value of the header field \(name) holds a control character")
            }
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        if request.headers["Expect"] == nil { lines.append("Expect:") }
        self.lines = lines
    }

    /// The characters of a token (RFC 9110, 5.6.2).
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
