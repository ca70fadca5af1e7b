/// Who the client is to the NameNode. DataNodes never get credentials; the redirect carries what they need.
public enum WebHDFSAuthentication: Sendable, Hashable {
    /// The user's name is believed (`user.name`). `nil` sends no name, and the server takes its default.
    case simple(user: String?)
    /// SPNEGO with the process's Kerberos ticket.
    case kerberos
    /// A delegation token, which a NameNode issued before.
    case delegationToken(String)
}

extension WebHDFSAuthentication: CustomStringConvertible, CustomDebugStringConvertible {
    /// The kind and the user; never the token.
    public var description: String {
        switch self {
        case .simple(let user): "simple(\(user ?? "no user"))"
        case .kerberos: "kerberos"
        case .delegationToken: "delegationToken(REDACTED)"
        }
    }

    /// The same as ``description``.
    public var debugDescription: String { description }
}

/// Settings of a ``WebHDFSClient`` besides its servers and its user.
public struct WebHDFSConfiguration: Sendable, Hashable {
    /// How often and how long to try.
    public var retryPolicy: RetryPolicy
    /// The greatest number of bytes a directory listing may have; 256 MiB by default.
    public var listingLimit: Int
    /// Listings of more entries than this make the client use LISTSTATUS_BATCH from then on, if the server has it;
    /// 5000 by default.
    public var batchListingThreshold: Int
    /// Whether an https server may redirect to an http one. Off by default: the redirect carries a token.
    public var allowsInsecureRedirects: Bool

    /// Settings; the defaults are those of the properties.
    public init(
        retryPolicy: RetryPolicy = .default,
        listingLimit: Int = 256 << 20,
        batchListingThreshold: Int = 5000,
        allowsInsecureRedirects: Bool = false
    ) {
        self.retryPolicy = retryPolicy
        self.listingLimit = listingLimit
        self.batchListingThreshold = batchListingThreshold
        self.allowsInsecureRedirects = allowsInsecureRedirects
    }
}
