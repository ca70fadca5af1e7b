import Foundation
import Glibc
import Testing

/// What `manifests/daemon` holds, run as far as it can be without the manager that it is for.
@Suite("The daemon's manifests", .tags(.local), .serialized)
struct DaemonManifestTests {
    private static let folder = Tool.repository + "/manifests/daemon"

    private func read(_ name: String) throws -> String {
        try String(contentsOfFile: Self.folder + "/" + name, encoding: .utf8)
    }

    /// The values of a key of the unit, in order.
    private func unit(_ key: String) throws -> [String] {
        try read("envsync.service").split(separator: "\n").filter { $0.hasPrefix(key + "=") }
            .map { String($0.dropFirst(key.count + 1)) }
    }

    @Test("the unit's command serves what the example of daemon.toml names, and its reload and stop work")
    func unitRuns() throws {
        let words = try #require(try unit("ExecStart").first).split(separator: " ").map(String.init)
        #expect(words.first?.hasSuffix("/envsync") == true && words.count >= 3, "\(words)")
        #expect(try unit("Type") == ["notify"])
        #expect(try unit("ExecReload") == ["/bin/kill -HUP $MAINPID"])
        let limit = try #require(try unit("TimeoutStopSec").first.flatMap(Int.init))
        #expect(limit > 10, "the daemon takes up to 10 s")
        let watchdog = try #require(try unit("WatchdogSec").first.flatMap(Int.init))

        let daemon = try TestDaemon(configuration: read("daemon.toml"), isStarted: false)
        let workspaces = ["etl", "reports"].map { daemon.home + "/work/" + $0 }
        for workspace in workspaces {
            let template = try TestWorkspace.typical()
            try Tool.shell("mkdir -p '\(workspace)' && cp -a '\(template.directory)/.' '\(workspace)'")
        }
        // As systemd starts it, but that the port of the example may be taken here.
        try daemon.configure(try read("daemon.toml").replacingOccurrences(of: "127.0.0.1:9464", with: "127.0.0.1:0"))
        try daemon.start(Array(words.dropFirst()), environment: ["WATCHDOG_USEC": "\(watchdog)000000"])
        let status = try daemon.status()
        #expect(status.workspaces.map(\.directory) == workspaces)
        #expect(status.configurationFile == daemon.home + "/config/envsync/daemon.toml")
        #expect(status.http?.hasPrefix("http://127.0.0.1:") == true)
        for workspace in workspaces { #expect(try daemon.ask("wait", workspace).status == 0, "\(daemon.log)") }
        daemon.send(SIGHUP)
        try eventually("it has reloaded") { daemon.log.contains("configuration read again") }
        let start = ContinuousClock.now
        #expect(try daemon.stop().signal == nil)
        #expect(start.age < Double(limit))
    }

    @Test(
        "systemd finds nothing wrong with the unit",
        .enabled(if: Local.works("command -v systemd-analyze"), "there is no systemd-analyze"))
    func unitIsSound() throws {
        let workspace = try TestWorkspace()
        let text = try read("envsync.service").replacingOccurrences(of: "%h/.local/bin/envsync", with: Tool.envsync)
        try workspace.write("envsync.service", text)
        let result = try Tool.run(
            "/usr/bin/env", ["systemd-analyze", "verify", "--user", workspace.path("envsync.service")],
            environment: ["XDG_RUNTIME_DIR": workspace.directory])
        #expect(result.status == 0 && result.stderr.isEmpty && result.stdout.isEmpty, "\(result)")
    }

    @Test("the container's command and health check work")
    func container() throws {
        let file = try read("Containerfile").replacingOccurrences(of: "\\\n", with: "")
        func list(_ instruction: Regex<(Substring, Substring)>) throws -> [String] {
            let match = try #require(file.firstMatch(of: instruction), "\(file)")
            return try JSONDecoder().decode([String].self, from: Data(match.output.1.utf8))
        }
        let words = try list(/\nENTRYPOINT (.*)/) + list(/\nCMD (.*)/)
        let check = try #require(try list(/\nHEALTHCHECK .*CMD (.*)/).last)
        #expect(file.contains("\nUSER 1000:1000\n") && file.contains("\nSTOPSIGNAL SIGTERM\n"))
        #expect(words.first == "/usr/local/bin/envsync" && words.contains("/etc/envsync/daemon.toml"))
        #expect(try read("compose.yaml").contains("[\"CMD-SHELL\", \"\(check)\"]"), "the same check: \(check)")

        let workspace = try TestWorkspace.typical()
        let daemon = try TestDaemon(isStarted: false)
        let command = check.replacingOccurrences(of: "/usr/local/bin/envsync", with: "'\(Tool.envsync)'")
        #expect(command != check)
        try workspace.write("daemon.toml", "workspaces = [\".\"]\nauto-lock = true\nquiet-time = 0.2\n")
        #expect(try daemon.run("/bin/sh", ["-c", command]).status == 1, "without a daemon it is not healthy")
        try daemon.start(
            words.dropFirst().map { $0 == "/etc/envsync/daemon.toml" ? workspace.path("daemon.toml") : $0 })
        #expect(try daemon.run("/bin/sh", ["-c", command]).status == 0)
        try daemon.waitInSync(workspace)
        #expect(try daemon.stop().signal == nil)
    }
}
