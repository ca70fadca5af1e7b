import CurlHTTP
import EnvSyncModel
import Foundation
import Glibc
import Logging
import ObjectStore
import WebHDFS

/// An open store: where it is, how it is reached, and what jobs call it.
struct StoreConnection: Sendable {
    let location: StoreLocation
    let store: ObjectStore
    /// The name under which objects are published and pushes recorded.
    let user: String
    /// `scheme://authority` for jobs as the configuration tells it; `nil` if only the server can tell.
    let configuredAuthority: String?
    /// `host:port` of the NameNodes; empty for a local directory.
    let servers: [String]
    /// Where a missing setting was found, for `doctor`.
    let explanations: [String]
    /// What is doubtful about how jobs reach the store, for `args` and `doctor`.
    let warnings: [String]

    /// The prefix of all object URIs that jobs get, for example `hdfs://ns1/apps/envsync`, not percent-encoded; `nil`
    /// while nobody told.
    ///
    /// - Parameter known: what the last ref or the state says of the file system.
    func sparkBase(known: String?) -> String? {
        switch location.scheme {
        case .file: "file://" + location.path
        case .hdfs, .webhdfs, .swebhdfs:
            (configuredAuthority ?? store.fileSystem.observedAuthority ?? known).map { $0 + location.path }
        }
    }
}

extension StoreConnection {
    /// What of the process's environment decides how a store is reached.
    struct Environment: Sendable {
        var variables: [String: String]
        var userName: String

        static var current: Environment {
            let variables = ProcessInfo.processInfo.environment
            return Environment(variables: variables, userName: NSUserName())
        }
    }

    /// Opens the store of a workspace. Nothing is sent yet.
    ///
    /// - Throws: ``EnvSyncError`` if the configuration doesn't tell how to reach it.
    static func open(
        _ workspace: Workspace, concurrency: Int, environment: Environment = .current,
        logger: Logger
    ) throws(EnvSyncError) -> StoreConnection {
        let configuration = workspace.configuration.store
        let location = workspace.storeLocation
        let user = configuration.user ?? environment.variables["HADOOP_USER_NAME"] ?? environment.userName
        if location.scheme == .file {
            return StoreConnection(
                location: location,
                store: ObjectStore(
                    fileSystem: LocalFileSystem(), root: location.path, sharing: configuration.sharing),
                user: environment.userName, configuredAuthority: nil, servers: [], explanations: [], warnings: [])
        }
        let hadoop = try hadoopConfiguration(environment)
        let (namenodes, explanation) = try endpoints(of: location, hadoop)
        guard hadoop?.authentication ?? "simple" == "simple" else {
            throw EnvSyncError(
                .configuration,
                "the Hadoop configuration in HADOOP_CONF_DIR asks for \(hadoop?.authentication ?? "") authentication",
                reason: "hadoop.security.authentication in core-site.xml",
                suggestion: "this version speaks to clusters with simple authentication only")
        }
        var http = HTTPClientConfiguration()
        http.certificateAuthorityFile = configuration.certificateAuthorities.map(workspace.resolve)
        http.maximumConnectionsPerHost = max(concurrency, 4)
        let httpClient: HTTPClient
        do { httpClient = try HTTPClient(configuration: http) } catch {
            throw EnvSyncError(.system, "libcurl can't be started", reason: "\(error)")
        }
        let client = WebHDFSClient(
            namenodes: namenodes, authentication: .simple(user: user), http: httpClient, logger: logger)
        let replication = configuration.replication ?? hadoop?["dfs.replication"].flatMap(Int.init) ?? 3
        let authority = try configuredAuthority(configuration, location, namenodes, hadoop)
        return StoreConnection(
            location: location,
            store: ObjectStore(
                fileSystem: WebHDFSFileSystem(client: client, http: httpClient, replication: replication),
                root: location.path, sharing: configuration.sharing),
            user: user, configuredAuthority: authority.value, servers: namenodes.map(\.authority),
            explanations: [explanation, authority.explanation].compactMap { $0 },
            warnings: [authority.warning].compactMap { $0 })
    }

    private static func hadoopConfiguration(_ environment: Environment) throws(EnvSyncError) -> HadoopConfiguration? {
        guard let directory = environment.variables["HADOOP_CONF_DIR"], !directory.isEmpty else { return nil }
        do { return try HadoopConfiguration(directory: directory, environment: environment.variables) } catch {
            throw EnvSyncError(
                .configuration, "cannot read the Hadoop configuration", reason: "\(error)",
                suggestion: "correct HADOOP_CONF_DIR, or unset it")
        }
    }

