import Foundation
import SyncEngine
import Testing

@testable import EnvSyncCommands

@Suite("Reports of drift, byte for byte", .serialized)
struct GoldenReportTests {
    /// Set to record them anew: `ENVSYNC_RECORD_REPORTS=1 swift test --filter GoldenReportTests`.
    static let isRecording = ProcessInfo.processInfo.environment["ENVSYNC_RECORD_REPORTS"] == "1"

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
    /// The end-to-end tests check these files against the formats' schemas, and know the formats by these suffixes.
    static let suffixes: [DriftFormat: String] = [
        .table: "txt", .junit: "junit.xml", .github: "github.txt", .gitlab: "gitlab.json", .sarif: "sarif.json",
    ]

    static func text(_ format: DriftFormat, _ name: String) throws -> String {
        let report = DriftFixture.report(name)
        switch (format, report.outcome) {
        case (.junit, _): return JUnitReport.text(report)
        case (.github, _): return GitHubCommands.text(report)
        case (.gitlab, _): return try GitLabCodeQuality.text(report)
        case (.sarif, _): return try SARIFLog.text(report)
        case (_, .success(let outcome)): return DriftTable.text(report, outcome)
        case (_, .failure(let error)): return try #require(try format.failure(report, error))
        }
    }

    @Test("each is the recorded one", arguments: suffixes.keys.sorted { $0.rawValue < $1.rawValue }, DriftFixture.names)
    func golden(format: DriftFormat, name: String) throws {
        let file = Self.folder.appendingPathComponent("\(name).\(Self.suffixes[format] ?? "")")
        let text = try Self.text(format, name) + "\n"
        if Self.isRecording { try Data(text.utf8).write(to: file) }
        // Bytes: for Swift, texts with CR LF and with other normal forms may be equal.
        #expect(try Data(contentsOf: file) == Data(text.utf8), "ENVSYNC_RECORD_REPORTS=1 records it anew:\n\(text)")
    }

    @Test("no recorded text is left of a report that is gone")
    func leftovers() throws {
        let wanted = Self.suffixes.values.flatMap { suffix in DriftFixture.names.map { "\($0).\(suffix)" } }
        #expect(try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted() == wanted.sorted())
    }

    @Test("nothing of another machine, and no terminal control, is in any of them")
    func portable() throws {
        for format in Self.suffixes.keys {
            for name in DriftFixture.names {
                let text = try Self.text(format, name)
                #expect(!text.contains(FileManager.default.currentDirectoryPath))
                let controls = text.unicodeScalars.filter { ($0.value < 0x20 && $0 != "\n") || $0.value == 0x7F }
                #expect(controls.isEmpty, "\(format) \(name)")
            }
        }
    }
}

@Suite("What machines rely on in reports")
struct ReportContentTests {
    @Test("fingerprints are of what a finding is about, not of its words, and no two are the same")
    func fingerprints() throws {
        let report = DriftFixture.report("drift")
        let findings = try report.outcome.get().findings
        let prints = report.fingerprinted(findings).map(\.fingerprint)
        #expect(Set(prints).count == findings.count)
        #expect(prints.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{64}/) != nil })
        let reworded = findings.map {
            DriftReport.Finding(
                code: $0.code, subject: $0.subject, what: $0.what, message: "generation 9", suggestion: "other",
                path: $0.path, line: 99)
        }
        #expect(report.fingerprinted(reworded).map(\.fingerprint) == prints)
        // Without the first of two alike, the second has the first one's: nothing is known that would tell them apart.
        #expect(report.fingerprinted([findings[4]]).map(\.fingerprint) == [prints[3]])
        var other = report
        other.environment = "other"
        #expect(Set(other.fingerprinted(findings).map(\.fingerprint)).isDisjoint(with: prints))
    }

    @Test("each kind of drift has a rule in whole sentences")
    func rules() {
        for rule in DriftFinding.Code.allCases.map(DriftRule.of) + [DriftRule.notChecked] {
            #expect(rule.summary.hasSuffix(".") && rule.help.hasSuffix("."))
            #expect(!rule.summary.contains("\n") && !rule.help.contains("\n"))
        }
        #expect(DriftFinding.Code(rawValue: DriftRule.notCheckedCode) == nil)
    }

    @Test("\"in sync\" is said only if all was looked for")
    func narrowed() throws {
        var report = DriftFixture.report("in-sync")
        let outcome = try report.outcome.get()
        #expect(
            DriftTable.text(report, outcome).hasPrefix("in sync: \"etl\" is generation 7, 6c6c6c6c6c6c, 64 objects"))
        report.isNarrowed = true
        report.coverage = report.coverage.map {
            DriftReport.Coverage(code: $0.code, leftOut: $0.code == .staleLock ? nil : "left out by --only")
        }
        #expect(DriftTable.text(report, outcome) == "no drift: \"etl\" was looked through for stale-lock")
        #expect(GitHubCommands.text(report) == "no drift: \"etl\" was looked through for stale-lock")
    }

    @Test("exit codes are those of the command")
    func exitCodes() {
        #expect(DriftFixture.names.map { DriftFixture.report($0).exitCode } == [0, 1, 1, 2])
    }

    @Test(
        "paths are percent-encoded as RFC 3986 asks for",
        arguments: [
            ("src/own/a_b-c.~1.py", "src/own/a_b-c.~1.py"), ("a b/ü", "a%20b/%C3%BC"), ("a:b", "a%3Ab"),
            ("100%/?#[]", "100%25/%3F%23%5B%5D"), ("\u{1}", "%01"),
        ])
    func uriReferences(path: String, uri: String) {
        #expect(SARIFLog.uriReference(path) == uri)
    }

    @Test("XML has no character that XML 1.0 forbids, and no markup from outside")
    func xml() {
        #expect(XMLText.content("a<b>&\"\r\n\t]]>") == "a&lt;b&gt;&amp;\"&#13;\n\t]]&gt;")
        #expect(XMLText.attribute("a<b>&\"'\r\n\t") == "a&lt;b&gt;&amp;&quot;'&#13;&#10;&#9;")
        #expect(XMLText.content("\u{0}\u{1B}\u{7F}\u{FFFE}\u{1FFFF}") == "\\u{0}\\u{1b}\\u{7f}\\u{fffe}\\u{1ffff}")
        #expect(XMLText.content("é😀\u{85}\u{FFFD}") == "é😀\u{85}\u{FFFD}")
    }

    @Test("paths in reports start at the repository's root, and never leave it")
    func repositoryPaths() throws {
        let root = FileManager.default.temporaryDirectory.path + "/envsync-paths-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root + "/jobs/etl", withIntermediateDirectories: true)
        // A worktree's `.git` is a file.
        try Data("gitdir: elsewhere\n".utf8).write(to: URL(fileURLWithPath: root + "/.git"))
        let nested = RepositoryPaths(directory: root + "/jobs/etl", lockFileName: "envsync.lock")
        #expect(nested.lock == "jobs/etl/envsync.lock")
        #expect(nested.path("conf/a.yaml") == "jobs/etl/conf/a.yaml")
        #expect(nested.path("./../shared/./b.py") == "jobs/shared/b.py")
        #expect(nested.path("../../c.py") == "c.py")
        for outside in [nil, "", "/etc/passwd", "../../../d.py", "../.."] {
            #expect(nested.path(outside) == "jobs/etl/envsync.lock", "\(outside ?? "")")
        }
        let top = RepositoryPaths(directory: root, lockFileName: "envsync.lock")
        #expect(top.lock == "envsync.lock" && top.path("a/b") == "a/b")
    }
}
