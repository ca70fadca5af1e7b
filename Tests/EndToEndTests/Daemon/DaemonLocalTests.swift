import Foundation
import Glibc
import Testing

/// A real daemon on stores that are directories.
@Suite("The daemon on this machine", .tags(.local), .serialized)
struct DaemonLocalTests {
    @Test("start, status, logs, reload and stop, as people use them")
    func start() throws {
        let workspace = try TestWorkspace.typical()
        let daemon = try TestDaemon(isStarted: false)
        #expect(try daemon.ask("status").status == 2, "nothing runs yet")
        let started = try daemon.ask("start", workspace.directory, "--auto-lock", "--quiet-time", "0.2", "--json")
        #expect(started.status == 0, "\(started)")
        let id = Int32(try started.number("processID"))
        defer { kill(id, SIGKILL) }
        #expect(getsid(id) == id, "it is in a session of its own")
        let again = try daemon.ask("start", workspace.directory)
        #expect(again.status == 2 && again.stderr.contains("process \(id)"), "\(again)")

        try daemon.waitInSync(workspace)
        #expect(try StoreProbe(root: workspace.store).follow("etl")?.number == 1)
        let shown = try daemon.ask("status")
        #expect(shown.stdout.contains("process \(id)") && shown.stdout.contains("in sync"), "\(shown)")
        #expect(shown.stdout.contains(workspace.directory))
        let logs = try daemon.ask("logs", "-n", "20")
        #expect(logs.status == 0 && logs.stdout.contains("published \"etl\""), "\(logs)")
        #expect(try daemon.ask("reload").status == 0)
        let stopped = try daemon.ask("stop")
        #expect(stopped.status == 0 && stopped.stdout.contains("\(id)"), "\(stopped)")
        #expect(!Local.exists(daemon.socket))
        #expect(try daemon.ask("status").status == 2)
        #expect(try daemon.ask("stop").stdout.contains("no daemon is running"))
    }

