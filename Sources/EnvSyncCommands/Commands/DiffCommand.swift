import ArgumentParser
import EnvSyncModel
import SyncEngine

/// `envsync diff`
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare the lock, the local files, an installed environment and generations.",
        discussion: """
            Without arguments, what is published is compared with the local files: what push --lock would
            change. With one, that is compared with the local files; with two, the first with the second.

            WHAT CAN BE COMPARED
              lock           envsync.lock
              local          what the files are now, as lock would lock them
              published      the generation that the store's ref names; published~2 is two before it
              7, @7, 3fa9c1  a generation by its number, or by 6 or more digits of its id
              env            the active Python environment, or .venv; env=PREFIX is another one

            A package is another one if its version, its bytes, or the way it reaches workers differ. Of
            packages within a layer, generations only know the versions; sizes are those of the layer.
            Installed environments are compared by names and versions alone: an installed package's files
            are not its wheel's.

            Exit codes: 0 nothing differs; 1 something does; 2 it can't be told.

            EXAMPLE
              envsync diff
              envsync diff published lock
              envsync diff 7 9
              envsync diff lock env=.venv --json
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "What to compare: lock, local, published, a generation, env or env=PREFIX (default: published).")
    var first: String?

    @Argument(help: "What to compare it with (default: local).")
    var second: String?

    func validate() throws {
        for text in [first, second].compactMap({ $0 }) where DiffOperand(text) == nil {
            throw ValidationError(
                "\(QuotedText.visible(text)) is none of lock, local, published, env, env=PREFIX, and no generation's "
                    + "number or id.")
        }
    }

    func run() async throws {
        let from = first.flatMap(DiffOperand.init) ?? .generation(.published(back: 0))
        let to = second.flatMap(DiffOperand.init) ?? .local
        try await CommandRunner.run(options) { context in
            let engine = try context.engine()
            let result = try await engine.diff(from: from, to: to)
            try context.output.result(Document(result, engine.workspace), text: Self.text(result))
            if !result.comparison.isEqual { throw ExitCode(1) }
        }
    }

    private static func text(_ result: DiffResult) -> String {
        let comparison = result.comparison
        let sides = "\(describe(result.from)) → \(describe(result.to))"
        let basis = comparison.isOfVersionsOnly ? " (names and versions only)" : ""
        if comparison.isReordered { return "\(sides)\nthe same artifacts, listed in another order" }
        guard !comparison.isEqual else { return "\(sides)\nno difference\(basis)" }
        var lines = [sides, "", ChangeTable.text(comparison.changes), ""]
        lines.append("\(Human.count(comparison.changes.count, "difference"))\(basis)")
        if !comparison.isOfVersionsOnly {
            let gone = comparison.goneObjects
            lines[lines.count - 1] += "; \(amount(comparison.newObjects, "new object"))"
            if !gone.isEmpty { lines[lines.count - 1] += ", \(amount(gone, "object")) no longer used" }
            if [.lock, .local].contains(result.to.kind), [.generation, .nothing].contains(result.from.kind),
                !comparison.newObjects.isEmpty
            {
                lines.append(
                    "a push sends \(Human.bytes(bytes(comparison.newObjects))) at most: what the store has is not sent")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func amount(_ objects: [ObjectKey], _ noun: String) -> String {
        Human.count(objects.count, noun) + (objects.isEmpty ? "" : " of \(Human.bytes(bytes(objects)))")
    }

    fileprivate static func bytes(_ objects: [ObjectKey]) -> Int64 { objects.reduce(0) { $0 &+ $1.size } }

    private static func describe(_ side: DiffSide) -> String {
        switch side.kind {
        case .lock: return "lock \(side.id?.short ?? "")"
        case .local: return "local files \(side.id?.short ?? "")"
        case .nothing: return "nothing published"
        case .environment: return "installed in \(QuotedText.shown(side.prefix ?? ""))"
        case .generation:
            let by = side.publishedBy.map { " by \(QuotedText.shown($0))" } ?? ""
            let time = side.publishedAt.map { ", \(Human.time($0))" } ?? ""
            return "generation \(side.generation ?? 0), \(side.id?.short ?? "")\(time)\(by)"
        }
    }

    private struct Document: Encodable {
        struct Side: Encodable {
            let kind: String
            let id: String?
            let generation: Int?
            let publishedAt: Int64?
            let publishedBy: String?
            let prefix: String?
            let packages: Int
            let objects: Int
            let bytes: Int64

            init(_ side: DiffSide) {
                kind = side.kind.rawValue
                id = side.id?.hex
                generation = side.generation
                publishedAt = side.publishedAt
                publishedBy = side.publishedBy
                prefix = side.prefix
                packages = side.packages
                objects = side.objects
                bytes = side.bytes
            }
        }

        struct Objects: Encodable {
            let count: Int
            let bytes: Int64

            init(_ objects: [ObjectKey]) {
                count = objects.count
                bytes = DiffCommand.bytes(objects)
            }
        }

        let schemaVersion = 1
        let environment: String
        let store: String
        let from: Side
        let to: Side
        let equal: Bool
        let versionsOnly: Bool
        let changes: [ChangeDocument]
        let newObjects: Objects
        let goneObjects: Objects
        let requests: Int

        init(_ result: DiffResult, _ workspace: Workspace) {
            environment = workspace.configuration.environment.text
            store = workspace.storeLocation.description
            from = Side(result.from)
            to = Side(result.to)
            equal = result.comparison.isEqual
            versionsOnly = result.comparison.isOfVersionsOnly
            changes = result.comparison.changes.map(ChangeDocument.init)
            newObjects = Objects(result.comparison.newObjects)
            goneObjects = Objects(result.comparison.goneObjects)
            requests = result.requests
        }
    }
}

/// Changes as a table; the same in `diff` and `rollback`.
enum ChangeTable {
    static func text(_ changes: [PackageChange]) -> String {
        var table = TextTable(header: ["CHANGE", "WHAT", "NAME", "BEFORE", "AFTER", "SIZE", "HOW"])
        for change in changes {
            table.add([
                change.kind.rawValue, change.type.rawValue, change.name, change.before ?? "-", change.after ?? "-",
                size(change), how(change),
            ])
        }
        return table.text
    }

    private static func size(_ change: PackageChange) -> String {
        switch (change.bytesBefore, change.bytesAfter) {
        case (nil, nil): "-"
        case (nil, let after?): Human.bytes(after)
        case (let before?, nil): Human.bytes(before)
        case (let before?, let after?) where before == after: Human.bytes(after)
        case (let before?, let after?): "\(Human.bytes(before)) → \(Human.bytes(after))"
        }
    }

    private static func how(_ change: PackageChange) -> String {
        var parts: [String] = []
        if let layer = change.layerAfter ?? change.layerBefore,
            change.layerBefore == change.layerAfter
                || change.kind == .added || change.kind == .removed
        {
            parts.append("in \(layer)")
        }
        if change.kind == .content, let before = change.digestBefore, let after = change.digestAfter {
            parts.append("SHA-256 \(before.short)… → \(after.short)…")
        }
        parts += change.details.map { "\($0.property) \($0.before ?? "-") → \($0.after ?? "-")" }
        return parts.isEmpty ? "-" : parts.joined(separator: "; ")
    }
}
