import Foundation
import Testing

/// Where wheels are looked for, with tools that only seem to be pip.
@Suite("Finding a lockfile's wheels", .tags(.local))
struct WheelSearchTests {
    private static let wheel = TestWheel(name: "tiny", files: ["tiny.py": "VALUE = 1\n"])

    @Test(
        "a wheel with another hash is never used, and both hashes are shown",
        arguments: ["pylock.toml", "Pipfile.lock"])
    func wrongHash(lockfile: String) throws {
        let workspace = try Self.workspace(lockfile, sha256: String(repeating: "5", count: 64))
        let digest = try Self.wheel.write(workspace)
        try workspace.fakeTool("pip")
        let result = try Self.lock(workspace, "--offline")
        #expect(result.status == 2, "\(result)")
        #expect(result.stderr.contains(String(repeating: "5", count: 64)), "\(result)")
        #expect(result.stderr.contains("tiny"), "\(result)")
        #expect(workspace.isUntouched && workspace.calls == 0)
        #expect(result.stderr.contains(digest), "\(result)")
    }

    @Test(
        "where no wheel is kept, as in CI, the lock and the lockfile are held against the store all the same",
        arguments: ["pylock.toml", "Pipfile.lock"])
    func withoutWheels(lockfile: String) throws {
        let workspace = try Self.workspace(lockfile, sha256: "")
        let native = TestWheel(name: "tiny", files: ["tiny.py": "VALUE = 1\n"], isPurelib: false)
        for wheel in [Self.wheel, native] {
            try workspace.script("rm -rf wheelhouse .envsync envsync.lock").throwUnlessDone()
            try Self.writeLockfile(workspace, lockfile, sha256: try wheel.write(workspace))
            try workspace.succeed("lock", "--offline")
            try workspace.succeed("push")
            try workspace.script("rm -rf wheelhouse .envsync/state* .envsync/build").throwUnlessDone()
            let check = try workspace.envsync("check", "--remote-only", "--deep", "--json")
            #expect(try check.status == 0 && check.findings() == [], "\(check)")
            #expect(try workspace.succeed("push").stdout.contains("up to date"))
            #expect(try workspace.succeed("lock", "--check").stdout.contains("is up to date"))
            #expect(try workspace.envsync("check", "--json").findings().map(\.code) == ["local-missing"])
            try Self.writeLockfile(workspace, lockfile, sha256: String(repeating: "5", count: 64))
            let drift = try workspace.envsync("check", "--remote-only", "--json")
            #expect(drift.status == 1, "another hash is another wheel: \(drift)")
            #expect(try workspace.envsync("lock", "--check").status == 1)
        }
    }

    @Test("a directory of sources is shipped as a [[source]] or as a wheel that was built of it, or refused")
    func directory() throws {
        let workspace = try Self.workspace("Pipfile.lock", sha256: "")
        try workspace.write(
            "Pipfile.lock",
            """
            {"_meta": {"hash": {"sha256": "x"}, "pipfile-spec": 6, "requires": {}, "sources": []},
             "default": {"tiny": {"editable": true, "path": "./own"}}, "develop": {}}
            """)
        try workspace.write("own/tiny.py", "VALUE = 2\n")
        let refused = try Self.lock(workspace, "--offline")
        #expect(refused.status == 2 && workspace.isUntouched, "\(refused)")
        for word in ["tiny", "./own", "[[source]]", "pip wheel --no-deps ./own"] {
            #expect(refused.stderr.contains(word), "\(refused)")
        }
        try Self.wheel.write(workspace)
        #expect(try Self.lock(workspace, "--offline").status == 0)
        #expect(try workspace.read("envsync.lock").contains(Self.wheel.fileName))
        try workspace.script("rm -r wheelhouse/* .envsync envsync.lock").throwUnlessDone()
        try workspace.write(
            "envsync.toml", workspace.read("envsync.toml") + "\n[[source]]\npath = \"own\"\n")
        #expect(try Self.lock(workspace, "--offline").status == 0)
        #expect(try workspace.read("envsync.lock").contains("source = \"own\""))
    }

