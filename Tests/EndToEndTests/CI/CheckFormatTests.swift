import Foundation
import Glibc
import Testing

@Suite("The formats of envsync check, with the real envsync", .tags(.local))
struct CheckFormatTests {
    static let formats = ["table", "json", "junit", "github", "gitlab", "sarif"]

    /// What tells of a failure in each format.
    static func tellsOfFailure(_ text: String, _ format: String) -> Bool {
        switch format {
        case "table": text.hasPrefix("error: ")
        case "json": text.contains("\"error\" : {")
        case "junit": text.contains("<error type=")
        case "github": text.hasPrefix("::error file=")
        case "gitlab": text.contains("\"severity\" : \"blocker\"")
        default: text.contains("\"executionSuccessful\" : false") && text.contains("\"ruleId\" : \"not-checked\"")
        }
    }

    /// `--report` of each format, and the files.
    static func reports(in workspace: TestWorkspace) -> (words: [String], files: [String: String]) {
        var files: [String: String] = [:]
        for format in formats { files[format] = workspace.path("report-\(format)") }
        return (formats.flatMap { ["--report", "\($0)=\(files[$0] ?? "")"] }, files)
    }

    @Test(
        "standard output in a format is what the report in that format says", arguments: formats.filter { $0 != "json" }
    )
    func same(format: String) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        try workspace.write("helper.py", "VALUE = 2\n")
        let result = try workspace.run(["check", "--format", format, "--report", "\(format)=report"])
        #expect(result.status == 1 && result.stderr.isEmpty, "\(result)")
        // How long it took is the only thing that may differ.
        let time = /time="[0-9.]+"/
        let report = try workspace.read("report")
        #expect(result.stdout.replacing(time, with: "") == report.replacing(time, with: ""))
        #expect(result.stdout.contains("local-changed") && result.stdout.contains("helper.py"))
    }

    @Test("--json and --format json are the same document; it and an error are documents for any machine")
    func json() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        let long = try workspace.run(["check", "--format", "json", "--report", "json=report"])
        #expect(try long.stdout == workspace.run(["check", "--json"]).stdout)
        #expect(try long.stdout == workspace.read("report"))
        let document = try long.json()
        #expect(document["inSync"] as? Bool == true && document["schemaVersion"] as? Int == 1)
        try FileManager.default.removeItem(atPath: workspace.path("envsync.lock"))
        let failed = try workspace.run(["check", "--format", "json", "--report", "json=report"])
        #expect(try failed.status == 2 && failed.stdout == workspace.read("report"), "\(failed)")
    }

    @Test("a check that fails says so in every format, in place of what was there", arguments: ["", "-C missing"])
    func failure(more: String) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("lock")
        let (words, files) = Self.reports(in: workspace)
        for file in files.values { try "all is well".write(toFile: file, atomically: true, encoding: .utf8) }
        try FileManager.default.removeItem(atPath: workspace.path("envsync.lock"))
        let elsewhere = more.split(separator: " ").map(String.init)
        let result = try workspace.run(["check"] + words + elsewhere)
        #expect(result.status == 2 && result.stdout.isEmpty, "\(result)")
        for (format, file) in files {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(Self.tellsOfFailure(text, format), "\(format): \(text)")
            let output = try workspace.run(["check", "--format", format] + elsewhere).stdout
            #expect(format == "table" ? output.isEmpty : Self.tellsOfFailure(output, format), "\(output)")
        }
    }

    @Test(
        "reports of a check that is killed tell of a failure; so do those of one that is interrupted",
        arguments: [SIGKILL, SIGTERM])
    func killed(signal: Int32) throws {
        let server = try SilentServer()
        let workspace = try TestWorkspace.typical(store: "webhdfs://127.0.0.1:\(server.port)/apps/envsync")
        try workspace.succeed("lock")
        let (words, files) = Self.reports(in: workspace)
        for file in files.values { try "all is well".write(toFile: file, atomically: true, encoding: .utf8) }
        let command = try workspace.begin(["check"] + words)
        server.waitForConnection()
        command.send(signal)
        let result = try command.wait(timeout: .seconds(20))
        #expect(signal == SIGKILL ? result.signal == SIGKILL : result.status == 128 + signal, "\(result)")
        for (format, file) in files {
            #expect(Self.tellsOfFailure(try String(contentsOfFile: file, encoding: .utf8), format), "\(format)")
        }
    }

    @Test("a report that can't be written is known before the check, and is exit code 2")
    func unwritable() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        let result = try workspace.run([
            "check", "--report", "junit=good.xml", "--report", "sarif=no/such/folder.sarif",
        ])
        #expect(
            result.status == 2 && result.stdout.isEmpty && result.stderr.contains("no/such/folder.sarif"), "\(result)")
        #expect(try Self.tellsOfFailure(workspace.read("good.xml"), "junit"))
    }

    @Test("--fix sends what is missing and says so in every format", arguments: formats)
    func fixed(format: String) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        let object = try #require(Local.objects(workspace.store).first { $0.hasSuffix("helper.py") })
        try FileManager.default.removeItem(atPath: workspace.store + "/objects/" + object)
        let result = try workspace.run(["check", "--fix", "--format", format])
        #expect(result.status == 0, "\(result)")
        let says = format == "json" ? "\"fixed\" : [\n    {\n" : "fixed object-missing: "
        #expect(result.stdout.contains(says) && result.stdout.contains("helper.py"), "\(result)")
        #expect(try workspace.run(["check"]).status == 0)
    }

    @Test("what was not looked for is not in sync, but skipped")
    func narrowed() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        try FileManager.default.removeItem(atPath: workspace.store)
        let local = try workspace.run(["check", "--only", "stale-lock,local-changed"])
        #expect(local.status == 0 && local.stdout.hasPrefix("no drift: \"etl\" was looked through for "), "\(local)")
        let report = try workspace.run(["check", "--only", "stale-lock,local-changed", "--format", "junit"]).stdout
        #expect(report.contains("<skipped message=\"left out by --only\"/>"))
        #expect(report.contains("name=\"stale-lock\"/>"))
    }

    @Test("--env has the installed packages looked at, which are skipped without it")
    func environment() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        try Tool.shell("python3 -m venv --without-pip .venv", directory: workspace.directory)
        let skipped = "name=\"environment-missing\">\n      <skipped message=\"it needs --env\"/>"
        #expect(try workspace.run(["check", "--format", "junit"]).stdout.contains(skipped))
        let found = try workspace.run(["check", "--env", ".venv", "--format", "junit"])
        #expect(found.status == 1 && found.stdout.contains("<failure type=\"environment-missing\""), "\(found)")
        #expect(found.stdout.contains("six"), "\(found)")
        let ignored = try workspace.run(["check", "--env", ".venv", "--ignore", "environment-missing"])
        #expect(ignored.status == 0 && ignored.stdout.hasPrefix("no drift: "), "\(ignored)")
        let nowhere = try workspace.run(["check", "--env", "no-such-folder", "--format", "github"])
        #expect(nowhere.status == 2 && Self.tellsOfFailure(nowhere.stdout, "github"), "\(nowhere)")
    }

    @Test("paths in reports are relative to the repository, not to the workspace")
    func repository() throws {
        let repository = try TestWorkspace()
        try repository.write("jobs/etl/envsync.toml", "[environment]\nname = \"x\"\npy-files = [\"a.py\"]\n")
        try repository.write("jobs/etl/a.py", "A = 1\n")
        try repository.write(".git/HEAD", "ref: refs/heads/main\n")
        let words = ["-C", "jobs/etl"]
        #expect(try repository.run(["push", "--lock"] + words).status == 0)
        try repository.write("jobs/etl/a.py", "A = 2\n")
        let commands = try repository.run(["check", "--format", "github"] + words)
        #expect(commands.stdout.contains("::error file=jobs/etl/"), "\(commands)")
        let log = try repository.run(["check", "--format", "sarif"] + words)
        #expect(log.stdout.contains("\"uri\" : \"jobs/etl/") && !log.stdout.contains(repository.directory + "/jobs\""))
    }

    @Test(
        "names that mean something to XML, JSON or a log are in valid reports all the same",
        .enabled(if: TestReportTools.areAvailable, TestReportTools.missing))
    func hostile() throws {
        let workspace = try TestWorkspace()
        // Names with control characters are refused by lock already.
        let folder = "::error::b <&>\"']]>%0A,:=\u{E9}\u{1F600}"
        let quoted = folder.replacingOccurrences(of: "\"", with: "\\\"")
        try workspace.write("\(folder)/app.yaml", "a: 1\n")
        try workspace.configure("files = [\"\(quoted)/app.yaml\"]")
        try workspace.succeed("push", "--lock")
        try workspace.write("\(folder)/app.yaml", "a: 2\n")
        try workspace.write("codequality.json", TestReportTools.codeQualitySchema)
        let schemas = [
            ("junit", "r.xml", "junit.xsd"), ("sarif", "r.json", "sarif.json"),
            ("gitlab", "q.json", workspace.path("codequality.json")),
        ]
        let result = try workspace.run(
            ["check", "--format", "github"] + schemas.flatMap { ["--report", "\($0.0)=\($0.1)"] })
        #expect(result.status == 1, "\(result)")
        let lines = result.stdout.split(separator: "\n")
        #expect(lines.dropLast().allSatisfy { $0.hasPrefix("::error file=") }, "\(result)")
        #expect(!result.stdout.contains("\u{1B}") && !result.stdout.contains("\r"))
        for (_, file, schema) in schemas {
            #expect(try TestReportTools.objections(to: workspace.path(file), schema: schema) == "", "\(file)")
        }
    }
}

/// A TCP port that takes connections and never says a word.
final class SilentServer: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw ToolError(description: "no port: \(errno)") }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }

    /// Waits until somebody is connected; the connection stays open.
    func waitForConnection() {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = Glibc.poll(&poll, 1, 20_000)
    }
}
