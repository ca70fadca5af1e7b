import ArgumentParser
import EnvSyncModel
import SyncEngine

/// `envsync rollback`
struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Publish the content of an older generation again, as a new one.",
        discussion: """
            History is not rewritten: what is published stays, and jobs that run keep their files. Every
            object is looked for first, and compared with the server's checksum where one is known here;
            what is missing or damaged is sent again if the bytes are here. If one is nowhere, nothing is
            published.

            Neither envsync.lock nor the local files change. Until the lock is that of the older generation
            again, the next push publishes what is locked now; envsync args NAME --at current gives the
            arguments of what is published.

            EXAMPLE
              envsync rollback 7
              envsync rollback published~1 --dry-run
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The generation: 7 or @7, published~1, or 6 or more digits of its id; envsync log shows them.")
    var generation: GenerationSelector

    @Flag(help: "Look at every object and tell what would be done; change nothing.")
    var dryRun = false

    @Flag(help: "Download each object and hash it.")
    var readBack = false

    @Option(name: .shortAndLong, help: "Requests under way at once (1 to 256).")
    var jobs = 16

    func validate() throws {
        guard (1...256).contains(jobs) else { throw ValidationError("--jobs takes a number from 1 to 256.") }
    }

    func run() async throws {
        let generation = generation
        var rollback = RollbackOptions()
        rollback.dryRun = dryRun
        rollback.readBack = readBack
        rollback.concurrency = jobs
        let chosen = rollback
        try await CommandRunner.run(options) { context in
            let engine = try context.engine()
            let result = try await engine.rollback(to: generation, chosen)
            try context.output.result(
                Document(result, engine.workspace, dryRun: chosen.dryRun),
                text: Self.text(result, engine.workspace, dryRun: chosen.dryRun))
        }
    }

    private static func text(_ result: RollbackResult, _ workspace: Workspace, dryRun: Bool) -> String {
        let name = "\"\(workspace.configuration.environment)\""
        let target = "generation \(result.target.number), \(result.target.id.short)"
        guard result.isNeeded else {
            let published = result.previous.map { " is generation \($0.number)" } ?? ""
            return "nothing to do: \(name)\(published), and its content is that of \(target)"
        }
        var lines: [String] = []
        let amount = "\(Human.count(result.objects, "object")), \(Human.bytes(result.bytes))"
        if let generation = result.generation {
            lines.append("published generation \(generation.number) of \(name): the content of \(target), \(amount)")
        } else {
            lines.append("would publish the content of \(target) of \(name) as a new generation: \(amount)")
        }
        if result.objectsSent > 0 {
            lines.append(
                "\(dryRun ? "to be sent" : "sent") again: \(Human.count(result.objectsSent, "object")) that "
                    + "\(result.objectsSent == 1 ? "was" : "were") missing or damaged, \(Human.bytes(result.bytesSent))"
            )
        }
        if result.notCompared > 0 {
            lines.append(
                "\(Human.count(result.notCompared, "object")) could be compared by size only; --read-back compares the bytes"
            )
        }
        if let changes = result.changes, let previous = result.previous {
            let summary = "since generation \(previous.number): \(changes.summary(limit: 0))"
            lines += ["", summary, ChangeTable.text(changes)]
        }
        lines += [""] + advice(result, dryRun: dryRun)
        return lines.joined(separator: "\n")
    }

    private static func advice(_ result: RollbackResult, dryRun: Bool) -> [String] {
        var lines: [String] = []
        for other in result.overtook {
            lines.append(
                "warning: generation \(other.number), \(other.id.short), was published meanwhile and is superseded by this one"
            )
        }
        if let superseded = result.supersededBy {
            lines.append(
                "warning: somebody published generation \(superseded.number), \(superseded.id.short), meanwhile: that is "
                    + "what is published now; envsync log shows it")
        }
        if result.isLocked {
            lines.append("envsync.lock here is this content already")
        } else {
            let locked = result.lockGeneration.map { "still generation \($0)'s" } ?? "another environment"
            let at = result.generation.map { "--at \($0.number)" } ?? "--at current"
            lines.append(
                "envsync.lock here is \(locked): check out the lock of generation \(result.target.number), or run envsync "
                    + "args with \(at); a push would publish what is locked now")
        }
        return lines
    }

    private struct Document: Encodable {
        struct Name: Encodable {
            let generation: Int
            let id: String

            init(_ name: GenerationName) {
                generation = name.number
                id = name.id.hex
            }
        }

        let schemaVersion = 1
        let environment: String
        let store: String
        let dryRun: Bool
        let needed: Bool
        let target: Name
        let previous: Name?
        let published: Name?
        let supersededBy: Name?
        let overtook: [Name]
        let changes: [ChangeDocument]?
        let objects: Int
        let bytes: Int64
        let objectsSent: Int
        let bytesSent: Int64
        let notCompared: Int
        let locked: Bool
        let lockGeneration: Int?
        let requests: Int

        init(_ result: RollbackResult, _ workspace: Workspace, dryRun: Bool) {
            environment = workspace.configuration.environment.text
            store = workspace.storeLocation.description
            self.dryRun = dryRun
            needed = result.isNeeded
            target = Name(result.target)
            previous = result.previous.map(Name.init)
            published = result.generation.map(Name.init)
            supersededBy = result.supersededBy.map(Name.init)
            overtook = result.overtook.map(Name.init)
            changes = result.changes.map { $0.map(ChangeDocument.init) }
            objects = result.objects
            bytes = result.bytes
            objectsSent = result.objectsSent
            bytesSent = result.bytesSent
            notCompared = result.notCompared
            locked = result.isLocked
            lockGeneration = result.lockGeneration
            requests = result.requests
        }
    }
}
