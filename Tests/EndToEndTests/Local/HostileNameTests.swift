import Foundation
import Glibc
import Testing

@Suite("Hostile names and places", .tags(.local))
struct HostileNameTests {
    /// Names that a file may have here, none of which Spark's lists or a shell can be trusted with.
    static let names = [
        "a,b", "a#b", "a b", "a'b", "a\"b", "a\nb", "a$(touch pwned)b", "a`touch pwned`b", "a;touch pwned", "a*b",
        "a?b", "a[b]",
        "a{b,c}", "a\\b", "a|touch pwned", "a&touch pwned", "a%41b", "a:b", "a~b", "ü", "a\u{1B}[31mb", "a\u{202E}b",
        "-rf", "a\tb",
        "a>pwned",
    ]

    /// A TOML basic string.
    static func toml(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    let hex = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }

    /// What must be true of every message, whatever it quotes.
    private func expectHarmless(_ result: CommandResult, _ workspace: TestWorkspace, _ name: String) {
        #expect(result.signal == nil, "\(result)")
        for text in [result.stdout, result.stderr] {
            #expect(
                !text.contains("\u{1B}") && !text.contains("\u{202E}"),
                "a name steers no terminal: \(name.debugDescription)")
        }
        #expect(
            !Local.tree(workspace.directory).contains { ($0.split(separator: "/").last ?? "") == "pwned" },
            "\(name.debugDescription) was executed")
    }

    @Test(
        "a file that jobs open by its name is refused if Spark couldn't carry the name", arguments: names,
        ["files", "py-files", "main"])
    func named(name: String, key: String) throws {
        let workspace = try TestWorkspace()
        let file = key == "files" ? name : name + ".py"
        try workspace.write(file, "x = 1\n")
        switch key {
        case "main": try workspace.configure("[jobs.j]\nmaster = \"local\"\nmain = \(Self.toml(file))")
        default: try workspace.configure("\(key) = [\(Self.toml(file))]\n[jobs.j]\nmaster = \"local\"")
        }
        let result = try workspace.envsync("push", "--lock")
        expectHarmless(result, workspace, name)
        #expect(result.status == 2, "\(name.debugDescription): \(result)")
        #expect(!Local.exists(workspace.path("envsync.lock")) && !Local.exists(workspace.store + "/objects"))
        // It is named, so that the user finds it; the first character at least is never escaped.
        #expect(result.stderr.contains("rename") || result.stderr.contains("envsync.toml:"), "\(result)")
    }

    @Test(
        "hostile names in a wheelhouse: zips are shipped under a safe leaf, wheels need a sound name", arguments: names)
    func wheelhouse(name: String) throws {
        let workspace = try TestWorkspace()
        try workspace.zip("wheelhouse/plain.zip", [("module_of_zip.py", "X = 1\n")])
        guard rename(workspace.path("wheelhouse/plain.zip"), workspace.path("wheelhouse/\(name).zip")) == 0 else {
            Issue.record("cannot make \(name.debugDescription)")
            return
        }
        try workspace.configure("wheelhouse = [\"wheelhouse\"]\n[jobs.j]\nmaster = \"local\"")
        let push = try workspace.envsync("push", "--lock")
        expectHarmless(push, workspace, name)
        #expect(push.status == 0, "\(name.debugDescription): \(push)")
        try expectRoundTrip(workspace)
        let check = try workspace.envsync("check", "--deep")
        expectHarmless(check, workspace, name)
        #expect(check.status == 0, "\(check)")
        expectHarmless(try workspace.envsync("status"), workspace, name)
        // Drift is told of with the name, harmlessly.
        try workspace.zip("wheelhouse/other.zip", [("other.py", "")])
        guard rename(workspace.path("wheelhouse/other.zip"), workspace.path("wheelhouse/\(name).zip")) == 0 else {
            return
        }
        for words in [["check"], ["push"], ["lock", "--check"], ["args", "j"], ["status"]] {
            expectHarmless(try workspace.run(words), workspace, name)
        }
        // As a wheel, the name is what the format says or it is refused.
        guard rename(workspace.path("wheelhouse/\(name).zip"), workspace.path("wheelhouse/\(name).whl")) == 0 else {
            return
        }
        let wheel = try workspace.envsync("lock")
        expectHarmless(wheel, workspace, name)
        #expect(wheel.status == 2)
    }

    @Test("hostile names in a source directory: inside the zip, or refused; never in an argument", arguments: names)
    func source(name: String) throws {
        let workspace = try TestWorkspace()
        try workspace.write("own/__init__.py", "")
        try workspace.write("own/\(name).txt", "data\n")
        try workspace.configure("[[source]]\npath = \"own\"\n[jobs.j]\nmaster = \"local\"")
        let push = try workspace.envsync("push", "--lock")
        expectHarmless(push, workspace, name)
        // Zip readers on Windows would take a backslash for a separator and `a:` for a drive.
        let isRefused = name.unicodeScalars.contains { $0.value < 0x20 } || name.contains("\\") || name == "a:b"
        #expect(push.status == (isRefused ? 2 : 0), "\(name.debugDescription): \(push)")
        if push.status == 0 { try expectRoundTrip(workspace) }
    }

    @Test("a name that isn't UTF-8", arguments: ["wheelhouse", "source"])
    func invalidUTF8(place: String) throws {
        let workspace = try TestWorkspace()
        try workspace.write("own/__init__.py", "")
        try workspace.configure("wheelhouse = [\"own\"]\n[[source]]\npath = \"own\"")
        let name = place == "source" ? "b\\377d.py" : "b\\377d.whl"
        try workspace.script("printf x > \"own/$(printf '\(name)')\"").throwUnlessDone()
        if place == "source" { try workspace.configure("[[source]]\npath = \"own\"") }
        let result = try workspace.envsync("lock")
        #expect(result.status == 2, "\(result)")
        #expect(result.stderr.contains("UTF-8") && result.stderr.contains("b\u{FFFD}d"), "\(result)")
        #expect(!Local.exists(workspace.path("envsync.lock")))
    }

    @Test("the longest names that there are")
    func long() throws {
        let workspace = try TestWorkspace()
        let name = String(repeating: "n", count: 252)
        try workspace.write("\(name).py", "X = 1\n")
        try workspace.zip("wheelhouse/z.zip", [("m.py", "")])
        _ = rename(
            workspace.path("wheelhouse/z.zip"), workspace.path("wheelhouse/\(String(repeating: "z", count: 251)).zip"))
        try workspace.write("own/\(String(repeating: "d", count: 200))/\(name).py", "")
        try workspace.configure(
            "wheelhouse = [\"wheelhouse\"]\npy-files = [\"\(name).py\"]\n[[source]]\npath = \"own\"\n[jobs.j]\nmaster = \"local\""
        )
        try workspace.succeed("push", "--lock")
        try workspace.succeed("check", "--deep")
        try expectRoundTrip(workspace)
    }

    @Test(
        "a store whose path Spark's lists can't carry is refused by args, not mangled; others round-trip",
        arguments: [
            "plain", "with space", "it's \"quoted\"", "$(touch pwned)", "`touch pwned`", "a;b&c|d", "ünï+@=~", "100%41",
            "back\\slash", "-dash",
            "a,b", "a#b", "a*b", "a[b]", "a{b}", "a?b", "a:b",
        ])
    func place(name: String) throws {
        let outer = try TestWorkspace()
        let inner = outer.path(name)
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
        try outer.write("\(name)/helper.py", "X = 1\n")
        try outer.write("\(name)/app.yaml", "a: 1\n")
        try outer.write("\(name)/main.py", "print(1)\n")
        try outer.write(
            "\(name)/envsync.toml",
            """
            [environment]
            name = "etl"
            py-files = ["helper.py"]
            files = ["app.yaml"]
            [jobs.j]
            master = "local[2]"
            main = "main.py"
            args = ["", "two words", "it's", "$(touch pwned)", "`touch pwned`", "*", "a\\\\b", "--", "é\\nline", "!x", "~"]
            """)
        for words in [["push", "--lock"], ["check", "--deep"], ["status"], ["doctor"]] {
            let result = try outer.run(words, in: inner)
            #expect(result.status == 0, "\(words): \(result)")
            expectHarmless(result, outer, name)
        }
        // The same from elsewhere, by -C.
        #expect(try outer.run(["check", "-C", inner], in: "/").status == 0)
        let json = try outer.run(["args", "j", "--json"], in: inner)
        let isImpossible = name.contains { ",#*[]{}?:".contains($0) }
        guard !isImpossible else {
            #expect(json.status == 2)
            #expect(json.stderr.contains("store-address"), "\(json)")
            for format in ["spark-submit", "shell"] {
                let result = try outer.run(["args", "j", "--format", format], in: inner)
                #expect(result.status == 2 && result.stdout.isEmpty)
            }
            return
        }
        #expect(json.status == 0, "\(json)")
        let words = try #require(try json.json()["words"] as? [String])
        #expect(
            words.suffix(11) == [
                "", "two words", "it's", "$(touch pwned)", "`touch pwned`", "*", "a\\b", "--", "é\nline", "!x", "~",
            ])
        // What Python, like Java, makes of the URIs is the objects' files.
        for word in words where word.hasPrefix("file://") {
            let path = try #require(word.dropFirst(7).removingPercentEncoding)
            #expect(Local.exists(path), "\(word)")
        }
        for shell in ["/bin/sh", "/bin/bash"] {
            let result = try outer.script(
                "cd \"$PLACE\" && eval \"printf '%s\\0' $(\"$ENVSYNC\" args j --format shell)\"", shell: shell,
                environment: ["PLACE": inner])
            #expect(result.status == 0 && result.stdout == words.map { $0 + "\0" }.joined(), "\(shell): \(result)")
        }
        expectHarmless(json, outer, name)
    }

    /// `eval` of the shell format gives the words of the JSON; so does `$(…)` of the default format where all words are
    /// plain.
    private func expectRoundTrip(_ workspace: TestWorkspace) throws {
        let words = try #require(try workspace.succeed("args", "j", "--json").json()["words"] as? [String])
        let line = words.map { $0 + "\0" }.joined()
        let evaluated = try workspace.script("eval \"printf '%s\\0' $(\"$ENVSYNC\" args j --format shell)\"")
        #expect(evaluated.stdout == line, "\(evaluated)")
        let substituted = try workspace.script("printf '%s\\0' $(\"$ENVSYNC\" args j)")
        #expect(substituted.stdout == line, "\(substituted)")
        for word in words where word.hasPrefix("file://") {
            for uri in word.split(separator: ",") {
                #expect(
                    uri.utf8.allSatisfy { ($0 > 0x20 && $0 < 0x7F) && !"'\"`$*?[]{}\\;&|<>#".utf8.contains($0) },
                    "\(uri)")
                #expect(Local.exists(uri.dropFirst(7).removingPercentEncoding ?? ""), "\(uri)")
            }
        }
    }
}
