import ArgumentParser
import Dispatch
import EnvSyncModel
import Glibc
import SyncDaemon

/// `envsync daemon run`
struct DaemonRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Serve in the foreground: for systemd and containers.",
        discussion: """
            SIGTERM and SIGINT: what is under way is finished or abandoned safely, within 10 s. SIGHUP: the configuration
            is read again. Being killed at any moment harms nothing.

            The configuration file, all of it optional:
              workspaces = ["~/work/etl", "/srv/reports"]
              auto-lock = true
              quiet-time = 2            # seconds; so are all times
              max-delay = 10
              poll-interval = 5
              check-interval = 300      # how often the store is asked what is published
              [http]
              listen = "127.0.0.1:9464"
              [scrub]
              interval = 3600
              share = 0.05

            EXAMPLE
              envsync daemon run --auto-lock ~/work/etl
              envsync daemon run --config daemon.toml --http 127.0.0.1:9464
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var serve: DaemonServeOptions

    @Option(help: ArgumentHelp("Set by `daemon start`: stdout and stderr are this file.", visibility: .private))
    var logFile: String?

    func run() async throws {
        var overrides = serve.overrides(options)
        overrides.logFile = logFile
        let chosen = overrides
        let level = options.verbose ? DaemonLog.Verbosity.all : options.quiet ? .warnings : .events
        try await CommandRunner.run(options) { _ in
            let logger = DaemonLog(path: chosen.logFile).logger(level)
            let daemon = try Daemon(overrides: chosen, version: EnvSyncVersion.text, logger: logger)
            // On Linux, Dispatch catches the signal itself from here on.
            let hangUp = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
            hangUp.setEventHandler { Task { await daemon.reload() } }
            hangUp.resume()
            defer { hangUp.cancel() }
            // A signal doesn't cancel the daemon, it asks it to stop: what is under way may finish.
            let work = Task { try await daemon.run() }
            try await withTaskCancellationHandler {
                try await work.value
            } onCancel: {
                Task { await daemon.stop() }
            }
        }
    }
}