    @Test("a wheel under another spelling of its file name, and a damaged one among those fetched before")
    func otherNames() throws {
        let workspace = try Self.workspace("pylock.toml", sha256: "")
        try Self.writeLockfile(workspace, "pylock.toml", sha256: try Self.wheel.write(workspace))
        try workspace.script("mv wheelhouse/tiny-1.0-py3-none-any.whl wheelhouse/Tiny-1.0-py3-none-any.whl")
            .throwUnlessDone()
        #expect(try Self.lock(workspace, "--offline").status == 0)
        #expect(try workspace.read("envsync.lock").contains("\"tiny-1.0-py3-none-any.whl\""))
        // What envsync fetched and something damaged since is fetched again.
        try workspace.script(
            """
            mkdir -p index .envsync/wheels && mv wheelhouse/Tiny*.whl index/tiny-1.0-py3-none-any.whl
            echo damaged > .envsync/wheels/tiny-1.0-py3-none-any.whl; rm .envsync/state*
            """
        ).throwUnlessDone()
        try workspace.fakeTool("pip", Self.delivering("index"))
        let again = try Self.lock(workspace)
        #expect(again.status == 0 && workspace.calls == 1, "\(again)")
    }

    @Test("--offline runs no tool, and tells what is missing")
    func offline() throws {
        let workspace = try Self.workspace("pylock.toml", sha256: String(repeating: "5", count: 64))
        for tool in ["pip", "pip3", "uv", "python3"] { try workspace.fakeTool(tool) }
        for words in [["lock", "--offline"], ["lock", "--check"], ["push", "--lock", "--offline"], ["push"]] {
            let result = try workspace.run(words, environment: Self.path(workspace))
            #expect(result.status == 2, "\(words): \(result)")
        }
        let explained = try workspace.run(["explain"], environment: Self.path(workspace))
        #expect(explained.status == 0 && explained.stderr.contains(Self.wheel.fileName), "\(explained)")
        let result = try Self.lock(workspace, "--offline")
        #expect(result.stderr.contains(Self.wheel.fileName), "\(result)")
        #expect(result.stderr.contains("--offline") && result.stderr.contains("wheelhouse"), "\(result)")
        #expect(workspace.isUntouched && workspace.calls == 0)
        #expect(!result.stderr.contains("+ "), "\(result)")
    }

