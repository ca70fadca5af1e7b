import Foundation
import Glibc
import Testing

@Suite("Archives that a command makes", .tags(.local), .serialized)
struct ArchiveCommandTests {
    /// venv-pack: `ENVSYNC_TEST_VENV_PACK`, beside a `python` that has pip.
    private static let packer = ProcessInfo.processInfo.environment["ENVSYNC_TEST_VENV_PACK"]

    /// A workspace whose archive is made of `in` by a script that counts its runs in `runs`, and refuses to overwrite.
    private func workspace(_ script: String = "tar czf e.tar.gz in") throws -> TestWorkspace {
        let workspace = try TestWorkspace()
        try workspace.write("in/a.txt", "a\n")
        try workspace.write("in/deep/b.txt", "b\n")
        try workspace.write(
            "pack.sh",
            """
            #!/bin/sh
            echo run >>runs
            if test -e e.tar.gz; then echo 'e.tar.gz is there already' >&2; exit 9; fi
            \(script)
            """)
        try Local.chmod(workspace.path("pack.sh"), 0o755)
        try workspace.configure(
            """
            [[archive]]
            alias = "environment"
            path = "e.tar.gz"
            command = ["./pack.sh"]
            inputs = ["in"]
            """)
        return workspace
    }

    private func runs(_ workspace: TestWorkspace) -> Int {
        ((try? workspace.read("runs")) ?? "").split(separator: "\n").count
    }

    @Test("it is made when it is missing, and when its inputs changed; not otherwise, and by no other command")
    func life() throws {
        let workspace = try workspace()
        #expect(try workspace.envsync("lock", "--check").status != 0)
        #expect(runs(workspace) == 0)
        let first = try workspace.succeed("push", "--lock")
        #expect(first.stderr.contains("making \"e.tar.gz\":\n+ ./pack.sh\n"), "\(first)")
        #expect(runs(workspace) == 1)
        for words in [["lock"], ["lock", "--check"], ["push"], ["push", "--lock"], ["check"], ["status"]] {
            let result = try workspace.run(words)
            #expect(result.status == 0 && !result.stderr.contains("+ "), "\(words): \(result)")
        }
        #expect(runs(workspace) == 1)
        try workspace.write("in/deep/c.txt", "c\n")
        let words = "\"in\" changed after \"e.tar.gz\" was made"
        let stale = try workspace.envsync("lock", "--check")
        #expect(stale.status == 1 && stale.stdout.contains(words), "\(stale)")
        let check = try workspace.envsync("check")
        #expect(check.status == 1 && (check.stdout + check.stderr).contains(words), "\(check)")
        let push = try workspace.envsync("push")
        #expect(push.status == 2 && push.stderr.contains(words), "\(push)")
        let before = Local.objects(workspace.store)
        #expect(runs(workspace) == 1)
        #expect(try workspace.succeed("push", "--lock", "--json").json()["objectsSent"] as? Int == 1)
        #expect(runs(workspace) == 2)
        #expect(Local.objects(workspace.store).count == before.count + 1)
        #expect(!Local.exists(workspace.path(".e.tar.gz.envsync-former")))
        unlink(workspace.path("e.tar.gz"))
        try workspace.succeed("lock")
        #expect(runs(workspace) == 3)
        try workspace.succeed("lock", "--check")
    }

    @Test("without the state, times tell: what is newer than its inputs isn't made again")
    func withoutState() throws {
        let workspace = try workspace()
        try workspace.succeed("lock")
        try FileManager.default.removeItem(atPath: workspace.path(".envsync"))
        try workspace.succeed("lock", "--check")
        try workspace.succeed("lock")
        #expect(runs(workspace) == 1)
        usleep(50_000)
        try workspace.write("in/a.txt", "A\n")
        try FileManager.default.removeItem(atPath: workspace.path(".envsync"))
        #expect(try workspace.envsync("lock", "--check").status == 1)
        try workspace.succeed("lock")
        #expect(runs(workspace) == 2)
    }

    @Test("on a machine without the inputs, the archive is taken as it is")
    func withoutInputs() throws {
        let workspace = try workspace()
        try workspace.succeed("push", "--lock")
        try FileManager.default.removeItem(atPath: workspace.path("in"))
        for words in [["lock"], ["lock", "--check"], ["check"], ["push"]] {
            let result = try workspace.run(words)
            #expect(result.status == 0, "\(words): \(result)")
        }
        #expect(runs(workspace) == 1)
    }

