import ArgumentParser
import EnvSyncModel
import Foundation
import SyncEngine
import SyncState

/// `envsync push`
struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Send what the store lacks of the lock, and publish it as a new generation.",
        discussion: """
            Objects are staged, verified by the server's own checksum and renamed into place; the generation is
            published last. An interrupted push publishes nothing, and the next one sends only what is still missing.

            EXAMPLE
              envsync push
              envsync push --lock            # lock first
              envsync push --repair          # look at every object; send again what is missing or damaged
            """)

    @OptionGroup var options: GlobalOptions

    @Flag(help: "Write envsync.lock first, in place of refusing a stale one.")
    var lock = false

    @Flag(help: "With --lock: fetch no wheels.")
    var offline = false

    @Flag(help: "Look at every object, and send again what is missing or damaged.")
    var repair = false

    @Flag(help: "With --repair: download every object and hash it, to find also what a disk has damaged.")
    var readBack = false

    @Flag(name: [.customShort("n"), .long], help: "Tell what would be sent; send nothing.")
    var dryRun = false

    @Option(name: .shortAndLong, help: "Uploads under way at once (1 to 256).")
    var jobs = 16

    func validate() throws {
        guard (1...256).contains(jobs) else { throw ValidationError("--jobs takes a number from 1 to 256.") }
        if readBack && !repair { throw ValidationError("--read-back goes with --repair.") }
        if offline && !lock { throw ValidationError("--offline goes with --lock.") }
        if lock && dryRun { throw ValidationError("--lock writes the lock; it doesn't go with --dry-run.") }
    }

    func run() async throws {
        var push = PushOptions()
        push.lockFirst = lock
        push.offline = offline
        push.repair = repair
        push.readBack = readBack
        push.dryRun = dryRun
        push.concurrency = jobs
        let chosen = push
        try await CommandRunner.run(options) { context in
            let engine = try context.engine()
            let start = ContinuousClock.now
            let result = try await engine.push(chosen)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            try context.output.result(
                Document(result, engine.workspace, seconds, isDryRun: chosen.dryRun),
                text: text(result, engine.workspace, seconds))
        }
    }

    private func text(_ result: PushResult, _ workspace: Workspace, _ seconds: Double) -> String {
        let name = "\"\(workspace.configuration.environment)\""
        let size = "\(Human.count(result.objects, "object")), \(Human.bytes(result.bytes))"
        let sent = "\(result.objectsSent) of \(Human.count(result.objects, "object")), \(Human.bytes(result.bytesSent))"
        let repaired = result.objectsRepaired > 0 ? ", \(result.objectsRepaired) of them damaged before" : ""
        if dryRun { return "would send \(sent)\(repaired), to \(workspace.storeLocation)" }
        let time = "in \((seconds * 100).rounded() / 100) s"
        guard result.published, let generation = result.generation else {
            let number = result.generation.map { "generation \($0.number)" } ?? "the store"
            if result.objectsSent > 0 { return "repaired \(number) of \(name): sent \(sent)\(repaired), \(time)" }
            return
                "up to date: \(number) of \(name) is this environment, \(result.id.short) (\(size))\(publisher(result))"
        }
        var text =
            "published generation \(generation.number) of \(name), \(result.id.short): sent \(sent)\(repaired), \(time)"
        if let later = result.supersededBy {
            text +=
                "\ngeneration \(later.number), \(later.id.short), was published by somebody else meanwhile and is the newest"
        }
        return text
    }

    /// Who has done it already, where that may be a surprise.
    private func publisher(_ result: PushResult) -> String {
        guard let push = result.publishedBefore, let end = push.finishedAt else { return "" }
        let who: String
        switch push.origin {
        case .daemon: who = "the daemon"
        case .rollback: who = "a rollback"
        default:
            guard result.waitedFor != nil else { return "" }
            who = "another push"
        }
        let age = Date().timeIntervalSince1970 - Double(end) / 1000
        return "; \(who) published it \(Human.ago(age))"
    }

    private struct Document: Encodable {
        let schemaVersion = 1
        let environment: String
        let store: String
        let id: String
        let generation: Int?
        let supersededBy: Int?
        let published: Bool
        /// Who published the generation: `push`, `daemon` or `rollback`; nothing if it wasn't this workspace.
        let origin: String?
        /// Who was waited for.
        let waitedFor: String?
        let dryRun: Bool
        let objects: Int
        let bytes: Int64
        let objectsSent: Int
        let bytesSent: Int64
        let objectsRepaired: Int
        let requests: Int
        let seconds: Double

        init(_ result: PushResult, _ workspace: Workspace, _ seconds: Double, isDryRun: Bool) {
            environment = workspace.configuration.environment.text
            store = workspace.storeLocation.description
            id = result.id.hex
            generation = result.generation?.number
            supersededBy = result.supersededBy?.number
            published = result.published
            origin = result.published ? PushRecord.Origin.push.rawValue : result.publishedBefore?.origin.rawValue
            waitedFor = result.waitedFor?.rawValue
            dryRun = isDryRun
            objects = result.objects
            bytes = result.bytes
            objectsSent = result.objectsSent
            bytesSent = result.bytesSent
            objectsRepaired = result.objectsRepaired
            requests = result.requests
            self.seconds = seconds
        }
    }
}