    @Test("what is missing is asked of pip by hash, for the target, after showing the command")
    func fetch() throws {
        let workspace = try Self.workspace("pylock.toml", sha256: "")
        let digest = try Self.wheel.write(workspace, "index")
        try Self.writeLockfile(workspace, "pylock.toml", sha256: digest)
        try workspace.fakeTool("pip", Self.delivering("index"))
        let result = try Self.lock(workspace)
        #expect(result.status == 0, "\(result)")
        let called = try workspace.read("called").split(separator: "\n")
        #expect(called.count == 1)
        let words = called.first?.split(separator: " ").map(String.init) ?? []
        for option in ["download", "--require-hashes", "--no-deps"] { #expect(words.contains(option), "\(words)") }
        for (option, value) in [("--only-binary", ":all:"), ("--python-version", "3.11"), ("--implementation", "cp")] {
            let place = try #require(words.firstIndex(of: option), "\(words)")
            #expect(words[place + 1] == value)
        }
        #expect(try workspace.read("asked").split(separator: "\n") == ["tiny==1.0 --hash=sha256:\(digest)"])
        let shown = try #require(result.stderr.range(of: "+ pip download"), "\(result)")
        let answered = try #require(result.stderr.range(of: "pip speaks"), "\(result)")
        #expect(shown.lowerBound < answered.lowerBound)
        #expect(Local.exists(workspace.path(".envsync/wheels/\(Self.wheel.fileName)")))

        // Kept: the next lock asks nobody.
        try workspace.script("rm -r index .envsync/state*").throwUnlessDone()
        #expect(try Self.lock(workspace).status == 0)
        #expect(workspace.calls == 1)
        try workspace.succeed("push")
    }

    @Test("other bytes than the lockfile's are refused, whoever brings them")
    func wrongDelivery() throws {
        let workspace = try Self.workspace("pylock.toml", sha256: String(repeating: "5", count: 64))
        let digest = try Self.wheel.write(workspace, "index")
        try workspace.fakeTool("pip", Self.delivering("index"))
        let result = try Self.lock(workspace)
        #expect(result.status == 2, "\(result)")
        #expect(result.stderr.contains(digest), "\(result)")
        #expect(result.stderr.contains(String(repeating: "5", count: 64)), "\(result)")
        #expect(workspace.isUntouched)
    }

    @Test("a pip that fails, or ends well without a wheel", arguments: [3, 0])
    func failure(status: Int) throws {
        let workspace = try Self.workspace("pylock.toml", sha256: String(repeating: "5", count: 64))
        try workspace.fakeTool("pip", "echo 'pip speaks: no such thing' >&2; exit \(status)")
        let result = try Self.lock(workspace)
        #expect(result.status == 2, "\(result)")
        #expect(result.stderr.contains("pip speaks: no such thing"), "\(result)")
        #expect(result.stderr.contains(Self.wheel.fileName), "\(result)")
        if status != 0 { #expect(result.stderr.contains("exit code \(status)"), "\(result)") }
        #expect(workspace.isUntouched)
        #expect(Local.tree(workspace.path(".envsync/wheels")).isEmpty)
    }

    @Test("a pip of which no word of a lockfile can make something else")
    func hostileNames() throws {
        for (name, version) in [("--find-links=x", "1.0"), ("tiny", "1.0 --find-links=x"), ("tiny\\n-r x", "1.0")] {
            let workspace = try TestWorkspace.locked(
                by: "pylock.toml",
                """
                lock-version = "1.0"
                created-by = "test"
                [[packages]]
                name = "\(name)"
                version = "\(version)"
                [[packages.wheels]]
                name = "tiny-1.0-py3-none-any.whl"
                url = "https://index.example/tiny-1.0-py3-none-any.whl"
                hashes = { sha256 = "\(String(repeating: "5", count: 64))" }
                """)
            try workspace.fakeTool("pip")
            let result = try Self.lock(workspace)
            #expect(result.status == 2, "\(result)")
            #expect(workspace.isUntouched && workspace.calls == 0)
        }
    }

    @Test("without any pip, it says what to install")
    func noTool() throws {
        let workspace = try Self.workspace("pylock.toml", sha256: String(repeating: "5", count: 64))
        for (setting, tool) in [("", "pip"), ("fetch = \"uv\"", "uv")] {
            try Self.configure(workspace, "pylock.toml", setting)
            let result = try workspace.envsync("lock", environment: ["PATH": workspace.path("nowhere")])
            #expect(result.status == 2, "\(result)")
            #expect(result.stderr.contains("no \(tool) on PATH"), "\(result)")
            #expect(result.stderr.contains("install \(tool)"), "\(result)")
        }
    }

    // MARK: - Support

    private static func workspace(_ lockfile: String, sha256: String) throws -> TestWorkspace {
        let workspace = try TestWorkspace.locked(by: lockfile, "", "wheelhouse = [\"wheelhouse\"]")
        try workspace.script("mkdir wheelhouse").throwUnlessDone()
        try writeLockfile(workspace, lockfile, sha256: sha256)
        return workspace
    }

    private static func configure(_ workspace: TestWorkspace, _ lockfile: String, _ setting: String) throws {
        try workspace.configure(
            """
            lockfile = "\(lockfile)"
            target = { python = "3.11", platform = "manylinux_2_28_x86_64" }
            \(setting)
            """)
    }

    private static func writeLockfile(_ workspace: TestWorkspace, _ name: String, sha256: String) throws {
        guard name == "pylock.toml" else {
            try workspace.write(
                name,
                """
                {"_meta": {"hash": {"sha256": "x"}, "pipfile-spec": 6, "requires": {}, "sources": []},
                 "default": {"tiny": {"hashes": ["sha256:\(sha256)"], "version": "==1.0"}}, "develop": {}}
                """)
            return
        }
        try workspace.write(
            name,
            """
            lock-version = "1.0"
            created-by = "test"
            [[packages]]
            name = "tiny"
            version = "1.0"
            [[packages.wheels]]
            name = "\(wheel.fileName)"
            url = "https://index.example/\(wheel.fileName)"
            hashes = { sha256 = "\(sha256)" }
            """)
    }

    /// A pip that copies the wheels of a folder to where it is told, and keeps the requirements that it was given.
    private static func delivering(_ folder: String) -> String {
        """
        echo 'pip speaks'
        while [ $# -gt 0 ]; do
            case $1 in
            --dest) cp \(folder)/*.whl "$2" ;;
            --requirement) cp "$2" asked ;;
            esac
            shift
        done
        """
    }

    private static func path(_ workspace: TestWorkspace) -> [String: String] {
        ["PATH": TestPackages.path(workspace.path("bin"))]
    }

    private static func lock(_ workspace: TestWorkspace, _ words: String...) throws -> CommandResult {
        try workspace.run(["lock"] + words, environment: path(workspace))
    }
}
