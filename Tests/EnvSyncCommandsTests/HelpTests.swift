import ArgumentParser
import Foundation
import Testing

@testable import EnvSyncCommands

/// A command of the tree, with the words that lead to it.
struct CommandNode: Sendable, CustomTestStringConvertible {
    let path: [String]
    let type: any ParsableCommand.Type

    var testDescription: String { path.joined(separator: " ") }

    /// Every command of the tree, the root first.
    static let all = tree(EnvSyncCommand.self, path: [])

    private static func tree(_ type: any ParsableCommand.Type, path: [String]) -> [CommandNode] {
        let path = path + [type._commandName]
        return [CommandNode(path: path, type: type)] + type.configuration.subcommands.flatMap { tree($0, path: path) }
    }

    /// The help as a user gets it; the width is fixed, so that no terminal has a say.
    var help: String { EnvSyncCommand.helpMessage(for: type, columns: 100) }
}

@Suite("The command tree and its help", .serialized)
struct HelpTests {
    /// Set to record the golden texts anew: `ENVSYNC_RECORD_HELP=1 swift test --filter HelpTests`.
    static let isRecording = ProcessInfo.processInfo.environment["ENVSYNC_RECORD_HELP"] == "1"

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Help")

    static func file(of node: CommandNode) -> URL {
        folder.appendingPathComponent(node.path.joined(separator: "-") + ".txt")
    }

    @Test("the tree is the one that is documented")
    func tree() {
        #expect(
            CommandNode.all.map(\.testDescription) == [
                "envsync", "envsync init", "envsync pack", "envsync lock", "envsync push", "envsync args",
                "envsync submit",
                "envsync explain", "envsync check", "envsync inspect", "envsync status", "envsync diff", "envsync log",
                "envsync rollback", "envsync daemon", "envsync daemon run", "envsync daemon start",
                "envsync daemon stop", "envsync daemon status", "envsync daemon reload", "envsync daemon wait",
                "envsync daemon logs", "envsync doctor",
            ])
    }

    @Test("each help text is the recorded one", arguments: CommandNode.all)
    func golden(node: CommandNode) throws {
        let file = Self.file(of: node)
        if Self.isRecording {
            try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            try (node.help + "\n").write(to: file, atomically: true, encoding: .utf8)
        }
        let recorded = try String(contentsOf: file, encoding: .utf8)
        #expect(node.help + "\n" == recorded, "ENVSYNC_RECORD_HELP=1 records it anew")
    }

    @Test("no recorded text is left of a command that is gone")
    func leftovers() throws {
        let recorded = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
        #expect(recorded == CommandNode.all.map { Self.file(of: $0).lastPathComponent }.sorted())
    }

    @Test("each command has an abstract and, if it does something, an example of itself", arguments: CommandNode.all)
    func isDocumented(node: CommandNode) {
        let configuration = node.type.configuration
        #expect(!configuration.abstract.isEmpty)
        #expect(configuration.abstract.hasSuffix("."), "an abstract is a sentence")
        guard configuration.subcommands.isEmpty else { return }
        let lines = configuration.discussion.split(separator: "\n").map(String.init)
        let example = lines.drop { $0 != "EXAMPLE" }.dropFirst()
        #expect(example.contains { $0.contains(node.testDescription) }, "EXAMPLE shows \(node.testDescription)")
        #expect(node.help.contains("EXAMPLE"))
    }

    @Test("each option and argument is explained", arguments: CommandNode.all)
    func explained(node: CommandNode) {
        // An option that lacks a help text shows as a line that ends in its own name.
        for line in node.help.split(separator: "\n") where line.hasPrefix("  -") || line.hasPrefix("  <") {
            let words = line.split(separator: " ")
            let isExplained = words.contains { !$0.hasPrefix("-") && !$0.hasPrefix("<") }
            let wraps = line.count > 24
            #expect(isExplained || wraps, "\(line)")
        }
    }

    @Test(
        "every command takes --json, --directory, -v and -q",
        arguments: CommandNode.all.filter { $0.type.configuration.subcommands.isEmpty })
    func globalOptions(node: CommandNode) {
        for option in ["--json", "-C, --directory", "-v, --verbose", "-q, --quiet"] {
            #expect(node.help.contains(option), "\(option)")
        }
    }

    @Test("the exit codes are documented, and are ArgumentParser's for wrong usage")
    func exitCodes() {
        let help = EnvSyncCommand.helpMessage(columns: 100)
        for code in ["0 done or in sync", "1 drift", "2 could not", "64 wrong usage", "130 interrupted"] {
            #expect(help.contains(code), "\(code)")
        }
        #expect(ExitCode.validationFailure.rawValue == 64)
    }
}

@Suite("What is refused before anything is done")
struct UsageTests {
    struct Line: Sendable, CustomTestStringConvertible {
        let words: [String]
        let says: String
        var testDescription: String { words.joined(separator: " ") }
    }

    @Test(
        "wrong usage is named and has exit code 64",
        arguments: [
            Line(words: ["push", "--jobs", "0"], says: "1 to 256"),
            Line(words: ["push", "--jobs", "257"], says: "1 to 256"),
            Line(words: ["push", "--jobs", "many"], says: "many"),
            Line(words: ["push", "--lock", "--dry-run"], says: "--dry-run"),
            Line(words: ["push", "-v", "-q"], says: "exclude each other"),
            Line(words: ["push", "extra"], says: "extra"),
            Line(words: ["check", "--jobs", "0"], says: "1 to 256"),
            Line(words: ["args"], says: "job"),
            Line(words: ["args", "j", "--format", "xml"], says: "xml"),
            Line(words: ["submit"], says: "job"),
            Line(words: ["pusch"], says: "pusch"),
            Line(words: ["lock", "--chek"], says: "--chek"),
        ])
    func refused(line: Line) {
        let error = #expect(throws: (any Error).self) { _ = try EnvSyncCommand.parseAsRoot(line.words) }
        guard let error else { return }
        #expect(EnvSyncCommand.exitCode(for: error).rawValue == 64)
        #expect(EnvSyncCommand.fullMessage(for: error).contains(line.says), "\(EnvSyncCommand.fullMessage(for: error))")
    }

    @Test("what follows -- is passed on, both halves of it")
    func passedOn() throws {
        let words = ["submit", "nightly", "--", "--conf", "a=b", "-v", "--", "--date", "today"]
        let submit = try #require(try EnvSyncCommand.parseAsRoot(words) as? SubmitCommand)
        #expect(submit.job == "nightly")
        #expect(submit.passedOn == ["--conf", "a=b", "-v", "--", "--date", "today"])
        #expect(!submit.options.verbose)
    }

    @Test("defaults are those of the help")
    func defaults() throws {
        let push = try #require(try EnvSyncCommand.parseAsRoot(["push"]) as? PushCommand)
        #expect((push.jobs, push.repair, push.dryRun, push.lock) == (16, false, false, false))
        let check = try #require(try EnvSyncCommand.parseAsRoot(["check"]) as? CheckCommand)
        #expect((check.jobs, check.deep, check.remoteOnly, check.readBack) == (32, false, false, false))
        #expect(check.options.directory == ".")
    }
}
