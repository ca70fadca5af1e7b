import ArgumentParser
import EnvSyncModel
import SyncEngine

/// `envsync check`
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Compare sources, lock, local files and the store; exit with 1 on drift.",
        discussion: """
            It needs the checkout and the store, and no state from earlier runs.

            EXAMPLE
              envsync check
              envsync check --remote-only    # in CI, where the wheels aren't kept
              envsync check --deep           # compare the server's checksum of every object; downloads none of them
            """)

    @OptionGroup var options: GlobalOptions

    @Flag(help: "What is not there locally is not drift.")
    var remoteOnly = false

    @Flag(
        help: """
            Compare the server's checksum of every object, without downloading. It doesn't see what a disk has damaged
            behind HDFS's back.
            """)
    var deep = false

    @Flag(help: "Download every object and hash it: finds also what a disk has damaged behind HDFS's back.")
    var readBack = false

    @Option(name: .shortAndLong, help: "Requests under way at once (1 to 256).")
    var jobs = 32

    func validate() throws {
        guard (1...256).contains(jobs) else { throw ValidationError("--jobs takes a number from 1 to 256.") }
    }

    func run() async throws {
        var check = CheckOptions()
        check.remoteOnly = remoteOnly
        check.deep = deep
        check.readBack = readBack
        check.concurrency = jobs
        let chosen = check
        try await CommandRunner.run(options) { context in
            let engine = try context.engine()
            let result = try await engine.check(chosen)
            try context.output.result(Document(result, engine.workspace), text: Self.text(result, engine.workspace))
            if !result.findings.isEmpty { throw ExitCode(1) }
        }
    }

    private static func text(_ result: CheckResult, _ workspace: Workspace) -> String {
        let name = "\"\(workspace.configuration.environment)\""
        guard !result.findings.isEmpty else {
            let generation = result.generation.map { "generation \($0.number), " } ?? ""
            return
                "in sync: \(name) is \(generation)\(result.id.short), \(Human.count(result.objects, "object")) in \(workspace.storeLocation)"
        }
        var table = TextTable(header: ["DRIFT", "WHAT", "HOW"])
        var suggestions: [String] = []
        for finding in result.findings {
            let what = Human.storePath(finding.subject, root: workspace.storeLocation.path)
            table.add([finding.code.rawValue, what, finding.message])
            if !suggestions.contains(finding.suggestion) { suggestions.append(finding.suggestion) }
        }
        let tries = suggestions.prefix(5).map { "\ntry: \($0)" }.joined()
        return table.text + "\n\n\(Human.count(result.findings.count, "difference")) found" + tries
    }

    private struct Document: Encodable {
        struct Finding: Encodable {
            let code: String
            let subject: String
            let message: String
            let suggestion: String
        }

        let schemaVersion = 1
        let environment: String
        let store: String
        let id: String
        let generation: Int?
        let inSync: Bool
        let objects: Int
        let findings: [Finding]
        let requests: Int
        let notCompared: Int
        let bytesReceived: Int64

        init(_ result: CheckResult, _ workspace: Workspace) {
            environment = workspace.configuration.environment.text
            store = workspace.storeLocation.description
            id = result.id.hex
            generation = result.generation?.number
            inSync = result.findings.isEmpty
            objects = result.objects
            findings = result.findings.map {
                Finding(code: $0.code.rawValue, subject: $0.subject, message: $0.message, suggestion: $0.suggestion)
            }
            requests = result.requests
            notCompared = result.notCompared
            bytesReceived = result.bytesReceived
        }
    }
}
