import ArgumentParser
import SyncEngine
import Testing

@testable import EnvSyncCommands

@Suite("pack: its options")
struct PackCommandTests {
    private static func request(_ words: [String]) throws -> PackRequest {
        let command = try EnvSyncCommand.parseAsRoot(["pack"] + words)
        return try #require(command as? PackCommand).request
    }

    @Test("the order of --exclude and --include counts across both")
    func filters() throws {
        let words = ["--exclude", "a", "--include", "b", "--include", "c", "--exclude", "d", "--include", "e"]
        #expect(
            try Self.request(words).filters.map { ($0.isExclusion ? "-" : "+") + $0.pattern } == [
                "-a", "+b", "+c", "-d", "+e",
            ])
    }

    @Test("conda-pack's spellings")
    func spellings() throws {
        let request = try Self.request([
            "-p", "env", "-o", "x.zip", "-d", "/opt/x", "-f", "-j", "3", "--ignore-missing-files",
            "--ignore-editable-packages", "--format", "tar.zst",
        ])
        #expect(request.prefix == "env" && request.output == "x.zip" && request.destination == "/opt/x")
        #expect(request.isForced && request.workers == 3 && request.format == .tarZst)
        #expect(request.tolerated == ["missing-files", "editable-package"])
    }

    @Test("what isn't said is left to the configuration")
    func unsaid() throws {
        let request = try Self.request([])
        #expect(request.prefix == nil && request.output == nil && request.format == nil && request.withPython == nil)
        #expect(request.bytecode == nil && request.editable == nil && request.cacheLimit == nil)
        #expect(try Self.request(["--no-cache"]).cacheLimit == 0)
        #expect(try Self.request(["--cache-limit", "1GiB"]).cacheLimit == 1 << 30)
    }

    @Test(arguments: [
        ["--ignore", "nope"], ["-p", "a", "b"], ["--cache-limit", "x"], ["--no-cache", "--cache-limit", "1"],
        ["-j", "0"],
        ["--dest-prefix", "relative"], ["--exclude", ""], ["-o", ""], ["--bytecode", "keep"],
    ])
    func refused(words: [String]) {
        #expect(throws: (any Error).self) { try Self.request(words) }
    }
}
