import EnvSyncModel
import Foundation
import Glibc
import SyncState
import Testing

@testable import SyncEngine

@Suite("Scrubbing a directory")
struct ScrubTests {
    private static let count = 20

    private func published() async throws -> EngineWorkspace {
        let workspace = try EngineWorkspace()
        let names = (0..<Self.count).map { "files/f\($0).txt" }
        for name in names { try workspace.write(name, "content of \(name)") }
        try workspace.write("src/own/__init__.py", "VERSION = 1\n")
        try workspace.configure(files: names, more: "[[source]]\npath = \"src/own\"")
        try await workspace.push()
        return workspace
    }

    private func object(_ workspace: EngineWorkspace, _ name: String) throws -> String {
        let root = workspace.path(".envsync/store/objects")
        let found = FileManager.default.files(below: root).first {
            $0.hasSuffix("/" + name) || $0.contains("/\(name)-")
        }
        return root + "/" + (try #require(found))
    }

    private func all(_ workspace: EngineWorkspace, share: Double = 1) async throws -> ScrubResult {
        var options = ScrubOptions()
        options.share = share
        return try await workspace.engine().scrub(options)
    }

    @Test("nothing published, nothing to do")
    func nothing() async throws {
        let workspace = try EngineWorkspace()
        try workspace.write("a.txt", "a")
        try workspace.configure(files: ["a.txt"])
        let result = try await all(workspace)
        #expect(result.generation == nil && result.objects == 0 && result.findings.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: workspace.path(".envsync/store")), "nothing was written")
    }

    @Test("all is well: each share is another one, until all had their turn")
    func shares() async throws {
        let workspace = try await published()
        let before = FileManager.default.files(below: workspace.path(".envsync/store"))
        let environment = try workspace.engine()
        func verifiedAt() throws -> [String: Int64] {
            let mappings = try environment.state.mappings(store: environment.storeName, environment: "etl")
            return Dictionary(mappings.map { ($0.storePath, $0.verifiedAt) }, uniquingKeysWith: max)
        }
        // As if all had been verified long ago.
        let old = try environment.state.mappings(store: environment.storeName, environment: "etl").map { mapping in
            var mapping = mapping
            mapping.verifiedAt = 1000
            return mapping
        }
        try environment.state.save(mappings: old)
        for round in 1...4 {
            let result = try await all(workspace, share: 0.25)
            #expect(result.objects == 6, "a quarter of 21")
            #expect(result.healed == 0 && result.findings.isEmpty && result.notCompared == 0)
            let verified = try verifiedAt().values.filter { $0 > 1000 }.count
            #expect(verified == min(21, 6 * round))
        }
        #expect(try await all(workspace, share: 0).objects == 1)
        #expect(try await all(workspace, share: .nan).objects == 1)
        #expect(FileManager.default.files(below: workspace.path(".envsync/store")) == before)
    }

    enum Harm: String, CaseIterable { case missing, flipped, truncated, directory, shard }

    @Test("what is missing or damaged is sent again, and nothing else is touched", arguments: Harm.allCases)
    func heals(harm: Harm) async throws {
        let workspace = try await published()
        let path = try object(workspace, "f7.txt")
        let ref = workspace.path(".envsync/store/environments/etl/current.json")
        let refBefore = try workspace.read(ref)
        let directory = (path as NSString).deletingLastPathComponent
        switch harm {
        case .missing: unlink(path)
        case .flipped: try Data("Content of files/f7.txt".utf8).write(to: URL(fileURLWithPath: path))
        case .truncated: truncate(path, 3)
        case .directory:
            unlink(path)
            mkdir(path, 0o755)
        case .shard: try FileManager.default.removeItem(atPath: directory)
        }
        let result = try await all(workspace)
        #expect(result.healed == 1 && result.findings.isEmpty && result.failure == nil)
        #expect(try workspace.read(path) == "content of files/f7.txt")
        #expect(try workspace.read(ref) == refBefore, "no new generation")
        #expect(FileManager.default.files(below: workspace.path(".envsync/store/staging")).isEmpty)
        let journal = try workspace.engine().state.recentPushes()
        #expect(journal.first?.origin == .daemon && journal.first?.objectsSent == 1 && journal.first?.outcome == .done)
        #expect(try await all(workspace).healed == 0)
    }

    @Test("what can't be healed is found each time, whatever the share, and no more when it is right")
    func unhealed() async throws {
        let workspace = try await published()
        let path = try object(workspace, "f3.txt")
        let other = try object(workspace, "f4.txt")
        unlink(path)
        unlink(other)
        // The bytes are gone here, too.
        try workspace.write("files/f3.txt", "something else")
        let first = try await all(workspace)
        #expect(first.healed == 1, "the other one is healed all the same")
        #expect(first.findings.map(\.code) == [.objectMissing])
        #expect(first.findings.first?.subject == path)
        #expect(first.findings.first?.suggestion.hasPrefix("its bytes are not on this machine") == true)
        for _ in 0..<3 { #expect(try await all(workspace, share: 0.05).findings.map(\.subject) == [path]) }
        try workspace.write("files/f3.txt", "content of files/f3.txt")
        let healed = try await all(workspace, share: 0.05)
        #expect(healed.healed == 1 && healed.findings.isEmpty)
        #expect(try await all(workspace, share: 0.05).objects == 2, "only the share")
    }

    @Test("a source that changed since is sent from what is kept of its zip")
    func keptBuild() async throws {
        let workspace = try await published()
        let path = try object(workspace, "own")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        unlink(path)
        try workspace.write("src/own/__init__.py", "VERSION = 2\n")
        let result = try await all(workspace)
        #expect(result.healed == 1 && result.findings.isEmpty)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
    }

    @Test("the generation published last is looked at when somebody else has published another one since")
    func superseded() async throws {
        let workspace = try await published()
        let other = try EngineWorkspace()
        try other.write("b.txt", "b")
        try other.configure(files: ["b.txt"], store: "file://" + workspace.path(".envsync/store"))
        try await other.push()
        unlink(try object(workspace, "f1.txt"))
        let result = try await all(workspace)
        #expect(result.generation?.number == 1 && result.objects == Self.count + 1 && result.healed == 1)
        let ref = try workspace.read(workspace.path(".envsync/store/environments/etl/current.json"))
        #expect(ref.contains("\"generation\":2,"))
    }

    @Test("of a lock that moved on, what the published generation shares with it is healed")
    func lockMovedOn() async throws {
        let workspace = try await published()
        let shared = try object(workspace, "f1.txt")
        let gone = try object(workspace, "f2.txt")
        unlink(shared)
        unlink(gone)
        try workspace.write("files/f2.txt", "new content")
        _ = try await workspace.engine().lock()
        let result = try await all(workspace)
        #expect(result.generation?.number == 1)
        #expect(result.healed == 1 && result.findings.map(\.subject) == [gone])
        #expect(
            try workspace.engine().state.publication(store: try workspace.engine().storeName, environment: "etl")?
                .generation == 1)
        let ref = try workspace.read(workspace.path(".envsync/store/environments/etl/current.json"))
        #expect(ref.contains("\"generation\":1,"), "nothing was published")
    }

    @Test("modes are mended; without healing, all that is wrong is told")
    func modes() async throws {
        let workspace = try await published()
        let path = try object(workspace, "f5.txt")
        let directory = (path as NSString).deletingLastPathComponent
        chmod(path, 0o600)
        chmod(directory, 0o700)
        unlink(try object(workspace, "f6.txt"))
        var options = ScrubOptions()
        options.share = 1
        options.heals = false
        let told = try await workspace.engine().scrub(options)
        #expect(told.findings.map(\.code) == [.objectMissing, .objectMode, .objectMode])
        let result = try await all(workspace)
        #expect(result.modesMended == 2 && result.healed == 1 && result.findings.isEmpty)
        var info = stat()
        stat(path, &info)
        #expect(info.st_mode & 0o777 == 0o644)
        stat(directory, &info)
        #expect(info.st_mode & 0o777 == 0o755)
    }

    @Test("a damaged manifest or ref is told")
    func publication() async throws {
        let workspace = try await published()
        let folder = workspace.path(".envsync/store/environments/etl")
        let manifest = try #require(FileManager.default.files(below: folder).first { $0.hasPrefix("1-") })
        truncate("\(folder)/\(manifest)", 10)
        #expect(try await all(workspace).findings.map(\.code) == [.publicationDamaged])
        try workspace.write(".envsync/store/environments/etl/current.json", "{")
        let result = try await all(workspace)
        #expect(result.findings.map(\.code) == [.publicationDamaged])
        #expect(result.objects == Self.count + 1, "the objects are looked at all the same")
    }
}
