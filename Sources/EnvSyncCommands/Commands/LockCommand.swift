import ArgumentParser
import EnvSyncModel
import SyncEngine

/// `envsync lock`
struct LockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Look at all local files and write envsync.lock.",
        discussion: """
            The lock lists every artifact with its SHA-256 and how it travels. It is byte-identical when nothing changed;
            commit it. Wheels that environment.lockfile asks for are taken from wheelhouses and from the caches of pip
            and uv by their SHA-256; what is nowhere is fetched by pip, after showing the command.

            EXAMPLE
              envsync lock
              envsync lock --offline         # never gets a wheel from an index
              envsync lock --check           # 1 if the lock is older than its sources; for CI
            """)

    @OptionGroup var options: GlobalOptions

    @Flag(help: "Write nothing; exit with 1 if the lock is stale.")
    var check = false

    @Flag(help: "Fetch nothing: every wheel must be on this machine.")
    var offline = false

    func run() async throws {
        let check = check
        var lock = LockOptions()
        lock.checkOnly = check
        lock.offline = offline
        let chosen = lock
        try await CommandRunner.run(options) { context in
            let result = try await context.engine().lock(chosen)
            try context.output.result(Document(result), text: text(result, check))
            if check, result.wasStale { throw ExitCode(1) }
        }
    }

    private func text(_ result: LockResult, _ check: Bool) -> String {
        let artifacts = result.lock.artifacts
        let summary =
            "\(Human.count(artifacts.count, "artifact")), \(Human.bytes(artifacts.reduce(0) { $0 + $1.size })), "
            + "environment \(result.lock.manifest.id.short)"
        guard result.wasStale else { return "\(Workspace.lockFileName) is up to date: \(summary)" }
        let changes = result.differences.prefix(20).map { "  \($0.kind.rawValue): \($0.message)\n" }.joined()
        let more = result.differences.count > 20 ? "  and \(result.differences.count - 20) more\n" : ""
        return changes + more
            + (check
                ? "\(Workspace.lockFileName) is older than its sources" : "wrote \(Workspace.lockFileName): \(summary)")
    }

    private struct Document: Encodable {
        struct Change: Encodable {
            let kind: String
            let origin: String
            let message: String
        }

        let schemaVersion = 1
        let environment: String
        let id: String
        let artifacts: Int
        let bytes: Int64
        let changed: Bool
        let changes: [Change]
        let bytesRead: Int64

        init(_ result: LockResult) {
            environment = result.lock.environment.text
            id = result.lock.manifest.id.hex
            artifacts = result.lock.artifacts.count
            bytes = result.lock.artifacts.reduce(0) { $0 + $1.size }
            changed = result.wasStale
            changes = result.differences.map {
                Change(kind: $0.kind.rawValue, origin: $0.origin.path, message: $0.message)
            }
            bytesRead = result.bytesRead
        }
    }
}
