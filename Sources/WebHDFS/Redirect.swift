import CurlHTTP

/// What to do with the first answer of an operation that WebHDFS does in two legs.
enum RedirectDecision: Equatable, Sendable {
    /// The data or the result is in this answer already, as HttpFS does it.
    case complete
    /// The operation goes on at this URL.
    case follow(HTTPURL)
    /// The answer must not be followed; the text says why, without secrets.
    case refuse(String)

    /// What the second leg is for; it decides which answers without a redirect are possible.
    enum Purpose: Sendable {
        /// CREATE: an answer must lead on, because the first leg carries no data.
        case upload
        /// OPEN: an answer may be the data itself. JSON in it is content and never a redirect, as `noredirect` is
        /// not asked for.
        case download
        /// GETFILECHECKSUM: an answer is the result or a redirect.
        case result
    }

    /// Decides about an answer of `endpoint` that is no error.
    ///
    /// NameNodes answer 307 with a Location; with `noredirect` (HDFS-7766, HDFS-14063) or behind a gateway also 200
    /// with `{"Location":…}`. Only 307 and 308 keep the method, so no other redirect is followed: it would be a login
    /// page.
    static func decide(
        _ response: HTTPResponse, for purpose: Purpose, from endpoint: WebHDFSEndpoint,
        allowsInsecureRedirects: Bool = false
    ) -> RedirectDecision {
        let location: String
        switch response.status {
        case 307, 308:
            guard let value = response.headers["Location"] else {
                return .refuse("redirect without a Location")
            }
            location = value
        case 200..<300:
            switch purpose {
            case .download: return .complete
            case .upload, .result:
                if let value = try? ResponseBodies.location(response.body) {
                    location = value
                } else if purpose == .result {
                    return .complete
                } else {
                    return .refuse("the answer to CREATE is no redirect (HTTP \(response.status))")
                }
            }
        default:
            return .refuse("HTTP \(response.status) is no redirect that WebHDFS uses")
        }
        return resolve(location, from: endpoint, allowsInsecureRedirects: allowsInsecureRedirects)
    }

    /// Judges a Location. Its text never appears in the refusal, because it may carry a token.
    static func resolve(
        _ location: String, from endpoint: WebHDFSEndpoint, allowsInsecureRedirects: Bool
    ) -> RedirectDecision {
        guard location.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return .refuse("the redirect's URL has characters that no URL has")
        }
        let withoutFragment = location.prefix { $0 != "#" }
        if withoutFragment.hasPrefix("/"), !withoutFragment.hasPrefix("//") {
            return .follow(
                HTTPURL(
                    scheme: endpoint.scheme, host: endpoint.host, port: endpoint.port, target: String(withoutFragment)))
        }
        guard let separator = withoutFragment.firstRange(of: "://") else {
            return .refuse("the redirect's URL is relative")
        }
        let scheme: WebHDFSEndpoint.Scheme
        switch withoutFragment[..<separator.lowerBound].lowercased() {
        case "http": scheme = .http
        case "https": scheme = .https
        default: return .refuse("the redirect leads to a protocol other than http and https")
        }
        if endpoint.scheme == .https, scheme == .http, !allowsInsecureRedirects {
            return .refuse("the redirect leads from https to http")
        }
        let afterScheme = withoutFragment[separator.upperBound...]
        let authority = afterScheme.prefix { $0 != "/" && $0 != "?" }
        guard let (host, port) = HTTPURL.splitAuthority(authority) else {
            return .refuse("the redirect's host or port is malformed")
        }
        let target = afterScheme[authority.endIndex...]
        return .follow(
            HTTPURL(
                scheme: scheme, host: host, port: port ?? (scheme == .http ? 80 : 443),
                target: target.hasPrefix("/") ? String(target) : "/" + target))
    }
}

extension HTTPURL {
    /// The URL as text. It may carry a token, so it must reach nothing but the request.
    var text: String { "\(scheme.rawValue)://\(authority)\(target)" }
}
