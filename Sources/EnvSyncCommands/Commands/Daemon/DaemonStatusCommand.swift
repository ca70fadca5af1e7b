import ArgumentParser
import EnvSyncModel
import SyncDaemon

/// `envsync daemon status`
struct DaemonStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what the daemon serves, and what it is doing.",
        discussion: """
            Exit code 2 if no daemon is running.

            EXAMPLE
              envsync daemon status --json
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var socket: SocketOptions

    func run() async throws {
        let client = socket.client
        try await CommandRunner.run(options) { context in
            let status = try await client.status()
            try context.output.result(Document(status), text: Self.text(status))
        }
    }

    /// The daemon's own document.
    struct Document: Encodable {
        let status: DaemonStatus

        init(_ status: DaemonStatus) { self.status = status }

        func encode(to encoder: any Encoder) throws { try status.encode(to: encoder) }
    }

    static func text(_ status: DaemonStatus) -> String {
        var lines = [
            "daemon       envsync \(status.version), process \(status.processID), since "
                + Human.time(Int64(status.startedAt))
        ]
        if let file = status.configurationFile { lines.append("config       \(QuotedText.shown(file))") }
        if let http = status.http { lines.append("status page  \(http)") }
        guard !status.workspaces.isEmpty else {
            return (lines + ["no workspace is served; name one in daemon.toml, then envsync daemon reload"])
                .joined(separator: "\n")
        }
        var table = TextTable(header: ["WORKSPACE", "ENVIRONMENT", "STATE", "GENERATION", "PUBLISHED", "LAG"])
        for workspace in status.workspaces {
            table.add([
                QuotedText.shown(workspace.directory), workspace.environment ?? "-", state(workspace),
                workspace.generation.map { "\($0.number)" } ?? "-",
                workspace.generation.map { Human.time(Int64($0.publishedAt)) } ?? "never",
                workspace.counters.lag.last.map { "\(($0 * 10).rounded() / 10) s" } ?? "-",
            ])
        }
        lines += ["", table.text]
        for workspace in status.workspaces {
            var notes: [String] = []
            if let problem = workspace.problem {
                notes.append(problem.message)
                if let reason = problem.reason { notes.append("  reason:  \(reason)") }
                if let suggestion = problem.suggestion { notes.append("  try:     \(suggestion)") }
                if let next = workspace.nextAttemptAt { notes.append("  next try: \(Human.time(Int64(next)))") }
            }
            for drift in workspace.drift.prefix(10) { notes.append("drift [\(drift.code)]: \(drift.message)") }
            if let message = workspace.watchMessage { notes.append("polling: \(message)") }
            guard !notes.isEmpty else { continue }
            lines += ["", QuotedText.shown(workspace.directory)] + notes.map { "  " + $0 }
        }
        return lines.joined(separator: "\n")
    }

    private static func state(_ workspace: WorkspaceStatus) -> String {
        if let progress = workspace.progress, workspace.phase == .pushing {
            return "pushing \(progress.objectsDone)/\(progress.objects)"
        }
        if workspace.phase == .idle { return workspace.isInSync ? "in sync" : "drift" }
        return workspace.phase.rawValue
    }
}
