/// The settings of an ``HTTPClient``.
public struct HTTPClientConfiguration: Sendable, Hashable {
    /// The time that resolving the name, connecting and the TLS handshake may take together, 10 s by default.
    public var connectTimeout: Duration = .seconds(10)
    /// The time that a connected transfer may go without sending or receiving a byte, 60 s by default. Waiting for the
    /// answer after the body was sent counts; there is no limit on a transfer's whole time. Waiting for one of the
    /// ``maximumConnectionsPerHost`` to become free does not count.
    public var stallTimeout: Duration = .seconds(60)
    /// A PEM file with the certificate authorities to trust instead of the system's.
    public var certificateAuthorityFile: String?
    /// How many requests to one scheme, host and port are in flight at once, 32 by default; others wait for their turn.
    public var maximumConnectionsPerHost: Int = 32
    /// The `User-Agent` field, `envsync` by default.
    public var userAgent: String = "envsync"
    /// The piece of an upload that is read and handed to the kernel at a time, in bytes; 512 KiB by default, 16 KiB to
    /// 2 MiB. Each concurrent upload of a larger body holds one such buffer.
    public var uploadBufferSize: Int = 512 << 10
    /// Whether proxies are taken from the environment as libcurl does it, from `http_proxy`, `https_proxy` or
    /// `all_proxy` unless `no_proxy` names the server (https://everything.curl.dev/usingcurl/proxies/env.html); true by
    /// default. With false there is no proxy.
    public var usesEnvironmentProxies: Bool = true
    /// A Unix-domain stream socket to which every connection is made, whatever the URL's host and port, which then only
    /// go into the `Host` field; no proxy is used. A path of at most 107 bytes on Linux (unix(7)).
    public var unixSocketPath: String?

    /// The defaults.
    public init() {}
}
