import ArgumentParser
import EnvSyncModel
import SyncEngine

/// `envsync status`
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what is mapped where, what is published, how big, and when.",
        discussion: """
            EXAMPLE
              envsync status
              envsync status --offline --json
            """)

    @OptionGroup var options: GlobalOptions

    @Flag(help: "Don't ask the store; show what this workspace remembers.")
    var offline = false

    func run() async throws {
        let offline = offline
        try await CommandRunner.run(options) { context in
            let report = try await context.engine().status(offline: offline)
            try context.output.result(Document(report), text: Self.text(report))
        }
    }

    private static func text(_ report: StatusReport) -> String {
        var lines = ["environment  \(report.environment)", "store        \(report.store)"]
        let total = report.rows.reduce(0) { $0 + $1.artifact.size }
        lines.append(
            "locked       \(report.id.short), \(Human.count(report.rows.count, "artifact")), \(Human.bytes(total))")
        if let ref = report.ref {
            let same = ref.generation.id == report.id ? "as locked" : "not as locked: run envsync push"
            lines.append(
                "published    generation \(ref.generation.number), \(ref.generation.id.short), \(Human.time(ref.publishedAt)) by \(ref.publishedBy) (\(same))"
            )
        } else if report.isOnline {
            lines.append("published    never")
        } else if let seen = report.lastSeen {
            lines.append(
                "last seen    generation \(seen.generation), \(seen.id.short), \(Human.time(seen.publishedAt))")
        } else {
            lines.append("last seen    nothing")
        }
        for difference in report.differences.prefix(10) {
            lines.append("local        \(difference.kind.rawValue): \(difference.message)")
        }
        if report.differences.count > 10 { lines.append("local        and \(report.differences.count - 10) more") }
        var table = TextTable(header: ["DELIVERY", "LOCAL", "SIZE", "VERIFIED", "IN THE STORE"])
        for row in report.rows {
            let when = row.verifiedAt.map(Human.time) ?? "-"
            let how = row.verification == "size" ? "listed" : row.verification ?? ""
            table.add([
                row.artifact.delivery.rawValue, row.artifact.origin.path, Human.bytes(row.artifact.size),
                row.verification == nil ? "-" : "\(when) (\(how))", Human.storePath(row.storePath, root: report.root),
            ])
        }
        lines += ["", table.text]
        if !report.pushes.isEmpty {
            var pushes = TextTable(header: ["PUSH", "OUTCOME", "OBJECTS", "BYTES", "SECONDS"])
            for push in report.pushes {
                let seconds = push.finishedAt.map { "\(Double($0 - push.startedAt) / 1000)" } ?? "-"
                pushes.add([
                    Human.time(push.startedAt / 1000), push.outcome.rawValue, "\(push.objectsSent)",
                    Human.bytes(push.bytesSent),
                    seconds,
                ])
            }
            lines += ["", pushes.text]
        }
        return lines.joined(separator: "\n")
    }

    private struct Document: Encodable {
        struct Row: Encodable {
            let name: String
            let version: String?
            let delivery: String
            let origin: String
            let sha256: String
            let size: Int64
            let storePath: String
            let verification: String?
            let verifiedAt: Int64?
        }

        struct Published: Encodable {
            let generation: Int
            let id: String
            let publishedAt: Int64
            let publishedBy: String?
        }

        let schemaVersion = 1
        let environment: String
        let store: String
        let id: String
        let published: Published?
        let isPublishedAsLocked: Bool
        let artifacts: [Row]
        let localChanges: [String]

        init(_ report: StatusReport) {
            environment = report.environment.text
            store = report.store
            id = report.id.hex
            let ref = report.ref.map {
                Published(
                    generation: $0.generation.number, id: $0.generation.id.hex, publishedAt: $0.publishedAt,
                    publishedBy: $0.publishedBy)
            }
            let seen = report.isOnline ? nil : report.lastSeen
            published =
                ref
                ?? seen.map {
                    Published(generation: $0.generation, id: $0.id.hex, publishedAt: $0.publishedAt, publishedBy: nil)
                }
            isPublishedAsLocked = published?.id == report.id.hex
            artifacts = report.rows.map {
                Row(
                    name: $0.artifact.name, version: $0.artifact.version, delivery: $0.artifact.delivery.rawValue,
                    origin: $0.artifact.origin.path, sha256: $0.artifact.digest.hex, size: $0.artifact.size,
                    storePath: $0.storePath, verification: $0.verification, verifiedAt: $0.verifiedAt)
            }
            localChanges = report.differences.map(\.message)
        }
    }
}