    @Test(
        "a command that fails changes nothing, and is told in its own words",
        arguments: [
            (
                "echo half >e.tar.gz; echo 'no such module: x' >&2; exit 3", "failed with exit code 3",
                "no such module: x"
            ),
            ("kill -9 $$", "failed with signal 9", "it said nothing"),
            ("true", "ended well, but left no such file", "No such file or directory"),
            ("mkdir e.tar.gz.d; ln -s e.tar.gz.d e.tar.gz", "ended well, but left no such file", "it is a directory"),
        ])
    func fails(script: String, message: String, reason: String) throws {
        let workspace = try workspace("if test -e broken; then \(script)\nelse tar czf e.tar.gz in; fi")
        try workspace.succeed("push", "--lock")
        let archive = try Data(contentsOf: URL(fileURLWithPath: workspace.path("e.tar.gz")))
        let lock = try workspace.read("envsync.lock")
        try workspace.write("in/a.txt", "other\n")
        try workspace.write("broken", "")
        let result = try workspace.envsync("push", "--lock", "--json")
        #expect(result.status == 2)
        let error = try #require(try result.json()["error"] as? [String: Any])
        #expect(error["code"] as? String == "artifact")
        #expect((error["message"] as? String)?.contains("the command of \"e.tar.gz\" \(message)") == true, "\(error)")
        #expect((error["reason"] as? String)?.contains(reason) == true, "\(error)")
        #expect(error["consequence"] as? String == "nothing was changed")
        #expect(try Data(contentsOf: URL(fileURLWithPath: workspace.path("e.tar.gz"))) == archive)
        #expect(try workspace.read("envsync.lock") == lock)
        #expect(Local.objects(workspace.store).count == 1)
        unlink(workspace.path("broken"))
        #expect(try workspace.succeed("push", "--lock", "--json").json()["objectsSent"] as? Int == 1)
    }

    @Test("a program that isn't there")
    func absent() throws {
        let workspace = try workspace()
        try workspace.configure(
            "[[archive]]\nalias = \"e\"\npath = \"e.tar.gz\"\ncommand = [\"no-such-packer\"]\ninputs = [\"in\"]")
        let result = try workspace.envsync("lock")
        #expect(result.status == 2 && result.stderr.contains("there is no \"no-such-packer\" on PATH"), "\(result)")
    }

    @Test("Ctrl-C ends what the command started, and the former archive is back", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) throws {
        let workspace = try workspace(
            "if test -e slow; then echo half >e.tar.gz; sleep 100 & echo $! >child; wait; else tar czf e.tar.gz in; fi")
        try workspace.succeed("lock")
        let archive = try Data(contentsOf: URL(fileURLWithPath: workspace.path("e.tar.gz")))
        try workspace.write("in/a.txt", "other\n")
        try workspace.write("slow", "")
        let lock = try workspace.start("lock")
        while lock.isRunning, ((try? workspace.read("child")) ?? "").isEmpty { usleep(5000) }
        let child = try #require(pid_t(try workspace.read("child").trimmingCharacters(in: .newlines)))
        lock.send(signal)
        let result = try lock.wait(timeout: .seconds(15))
        #expect(result.status == 128 + signal, "\(result)")
        #expect(Self.isGone(child))
        #expect(try Data(contentsOf: URL(fileURLWithPath: workspace.path("e.tar.gz"))) == archive)
        #expect(try workspace.envsync("lock", "--check").status == 1, "it is still older than its inputs")
    }

    @Test("after kill -9 in the middle, the next lock ends what was left running and makes the archive")
    func killed() throws {
        let workspace = try workspace(
            """
            if test -e slow; then echo half >e.tar.gz; echo $$ >child; exec sleep 100; fi
            tar czf e.tar.gz in
            """)
        try workspace.succeed("lock")
        let former = try Data(contentsOf: URL(fileURLWithPath: workspace.path("e.tar.gz")))
        try workspace.write("in/a.txt", "other\n")
        try workspace.write("slow", "")
        let lock = try workspace.start("lock")
        while lock.isRunning, ((try? workspace.read("child")) ?? "").isEmpty { usleep(5000) }
        lock.send(SIGKILL)
        _ = try lock.wait()
        let child = try #require(pid_t(try workspace.read("child").trimmingCharacters(in: .newlines)))
        #expect(!Self.isGone(child))
        #expect(try Data(contentsOf: URL(fileURLWithPath: workspace.path(".e.tar.gz.envsync-former"))) == former)
        unlink(workspace.path("slow"))
        let next = try workspace.envsync("lock", timeout: .seconds(30))
        #expect(next.status == 0 && !next.stderr.contains("waiting"), "\(next)")
        #expect(Self.isGone(child))
        #expect(!Local.exists(workspace.path(".e.tar.gz.envsync-former")))
        let names = try Tool.shell("tar xzOf e.tar.gz in/a.txt", directory: workspace.directory)
        #expect(names == "other\n")
    }

