import EnvSyncModel
import Foundation
import Testing

@testable import SyncDaemon

@Suite struct DaemonSettingsTests {
    private let directory: String

    init() throws {
        directory = FileManager.default.temporaryDirectory.path + "/envsync-daemon-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory + "/config/envsync", withIntermediateDirectories: true)
    }

    private var paths: DaemonPaths {
        DaemonPaths(
            environment: [
                "HOME": directory, "XDG_CONFIG_HOME": directory + "/config", "XDG_RUNTIME_DIR": directory + "/run",
            ], home: "/")
    }

    private func load(_ text: String?, _ change: (inout DaemonOverrides) -> Void = { _ in }) throws -> DaemonSettings {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try text?.write(toFile: paths.configuration, atomically: true, encoding: .utf8)
        var overrides = DaemonOverrides()
        change(&overrides)
        return try DaemonSettings.load(overrides, paths: paths)
    }

    @Test func everything() throws {
        let settings = try load(
            """
            workspaces = ["~/work/etl", "/srv/reports/", "beside", "/srv/reports"]
            auto-lock = true
            quiet-time = 0.5
            max-delay = 20
            poll-interval = 7
            check-interval = 60
            [http]
            listen = "127.0.0.1:9464"
            [scrub]
            interval = 600
            share = 0.25
            """)
        #expect(
            settings.workspaces == [
                directory + "/work/etl", "/srv/reports", directory + "/config/envsync/beside",
            ])
        #expect(settings.autoLock)
        #expect(settings.quietTime == .milliseconds(500) && settings.maxDelay == .seconds(20))
        #expect(settings.pollInterval == .seconds(7) && settings.checkInterval == .seconds(60))
        #expect(settings.http == "127.0.0.1:9464")
        #expect(settings.scrubInterval == .seconds(600) && settings.scrubShare == 0.25)
        #expect(settings.socketPath == directory + "/run/envsync/daemon.sock")
        #expect(settings.configurationFile == directory + "/config/envsync/daemon.toml")
    }

    @Test func theCommandLineComesFirst() throws {
        let settings = try load("workspaces = [\"/a\"]\nauto-lock = true\nquiet-time = 5\n[scrub]\ninterval = 9") {
            $0.workspaces = ["/b", "/a"]
            $0.autoLock = false
            $0.quietTime = .seconds(1)
            $0.scrubInterval = .zero
            $0.fallback = "/here"
        }
        #expect(settings.workspaces == ["/a", "/b"])
        #expect(!settings.autoLock && settings.quietTime == .seconds(1) && settings.scrubInterval == nil)
    }

    @Test func aWorkspaceUnderTwoNamesIsServedOnce() throws {
        try FileManager.default.createDirectory(atPath: directory + "/etl", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: directory + "/link", withDestinationPath: directory + "/etl")
        let names = [directory + "/link", directory + "/etl", directory + "/gone"]
        #expect(try load(nil) { $0.workspaces = names }.workspaces == [names[0], names[2]])
    }

    @Test func withoutAFileTheCurrentWorkspaceIsServed() throws {
        let settings = try load(nil) { $0.fallback = "/here" }
        #expect(settings.workspaces == ["/here"])
        #expect(settings.configurationFile == nil && !settings.autoLock)
        #expect(settings.quietTime == .seconds(2) && settings.maxDelay == .seconds(10))
    }

    @Test func anEmptyFileServesNothing() throws {
        #expect(try load("") { $0.fallback = "/here" }.workspaces.isEmpty)
    }

    @Test func aDelayIsNoShorterThanTheQuietTime() throws {
        #expect(try load("quiet-time = 30").maxDelay == .seconds(30))
    }

    @Test(arguments: [
        ("quiet-time = \"2\"", "daemon.toml\":1:1: quiet-time is a number, not a string as here"),
        ("quiet-time = 0", "quiet-time is a number from 0.1 to 3600.0"),
        ("quiet = 2", "unknown key \"quiet\"; known are workspaces, auto-lock, quiet-time"),
        ("workspaces = \"/a\"", "workspaces is a list of strings, not a string as here"),
        ("workspaces = [1]", "workspaces is a list of paths, not an integer as here"),
        ("workspaces = [\"\"]", "workspaces is a list of paths"),
        ("http = \"127.0.0.1:1\"", "http is a table, not a string as here"),
        ("[http]\nport = 1", ":2:"),
        ("[scrub]\nshare = 1.5", "share is a number from 0.0 to 1.0"),
        ("auto-lock = 1", "auto-lock is true or false, not an integer as here"),
        ("auto-lock = ", ":1:"),
    ])
    func mistakesAreShownWhereTheyAre(text: String, message: String) throws {
        let error = try #require(throws: EnvSyncError.self) { try load(text) }
        #expect(error.code == .configuration)
        #expect(error.message.contains(message), "\(error)")
    }

    @Test func aFileThatWasNamedMustBeThere() throws {
        let error = try #require(throws: EnvSyncError.self) {
            try load(nil) { $0.configurationFile = "/nowhere/daemon.toml" }
        }
        #expect(error.message.contains("/nowhere/daemon.toml"))
    }

    @Test(arguments: [
        (["HOME": "/h", "XDG_RUNTIME_DIR": "/run/user/7"], "/run/user/7/envsync/daemon.sock"),
        (["HOME": "/h"], "/h/.cache/envsync/run/daemon.sock"),
        (["HOME": "/h", "XDG_RUNTIME_DIR": "relative"], "/h/.cache/envsync/run/daemon.sock"),
        ([:], "/home/other/.cache/envsync/run/daemon.sock"),
    ])
    func sockets(environment: [String: String], path: String) {
        #expect(DaemonPaths(environment: environment, home: "/home/other").socket == path)
    }
}
