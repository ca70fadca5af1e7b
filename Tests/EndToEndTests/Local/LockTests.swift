import Foundation
import Glibc
import Testing

@Suite("envsync.lock: stable, portable, and never out of date unnoticed", .tags(.local))
struct LockTests {
    @Test("it is byte-identical when nothing changed, and its file isn't touched")
    func stable() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("lock")
        let first = try workspace.read("envsync.lock")
        let before = try Tool.shell("stat -c '%i %Y %Z' envsync.lock", directory: workspace.directory)
        for _ in 0..<2 {
            #expect(try workspace.succeed("lock").stdout.contains("is up to date"))
        }
        // Without the state, everything is read again.
        try workspace.script("rm -r .envsync").throwUnlessDone()
        #expect(try workspace.succeed("lock").stdout.contains("is up to date"))
        #expect(try workspace.succeed("lock", "--check").stdout.contains("is up to date"))
        #expect(try workspace.read("envsync.lock") == first)
        #expect(try Tool.shell("stat -c '%i %Y %Z' envsync.lock", directory: workspace.directory) == before)
    }

    @Test("copies of a workspace in other places, with other times, umask, locale, order and host, get the same bytes")
    func portable() throws {
        let original = try TestWorkspace.typical()
        try original.write("src/own/Ünï.py", "x = 1\n")
        try original.write("src/own/run.sh", "#!/bin/sh\n")
        try original.succeed("lock")
        let lock = try original.read("envsync.lock")
        #expect(!lock.contains(original.directory) && !lock.contains("/tmp"))
        #expect(!lock.contains(ProcessInfo.processInfo.hostName))
        #expect(!lock.contains("umask") && !lock.lowercased().contains("mtime"))

        let copy = try TestWorkspace()
        // Copied in reverse order, so that directories list their entries in another one.
        try original.script(
            """
            umask 077
            find . -path ./.envsync -prune -o -type f -print | sort -r | while read -r file; do
                mkdir -p "\(copy.directory)/$(dirname "$file")" && cat "$file" > "\(copy.directory)/$file"
            done
            cd '\(copy.directory)' && rm envsync.lock && chmod 755 src/own/run.sh && chmod 600 helper.py
            find . -exec touch -d '2001-02-03 04:05:06.789' {} +
            mkdir -p src/own/__pycache__ && echo x > src/own/__pycache__/own.cpython-311.pyc && echo x > 'src/own/own.py~'
            """
        ).throwUnlessDone()
        let result = try copy.script(
            "umask 027; LC_ALL=tr_TR.UTF-8 LANG=C TZ=Pacific/Kiritimati \"$ENVSYNC\" lock",
            environment: ["USER": "somebody"])
        #expect(result.status == 0, "\(result)")
        #expect(try copy.read("envsync.lock") == lock)
        // The same bytes means the same objects: pushed from either place, one is up to date for the other.
        let store = try TestWorkspace()
        for workspace in [original, copy] {
            let text = try workspace.read("envsync.toml")
            try workspace.write("envsync.toml", "[store]\nurl = \"file://\(store.directory)/s\"\n" + text)
        }
        #expect(try original.succeed("push").stdout.contains("published generation 1"))
        #expect(try copy.succeed("push").stdout.contains("up to date: generation 1"))
        try copy.succeed("check", "--deep")
    }

    @Test("the order of keys and tables in envsync.toml doesn't matter to the lock")
    func order() throws {
        let workspace = try TestWorkspace()
        for name in ["a.py", "b.py", "c.py"] { try workspace.write(name, "x = '\(name)'\n") }
        try workspace.configure("py-files = [\"a.py\", \"b.py\", \"c.py\"]\n[jobs.x]\n[jobs.y]")
        try workspace.succeed("lock")
        let lock = try workspace.read("envsync.lock")
        try workspace.write(
            "envsync.toml",
            "[jobs.y]\n[jobs.x]\n[environment]\npy-files = [\"c.py\", \"./b.py\", \"a.py\"]\nname = \"etl\"\n")
        let again = try workspace.envsync("lock")
        #expect(again.status == 0, "\(again)")
        // How a path is written may be recorded; what is shipped, and so the environment's id, is the same.
        let strip = { (text: String) in text.split(separator: "\n").filter { !$0.hasPrefix("listed") } }
        #expect(strip(try workspace.read("envsync.lock")) == strip(lock))
    }

    struct Edit: Sendable, CustomTestStringConvertible {
        let name: String
        let script: String
        /// What messages must name.
        let culprit: String
        /// What `check` calls it.
        let code: String
        var testDescription: String { name }
    }

    static let edits = [
        Edit(
            name: "a source file is edited", script: "echo 'VERSION = 8' > src/own/__init__.py", culprit: "src/own",
            code: "local-changed"),
        Edit(
            name: "a source file is edited, keeping its size and time",
            script:
                "cp -p src/own/__init__.py ../keep-$$ && sed -i 's/7/9/' src/own/__init__.py && touch -r ../keep-$$ src/own/__init__.py; rm ../keep-$$",
            culprit: "src/own", code: "local-changed"),
        Edit(
            name: "a file is added to a source", script: "echo 'y = 1' > src/own/more.py", culprit: "src/own",
            code: "local-changed"),
        Edit(
            name: "a file is removed from a source", script: "rm src/own/deep/__init__.py", culprit: "src/own",
            code: "local-changed"),
        Edit(
            name: "a listed file is edited", script: "echo 'b: 2' > conf/app.yaml", culprit: "conf/app.yaml",
            code: "local-changed"),
        Edit(
            name: "a listed file is replaced by one of the same size and time",
            script: "printf 'VALUE = 2\\n' > new && touch -r helper.py new && mv new helper.py", culprit: "helper.py",
            code: "local-changed"),
        Edit(
            name: "the main program is edited", script: "echo 'print(2)' > main.py", culprit: "main.py",
            code: "local-changed"),
        Edit(
            name: "a wheel is added", script: "cp other/idna-3.10-py3-none-any.whl wheelhouse/",
            culprit: "idna-3.10-py3-none-any.whl", code: "stale-lock"),
        Edit(
            name: "a wheel is removed", script: "rm wheelhouse/six-*.whl", culprit: "six-1.17.0-py2.py3-none-any.whl",
            code: "stale-lock"),
        Edit(
            name: "a wheel is replaced under its name", script: "cp other/six-1.17.0-py2.py3-none-any.whl wheelhouse/",
            culprit: "six-1.17.0-py2.py3-none-any.whl", code: "local-changed"),
        Edit(
            name: "a wheel is replaced by another version",
            script: "rm wheelhouse/*.whl && cp other/six-1.16.0-py2.py3-none-any.whl wheelhouse/",
            culprit: "six-1.16.0-py2.py3-none-any.whl", code: "stale-lock"),
        Edit(
            name: "a file is listed in envsync.toml",
            script: "sed -i 's/\"helper.py\"/\"helper.py\", \"main.py\"/' envsync.toml",
            culprit: "main.py", code: "stale-lock"),
        Edit(
            name: "a job is renamed", script: "sed -i 's/jobs.j/jobs.k/' envsync.toml", culprit: "main.py",
            code: "local-changed"),
        Edit(
            name: "a job's file is added",
            script: "printf 'files = [\"conf/app.yaml\", \"main.py\"]\\n' >> envsync.toml",
            culprit: "main.py", code: "stale-lock"),
    ]

    @Test(
        "a lock older than its sources: push 2, lock --check 1, check 1, nothing sent; lock heals it", arguments: edits)
    func stale(edit: Edit) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.wheel("idna-3.10-py3-none-any.whl", ["idna/__init__.py": ""], folder: "other")
        try workspace.wheel("six-1.17.0-py2.py3-none-any.whl", ["six.py": "__version__ = 'other'\n"], folder: "other")
        try workspace.wheel("six-1.16.0-py2.py3-none-any.whl", ["six.py": "__version__ = '1.16.0'\n"], folder: "other")
        try workspace.succeed("push", "--lock")
        try workspace.succeed("check")
        let lock = try workspace.read("envsync.lock")
        let tree = Local.tree(workspace.store)
        try workspace.script(edit.script).throwUnlessDone()

        let push = try workspace.envsync("push")
        #expect(push.status == 2, "\(push)")
        #expect(push.stderr.contains("is older than its sources") && push.stderr.contains(edit.culprit), "\(push)")
        #expect(push.stderr.contains("envsync push --lock"), "\(push)")
        #expect(push.stdout.isEmpty)
        let lockCheck = try workspace.envsync("lock", "--check")
        #expect(lockCheck.status == 1, "\(lockCheck)")
        #expect(lockCheck.stdout.contains(edit.culprit), "\(lockCheck)")
        let check = try workspace.envsync("check", "--json")
        #expect(check.status == 1, "\(check)")
        let findings = try #require(try check.json()["findings"] as? [[String: Any]])
        #expect(
            findings.contains {
                $0["code"] as? String == edit.code && ($0["subject"] as? String ?? "").contains(edit.culprit)
            },
            "\(findings)")
        #expect(try workspace.read("envsync.lock") == lock, "only `lock` writes the lock")
        #expect(Local.tree(workspace.store) == tree, "nothing was sent")

        #expect(try workspace.envsync("push", "--lock").status == 0)
        #expect(try workspace.envsync("check", "--deep").status == 0)
        #expect(try workspace.envsync("lock", "--check").status == 0)
    }

    @Test("a file that is written again with the same bytes is no drift")
    func touched() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        try workspace.script("for f in helper.py src/own/__init__.py wheelhouse/*.whl; do cp $f x && mv x $f; done")
            .throwUnlessDone()
        #expect(try workspace.envsync("lock", "--check").status == 0)
        #expect(try workspace.envsync("check").status == 0)
        #expect(try workspace.envsync("push").status == 0)
    }

    @Test("a lock that somebody damaged is refused with its line; one that git left in conflict too")
    func damagedLock() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        let lock = try workspace.read("envsync.lock")
        let lines = lock.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let digestLine = try #require(lines.firstIndex { $0.hasPrefix("sha256") })
        var damaged = lines
        damaged[digestLine] = "sha256 = \"xyz\""
        var conflict = lines
        conflict.insert("<<<<<<< HEAD", at: 4)
        for (text, line) in [(damaged, digestLine + 1), (conflict, 5)] {
            try workspace.write("envsync.lock", text.joined(separator: "\n"))
            for words in [["push"], ["args", "j"], ["check"], ["status"]] {
                let result = try workspace.run(words)
                #expect(result.status == 2)
                #expect(result.stderr.contains("envsync.lock:\(line):"), "\(words): \(result)")
            }
            #expect(try workspace.envsync("lock", "--check").status == 1)
        }
        #expect(try workspace.envsync("lock").status == 0)
        #expect(try workspace.read("envsync.lock") == lock)
    }

    @Test("truncated at any line, a lock is never taken for a smaller environment that would be pushed")
    func truncatedLock() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        let lines = try workspace.read("envsync.lock").split(separator: "\n", omittingEmptySubsequences: false)
        for count in stride(from: 0, to: lines.count - 1, by: 5) {
            try workspace.write("envsync.lock", lines.prefix(count).joined(separator: "\n"))
            let result = try workspace.envsync("push")
            #expect(result.status == 2, "\(count) lines: \(result)")
        }
    }

    @Test("CI: what isn't there locally is drift, but not with --remote-only; what is there is compared all the same")
    func remoteOnly() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        try workspace.script(
            "mv .envsync/store kept && rm -r .envsync wheelhouse helper.py && mkdir .envsync && mv kept .envsync/store"
        ).throwUnlessDone()
        let full = try workspace.envsync("check", "--json")
        #expect(full.status == 1)
        #expect(full.stdout.contains("local-missing"), "\(full)")
        #expect(try workspace.envsync("check", "--remote-only").status == 0)
        // A directory that git keeps for its .gitkeep alone.
        try workspace.write("wheelhouse/.gitkeep", "")
        let empty = try workspace.envsync("check", "--remote-only")
        #expect(empty.status == 0, "\(empty)")
        try workspace.write("conf/app.yaml", "a: 2\n")
        #expect(try workspace.envsync("check", "--remote-only").status == 1)
    }
}

extension CommandResult {
    /// Throws unless the command exited with 0.
    func throwUnlessDone() throws {
        guard status == 0 else { throw ToolError(description: "\(self)") }
    }
}
