import Foundation
import Glibc
import Testing

/// What `envsync submit` turns into: the program, its words, its signals and its exit code. The program is a shell script
/// that stands where spark-submit would.
@Suite struct SubmitProcessTests {
    private static let awkward = ["two words", "it's", "\"quoted\"", "$(touch injected)", "*", "a\\b", "", "-x", "ü"]

    @Test func wordsSignalsAndExitCodeArePassedOn() throws {
        let workspace = try Self.workspace()
        let words = Self.awkward.map(ShellWord.quote).joined(separator: " ")
        let result = try TestSpark.run(
            "envsync submit job -- --conf 'spark.x=a b' -- \(words)", in: workspace.directory,
            home: workspace.path("spark home"))
        #expect(result.status == 42, "\(result)")
        let given = try workspace.read("words").split(separator: "\0", omittingEmptySubsequences: false).dropLast()
        #expect(Array(given.map(String.init).suffix(Self.awkward.count)) == Self.awkward)
        let property = try #require(given.firstIndex(of: "spark.x=a b"))
        #expect(given[property - 1] == "--conf")
        let main = try #require(given.firstIndex { $0.hasSuffix("/main.py") })
        #expect(property < main)
        #expect(!FileManager.default.fileExists(atPath: workspace.path("injected")))

        // Linux: /proc/PID/status; bit n-1 stands for signal n (proc(5)).
        let masks = try workspace.read("masks").split(separator: "\n").map { line -> UInt64 in
            try #require(UInt64(line.split(separator: "\t").last ?? "", radix: 16))
        }
        try #require(masks.count == 2)
        for mask in masks {
            for signal in [SIGINT, SIGTERM, SIGPIPE, SIGCHLD] { #expect(mask & (1 << UInt64(signal - 1)) == 0) }
        }
    }

    /// Nobody keeps what `submit` hands on, so a later push makes nothing of it outdated.
    @Test func whatWasSubmittedIsNoDrift() throws {
        let workspace = try Self.workspace()
        let result = try TestSpark.run(
            "envsync submit job", in: workspace.directory, home: workspace.path("spark home"))
        #expect(result.status == 42, "\(result)")
        try workspace.write("main.py", "changed = True\n")
        try workspace.succeed("push", "--lock")
        let check = try workspace.envsync("check", "--json")
        #expect(check.status == 0, "\(check)")
        try workspace.succeed("args", "job")
        try workspace.write("main.py", "changed = 'again'\n")
        try workspace.succeed("push", "--lock")
        let kept = try workspace.envsync("check", "--json")
        #expect(kept.status == 1 && kept.stdout.contains("arguments-outdated"), "\(kept)")
    }

    /// `eval` of the shell format and `submit` give the same words.
    @Test func theShellFormatIsReadBackByAShell() throws {
        let workspace = try Self.workspace()
        let plan = try JobPlan(workspace.succeed("args", "job", "--json"))
        let result = try TestSpark.run(
            "eval \"spark-submit $(envsync args job --format shell)\"", in: workspace.directory,
            home: workspace.path("spark home"))
        #expect(result.status == 42, "\(result)")
        let given = try workspace.read("words").split(separator: "\0", omittingEmptySubsequences: false).dropLast()
        #expect(given.map(String.init) == plan.words)
        #expect(plan.words.suffix(2) == ["--day", "next monday's"])
    }

    @Test func withoutSparkItSaysWhereItLooked() throws {
        let workspace = try Self.workspace()
        let result = try workspace.envsync(
            "submit", "job", environment: ["SPARK_HOME": workspace.path("nowhere"), "PATH": "/nonexistent"])
        #expect(result.status == 2)
        #expect(result.stderr.contains("spark-submit"))
        #expect(result.stderr.contains("SPARK_HOME"))
        #expect(result.stdout.isEmpty)
    }

    /// A published job, and a spark-submit that writes down what it is given.
    private static func workspace() throws -> TestWorkspace {
        let workspace = try TestWorkspace()
        try workspace.write(
            "envsync.toml",
            """
            [environment]
            name = "words"
            [jobs.job]
            main = "main.py"
            master = "local[1]"
            args = ["--day", "next monday's"]
            """)
        try workspace.write("main.py", "pass\n")
        try workspace.write(
            "spark home/bin/spark-submit",
            """
            #!/bin/sh
            printf '%s\\0' "$@" >words
            grep -E '^Sig(Blk|Ign)' /proc/self/status >masks
            exit 42

            """)
        chmod(workspace.path("spark home/bin/spark-submit"), 0o755)
        try workspace.succeed("push", "--lock")
        return workspace
    }
}

/// Quoting of its own, so that envsync's is not tested by itself.
private enum ShellWord {
    static func quote(_ word: String) -> String { "'" + word.replacingOccurrences(of: "'", with: "'\"'\"'") + "'" }
}
