import ArgumentParser
import EnvSyncModel
import SyncDaemon
import SyncEngine

/// `envsync daemon`
struct DaemonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon", abstract: "Keep workspaces in sync with the store while people work.",
        discussion: """
            It watches what `lock` reads, and pushes a few seconds after the last change: a wheel is built, a source
            saved, a lockfile resolved again. It goes through the same engine as `envsync push`, and never works against
            one that is typed by hand.

            EXAMPLE
              envsync daemon start ~/work/etl --auto-lock
              envsync daemon status
              envsync daemon wait ~/work/etl && spark-submit $(envsync args nightly)
              envsync daemon stop
            """,
        subcommands: [
            DaemonRunCommand.self, DaemonStartCommand.self, DaemonStopCommand.self, DaemonStatusCommand.self,
            DaemonReloadCommand.self, DaemonWaitCommand.self, DaemonLogsCommand.self,
        ])
}

/// Which daemon is asked.
struct SocketOptions: ParsableArguments {
    @Option(help: "The daemon's control socket. (default: envsync/daemon.sock in XDG_RUNTIME_DIR)")
    var socket: String?

    var path: String { socket.map(Workspace.absolutePath) ?? DaemonPaths.current.socket }

    var client: ControlClient { ControlClient(socketPath: path) }
}

/// How the daemon works; the same for `run` and `start`.
struct DaemonServeOptions: ParsableArguments {
    @Argument(help: "Workspaces, besides those of the configuration file. (default: the current one, without a file)")
    var workspaces: [String] = []

    @Option(help: "The configuration file. (default: envsync/daemon.toml in XDG_CONFIG_HOME)")
    var config: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Write envsync.lock when sources changed. (default: push what is locked, and only tell what changed)")
    var autoLock: Bool?

    @Option(help: "A change is dealt with after so many seconds without another. (default: 2)")
    var quietTime: Double?

    @Option(help: "… and at the latest so many seconds after the first, unless a file is being written. (default: 10)")
    var maxDelay: Double?

    @Option(help: "Look at files every so many seconds where the kernel tells of no changes. (default: 5)")
    var poll: Double?

    @Option(
        help:
            "Compare a share of the published objects with the server's checksums every so many seconds; 0: never. (default: 3600)"
    )
    var scrubInterval: Double?

    @Option(help: "That share, from 0 to 1. (default: 0.05)")
    var scrubShare: Double?

    @Option(help: "Serve a status page, /metrics, /healthz and /readyz at this loopback address, as 127.0.0.1:9464.")
    var http: String?

    @OptionGroup var socket: SocketOptions

    func validate() throws {
        func check(_ name: String, _ value: Double?, _ range: ClosedRange<Double>) throws {
            guard let value, !range.contains(value) else { return }
            throw ValidationError("--\(name) takes a number from \(range.lowerBound) to \(range.upperBound).")
        }
        try check("quiet-time", quietTime, 0.1...3600)
        try check("max-delay", maxDelay, 0.1...86400)
        try check("poll", poll, 0.1...86400)
        try check("scrub-interval", scrubInterval, 0...31_536_000)
        try check("scrub-share", scrubShare, 0...1)
    }

    func overrides(_ options: GlobalOptions) -> DaemonOverrides {
        func duration(_ seconds: Double?) -> Duration? { seconds.map { .milliseconds(Int64($0 * 1000)) } }
        var overrides = DaemonOverrides()
        overrides.workspaces = workspaces.map(Workspace.absolutePath)
        overrides.configurationFile = config.map(Workspace.absolutePath)
        overrides.autoLock = autoLock
        overrides.quietTime = duration(quietTime)
        overrides.maxDelay = duration(maxDelay)
        overrides.pollInterval = duration(poll)
        overrides.scrubInterval = duration(scrubInterval)
        overrides.scrubShare = scrubShare
        overrides.http = http
        overrides.socketPath = socket.path
        overrides.fallback = Workspace.absolutePath(options.directory)
        return overrides
    }

    /// The same options for a process that runs the daemon, with absolute paths.
    func words(_ options: GlobalOptions) -> [String] {
        var words: [String] = []
        func add(_ name: String, _ value: (some CustomStringConvertible)?) {
            if let value { words += ["--\(name)", "\(value)"] }
        }
        add("directory", Workspace.absolutePath(options.directory))
        add("config", config.map(Workspace.absolutePath))
        if let autoLock { words.append(autoLock ? "--auto-lock" : "--no-auto-lock") }
        add("quiet-time", quietTime)
        add("max-delay", maxDelay)
        add("poll", poll)
        add("scrub-interval", scrubInterval)
        add("scrub-share", scrubShare)
        add("http", http)
        add("socket", socket.path)
        if options.verbose { words.append("--verbose") }
        if options.quiet { words.append("--quiet") }
        return words + ["--"] + workspaces.map(Workspace.absolutePath)
    }
}
