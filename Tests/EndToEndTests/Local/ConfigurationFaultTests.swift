import Foundation
import Glibc
import Testing

@Suite("envsync.toml: missing, malformed, mistyped", .tags(.local))
struct ConfigurationFaultTests {
    static let everyCommand = [
        ["lock"], ["lock", "--check"], ["push"], ["push", "--lock"], ["push", "--repair"], ["args", "j"],
        ["submit", "j"], ["check"], ["check", "--deep"], ["status"], ["doctor"],
    ]

    @Test("every command says that there is no envsync.toml, and what to do", arguments: everyCommand)
    func missing(words: [String]) throws {
        let workspace = try TestWorkspace()
        let result = try workspace.run(words)
        #expect(result.status == 2)
        #expect(result.stdout.isEmpty)
        #expect(result.stderr.contains("envsync.toml") && result.stderr.contains("envsync init"), "\(result)")
        #expect(Local.tree(workspace.directory).isEmpty, "nothing is made where there is no workspace")
    }

    struct Malformed: Sendable, CustomTestStringConvertible {
        let text: String
        /// What the message has to contain; the first is `:line:column`.
        let says: [String]
        var testDescription: String { says.joined(separator: " ") }
    }

    @Test(
        "the message names line and column, and the nearest known key",
        arguments: [
            Malformed(text: "[environment]\nname = \"etl\n", says: ["envsync.toml:2:"]),
            Malformed(
                text: "[environment]\nname = etl\n", says: ["envsync.toml:2:8", "name = \"etl\"".dropLastQuoted]),
            Malformed(text: "[environment\nname = \"etl\"\n", says: ["envsync.toml:1:"]),
            Malformed(
                text: "[environment]\nname = \"etl\"\nwheelhose = [\"w\"]\n", says: ["envsync.toml:3:1", "wheelhouse"]),
            Malformed(
                text: "[environment]\nname = \"etl\"\n  py_files = []\n", says: ["envsync.toml:3:3", "py-files"]),
            Malformed(
                text: "[stoer]\nurl = \"file:///x\"\n[environment]\nname = \"e\"\n", says: ["envsync.toml:1:", "store"]),
            Malformed(
                text: "[environment]\nname = \"etl\"\n[jobs.j]\ndeploymode = \"client\"\n",
                says: ["envsync.toml:4:1", "deploy-mode"]),
            Malformed(
                text: "[environment]\nname = \"etl\"\n[jobs.j]\ndeploy-mode = \"clusterr\"\n",
                says: ["envsync.toml:4:", "cluster"]),
            Malformed(text: "[environment]\nname = \"etl\"\nname = \"b\"\n", says: ["envsync.toml:3:"]),
            Malformed(text: "[environment]\nname = 7\n", says: ["envsync.toml:2:", "name"]),
            Malformed(text: "[environment]\nname = \"../up\"\n", says: ["envsync.toml:2:", "../up"]),
            Malformed(
                text: "[environment]\nname = \"e\"\n[store]\nurl = \"ftp://x/y\"\n",
                says: ["envsync.toml:4:", "ftp://x/y"]),
            Malformed(
                text: "[environment]\nname = \"e\"\n[jobs.j]\nmaster = \"yarnn\"\n", says: ["envsync.toml:4:", "yarnn"]),
            Malformed(
                text:
                    "[environment]\nname = \"e\"\n[[archive]]\nalias = \"a\"\npath = \"x.tar.gz\"\n[[archive]]\nalias = \"a\"\npath = \"y.tar.gz\"\n",
                says: ["envsync.toml:7:", "two archives have the alias \"a\""]),
            Malformed(text: "", says: ["envsync.toml", "environment"]),
        ])
    func malformed(file: Malformed) throws {
        let workspace = try TestWorkspace()
        try workspace.write("envsync.toml", file.text)
        for words in [["lock"], ["push", "--lock"], ["check"], ["args", "j"]] {
            let result = try workspace.run(words)
            #expect(result.status == 2)
            #expect(result.stdout.isEmpty)
            for part in file.says { #expect(result.stderr.contains(part), "\(words): \(result)") }
        }
        #expect(!Local.exists(workspace.path("envsync.lock")))
    }

    @Test("what isn't UTF-8, or isn't a file, is refused without hanging")
    func unreadable() throws {
        let workspace = try TestWorkspace()
        try workspace.write(
            "envsync.toml", bytes: Array("[environment]\nname = \"\u{00e9}".utf8).dropLast() + [0x22, 0x0A])
        let invalid = try workspace.envsync("lock")
        #expect(invalid.status == 2)
        #expect(invalid.stderr.contains("envsync.toml:2:9"), "\(invalid)")
        for command in [
            "mkdir envsync.toml", "mkfifo envsync.toml", "ln -s envsync.toml envsync.toml",
            "ln -s nowhere envsync.toml",
        ] {
            _ = try workspace.script("rm -rf envsync.toml && \(command)")
            let result = try workspace.run(["lock"], timeout: .seconds(20))
            #expect(result.status == 2 && result.stderr.contains("envsync.toml"), "\(command): \(result)")
        }
    }

    @Test("a directory that isn't there is named; a workspace above is pointed at")
    func otherDirectory() throws {
        let workspace = try TestWorkspace()
        try workspace.configure()
        let missing = try workspace.envsync("lock", "-C", "no such\nplace")
        #expect(missing.status == 2)
        #expect(missing.stderr.contains("no such\\nplace"), "\(missing)")
        try workspace.write("sub/x", "")
        let below = try workspace.envsync("lock", "--directory", "sub")
        #expect(below.status == 2)
        #expect(below.stderr.contains("there is one in"), "\(below)")
    }

    @Test("init writes a configuration that works, and never overwrites")
    func initialise() throws {
        let workspace = try TestWorkspace()
        try workspace.succeed("init", "--name", "etl")
        let text = try workspace.read("envsync.toml")
        #expect(text.contains("name = \"etl\""))
        try workspace.succeed("lock")
        try workspace.succeed("push")
        try workspace.succeed("check", "--deep")
        try workspace.write("envsync.toml", "mine\n")
        let again = try workspace.envsync("init")
        #expect(again.status == 2)
        #expect(again.stdout.isEmpty)
        #expect(again.stderr.contains("envsync.toml is there already"), "\(again)")
        #expect(try workspace.read("envsync.toml") == "mine\n")
        _ = try workspace.script("rm envsync.toml && ln -s elsewhere envsync.toml")
        #expect(try workspace.envsync("init").status == 2, "a dangling link is not written through")
        #expect(!Local.exists(workspace.path("elsewhere")))
    }

    @Test("init with every commented key uncommented is a valid configuration")
    func template() throws {
        let workspace = try TestWorkspace()
        try workspace.succeed("init", "--name", "etl")
        let text = try workspace.read("envsync.toml")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") ? String(line.dropFirst()) : String(line)
        }
        // The files it names aren't there; the configuration itself is understood.
        try workspace.write("envsync.toml", lines.joined(separator: "\n"))
        let packing = try workspace.envsync("lock", environment: ["PATH": "/nowhere"])
        #expect(packing.status == 2)
        #expect(!packing.stderr.contains("envsync.toml:"), "\(packing)")
        #expect(packing.stderr.contains("+ tar -czf models.tar.gz -C models ."), "\(packing)")
        let others = lines.filter { !$0.hasPrefix("command =") && !$0.hasPrefix("inputs =") }
        try workspace.write("envsync.toml", others.joined(separator: "\n"))
        let result = try workspace.envsync("lock")
        #expect(result.status == 2)
        #expect(!result.stderr.contains("envsync.toml:"), "\(result)")
        #expect(result.stderr.contains("there is no lockfile \"uv.lock\""), "\(result)")
    }
}

extension String {
    /// Without its quotes: messages print the suggestion with placeholders.
    fileprivate var dropLastQuoted: String { String(prefix { $0 != "\"" }) }
}
