import ArgumentParser
import Foundation
import SyncEngine
import Testing

@testable import EnvSyncCommands

@Suite("The options of envsync check")
struct CheckUsageTests {
    static func parse(_ words: String...) throws -> CheckCommand {
        try #require(try EnvSyncCommand.parseAsRoot(["check"] + words) as? CheckCommand)
    }

    @Test("codes may be repeated, and given with commas between them")
    func codes() throws {
        let check = try Self.parse(
            "--only", "object-missing,object-size", "--only=stale-lock", "--ignore", "superseded")
        #expect(DriftCodes(of: check.only).codes == [.objectMissing, .objectSize, .staleLock])
        #expect(DriftCodes(of: check.ignore).codes == [.superseded])
    }

    @Test("a report is a format and a file, whose name may have an equals sign in it")
    func reports() throws {
        let check = try Self.parse("--report", "junit=a=b.xml", "--report", "gitlab=/tmp/c.json", "--format", "github")
        #expect(check.report.map(\.path) == ["a=b.xml", "/tmp/c.json"])
        #expect(check.report.map(\.format) == [.junit, .gitlab])
        #expect(check.format == .github)
        #expect(try Self.parse("--json", "--format", "json").format == .json)
    }

    @Test(
        "wrong usage is named, and has exit code 64",
        arguments: [
            (["--only", "object-lost"], "object-lost"),
            (["--ignore", "object-missing,"], "There is no drift code \"\""),
            (["--only", "Object-Missing"], "environment-version"), (["--format", "xml"], "xml"),
            (["--json", "--format", "junit"], "exclude each other"), (["--report", "junit"], "FORMAT=FILE"),
            (["--report", "junit="], "FORMAT=FILE"), (["--report", "xml=a"], "sarif"),
            (["--report", "junit=a", "--report", "sarif=a"], "twice"), (["--env", ""], "--env"),
            (["--only", "superseded", "--ignore", "superseded"], "nothing to look for"),
        ])
    func refused(words: [String], says: String) {
        let error = #expect(throws: (any Error).self) { _ = try EnvSyncCommand.parseAsRoot(["check"] + words) }
        guard let error else { return }
        #expect(EnvSyncCommand.exitCode(for: error).rawValue == 64)
        #expect(EnvSyncCommand.fullMessage(for: error).contains(says), "\(EnvSyncCommand.fullMessage(for: error))")
    }

    @Test("the message about an unknown code lists all that there are, and so does the help")
    func listed() {
        let error = #expect(throws: (any Error).self) { _ = try EnvSyncCommand.parseAsRoot(["check", "--only", "x"]) }
        let help = EnvSyncCommand.helpMessage(for: CheckCommand.self, columns: 10_000)
        for code in DriftFinding.Code.allCases {
            #expect(error.map { EnvSyncCommand.fullMessage(for: $0).contains(code.rawValue) } == true)
            #expect(help.contains(code.rawValue))
        }
    }
}

@Suite("Files that reports are written to")
struct ReportFileTests {
    static func folder() throws -> String {
        let path = FileManager.default.temporaryDirectory.path + "/envsync-report-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    @Test("a file is replaced whole, through a symbolic link too, and nothing else is left")
    func replaced() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data("an older and much longer report".utf8).write(to: URL(fileURLWithPath: folder + "/real"))
        try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "real")
        try ReportFile("junit=\(folder)/link").write("new")
        #expect(try String(contentsOfFile: folder + "/real", encoding: .utf8) == "new\n")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link") == "real")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["link", "real"])
    }

    @Test("what is no regular file is written to; what can't be written is told of with the reason")
    func special() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try ReportFile("junit=/dev/null").write("text")
        for path in ["/dev/full", folder, folder + "/none/file"] {
            let error = #expect(throws: (any Error).self) { try ReportFile("junit=\(path)").write("text") }
            #expect("\(error.map { "\($0)" } ?? "")".contains("cannot write the report \"\(path)\""))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
}
