import Foundation
import Testing

@Suite("Drift of what is published in HDFS", .tags(.hdfs), .enabled(if: TestHDFS.isAvailable))
struct DriftOfPublicationTests {
    private func workspace(
        push: Bool = true
    ) throws -> (hdfs: HDFSInstance, workspace: TestWorkspace, reader: StoreReader, ref: String) {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [5000, 600])
        if push { try workspace.succeed("push") }
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        return (hdfs, workspace, reader, "\(reader.directory)/current.json")
    }

    @Test("never published: --fix publishes")
    func notPublished() throws {
        let (_, workspace, reader, ref) = try workspace(push: false)
        let found = try workspace.drift()
        #expect(found.names.first == "not-published \(ref)" && found.findings.count == 4, "\(found)")
        #expect(found.findings[0].place == "envsync.lock:3" && found.findings[0].suggestion == "envsync push")
        let fixed = try workspace.drift("--fix")
        #expect(
            fixed.status == 0 && fixed.fixed.first == "not-published \(ref): generation 1 was published", "\(fixed)")
        #expect(fixed.fixed.count == 4)
        #expect(try reader.readAll().generation == 1)
        #expect(try workspace.drift("--deep").status == 0)
    }

    @Test(
        "a new lock: --fix publishes it over this workspace's own generation, and over nobody else's",
        arguments: [true, false])
    func generationDiffers(keepsState: Bool) throws {
        let (_, workspace, reader, ref) = try workspace()
        try workspace.freshen(["data/f000.bin"])
        try workspace.succeed("lock")
        if !keepsState { try workspace.forget() }
        let path = try #require(try workspace.storePaths()["data/f000.bin"])
        let found = try workspace.drift()
        #expect(found.names == ["generation-differs \(ref)", "object-missing \(path)"], "\(found)")
        let fixed = try workspace.drift("--fix")
        if keepsState {
            #expect(fixed.status == 0 && fixed.fixed.first == "generation-differs \(ref): generation 2 was published")
            #expect(try reader.readAll().generation == 2)
        } else {
            // Whose generation it is can't be told; the objects alone harm nobody.
            #expect(fixed.names == ["generation-differs \(ref)"], "\(fixed)")
            #expect(fixed.fixed == ["object-missing \(path): it was sent"])
            #expect(fixed.result.stderr.contains("nothing is published"), "\(fixed)")
            #expect(try reader.readAll().generation == 1)
        }
    }

    @Test(
        "published since by a second workspace: who, when and which, with and without state; --fix leaves it",
        arguments: [true, false])
    func superseded(keepsState: Bool) throws {
        let (hdfs, workspace, reader, ref) = try workspace()
        let other = try workspace.clone()
        try other.freshen(["data/f001.bin"])
        try other.succeed("push", "--lock", environment: ["HADOOP_USER_NAME": hdfs.superuser])
        if !keepsState { try workspace.forget() }
        let found = try workspace.drift()
        #expect(found.names.first == "superseded \(ref)", "\(found)")
        let message = found.findings[0].message
        #expect(
            message.wholeMatch(
                of: /\w+ published generation 2 on \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; the lock is generation 1/)
                != nil,
            "\(message)")
        #expect(message.hasPrefix(hdfs.superuser + " "))
        // Objects of the older generation are mended all the same.
        let path = try #require(try workspace.storePaths()["data/f001.bin"])
        try hdfs.shell("-rm", path)
        let before = try reader.ref()
        let fixed = try workspace.drift("--fix")
        #expect(fixed.names == ["superseded \(ref)"], "\(fixed)")
        #expect(fixed.fixed == ["object-missing \(path): it was sent"])
        #expect(try reader.ref() == before)
        // Who asked for the plain kind alone before this one was known, still gets it.
        #expect(try workspace.drift("--only", "generation-differs").names == ["generation-differs \(ref)"])
        #expect(try workspace.drift("--ignore", "superseded").status == 0)
        #expect(try other.drift().status == 0)
    }

    @Test("a lock that was never published, and somebody else's generation since: superseded, too")
    func overtaken() throws {
        let (_, workspace, reader, ref) = try workspace()
        let other = try workspace.clone()
        try other.freshen(["data/f001.bin"])
        try other.succeed("push", "--lock")
        try workspace.freshen(["data/f000.bin"])
        try workspace.succeed("lock")
        let found = try workspace.drift("--fix")
        #expect(found.names.first == "superseded \(ref)", "\(found)")
        #expect(found.findings[0].message.contains("the newest that this workspace knew of was 1"), "\(found)")
        #expect(try reader.readAll().generation == 2)
        try workspace.succeed("push")
        #expect(try workspace.drift().status == 0)
    }

    enum Damage: String, CaseIterable { case ref, manifest, noManifest, noRef }

    @Test("a damaged publication is published again by --fix", arguments: Damage.allCases, [true, false])
    func damaged(damage: Damage, keepsState: Bool) throws {
        let (hdfs, workspace, reader, ref) = try workspace()
        let manifest = try "\(reader.directory)/\(reader.ref().manifest)"
        switch damage {
        case .ref: try hdfs.put(Array("{".utf8), to: ref)
        case .manifest: try hdfs.put(Array("{\"schemaVersion\":1".utf8), to: manifest)
        case .noManifest: try hdfs.shell("-rm", manifest)
        case .noRef: try hdfs.shell("-rm", ref)
        }
        if !keepsState { try workspace.forget() }
        let found = try workspace.drift()
        let code = damage == .noRef ? "not-published" : "publication-damaged"
        let subject = damage == .manifest || damage == .noManifest ? manifest : ref
        #expect(found.names == ["\(code) \(subject)"], "\(found)")
        let fixed = try workspace.drift("--fix")
        #expect(fixed.status == 0 && fixed.fixed.count == 1, "\(fixed)")
        #expect(fixed.fixed[0].hasPrefix("\(code) \(subject): generation "), "\(fixed)")
        try reader.readAll()
        #expect(try workspace.drift("--deep").status == 0)
    }

    @Test("a ref that is gone, and a newest generation that isn't this workspace's: --fix publishes nothing over it")
    func damagedByOthers() throws {
        let (hdfs, workspace, reader, ref) = try workspace()
        let other = try workspace.clone()
        try other.freshen(["data/f001.bin"])
        try other.succeed("push", "--lock")
        try hdfs.shell("-rm", ref)
        let generations = try reader.generations()
        let fixed = try workspace.drift("--fix")
        #expect(fixed.names == ["not-published \(ref)"] && fixed.fixed == [], "\(fixed)")
        #expect(try reader.generations() == generations)
        #expect(try hdfs.status(ref) == nil)
    }

    @Test("a stale lock is never sent, not even to mend something")
    func staleLock() throws {
        let (hdfs, workspace, _, _) = try workspace()
        let path = try #require(try workspace.storePaths()["data/f000.bin"])
        try hdfs.shell("-rm", path)
        try workspace.freshen(["data/f001.bin"])
        let lock = try workspace.read("envsync.lock")
        for words in [["--fix"], ["--fix", "--ignore", "local-changed"]] {
            let fixed = try workspace.run(["check", "--json"] + words)
            #expect(try fixed.findings().contains(.init(code: "object-missing", subject: path)))
            #expect(fixed.stderr.contains("envsync.lock is older than its sources"), "\(fixed)")
        }
        #expect(try hdfs.status(path) == nil)
        #expect(try workspace.read("envsync.lock") == lock)
    }

    @Test("arguments of an older generation are told by the job; pinned ones and those of jobs that are gone are not")
    func argumentsOutdated() throws {
        let (_, workspace, _, _) = try workspace()
        try workspace.succeed("args", "j")
        #expect(try workspace.drift().status == 0)
        try workspace.freshen(["data/f000.bin"])
        try workspace.succeed("push", "--lock")
        let found = try workspace.drift()
        #expect(found.names == ["arguments-outdated j"], "\(found)")
        #expect(found.findings[0].message.contains("generation 1; the newest is 2"), "\(found)")
        #expect(found.findings[0].suggestion.hasPrefix("envsync args j"))
        let lines = try workspace.read("envsync.toml").split(separator: "\n", omittingEmptySubsequences: false)
        #expect(found.findings[0].place == "envsync.toml:\(try #require(lines.firstIndex(of: "[jobs.j]")) + 1)")
        #expect(found.findings[0].severity == "warning")
        #expect(try workspace.drift("--fix").names == found.names, "only who starts the job can do something about it")
        try workspace.succeed("args", "j")
        #expect(try workspace.drift().status == 0)
        try workspace.sql(
            "UPDATE emission SET environment = zeroblob(32) WHERE number = (SELECT max(number) FROM emission)")
        #expect(try workspace.drift().names == ["arguments-outdated j"])
        try workspace.sql("UPDATE emission SET pinned = 1 WHERE number = (SELECT max(number) FROM emission)")
        #expect(try workspace.drift().status == 0)
        try workspace.sql("UPDATE emission SET pinned = 0, format = 'submit'")
        #expect(try workspace.drift().status == 0, "what submit used is kept by nobody")
        try workspace.sql("UPDATE emission SET format = 'shell', job = 'gone'")
        #expect(try workspace.drift().status == 0)
    }
}
