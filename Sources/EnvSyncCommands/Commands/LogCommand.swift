import ArgumentParser
import EnvSyncModel
import SyncEngine

/// `envsync log`
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Show the published generations, newest first, and what each of them changed.",
        discussion: """
            A generation is marked as published if the store's ref names it, which is what other workspaces
            find, and as locked if it holds what envsync.lock here says. Changes are those since the
            generation before: + added, − removed, ~ another version, other content or another delivery.
            Two that were published at the same moment may share a number; the one with the greater id
            counts.

            EXAMPLE
              envsync log
              envsync log -n 3 --oneline
              envsync log --json
            """)

    @OptionGroup var options: GlobalOptions

    @Option(name: .customShort("n"), help: ArgumentHelp("How many generations to show.", valueName: "number"))
    var limit = 10

    @Flag(help: "One line for each generation.")
    var oneline = false

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("-n takes a number of 1 or more.") }
    }

    func run() async throws {
        let (limit, oneline) = (limit, oneline)
        try await CommandRunner.run(options) { context in
            let engine = try context.engine()
            let entries = try await engine.history(limit: limit)
            try context.output.result(
                LogDocument(entries, engine.workspace),
                text: oneline ? Self.lines(entries, engine.workspace) : Self.text(entries, engine.workspace))
        }
    }

    private static func text(_ entries: [HistoryEntry], _ workspace: Workspace) -> String {
        guard !entries.isEmpty else { return nothing(workspace) }
        return entries.map { entry in
            let marks = marks(entry)
            let head = "generation \(entry.generation.number), \(entry.generation.id.short)"
            var lines = [head + (marks.isEmpty ? "" : " (\(marks.joined(separator: ", ")))")]
            lines.append("  " + when(entry))
            guard entry.problem == nil else { return (lines + ["  \(problem(entry))"]).joined(separator: "\n") }
            lines.append("  \(Human.count(entry.objects, "object")), \(Human.bytes(entry.bytes))")
            lines.append("  " + changes(entry, limit: 8))
            return lines.joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    private static func lines(_ entries: [HistoryEntry], _ workspace: Workspace) -> String {
        guard !entries.isEmpty else { return nothing(workspace) }
        var table = TextTable(header: ["GENERATION", "ID", "PUBLISHED", "BY", "BYTES", "MARKS", "CHANGES"])
        for entry in entries {
            let marks = marks(entry)
            table.add([
                "\(entry.generation.number)", entry.generation.id.short, time(entry),
                entry.publishedBy.isEmpty ? "-" : entry.publishedBy,
                entry.problem == nil ? Human.bytes(entry.bytes) : "-",
                marks.isEmpty ? "-" : marks.joined(separator: ", "),
                entry.problem == nil ? changes(entry, limit: 3) : problem(entry),
            ])
        }
        return table.text
    }

    private static func nothing(_ workspace: Workspace) -> String {
        "environment \"\(workspace.configuration.environment)\" was never published in \(workspace.storeLocation)"
    }

    private static func marks(_ entry: HistoryEntry) -> [String] {
        [entry.isPublished ? "published" : nil, entry.isLocked ? "locked" : nil].compactMap { $0 }
    }

    private static func time(_ entry: HistoryEntry) -> String {
        entry.publishedAt > 0 ? Human.time(entry.publishedAt) : "-"
    }

    private static func when(_ entry: HistoryEntry) -> String {
        var text = time(entry)
        if !entry.publishedBy.isEmpty { text += " by \(QuotedText.shown(entry.publishedBy))" }
        switch entry.origin {
        case .push?: text += ", by a push from this workspace"
        case .daemon?: text += ", by the daemon from this workspace"
        case .rollback?: text += ", by a rollback from this workspace"
        default: break
        }
        return text
    }

    private static func changes(_ entry: HistoryEntry, limit: Int) -> String {
        let same = entry.sameContentAs.map { "the content of generation \($0) again" }
        guard let changes = entry.changes else {
            let unknown = "what changed is not known: generation \(entry.previous?.number ?? 0) can't be read"
            return [same, unknown].compactMap { $0 }.joined(separator: "; ")
        }
        return [same, changes.summary(limit: limit)].compactMap { $0 }.joined(separator: "; ")
    }

    private static func problem(_ entry: HistoryEntry) -> String {
        "can't be read: \(QuotedText.shown(entry.problem ?? ""))"
    }
}

/// The history for machines.
private struct LogDocument: Encodable {
    struct Entry: Encodable {
        let generation: Int
        let id: String
        let publishedAt: Int64
        let publishedBy: String
        let published: Bool
        let locked: Bool
        let origin: String?
        let objects: Int?
        let bytes: Int64?
        let previous: Int?
        let sameContentAs: Int?
        let changes: [ChangeDocument]?
        let problem: String?
    }

    let schemaVersion = 1
    let environment: String
    let store: String
    let generations: [Entry]

    init(_ entries: [HistoryEntry], _ workspace: Workspace) {
        environment = workspace.configuration.environment.text
        store = workspace.storeLocation.description
        generations = entries.map { entry in
            let isWhole = entry.problem == nil
            return Entry(
                generation: entry.generation.number, id: entry.generation.id.hex, publishedAt: entry.publishedAt,
                publishedBy: entry.publishedBy, published: entry.isPublished, locked: entry.isLocked,
                origin: entry.origin?.rawValue, objects: isWhole ? entry.objects : nil,
                bytes: isWhole ? entry.bytes : nil, previous: entry.previous?.number,
                sameContentAs: entry.sameContentAs, changes: entry.changes.map { $0.map(ChangeDocument.init) },
                problem: entry.problem)
        }
    }
}

/// One change for machines; the same in `diff`, `log` and `rollback`.
struct ChangeDocument: Encodable {
    struct Detail: Encodable {
        let property: String
        let before: String?
        let after: String?
    }

    let kind: String
    let type: String
    let name: String
    let before: String?
    let after: String?
    let bytesBefore: Int64?
    let bytesAfter: Int64?
    let sha256Before: String?
    let sha256After: String?
    let layerBefore: String?
    let layerAfter: String?
    let details: [Detail]

    init(_ change: PackageChange) {
        kind = change.kind.rawValue
        type = change.type.rawValue
        name = change.name
        before = change.before
        after = change.after
        bytesBefore = change.bytesBefore
        bytesAfter = change.bytesAfter
        sha256Before = change.digestBefore?.hex
        sha256After = change.digestAfter?.hex
        layerBefore = change.layerBefore
        layerAfter = change.layerAfter
        details = change.details.map { Detail(property: $0.property, before: $0.before, after: $0.after) }
    }
}
