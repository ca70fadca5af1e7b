/// `envsync.toml` as validated values. Paths are as written there; nothing here touches the disk.
public struct WorkspaceConfiguration: Sendable, Hashable {
    /// `[store]`.
    public var store: StoreConfiguration
    /// `environment.name`.
    public var environment: EnvironmentName
    /// `environment.lockfile` and what belongs to it; `nil` if the wheelhouses say what is shipped.
    public var lockfile: LockfileConfiguration?
    /// `environment.target`: what the workers run.
    public var target: TargetConfiguration?
    /// `environment.layer-limit`: wheels of this size or more are a layer of their own, in MiB.
    public var layerLimit: Int
    /// `environment.wheelhouse`: directories of wheels, all of which are shipped; with a lockfile, where its wheels are
    /// looked for.
    public var wheelhouses: [String]
    /// `environment.files`: shipped to every job, opened by their own name.
    public var files: [String]
    /// `environment.py-files`: zips, eggs, modules and pure wheels on every job's Python path.
    public var pyFiles: [String]
    /// `[[source]]`.
    public var sources: [SourceConfiguration]
    /// `[[archive]]`.
    public var archives: [ArchiveConfiguration]
    /// `[jobs.*]`, sorted by name.
    public var jobs: [Job]

    /// Makes a configuration from its parts.
    public init(
        store: StoreConfiguration, environment: EnvironmentName, lockfile: LockfileConfiguration? = nil,
        target: TargetConfiguration? = nil, layerLimit: Int = 2, wheelhouses: [String] = [], files: [String] = [],
        pyFiles: [String] = [], sources: [SourceConfiguration] = [], archives: [ArchiveConfiguration] = [],
        jobs: [Job] = []
    ) {
        self.store = store
        self.environment = environment
        self.lockfile = lockfile
        self.target = target
        self.layerLimit = layerLimit
        self.wheelhouses = wheelhouses
        self.files = files
        self.pyFiles = pyFiles
        self.sources = sources
        self.archives = archives
        self.jobs = jobs.sorted { $0.name < $1.name }
    }

    /// The job of that name.
    public func job(_ name: JobName) -> Job? { jobs.first { $0.name == name } }
}

/// `[store]`.
public struct StoreConfiguration: Sendable, Hashable {
    /// Where the store is; `nil` is the embedded store, `.envsync/store` in the workspace.
    public var location: StoreLocation?
    /// `spark-url`: scheme and authority that jobs use, for example `hdfs://ns1`. `nil`: found out.
    public var sparkURL: String?
    /// Who may write. Default `private`.
    public var sharing: StoreSharing
    /// HDFS replication of objects; `nil` is the server's default.
    public var replication: Int?
    /// The HDFS user for simple authentication; `nil` is `HADOOP_USER_NAME` or the operating system's user.
    public var user: String?
    /// A PEM file of certificate authorities for `swebhdfs`.
    public var certificateAuthorities: String?

    /// Makes a store configuration.
    public init(
        location: StoreLocation? = nil, sparkURL: String? = nil, sharing: StoreSharing = .private,
        replication: Int? = nil, user: String? = nil, certificateAuthorities: String? = nil
    ) {
        self.location = location
        self.sparkURL = sparkURL
        self.sharing = sharing
        self.replication = replication
        self.user = user
        self.certificateAuthorities = certificateAuthorities
    }
}

/// What wheels a Python lockfile asks for.
public struct LockfileConfiguration: Sendable, Hashable {
    /// The user's own tool that gets missing wheels.
    public enum Fetcher: String, Sendable, CaseIterable {
        /// `pip download`.
        case pip
        /// `uv tool run pip download`: a pip that uv brings.
        case uv
    }

    /// The lockfile, as written.
    public var path: String
    /// Extras of the locked project.
    public var extras: [String]
    /// Dependency groups; `nil` is the lockfile's default.
    public var groups: [String]?
    /// What gets missing wheels. Default `pip`.
    public var fetcher: Fetcher

    /// Makes a configuration.
    public init(path: String, extras: [String] = [], groups: [String]? = nil, fetcher: Fetcher = .pip) {
        self.path = path
        self.extras = extras
        self.groups = groups
        self.fetcher = fetcher
    }
}

/// `environment.target`: the Python that the workers run.
public struct TargetConfiguration: Sendable, Hashable, CustomStringConvertible {
    /// `3.11` or `3.11.9`.
    public var python: String
    /// A platform tag (PEP 425), for example `manylinux_2_28_x86_64`.
    public var platform: String
    /// `cp` or `pp`.
    public var implementation: String

    /// Makes a target.
    public init(python: String, platform: String, implementation: String = "cp") {
        self.python = python
        self.platform = platform
        self.implementation = implementation
    }

    /// For example `3.11 cp manylinux_2_28_x86_64`.
    public var description: String { "\(python) \(implementation) \(platform)" }
}

/// One `[[source]]`: a directory of the user's own code.
public struct SourceConfiguration: Sendable, Hashable {
    /// The directory, as written.
    public var path: String
    /// The artifact's name; `nil` is the directory's name.
    public var name: String?
    /// The directory inside the zip. `nil`: the directory's own name if it is a package, else the zip's root.
    public var prefix: String?
    /// Patterns with the syntax of `.gitignore`.
    public var exclude: [String]

    /// Makes a source.
    public init(path: String, name: String? = nil, prefix: String? = nil, exclude: [String] = []) {
        self.path = path
        self.name = name
        self.prefix = prefix
        self.exclude = exclude
    }
}

