import Foundation
import Glibc
import Testing

extension DaemonLocalTests {
    /// Runs a Python program beside the test.
    private func background(_ program: String, _ arguments: [String]) throws -> RunningCommand {
        try RunningCommand(
            "/usr/bin/env", ["python3", "-c", program] + arguments, environment: Local.environment(), directory: "/")
    }

    enum Copying: String, CaseIterable { case open, renamed }

    @Test("a wheel that is copied slowly is never published by half", arguments: Copying.allCases)
    func slowWheel(copying: Copying) throws {
        let workspace = try TestWorkspace.typical()
        let body = (0..<4000).map { "V\($0) = \(Int.random(in: 0..<1 << 40))\n" }.joined()
        try workspace.wheel("slow-1.0-py3-none-any.whl", ["slow.py": body], folder: "made")
        let daemon = try TestDaemon([workspace], "--auto-lock", "--quiet-time", "0.2", "--max-delay", "0.6")
        try daemon.waitInSync(workspace)
        let copy = try background(
            """
            import os, sys, time
            source, target, renamed = sys.argv[1:]
            data = open(source, "rb").read()
            part = target + ".part" if renamed == "renamed" else target
            with open(part, "wb") as file:
                for index in range(12):
                    piece = data[len(data) * index // 12:len(data) * (index + 1) // 12]
                    file.write(piece)
                    file.flush()
                    time.sleep(0.3)
            if part != target:
                os.rename(part, target)
            """,
            [
                workspace.path("made/slow-1.0-py3-none-any.whl"),
                workspace.path("wheelhouse/slow-1.0-py3-none-any.whl"),
                copying.rawValue,
            ])
        // Somebody who waits is in a hurry, and still gets no half.
        usleep(1_000_000)
        try daemon.waitInSync(workspace)
        #expect(try copy.wait().status == 0)
        try daemon.waitInSync(workspace)
        let whole = try workspace.freshLock()
        let slow = try #require(whole.first { $0.name == "slow" })
        let history = try StoreProbe(root: workspace.store).history()
        #expect(history.last.map(Set.init) == Set(whole))
        for generation in history { #expect(generation.allSatisfy { $0.name != "slow" || $0 == slow }) }
        #expect(try daemon.status(of: workspace).counters.failed == 0, "\(daemon.log)")
        try StoreProbe(root: workspace.store).audit()
    }

    @Test("a lockfile that is rewritten in two halves is waited out")
    func slowLockfile() throws {
        let workspace = try TestWorkspace()
        for name in ["alpha", "beta", "gamma"] {
            try workspace.wheel("\(name)-1.0-py3-none-any.whl", ["\(name).py": "NAME = '\(name)'\n"])
        }
        let digest = { (name: String) in
            try Tool.shell("sha256sum < '\(workspace.path("wheelhouse/\(name)-1.0-py3-none-any.whl"))' | cut -c 1-64")
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let line = { (name: String) in "\(name)==1.0 --hash=sha256:\(try digest(name))\n" }
        try workspace.write("requirements.txt", try line("alpha") + line("beta"))
        try workspace.configure(
            """
            lockfile = "requirements.txt"
            wheelhouse = ["wheelhouse"]
            target = { python = "3.11", platform = "manylinux_2_28_x86_64" }
            """)
        let daemon = try TestDaemon([workspace], "--auto-lock", "--quiet-time", "0.2", "--max-delay", "0.6")
        try daemon.waitInSync(workspace)
        for (first, second) in [("alpha", "gamma"), ("beta", "alpha"), ("gamma", "beta")] {
            let rewrite = try background(
                """
                import sys, time
                with open(sys.argv[1], "w") as file:
                    file.write(sys.argv[2])
                    file.flush()
                    time.sleep(1.5)
                    file.write(sys.argv[3])
                """, [workspace.path("requirements.txt"), try line(first), try line(second)])
            #expect(try rewrite.wait().status == 0)
            try daemon.waitInSync(workspace)
            let newest = try StoreProbe(root: workspace.store).newest()
            #expect(Set(newest.map(\.name)) == [first, second], "\(newest)")
        }
        let history = try StoreProbe(root: workspace.store).history()
        #expect(history.count == 4)
        for generation in history { #expect(generation.count == 2, "\(generation)") }
        #expect(try daemon.status(of: workspace).counters.failed == 0, "\(daemon.log)")
    }

    @Test("a push typed while the daemon pushes waits for it, and tells that the daemon has done it")
    func typedPush() throws {
        let workspace = try TestWorkspace()
        let names = (0..<600).map { "\"f/\($0).dat\"" }.joined(separator: ", ")
        for index in 0..<600 { try workspace.write("f/\(index).dat", "\(index)\n") }
        try workspace.configure("files = [\(names)]")
        let daemon = try TestDaemon([workspace], "--auto-lock", "--quiet-time", "0.2")
        try daemon.until(workspace, "pushing") { $0.phase == "pushing" }
        let push = try workspace.succeed("push", "--json")
        #expect(
            try push.json()["published"] as? Bool == false && push.json()["origin"] as? String == "daemon", "\(push)")
        #expect(try push.number("objectsSent") == 0)
        #expect(try StoreProbe(root: workspace.store).audit() == ["etl": 1])
        let shown = try workspace.succeed("push")
        #expect(shown.stdout.contains("the daemon published it"), "\(shown)")
        // The other way round: what was pushed by hand is nothing new to the daemon.
        try workspace.write("f/0.dat", "new\n")
        try workspace.succeed("push", "--lock")
        try daemon.waitInSync(workspace)
        #expect(try StoreProbe(root: workspace.store).audit() == ["etl": 2])
        #expect(try daemon.status(of: workspace).isInSync)
    }

    @Test("files looked at instead of watched: the same edits arrive")
    func polling() throws {
        let workspace = try TestWorkspace.typical()
        let daemon = try TestDaemon(
            [workspace], "--auto-lock", "--quiet-time", "0.2", "--poll", "0.2",
            environment: ["ENVSYNC_WATCH": "polling"])
        try daemon.waitInSync(workspace)
        let status = try daemon.status(of: workspace)
        #expect(status.watchMode == "polling" && status.watchMessage != nil, "\(status)")
        try workspace.write("src/own/new/__init__.py", "NEW = True\n")
        try daemon.until(workspace, "generation 2") { $0.generation?.number == 2 && $0.isInSync }
        unlink(workspace.path("src/own/deep/__init__.py"))
        try daemon.until(workspace, "generation 3") { $0.generation?.number == 3 && $0.isInSync }
        #expect(try Set(StoreProbe(root: workspace.store).newest()) == Set(workspace.freshLock()))
    }

    @Test("names of any kind are watched, by events and by looking", arguments: ["events", "polling"])
    func names(mode: String) throws {
        let workspace = try TestWorkspace.typical()
        let daemon = try TestDaemon(
            [workspace], "--auto-lock", "--quiet-time", "0.2", "--poll", "0.2", environment: ["ENVSYNC_WATCH": mode])
        try daemon.waitInSync(workspace)
        let names = [
            "mit leer.py", "ümläut.py", "a'b\"c.py", "$(touch x).py", "-rf.py", "*.py", "日本.py",
            "sub dir/ä/\\back.py", String(repeating: "l", count: 240) + ".py",
        ]
        for (index, name) in names.enumerated() {
            let before = try daemon.status(of: workspace).generation?.number ?? 0
            try workspace.write("src/own/" + name, "X = \(index)\n")
            try daemon.until(workspace, "published with \(name)") {
                ($0.generation?.number ?? 0) > before && $0.isInSync || $0.phase == "blocked"
            }
            if try daemon.status(of: workspace).phase == "blocked" {
                // What lock refuses is refused here too, and its removal heals.
                #expect(try workspace.envsync("lock").status != 0, "\(name)")
                unlink(workspace.path("src/own/" + name))
                try daemon.until(workspace, "healed") { $0.isInSync }
            }
        }
        try daemon.waitInSync(workspace)
        #expect(try Set(StoreProbe(root: workspace.store).newest()) == Set(workspace.freshLock()))
    }

    @Test("two workspaces of one environment: who was superseded tells it, and pushes again after an edit")
    func superseded() throws {
        let store = try TestWorkspace()
        let url = "file://\(store.directory)/store"
        let (ours, theirs) = (try TestWorkspace.typical(store: url), try TestWorkspace.typical(store: url))
        let daemon = try TestDaemon(
            configuration:
                "workspaces = [\"\(ours.directory)\"]\nauto-lock = true\nquiet-time = 0.2\ncheck-interval = 1\n")
        try daemon.waitInSync(ours)
        let probe = StoreProbe(root: store.path("store"))
        try theirs.write("helper.py", "VALUE = 'theirs'\n")
        try theirs.succeed("push", "--lock")
        #expect(probe.generations() == 2)
        let told = try daemon.until(ours, "superseded") { $0.drift.contains { $0.code == "superseded" } }
        #expect(!told.isInSync && told.generation?.number == 2, "\(told)")
        let wait = try daemon.ask("wait", ours.directory)
        #expect(wait.status == 2 && wait.stderr.contains("generation 2"), "\(wait)")
        #expect(try daemon.ask("reload").status == 0)
        usleep(1_500_000)
        #expect(probe.generations() == 2, "it doesn't push back")
        try ours.write("helper.py", "VALUE = 'ours'\n")
        try daemon.until(ours, "in sync again") { $0.isInSync && $0.generation?.number == 3 }
        #expect(try Set(probe.newest()) == Set(ours.freshLock()))
    }

    @Test("an edit that is undone is published like any other")
    func undone() throws {
        let workspace = try TestWorkspace.typical()
        let daemon = try TestDaemon([workspace], "--auto-lock", "--quiet-time", "0.2")
        let probe = StoreProbe(root: workspace.store)
        for value in [1, 2, 1, 3, 2] {
            try workspace.write("helper.py", "VALUE = \(value)\n")
            try daemon.waitInSync(workspace)
            #expect(try Set(probe.newest()) == Set(workspace.freshLock()))
        }
    }
}
