extension HadoopConfiguration {
    /// `fs.defaultFS`, or `fs.default.name` as it was called before Hadoop 2.
    public var defaultFS: String? { self["fs.defaultFS"] ?? self["fs.default.name"] }

    /// The logical names of `dfs.nameservices`.
    public var nameservices: [String] { list("dfs.nameservices") }

    /// Whether WebHDFS is served over TLS only (`dfs.http.policy`).
    public var usesHTTPSOnly: Bool { self["dfs.http.policy"]?.uppercased() == "HTTPS_ONLY" }

    /// `simple` or `kerberos` (`hadoop.security.authentication`).
    public var authentication: String { self["hadoop.security.authentication"]?.lowercased() ?? "simple" }

    /// The NameNodes' WebHDFS addresses for the authority of an `hdfs://` URI.
    ///
    /// A logical name gives the address of each of its NameNodes, in the order of `dfs.ha.namenodes.<name>`
    /// (DFSUtilClient.getHaNnWebHdfsAddresses). A `host:port` gives one: `dfs.namenode.http-address` if that or the RPC
    /// address is about this host, else the host with Hadoop 3's default port.
    ///
    /// - Parameters:
    ///   - authority: `name`, `host` or `host:port`, as in `hdfs://authority/…`.
    ///   - secure: whether to look for https addresses; by default what `dfs.http.policy` says.
    /// - Returns: the endpoints in the order to try them; empty if the authority is malformed or a logical name has no
    ///   address.
    public func namenodes(for authority: String, secure: Bool? = nil) -> [WebHDFSEndpoint] {
        let scheme: WebHDFSEndpoint.Scheme = secure ?? usesHTTPSOnly ? .https : .http
        if nameservices.contains(authority) {
            let ids = list("dfs.ha.namenodes.\(authority)")
            let suffixes = ids.isEmpty ? [".\(authority)"] : ids.map { ".\(authority).\($0)" }
            return suffixes.compactMap { address(suffix: $0, scheme: scheme, host: nil) }
        }
        guard let (host, _) = HTTPURL.splitAuthority(authority[...]) else { return [] }
        // With nameservices the keys have a suffix; the one whose RPC address is this authority counts.
        let suffixes =
            [""]
            + nameservices.flatMap { name -> [String] in
                let ids = list("dfs.ha.namenodes.\(name)")
                return ids.isEmpty ? [".\(name)"] : ids.map { ".\(name).\($0)" }
            }
        for suffix in suffixes where isRPCAddress(authority, suffix: suffix) {
            if let endpoint = address(suffix: suffix, scheme: scheme, host: host) { return [endpoint] }
        }
        return [WebHDFSEndpoint(scheme: scheme, host: host)]
    }

    /// Whether a NameNode's RPC address, as the configuration tells it, is this authority.
    private func isRPCAddress(_ authority: String, suffix: String) -> Bool {
        if let rpc = self["dfs.namenode.rpc-address\(suffix)"] { return rpc.lowercased() == authority.lowercased() }
        guard suffix.isEmpty, let defaultFS, let separator = defaultFS.firstRange(of: "://") else {
            return suffix.isEmpty
        }
        let named = defaultFS[separator.upperBound...].prefix { $0 != "/" }
        return named.lowercased() == authority.lowercased()
    }

    /// The web address of one NameNode. A wildcard or missing host is that of its RPC address.
    private func address(suffix: String, scheme: WebHDFSEndpoint.Scheme, host: String?) -> WebHDFSEndpoint? {
        let rpcHost = self["dfs.namenode.rpc-address\(suffix)"].flatMap { HTTPURL.splitAuthority($0[...])?.host }
        let known = host ?? rpcHost
        guard let text = self["dfs.namenode.\(scheme.rawValue)-address\(suffix)"] else {
            return known.map { WebHDFSEndpoint(scheme: scheme, host: $0) }
        }
        guard let (written, port) = HTTPURL.splitAuthority(text[...]) else { return nil }
        let isWildcard = ["0.0.0.0", "::", "0:0:0:0:0:0:0:0"].contains(written)
        guard let final = isWildcard ? known : written else { return nil }
        return WebHDFSEndpoint(scheme: scheme, host: final, port: port)
    }
}
