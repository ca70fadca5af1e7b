import EnvSyncModel

/// How the daemon works, from the user's configuration file and the command line.
public struct DaemonSettings: Sendable, Hashable {
    /// The directories that hold `envsync.toml`, absolute, each once.
    public var workspaces: [String]
    /// Write `envsync.lock` when sources changed. If not, what is locked is pushed, and what changed is told.
    public var autoLock: Bool
    /// A change is dealt with when nothing else changed for this long. Default 2 s.
    public var quietTime: Duration
    /// … and at the latest this long after the first change, unless a file is still being written. Default 10 s.
    public var maxDelay: Duration
    /// How often files are looked at where the kernel doesn't tell of changes. Default 5 s.
    public var pollInterval: Duration
    /// How often it is asked what is published. Default 5 min.
    public var checkInterval: Duration
    /// How often published objects are compared with the server's checksums; `nil`: never. Default 1 h.
    public var scrubInterval: Duration?
    /// The share of the objects that is compared each time, 0 to 1. Default 0.05.
    public var scrubShare: Double
    /// The loopback address of the status page, `127.0.0.1:PORT`; `nil`: none.
    public var http: String?
    /// The control socket.
    public var socketPath: String
    /// The configuration file that was read.
    public var configurationFile: String?
    /// Where the daemon writes its log; `nil` is stderr.
    public var logFile: String?

    /// The defaults.
    public init(workspaces: [String] = [], socketPath: String = DaemonPaths.current.socket) {
        self.workspaces = workspaces
        self.socketPath = socketPath
        autoLock = false
        quietTime = .seconds(2)
        maxDelay = .seconds(10)
        pollInterval = .seconds(5)
        checkInterval = .seconds(300)
        scrubInterval = .seconds(3600)
        scrubShare = 0.05
    }
}

/// What the command line says in place of the configuration file.
public struct DaemonOverrides: Sendable, Hashable {
    /// Workspaces, absolute; served besides those of the file.
    public var workspaces: [String] = []
    /// See ``DaemonSettings/autoLock``.
    public var autoLock: Bool?
    /// See ``DaemonSettings/quietTime``.
    public var quietTime: Duration?
    /// See ``DaemonSettings/maxDelay``.
    public var maxDelay: Duration?
    /// See ``DaemonSettings/pollInterval``.
    public var pollInterval: Duration?
    /// See ``DaemonSettings/scrubInterval``; zero is never.
    public var scrubInterval: Duration?
    /// See ``DaemonSettings/scrubShare``.
    public var scrubShare: Double?
    /// See ``DaemonSettings/http``.
    public var http: String?
    /// See ``DaemonSettings/socketPath``.
    public var socketPath: String?
    /// The configuration file; `nil` is the user's own, which need not be there.
    public var configurationFile: String?
    /// See ``DaemonSettings/logFile``.
    public var logFile: String?
    /// The directory served if nothing else is named.
    public var fallback: String?

    /// Nothing.
    public init() {}
}

extension DaemonSettings {
    /// Reads the configuration file and applies the command line.
    ///
    /// - Throws: ``EnvSyncError``.
    public static func load(
        _ overrides: DaemonOverrides, paths: DaemonPaths = .current
    ) throws(EnvSyncError)
        -> DaemonSettings
    {
        var settings = DaemonSettings(socketPath: paths.socket)
        let file = overrides.configurationFile ?? paths.configuration
        let isRequired = overrides.configurationFile != nil
        if try DaemonConfigurationFile.read(file, isRequired: isRequired, home: paths.home, into: &settings) {
            settings.configurationFile = file
        }
        for workspace in overrides.workspaces where !settings.workspaces.contains(workspace) {
            settings.workspaces.append(workspace)
        }
        if settings.workspaces.isEmpty, settings.configurationFile == nil, let fallback = overrides.fallback {
            settings.workspaces = [fallback]
        }
        settings.workspaces = DirectoryNames.distinct(settings.workspaces)
        settings.autoLock = overrides.autoLock ?? settings.autoLock
        settings.quietTime = overrides.quietTime ?? settings.quietTime
        settings.maxDelay = max(overrides.maxDelay ?? settings.maxDelay, settings.quietTime)
        settings.pollInterval = overrides.pollInterval ?? settings.pollInterval
        if let interval = overrides.scrubInterval { settings.scrubInterval = interval == .zero ? nil : interval }
        settings.scrubShare = overrides.scrubShare ?? settings.scrubShare
        settings.http = overrides.http ?? settings.http
        settings.socketPath = overrides.socketPath ?? settings.socketPath
        settings.logFile = overrides.logFile
        return settings
    }
}
