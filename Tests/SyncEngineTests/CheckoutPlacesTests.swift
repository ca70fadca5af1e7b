import EnvSyncModel
import Foundation
import Testing

@testable import SyncEngine

@Suite("Where in the checkout drift belongs")
struct CheckoutPlacesTests {
    private let directory: String
    private let workspace: Workspace
    private let lock: Lock

    init() throws {
        directory = NSTemporaryDirectory() + "/envsync-places-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory + "/wheelhouse", withIntermediateDirectories: true)
        func digest(_ digit: Character) throws -> ContentDigest {
            try #require(ContentDigest(hex: String(repeating: digit, count: 64)))
        }
        func artifact(
            _ name: String, _ kind: ArtifactKind, _ digit: Character, _ section: ArtifactOrigin.Section, _ path: String,
            wheels: [LayerWheel] = []
        ) throws -> Artifact {
            let leaf = try LeafName.unique(name: name, version: "1.0", digest: digest(digit), fileExtension: "zip")
            return Artifact(
                name: name, version: "1.0", kind: kind, digest: try digest(digit), size: 1, leaf: leaf,
                delivery: kind == .layer ? .archive : .pyfile, alias: kind == .layer ? try ArchiveAlias(name) : nil,
                wheels: wheels, origin: ArtifactOrigin(section: section, path: path))
        }
        let native = LayerWheel(
            name: "native", version: "2.0", fileName: "native-2.0.whl", digest: try digest("d"))
        lock = Lock(
            environment: try EnvironmentName("etl"),
            artifacts: [
                try artifact("layer-shared", .layer, "a", .layer, "layer-shared", wheels: [native]),
                try artifact("Plain_Pkg", .wheel, "b", .wheelhouse, "plain.whl"),
                try artifact("own", .source, "c", .source, "src/own"),
            ], provided: [ProvidedPackage(name: "given", version: "3", archive: try ArchiveAlias("e"))])
        try Data(lock.text.utf8).write(to: URL(fileURLWithPath: directory + "/envsync.lock"))
        let toml = """
            [store]
            url = "file:///tmp/store"
            [environment]
            name = "etl"
            wheelhouse = ["wheelhouse"]
            [[source]]
            path = "src/own"
            [jobs.a]
            main = "a.py"
              [jobs."b.c"]
            main = "b.py"
            """
        try Data(toml.utf8).write(to: URL(fileURLWithPath: directory + "/envsync.toml"))
        workspace = try Workspace.load(directory: directory)
    }

    /// `path:line` of a finding, and the line itself.
    private func place(_ code: DriftFinding.Code, _ subject: String) throws -> String {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let places = CheckoutPlaces(workspace, lock, root: "/tmp/store")
        let finding = DriftFinding(code: code, subject: subject, message: "", suggestion: "")
        let location = try #require(places.location(of: finding))
        guard let line = location.line else { return location.path }
        let text = try String(contentsOfFile: "\(directory)/\(location.path)", encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let next = line < lines.count ? " / \(lines[line])" : ""
        return "\(location.path): \(lines[line - 1])\(next)"
    }

    @Test(
        "objects, packages and jobs are found by their lines",
        arguments: [
            (
                .objectMissing, "/tmp/store/objects/bb/\(String(repeating: "b", count: 64))/x.zip",
                "[[artifact]] / name = \"Plain_Pkg\""
            ),
            (
                .objectMode, "/tmp/store/objects/cc/\(String(repeating: "c", count: 64))",
                "[[artifact]] / name = \"own\""
            ),
            (.environmentMissing, "plain-pkg", "[[artifact]] / name = \"Plain_Pkg\""),
            (.environmentChanged, "native", "[[wheel]] / name = \"native\""),
            (.environmentVersion, "given", "[[provided]] / name = \"given\""),
            (.environmentVersion, "python", "environment = \"etl\""),
            (.superseded, "/tmp/store/environments/etl/current.json", "environment = \"etl\""),
        ] as [(DriftFinding.Code, String, String)])
    func inLock(code: DriftFinding.Code, subject: String, line: String) throws {
        let found = try place(code, subject)
        #expect(found.hasPrefix("envsync.lock: " + line), "\(found)")
    }

    @Test(
        "settings are found by theirs",
        arguments: [
            (.objectMode, "/tmp", "url = \"file:///tmp/store\""), (.argumentsOutdated, "a", "[jobs.a]"),
            (.argumentsOutdated, "b.c", "  [jobs.\"b.c\"]"),
        ] as [(DriftFinding.Code, String, String)])
    func inConfiguration(code: DriftFinding.Code, subject: String, line: String) throws {
        #expect(try place(code, subject).hasPrefix("envsync.toml: " + line))
    }

    @Test("differences of local files belong to the file, if it is there, and else to the lock")
    func local() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let places = CheckoutPlaces(workspace, lock, root: nil)
        func location(_ section: ArtifactOrigin.Section, _ path: String) -> DriftFinding.Location {
            places.location(
                of: LockDifference(kind: .changed, origin: ArtifactOrigin(section: section, path: path), message: ""))
        }
        let artifactLine = try #require(location(.wheelhouse, "plain.whl").line)
        #expect(location(.wheelhouse, "plain.whl").path == "envsync.lock")
        try Data().write(to: URL(fileURLWithPath: directory + "/wheelhouse/plain.whl"))
        #expect(location(.wheelhouse, "plain.whl") == .init(path: "wheelhouse/plain.whl"))
        #expect(location(.source, "src/own").path == "envsync.lock")
        try FileManager.default.createDirectory(atPath: directory + "/src/own", withIntermediateDirectories: true)
        #expect(location(.source, "src/own") == .init(path: "src/own"))
        // What is outside of the checkout is no place in it.
        #expect(location(.listed, "../../etc/passwd") == .init(path: "envsync.toml"))
        #expect(location(.layer, "layer-shared").path == "envsync.lock")
        #expect(location(.layer, "layer-shared").line != artifactLine)
        #expect(location(.wheelhouse, "") == .init(path: "envsync.toml"))
    }

    @Test("moments are told as dates, also those that no calendar has")
    func moments() {
        #expect(Moment.text(0) == "1970-01-01 00:00:00 UTC")
        #expect(Moment.text(1_795_392_245) == "2026-11-23 00:04:05 UTC")
        #expect(Moment.text(.max) == "9223372036854775807")
    }
}