/// One `[[archive]]`: a packed environment.
public struct ArchiveConfiguration: Sendable, Hashable {
    /// The directory that workers unpack it into.
    public var alias: ArchiveAlias
    /// The file, as written.
    public var path: String
    /// The program and its arguments that make the file anew, in the workspace; empty if somebody else makes it.
    public var command: [String]
    /// The files and directories that it is made of, as written; when they change, ``command`` is run. Empty without one.
    public var inputs: [String]
    /// The environment that envsync itself packs into the file; `nil` if it doesn't. Never with a ``command``.
    public var pack: PackConfiguration?

    /// Makes an archive.
    public init(
        alias: ArchiveAlias, path: String, command: [String] = [], inputs: [String] = [],
        pack: PackConfiguration? = nil
    ) {
        self.alias = alias
        self.path = path
        self.command = command
        self.inputs = inputs
        self.pack = pack
    }

    /// Where the archive of an environment goes that is packed without a `path`: among the local state.
    public static func packedPath(_ alias: ArchiveAlias) -> String { ".envsync/pack/\(alias.text).tar.gz" }
}

/// A named consumer of the environment.
public struct Job: Sendable, Hashable {
    /// Where the driver runs.
    public enum DeployMode: String, Sendable, CaseIterable {
        /// In the process that submits.
        case client
        /// On the cluster.
        case cluster
    }

    /// The job's name.
    public var name: JobName
    /// The main program, as written; `nil` if the caller gives it to `spark-submit`.
    public var main: String?
    /// Arguments for the main program.
    public var arguments: [String]
    /// What runs the job.
    public var master: SparkMaster
    /// Where the driver runs. Default `client`, as `spark-submit` does.
    public var deployMode: DeployMode
    /// Files for this job alone.
    public var files: [String]
    /// Python files for this job alone.
    public var pyFiles: [String]
    /// The aliases of the archives it wants; `nil` is all.
    public var archives: [ArchiveAlias]?
    /// The executors' Python; `nil`: the interpreter in the archive that has one.
    public var python: String?
    /// The driver's Python in client mode; `nil`: left to Spark.
    public var driverPython: String?
    /// Further Spark properties, in the order of their keys.
    public var conf: [String: String]

    /// Makes a job.
    public init(
        name: JobName, main: String? = nil, arguments: [String] = [], master: SparkMaster = .yarn,
        deployMode: DeployMode = .client, files: [String] = [], pyFiles: [String] = [],
        archives: [ArchiveAlias]? = nil, python: String? = nil, driverPython: String? = nil,
        conf: [String: String] = [:]
    ) {
        self.name = name
        self.main = main
        self.arguments = arguments
        self.master = master
        self.deployMode = deployMode
        self.files = files
        self.pyFiles = pyFiles
        self.archives = archives
        self.python = python
        self.driverPython = driverPython
        self.conf = conf
    }
}

/// A `--master` value.
public enum SparkMaster: Sendable, Hashable, CustomStringConvertible {
    /// `local`, `local[4]`, `local[*]`, `local[4,2]`: everything in one JVM.
    case local(String)
    /// `local-cluster[workers,cores,MiB]`: worker processes on this machine; behaves as standalone does.
    case localCluster(String)
    /// `spark://host:port[,host:port…]`.
    case standalone(String)
    /// `k8s://https://host:port`, `k8s://http://host:port` or `k8s://host:port`, which means https.
    case kubernetes(String)
    /// `yarn`.
    case yarn

    /// Parses a `--master` value; `nil` for one that envsync doesn't know.
    public init?(_ text: String) {
        if text == "yarn" {
            self = .yarn
        } else if text.hasPrefix("spark://"), text.utf8.count > 8, Self.isWord(text) {
            self = .standalone(text)
        } else if text.hasPrefix("k8s://"), Self.isAPIServer(text.dropFirst(6)) {
            self = .kubernetes(text)
        } else if text == "local"
            || (text.hasPrefix("local[") && text.hasSuffix("]") && Self.isCount(text.dropFirst(6).dropLast()))
        {
            self = .local(text)
        } else if text.hasPrefix("local-cluster["), text.hasSuffix("]"),
            case let parts = text.dropFirst(14).dropLast().split(separator: ",", omittingEmptySubsequences: false),
            parts.count == 3,
            parts.allSatisfy({ part in Int(part.filter { $0 != " " }).map { $0 > 0 } ?? false })
        {
            self = .localCluster(text)
        } else {
            return nil
        }
    }

    private static func isWord(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
    }

    /// What spark-submit takes for the address of an API server (Spark `Utils.checkAndGetK8sMasterUrl`).
    private static func isAPIServer(_ text: Substring) -> Bool {
        let address = ["https://", "http://"].first(where: text.hasPrefix).map { text.dropFirst($0.count) } ?? text
        let host = address.prefix { $0 != "/" && $0 != ":" }
        return !host.isEmpty && !address.contains("://") && isWord(String(address))
    }

    private static func isCount(_ text: Substring) -> Bool {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        return (1...2).contains(parts.count) && parts.allSatisfy { $0 == "*" || (Int($0).map { $0 > 0 } ?? false) }
    }

    /// The value for `--master`.
    public var description: String {
        switch self {
        case .local(let text), .localCluster(let text), .standalone(let text), .kubernetes(let text): text
        case .yarn: "yarn"
        }
    }
}
