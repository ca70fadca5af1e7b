import Foundation
import Glibc
import Testing

@Suite("Streams, documents and exit codes", .tags(.local))
struct OutputTests {
    @Test(
        "each command's result is one JSON document with a schemaVersion, on stdout alone",
        arguments: [
            ["init"], ["lock"], ["lock", "--check"], ["push"], ["push", "--dry-run"], ["push", "--repair"],
            ["args", "j"], ["check"], ["check", "--deep"],
            ["status"], ["status", "--offline"], ["doctor"],
        ])
    func documents(words: [String]) throws {
        let workspace = words == ["init"] ? try TestWorkspace() : try TestWorkspace.typical()
        if words != ["init"] { try workspace.succeed("push", "--lock") }
        let result = try workspace.run(words + ["--json"])
        #expect(result.status == 0, "\(result)")
        #expect(try result.json()["schemaVersion"] as? Int == 1)
        #expect(result.stdout.hasSuffix("}\n") && result.stdout.hasPrefix("{"))
        #expect(result.stderr.isEmpty, "\(result)")
    }

    @Test(
        "each failure is an error document on stdout, and the same in words on stderr",
        arguments: [
            (["lock"], "rm envsync.toml", "configuration"), (["lock"], "rm helper.py", "artifact"),
            (["push"], "rm envsync.lock", "lock"),
            (["push"], "echo y = 2 > helper.py", "stale-lock"), (["check"], "rm envsync.lock", "lock"),
            (["args", "nope"], "true", "configuration"),
            (["args", "j"], "rm -r .envsync", "not-published"),
            (["push"], "rm -r .envsync; mkdir .envsync; echo > .envsync/store", "refused"),
            (["submit", "j"], "true", "system"),
        ])
    func errors(words: [String], script: String, code: String) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        try workspace.script(script).throwUnlessDone()
        let environment = ["PATH": "/usr/bin:/bin", "SPARK_HOME": ""]
        let result = try workspace.run(words + ["--json"], environment: environment)
        #expect(result.status == 2, "\(result)")
        let document = try result.json()
        #expect(document["schemaVersion"] as? Int == 1)
        let error = try #require(document["error"] as? [String: Any])
        #expect(error["code"] as? String == code, "\(error)")
        let message = try #require(error["message"] as? String)
        #expect(!message.isEmpty && result.stderr.contains(message), "\(result)")
        #expect(result.stderr.hasPrefix("error: ") || result.stderr.contains("\nerror: "), "\(result)")
        // In words, nothing is on stdout: a script that captures it gets nothing that it could take for a result.
        let plain = try workspace.run(words, environment: environment)
        #expect(plain.status == 2 && plain.stdout.isEmpty, "\(plain)")
    }

    @Test("exit codes are 0, 1, 2 and 64, everywhere the same")
    func exitCodes() throws {
        let workspace = try TestWorkspace.typical()
        func status(_ words: String...) throws -> Int32 { try workspace.run(words).status }
        #expect(try status("lock", "--check") == 1)
        #expect(try status("check") == 2)
        #expect(try status("lock") == 0)
        #expect(try status("lock", "--check") == 0)
        #expect(try status("check") == 1)
        #expect(try status("args", "j") == 2)
        #expect(try status("push", "--dry-run") == 0)
        #expect(!Local.exists(workspace.store), "a dry run sends nothing")
        #expect(try status("push") == 0)
        #expect(try status("check") == 0)
        #expect(try status("args", "j") == 0)
        try workspace.write("helper.py", "VALUE = 2\n")
        #expect(try status("check") == 1)
        #expect(try status("lock", "--check") == 1)
        #expect(try status("push") == 2)
        #expect(try status("args", "j") == 0, "the job gets what was published, with a warning")
        for words in [
            [], ["pusch"], ["push", "--jobs", "x"], ["push", "--jobs", "0"], ["args"], ["lock", "extra"],
            ["push", "-q", "-v"],
        ] {
            let result = try workspace.run(words)
            #expect(result.status == (words.isEmpty ? 0 : 64), "\(words): \(result)")
            if !words.isEmpty {
                #expect(result.stdout.isEmpty && result.stderr.contains("Usage:"), "\(words): \(result)")
            }
        }
    }

    @Test(
        "--help of each command goes to stdout, exits with 0 and shows an example",
        arguments: ["init", "lock", "push", "args", "submit", "check", "status", "doctor"])
    func help(command: String) throws {
        let result = try Tool.run(Tool.envsync, [command, "--help"])
        #expect(result.status == 0 && result.stderr.isEmpty)
        #expect(result.stdout.contains("EXAMPLE") && result.stdout.contains("envsync \(command)"), "\(result)")
        #expect(try Tool.run(Tool.envsync, ["help", command]).stdout == result.stdout)
    }

    @Test("--version prints one line")
    func version() throws {
        let result = try Tool.run(Tool.envsync, ["--version"])
        #expect(result.status == 0)
        #expect(result.stdout.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(result)")
    }

    @Test(
        "without a terminal there is no escape sequence anywhere, and quiet is quiet", arguments: [[], ["-v"], ["-q"]])
    func plain(flags: [String]) throws {
        let workspace = try TestWorkspace.typical()
        for words in [["lock"], ["push"], ["check"], ["args", "j"], ["status"], ["doctor"]] {
            let result = try workspace.run(words + flags)
            #expect(result.status == 0, "\(result)")
            #expect(
                !(result.stdout + result.stderr).contains("\u{1B}") && !(result.stdout + result.stderr).contains("\r"))
            if flags == ["-q"] { #expect(result.stderr.isEmpty, "\(words): \(result)") }
        }
    }

    @Test("a stale lock is warned of by args on stderr, and stdout is still nothing but the arguments")
    func staleArguments() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        let before = try workspace.succeed("args", "j").stdout
        try workspace.write("helper.py", "VALUE = 2\n")
        let result = try workspace.succeed("args", "j")
        #expect(result.stdout == before)
        #expect(result.stderr.contains("warning:") && result.stderr.contains("helper.py"), "\(result)")
    }

    @Test("a push tells what it did: everything, nothing, one file")
    func summary() throws {
        let workspace = try TestWorkspace.typical()
        #expect(try workspace.succeed("push", "--lock").stdout.contains("sent 5 of 5 objects"))
        #expect(try workspace.succeed("push").stdout.contains("up to date: generation 1"))
        try workspace.write("helper.py", "VALUE = 2\n")
        let dry = try workspace.succeed("lock").stdout
        #expect(dry.contains("helper.py"))
        #expect(try workspace.succeed("push", "--dry-run").stdout.contains("would send 1 of 5 objects"))
        #expect(try workspace.succeed("push").stdout.contains("published generation 2"))
        // Back to what was: its objects are all there.
        try workspace.write("helper.py", "VALUE = 1\n")
        let back = try workspace.succeed("push", "--lock", "--json").json()
        #expect(back["generation"] as? Int == 3 && back["objectsSent"] as? Int == 0, "\(back)")
        try StoreProbe(root: workspace.store).audit()
    }

    @Test("what workers would get is importable: wheel, zip, egg, module and own package, by the names they had here")
    func imports() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.zip("lib/tools.zip", [("tools/__init__.py", "NAME = 'tools'\n"), ("tools/data.txt", "x")])
        try workspace.zip(
            "lib/egged-2.0-py3.11.egg",
            [("egged.py", "V = 2\n"), ("EGG-INFO/PKG-INFO", "Metadata-Version: 1.0\nName: egged\nVersion: 2.0\n")])
        try workspace.write(
            "main.py",
            "import egged, helper, own, own.deep, six, tools\nprint(six.__version__, own.VERSION, own.deep.DEEP, helper.VALUE, tools.NAME, egged.V)\nprint(helper.__file__.rsplit('/', 1)[1], own.__file__)\n"
        )
        let text = try workspace.read("envsync.toml")
        try workspace.write(
            "envsync.toml",
            text.replacing("[\"helper.py\"]", with: "[\"helper.py\", \"lib/tools.zip\", \"lib/egged-2.0-py3.11.egg\"]"))
        try workspace.succeed("push", "--lock")
        let document = try workspace.succeed("args", "j", "--json").json()
        let entries = try #require(document["pyFiles"] as? [[String: Any]])
        #expect(entries.count == 5)
        let paths = try entries.map { entry in
            let path = try #require((entry["uri"] as? String)?.dropFirst("file://".count).removingPercentEncoding)
            // As Spark does: a module's directory, or the zip itself, is on the path.
            return path.hasSuffix(".py") ? (path as NSString).deletingLastPathComponent : path
        }
        let main = try #require((document["main"] as? String)?.dropFirst("file://".count).removingPercentEncoding)
        let result = try Tool.run(
            "/usr/bin/env", ["python3", "-B", main],
            environment: ["PYTHONPATH": paths.joined(separator: ":"), "PYTHONNOUSERSITE": "1"])
        #expect(result.status == 0, "\(result)")
        #expect(result.stdout.hasPrefix("1.17.0 7 True 1 tools 2\nhelper.py /"), "\(result)")
        #expect(
            result.stdout.contains(workspace.store + "/objects/") && result.stdout.contains(".zip/own/__init__.py"),
            "\(result)")
        #expect(!Local.objects(workspace.store).contains { $0.hasSuffix(".whl") || $0.hasSuffix(".pyc") })
    }

    @Test("a source's zip is the same bytes wherever it is made, sorted, without times, and as Python reads it")
    func sourceZip() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.script(
            "mkdir -p src/own/__pycache__ src/own/.git && touch src/own/__pycache__/x.pyc src/own/.git/HEAD src/own/a.py~"
        ).throwUnlessDone()
        try workspace.write("src/own/data/numbers.csv", "1,2\n")
        try workspace.succeed("push", "--lock")
        let zip = try #require(Local.objects(workspace.store).first { $0.contains("/own-") && $0.hasSuffix(".zip") })
        let listing = try Local.python(
            """
            import sys, zipfile
            archive = zipfile.ZipFile(sys.argv[1])
            assert archive.testzip() is None
            for i in archive.infolist():
                print(i.filename, i.date_time == (1980, 1, 1, 0, 0, 0), oct(i.external_attr >> 16), i.compress_type)
            """, [workspace.store + "/objects/" + zip])
        #expect(
            listing == """
                own/ True 0o40755 0
                own/__init__.py True 0o100644 0
                own/data/ True 0o40755 0
                own/data/numbers.csv True 0o100644 0
                own/deep/ True 0o40755 0
                own/deep/__init__.py True 0o100644 0

                """)
        #expect(zip.hasSuffix("-\(zip.split(separator: "/")[1].prefix(12)).zip"), "a leaf is unique for its content")
    }
}