    @Test("a started daemon keeps nothing open of who started it")
    func startInheritsNothing() throws {
        let workspace = try TestWorkspace.typical()
        let daemon = try TestDaemon(isStarted: false)
        // As a script does that takes a lock, or make, whose jobs share a pipe.
        let start = try Tool.shell(
            "exec 9>'\(workspace.path("lock"))' && flock 9 && \(daemon.startCommand(workspace)) --json")
        let document = try JSONSerialization.jsonObject(with: Data(start.utf8)) as? [String: Any]
        let id = try #require(document?["processID"] as? Int32 ?? (document?["processID"] as? Int).map(Int32.init))
        defer { kill(id, SIGKILL) }
        #expect(Local.works("flock -n '\(workspace.path("lock"))' true"))
        let open = Local.names("/proc/\(id)/fd").compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/fd/\($0)")
        }
        #expect(!open.contains { $0.hasSuffix("/lock") }, "\(open)")
    }

    @Test("what is wrong with the configuration is told by start, in words")
    func startRefused() throws {
        let daemon = try TestDaemon(configuration: "workspaces = \"one\"\n", isStarted: false)
        let started = try daemon.ask("start")
        #expect(started.status == 2, "\(started)")
        #expect(started.stderr.contains("daemon.toml\":1:1: workspaces"), "\(started)")
    }

    @Test("only the user can reach the socket and its directory")
    func permissions() throws {
        let daemon = try TestDaemon([try TestWorkspace.typical()])
        var info = stat()
        #expect(lstat(daemon.socket, &info) == 0 && info.st_mode & S_IFMT == S_IFSOCK)
        #expect(info.st_mode & 0o777 == 0o600)
        #expect(lstat(daemon.home + "/run/envsync", &info) == 0 && info.st_mode & 0o777 == 0o700)
    }

    @Test("a second daemon on the same workspace, or on the same socket, is refused and told which process has it")
    func second() throws {
        let workspace = try TestWorkspace.typical()
        let first = try TestDaemon([workspace], "--auto-lock", "--quiet-time", "0.2")
        let other = try TestDaemon(isStarted: false)
        let sameWorkspace = try other.ask("run", workspace.directory)
        #expect(sameWorkspace.status == 2, "\(sameWorkspace)")
        #expect(sameWorkspace.stderr.contains("process \(first.id)"), "\(sameWorkspace)")
        #expect(sameWorkspace.stderr.contains("already"), "\(sameWorkspace)")
        let elsewhere = try TestWorkspace.typical()
        let sameSocket = try first.ask("run", elsewhere.directory)
        #expect(sameSocket.status == 2 && sameSocket.stderr.contains("process \(first.id)"), "\(sameSocket)")
        #expect(try first.status().processID == first.id, "the first goes on")
        // After a crash neither lock is left.
        try first.kill()
        try first.start()
        try first.waitInSync(workspace)
    }

    @Test("wait returns when the store has what is on disk")
    func waits() throws {
        let workspace = try TestWorkspace.typical()
        let daemon = try TestDaemon([workspace], "--auto-lock", "--quiet-time", "0.5")
        for value in 1...3 {
            try workspace.write("src/own/__init__.py", "VERSION = '\(value)'\n")
            try daemon.waitInSync(workspace)
            let expected = try workspace.freshLock()
            #expect(try Set(StoreProbe(root: workspace.store).newest()) == Set(expected))
        }
        let unknown = try daemon.ask("wait", "/nowhere")
        #expect(unknown.status == 2 && unknown.stderr.contains("serve /nowhere"), "\(unknown)")
        // From inside of the workspace it needs no name.
        #expect(try daemon.ask("wait", in: workspace.directory).status == 0)
    }

    @Test("without --auto-lock a stale lock is told and nothing is pushed, until somebody locks")
    func reportsOnly() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        let daemon = try TestDaemon([workspace], "--quiet-time", "0.2")
        try daemon.waitInSync(workspace)
        let lock = try workspace.read("envsync.lock")
        try workspace.write("src/own/__init__.py", "VERSION = 'other'\n")
        let told = try daemon.until(workspace, "blocked") { $0.phase == "blocked" }
        #expect(told.problem?.code == "stale-lock" && told.drift.map(\.code) == ["stale-lock"], "\(told)")
        #expect(!told.isInSync)
        let wait = try daemon.ask("wait", workspace.directory)
        #expect(wait.status == 2, "\(wait)")
        #expect(wait.stderr.contains("older than its sources") && wait.stderr.contains("envsync lock"), "\(wait)")
        #expect(try workspace.read("envsync.lock") == lock)
        #expect(StoreProbe(root: workspace.store).generations() == 1)
        try workspace.succeed("lock")
        try daemon.until(workspace, "in sync") { $0.isInSync && $0.generation?.number == 2 }
        #expect(try Set(StoreProbe(root: workspace.store).newest()) == Set(workspace.lockedObjects()))
        #expect(daemon.lines(with: "warning: envsync.lock is older than its sources") == 1, "\(daemon.log)")
    }

    @Test("reload, by command and by SIGHUP, adds and removes the workspaces of daemon.toml", arguments: [false, true])
    func reload(bySignal: Bool) throws {
        let (one, two) = (try TestWorkspace.typical(), try TestWorkspace.typical())
        func configuration(_ workspaces: [TestWorkspace]) -> String {
            "workspaces = [\(workspaces.map { "\"\($0.directory)\"" }.joined(separator: ", "))]\n"
                + "auto-lock = true\nquiet-time = 0.2\n"
        }
        let daemon = try TestDaemon(configuration: configuration([one]))
        try daemon.waitInSync(one)
        func reload(_ served: [TestWorkspace]) throws {
            try daemon.configure(configuration(served))
            if bySignal { daemon.send(SIGHUP) } else { #expect(try daemon.ask("reload").status == 0) }
            try eventually("the workspaces are served") {
                try daemon.status().workspaces.map(\.directory) == served.map(\.directory)
            }
        }
        try reload([one, two])
        try daemon.waitInSync(two)
        try reload([two])
        #expect(try daemon.ask("wait", one.directory).status == 2)
        // It can be served by another one now, and comes back when that is gone.
        let other = try TestDaemon([one], "--auto-lock")
        try other.stop()
        try reload([one, two])
        try daemon.waitInSync(one)

        try daemon.configure("workspaces = [1]\n")
        if bySignal {
            daemon.send(SIGHUP)
            try eventually("the refusal is told") { daemon.log.contains("not taken over") }
        } else {
            let refused = try daemon.ask("reload")
            #expect(refused.status == 2 && refused.stderr.contains("daemon.toml\":1:"), "\(refused)")
        }
        #expect(try daemon.status().workspaces.count == 2, "everything goes on as before")
    }

    @Test("SIGTERM in the middle of a push: ends within 10 s, nothing is half done, the next push completes")
    func terminated() throws {
        let workspace = try TestWorkspace()
        let names = (0..<600).map { "\"f/\($0).dat\"" }.joined(separator: ", ")
        for index in 0..<600 { try workspace.write("f/\(index).dat", "\(index)\n") }
        try workspace.configure("files = [\(names)]")
        let daemon = try TestDaemon([workspace], "--auto-lock", "--quiet-time", "0.2")
        try daemon.until(workspace, "pushing") { $0.phase == "pushing" }
        let start = ContinuousClock.now
        let result = try daemon.stop()
        #expect(result.signal == nil && ContinuousClock.now - start < .seconds(10), "\(result)")
        #expect(!Local.exists(daemon.socket))
        if try StoreProbe(root: workspace.store).follow("etl") != nil {
            try StoreProbe(root: workspace.store).audit()
        }
        try workspace.succeed("push", "--lock")
        try workspace.succeed("check", "--deep")
        #expect(Local.staging(workspace.store).isEmpty)
        #expect(try StoreProbe(root: workspace.store).audit() == ["etl": 1])
    }

    @Test("a broken envsync.toml blocks that workspace alone, and is healed by correcting it")
    func brokenConfiguration() throws {
        let (sound, broken) = (try TestWorkspace.typical(), try TestWorkspace.typical())
        let daemon = try TestDaemon([sound, broken], "--auto-lock", "--quiet-time", "0.2")
        try daemon.waitInSync(sound)
        try daemon.waitInSync(broken)
        let text = try broken.read("envsync.toml")
        try broken.write("envsync.toml", text + "\n[nonsense\n")
        let told = try daemon.until(broken, "blocked") { $0.phase == "blocked" }
        #expect(told.problem?.message.contains("envsync.toml") == true, "\(told)")
        let wait = try daemon.ask("wait", broken.directory)
        #expect(wait.status == 2 && wait.stderr.contains("envsync.toml"), "\(wait)")
        try sound.write("helper.py", "VALUE = 2\n")
        try daemon.waitInSync(sound)
        try broken.write("envsync.toml", text)
        try broken.write("helper.py", "VALUE = 3\n")
        try daemon.until(broken, "healed") { $0.isInSync && $0.problem == nil }
        try daemon.waitInSync(broken)
        #expect(try Set(StoreProbe(root: broken.store).newest()) == Set(broken.freshLock()))
    }

    @Test("a workspace that is deleted and made again is served again")
    func deleted() throws {
        let store = try TestWorkspace()
        let workspace = try TestWorkspace.typical(store: "file://\(store.directory)/store")
        let daemon = try TestDaemon([workspace], "--auto-lock", "--quiet-time", "0.2")
        try daemon.waitInSync(workspace)
        try Tool.shell("cp -a '\(workspace.directory)' '\(store.directory)/copy' && rm -rf '\(workspace.directory)'")
        try daemon.until(workspace, "blocked") { $0.phase == "blocked" }
        #expect(!Local.exists(workspace.directory), "the daemon doesn't make it again")
        try Tool.shell("cp -a '\(store.directory)/copy' '\(workspace.directory)'")
        try workspace.write("helper.py", "VALUE = 'after'\n")
        try daemon.until(workspace, "in sync") { $0.isInSync && $0.generation?.number == 2 }
        #expect(try Set(StoreProbe(root: store.path("store")).newest()) == Set(workspace.freshLock()))
        // And it still notices what happens there.
        try workspace.write("src/own/deep/__init__.py", "DEEP = 'again'\n")
        try daemon.until(workspace, "in sync") { $0.isInSync && $0.generation?.number == 3 }
    }
}
