import EnvSyncModel
import Foundation
import Testing

@testable import SparkSubmission

/// A real shell reads what was quoted.
struct ShellTests {
    static let hostile = [
        "", " ", "a b", "'", "''", "a'b'c", "\"", "\\", "\\'", "$(touch x)", "`id`", "$HOME", "${PATH}", "a\nb", "\n",
        "a\n", "\t",
        "*", "?", "[a]", "local[*]", "{a,b}", "~", "~root", "a=~", "#", "#a", "a#b", "!", "!!", "^a^b", "&", "&&", "|",
        ";", "<", ">", "(", ")",
        "-", "--", "-n", "%s", "%d", "=", "a=b", "é", "日本", "\u{202e}", "\u{7f}", "\u{1b}[31m", "a\r\nb", "$'a'",
        "a\u{301}'",
        "uri/with+plus,and:colon@x%41#alias", String(repeating: "'\"\\ $\n", count: 500),
    ]

    /// What the shell's own `printf` gets as arguments.
    private func run(_ script: String) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.environment = ["LC_ALL": "C", "PATH": "/nonexistent", "HOME": "/root", "IFS": "x"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: bytes, as: UTF8.self).split(separator: "\0", omittingEmptySubsequences: false)
            .dropLast().map(String.init)
    }

    @Test(arguments: hostile)
    func aWordComesBack(_ word: String) throws {
        #expect(try run("printf '%s\\0' \(ShellQuoting.quote(word))") == [word])
        #expect(ShellQuoting.needsQuoting(word) == (ShellQuoting.quote(word) != word))
    }

    @Test func aLineComesBack() throws {
        let line = SparkSubmitEmitter().shellLine(Self.hostile)
        #expect(try run("printf '%s\\0' \(line.quoted)") == Self.hostile)
        #expect(line.unquoted == nil)
    }

    @Test func everyByteComesBack() throws {
        let words = (1..<128).map { String(Unicode.Scalar(UInt8($0))) }
        #expect(try run("printf '%s\\0' \(ShellLine(words).quoted)") == words)
    }

    /// A plan's words come back from the quoted line, and from the unquoted one in `$(…)`.
    @Test(arguments: [("yarn", ShellLine.Substitution.exact), ("local[*]", .unlessFilesMatch(["local[*]"]))])
    func aPlanComesBack(_ master: String, _ substitution: ShellLine.Substitution) throws {
        let plan = try Fixture.plan(
            try Fixture.job(master, main: "a.py", conf: ["spark.a": "b"]),
            [try Fixture.archive("env", "e+1.tar.gz"), try Fixture.artifact(.main, "a.py")])
        let words = Fixture.words(plan)
        let line = ShellLine(words)
        #expect(line.substitution == substitution)
        #expect(line.quotedWords == (master == "yarn" ? [] : ["local[*]"]))
        #expect(try run("printf '%s\\0' \(line.quoted)") == words)
        let unquoted = try #require(line.unquoted)
        #expect(try run("cd / && unset IFS && printf '%s\\0' $(printf %s \(ShellQuoting.quote(unquoted)))") == words)
    }

    @Test(arguments: ["", "a b", "a\tb", "a\nb"])
    func wordsThatSubstitutionBreaks(_ word: String) {
        let line = ShellLine(["x", word])
        #expect(line.unquoted == nil)
        #expect(line.substitution == .broken([word]))
        #expect(line.quotedWords == [word])
    }
}

struct JSONEmitterTests {
    @Test func theDocument() throws {
        let plan = try Fixture.plan(
            try Fixture.job("local[1]", main: "a.py", arguments: ["x y"], conf: ["spark.a": "\"\n"]),
            [try Fixture.archive("env", "e.zip", interpreter: nil), try Fixture.artifact(.main, "a.py")],
            store: "file:///s")
        let text = try JSONEmitter().text(plan)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "archives", "arguments", "conf", "deployMode", "driverPythonPath", "files", "findings", "main",
                "master",
                "pyFiles", "schemaVersion", "words",
            ])
        #expect(object["schemaVersion"] as? Int == 1)
        #expect(object["conf"] as? [String: String] == ["spark.a": "\"\n"])
        #expect(object["words"] as? [String] == Fixture.words(plan))
        #expect(object["main"] as? String == plan.submission.main)
        let archives = try #require(object["archives"] as? [[String: Any]])
        #expect(archives[0]["alias"] as? String == "env")
        #expect(archives[0]["uri"] as? String == plan.submission.archives[0].uri)
        let findings = try #require(object["findings"] as? [[String: String]])
        #expect(findings.map { $0["code"] } == ["conf-syntax", "archive-format", "local-path"])
        #expect(text.hasSuffix("}\n") && !text.contains("\\/"))
        #expect(try JSONEmitter().text(plan) == text)
    }
}