    private static func endpoints(
        of location: StoreLocation, _ hadoop: HadoopConfiguration?
    ) throws(EnvSyncError) -> ([WebHDFSEndpoint], String?) {
        do {
            switch location.scheme {
            case .webhdfs, .swebhdfs:
                let secure = location.scheme == .swebhdfs
                if let hadoop, hadoop.nameservices.contains(location.authority) {
                    return (
                        hadoop.namenodes(for: location.authority, secure: secure),
                        "NameNodes of \"\(location.authority)\" from HADOOP_CONF_DIR"
                    )
                }
                return ([try WebHDFSEndpoint.parse("\(location.scheme.rawValue)://\(location.authority)")], nil)
            case .hdfs, .file:
                if let hadoop {
                    let namenodes = hadoop.namenodes(for: location.authority)
                    if !namenodes.isEmpty {
                        return (namenodes, "WebHDFS address of \"\(location.authority)\" from HADOOP_CONF_DIR")
                    }
                }
                guard location.authority.contains(".") || location.authority.contains(":") else {
                    throw EnvSyncError(
                        .configuration,
                        "nothing says how to reach the nameservice \"\(location.authority)\" of \(location)",
                        suggestion: "set HADOOP_CONF_DIR to the cluster's configuration, or store.url to "
                            + "\"webhdfs://namenode:9870\(location.path)\" and store.spark-url to \"hdfs://\(location.authority)\""
                    )
                }
                // hdfs:// names the RPC port; without a configuration the HTTP port can only be the default one.
                let host = location.authority.split(separator: ":").first.map(String.init) ?? location.authority
                return (
                    [WebHDFSEndpoint(scheme: .http, host: host)], "WebHDFS assumed at \(host):9870, the default port"
                )
            }
        } catch let error as EnvSyncError { throw error } catch {
            throw EnvSyncError(.configuration, "store.url \(location) is not usable: \(error)")
        }
    }

    private static func configuredAuthority(
        _ configuration: StoreConfiguration, _ location: StoreLocation, _ namenodes: [WebHDFSEndpoint],
        _ hadoop: HadoopConfiguration?
    ) throws(EnvSyncError) -> (value: String?, explanation: String?, warning: String?) {
        if let url = configuration.sparkURL {
            let trimmed = url.hasSuffix("/") ? String(url.dropLast()) : url
            let rest =
                trimmed.hasPrefix("hdfs://")
                ? trimmed.dropFirst(7) : trimmed.hasPrefix("viewfs://") ? trimmed.dropFirst(9) : ""
            guard !rest.isEmpty, !rest.contains(where: { ",#*?[]{}%@/ ".contains($0) }) else {
                throw EnvSyncError(
                    .configuration, "store.spark-url \(QuotedText.visible(url)) is not of the form hdfs://authority",
                    suggestion:
                        "write what fs.defaultFS in the cluster's core-site.xml says, for example \"hdfs://ns1\"")
            }
            return (trimmed, "jobs use \(trimmed), from store.spark-url", nil)
        }
        let defaultFS = hadoop?.defaultFS.flatMap {
            $0.hasPrefix("hdfs://") ? $0.dropFirst(7).prefix { $0 != "/" } : nil
        }
        if location.scheme == .hdfs {
            let authority = "hdfs://\(location.authority)"
            guard let defaultFS, defaultFS.lowercased() != location.authority.lowercased() else {
                return (authority, nil, nil)
            }
            return (
                authority, nil,
                "jobs use \(authority), but fs.defaultFS in HADOOP_CONF_DIR is hdfs://\(defaultFS): YARN copies every "
                    + "object at each submit unless both are the same"
            )
        }
        guard let hadoop, let defaultFS else { return (nil, nil, nil) }
        let authority = "hdfs://\(defaultFS)"
        let known = Set(
            hadoop.namenodes(for: String(defaultFS)).map(\.authority)
                + hadoop.namenodes(for: String(defaultFS), secure: true).map(\.authority))
        // The configuration may be of another cluster; or the store is reached by another name, or through a gateway.
        let isDoubtful = known.isDisjoint(with: namenodes.map(\.authority))
        let warning =
            "jobs use \(authority), from fs.defaultFS in HADOOP_CONF_DIR, whose NameNodes are "
            + "\(known.sorted().joined(separator: ", ")), not \(namenodes.map(\.authority).joined(separator: ", ")); "
            + "if that is another cluster, set store.spark-url"
        return (
            authority, "jobs use \(authority), from fs.defaultFS in HADOOP_CONF_DIR", isDoubtful ? warning : nil
        )
    }
}