    /// Whether a process has ended; nobody may be there to reap what lost its parent.
    private static func isGone(_ id: pid_t) -> Bool {
        for _ in 0..<200 {
            if kill(id, 0) != 0 { return true }
            let line = (try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)) ?? ""
            if line.isEmpty || line.contains(") Z ") { return true }
            usleep(10_000)
        }
        return false
    }

    @Test("two locks at once run the command once")
    func atOnce() throws {
        let workspace = try workspace("sleep 0.5; tar czf e.tar.gz in")
        let both = try (0..<2).map { _ in try workspace.start("lock") }
        let results = try both.map { try $0.wait() }
        #expect(results.allSatisfy { $0.status == 0 }, "\(results)")
        #expect(runs(workspace) == 1)
    }

    @Test("inputs that change while the command runs: it is run once more; one that always writes to them ends as well")
    func changing() throws {
        let once = try workspace("tar czf e.tar.gz in; test -e in/late || echo late >in/late")
        try once.succeed("lock")
        #expect(runs(once) == 2)
        #expect(try Tool.shell("tar tzf e.tar.gz", directory: once.directory).contains("in/late"))
        try once.succeed("lock", "--check")
        let always = try workspace("echo more >>in/log; tar czf e.tar.gz in")
        let result = try always.succeed("lock")
        #expect(runs(always) == 2)
        #expect(result.stderr.contains("warning: the inputs of \"e.tar.gz\" change whenever it is made"), "\(result)")
        try always.succeed("lock", "--check")
    }

    @Test("the command has none of our descriptors, so that it can't keep a lock")
    func descriptors() throws {
        let workspace = try workspace("ls -l /proc/$$/fd >descriptors; tar czf e.tar.gz in")
        try workspace.succeed("push", "--lock")
        let text = try workspace.read("descriptors")
        #expect(!text.contains(".lock") && !text.contains("sqlite"), "\(text)")
    }

    @Test(
        "a package that is installed into a virtual environment gets to the store by venv-pack",
        .enabled(if: packer != nil, "ENVSYNC_TEST_VENV_PACK names a venv-pack"))
    func realPacker() throws {
        let packer = try #require(Self.packer)
        let python = (packer as NSString).deletingLastPathComponent + "/python"
        let workspace = try TestWorkspace()
        try workspace.configure(
            """
            [[archive]]
            alias = "environment"
            path = "environment.tar.gz"
            command = ["\(packer)", "-p", ".venv", "-o", "environment.tar.gz"]
            inputs = [".venv"]
            [jobs.j]
            master = "local"
            """)
        try Tool.shell("'\(python)' -m venv --without-pip .venv", directory: workspace.directory)
        func install(_ version: String) throws {
            try workspace.wheel("greeting-\(version)-py3-none-any.whl", ["greeting.py": "WORDS = 'hello \(version)'\n"])
            try Tool.shell(
                "'\(python)' -m pip --python .venv/bin/python install --quiet --disable-pip-version-check --no-index --no-deps "
                    + "wheelhouse/greeting-\(version)-py3-none-any.whl", directory: workspace.directory)
        }
        /// What the published environment's own Python says.
        func said() throws -> String {
            let arguments = try workspace.succeed("args", "j", "--format", "json").stdout
            let path = try #require(
                arguments.split(separator: "\"").first { $0.hasPrefix("file:") && $0.contains(".tar.gz#") })
            let archive = path.dropFirst("file://".count).prefix { $0 != "#" }
            return try Tool.shell(
                "rm -rf unpacked && mkdir unpacked && tar xzf '\(archive)' -C unpacked && unpacked/bin/python -c 'import greeting; print(greeting.WORDS)'",
                directory: workspace.directory)
        }
        try install("1.0")
        let first = try workspace.succeed("push", "--lock")
        #expect(first.stderr.contains("+ "), "\(first)")
        #expect(try said() == "hello 1.0\n")
        // Running a program in it compiles modules, which is no change.
        try Tool.shell(".venv/bin/python -c 'import greeting'", directory: workspace.directory)
        let second = try workspace.succeed("push", "--lock", "--json")
        #expect(try second.json()["published"] as? Bool == false && !second.stderr.contains("+ "), "\(second)")
        try install("2.0")
        #expect(try workspace.envsync("check").status == 1)
        #expect(try workspace.succeed("push", "--lock", "--json").json()["objectsSent"] as? Int == 1)
        #expect(try said() == "hello 2.0\n")
        #expect(try workspace.envsync("check").status == 0)
    }
}
