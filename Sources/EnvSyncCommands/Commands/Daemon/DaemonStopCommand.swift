import ArgumentParser
import EnvSyncModel
import SyncDaemon
import SyncEngine

/// `envsync daemon stop`
struct DaemonStopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop the daemon: what is under way is finished or abandoned safely.",
        discussion: """
            EXAMPLE
              envsync daemon stop
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var socket: SocketOptions

    func run() async throws {
        let client = socket.client
        try await CommandRunner.run(options) { context in
            guard let status = try? await client.status() else {
                try context.output.result(Document(stopped: false, processID: nil), text: "no daemon is running")
                return
            }
            try await client.stop()
            let end = ContinuousClock.now + .seconds(15)
            while BackgroundProcess(id: status.processID).isRunning {
                guard ContinuousClock.now < end else {
                    throw EnvSyncError(
                        .system, "the daemon did not end within 15 s", reason: "process \(status.processID)",
                        suggestion: "kill -9 \(status.processID) harms nothing: the next push goes on from there")
                }
                try await Task.sleep(for: .milliseconds(20))
            }
            try context.output.result(
                Document(stopped: true, processID: status.processID), text: "stopped, process \(status.processID)")
        }
    }

    private struct Document: Encodable {
        let schemaVersion = 1
        let stopped: Bool
        let processID: Int32?
    }
}

/// `envsync daemon reload`
struct DaemonReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Let the daemon read its configuration again, and look at everything.",
        discussion: """
            Workspaces come and go; the others go on. Addresses that it listens on stay until it is started again.

            EXAMPLE
              envsync daemon reload
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var socket: SocketOptions

    func run() async throws {
        let client = socket.client
        try await CommandRunner.run(options) { context in
            let outcome = try await client.reload()
            if let problem = outcome.problem { throw EnvSyncError(problem) }
            let lines =
                outcome.added.map { "serving \(QuotedText.shown($0))" }
                + outcome.removed.map { "no longer serving \(QuotedText.shown($0))" }
            try context.output.result(
                outcome, text: lines.isEmpty ? "read again; the same workspaces" : lines.joined(separator: "\n"))
        }
    }
}

/// `envsync daemon wait`
struct DaemonWaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Return when the store has what is on disk now: for scripts and Makefiles.",
        discussion: """
            Exit code 2 if it can't be published as it is: the daemon's reason is shown.

            EXAMPLE
              envsync daemon wait && spark-submit $(envsync args nightly)
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var socket: SocketOptions

    @Argument(help: "The workspace. (default: the current one)")
    var workspace: String?

    @Option(help: "Give up after so many seconds.")
    var timeout: Double = 600

    func validate() throws {
        guard (0.1...86400).contains(timeout) else { throw ValidationError("--timeout takes 0.1 to 86400 seconds.") }
    }

    func run() async throws {
        let client = socket.client
        let directory = Workspace.absolutePath(workspace ?? options.directory)
        let timeout = Duration.milliseconds(Int64(self.timeout * 1000))
        try await CommandRunner.run(options) { context in
            let outcome = try await client.wait(for: directory, timeout: timeout)
            if let problem = outcome.problem { throw EnvSyncError(problem) }
            guard outcome.isInSync else {
                throw EnvSyncError(.system, "the daemon gave no answer for \(QuotedText.visible(directory))")
            }
            let number = outcome.generation.map { "generation \($0)" } ?? "the store"
            try context.output.result(outcome, text: "in sync: \(number) has what is on disk")
        }
    }
}

extension EnvSyncError {
    /// A problem that the daemon told.
    init(_ problem: WorkspaceStatus.Problem) {
        self.init(
            Code(rawValue: problem.code), problem.message, reason: problem.reason, suggestion: problem.suggestion)
    }
}
