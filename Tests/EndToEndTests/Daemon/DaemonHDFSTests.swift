import Foundation
import Glibc
import Testing

/// A real daemon on the real HDFS. Nothing is stopped or restricted there.
@Suite("The daemon on HDFS", .tags(.hdfs), .serialized, .enabled(if: TestHDFS.isAvailable))
struct DaemonHDFSTests {
    private let hdfs: HDFSInstance

    init() throws { hdfs = try HDFSInstance.shared }

    @Test("50 saved files: each leads to a generation with the saved bytes; how long that takes is reported")
    func lag() throws {
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.typical(on: hdfs, root: root)
        let daemon = try TestDaemon([workspace], "--auto-lock", "--http", "127.0.0.1:0")
        try daemon.waitInSync(workspace)
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        let path = reader.directory + "/current.json"
        let http = try #require(try daemon.status().http)
        let before = try lagCount(http)
        var times: [Double] = []
        for index in 1...50 {
            let old = try #require(try hdfs.status(path))
            try workspace.write("src/own/deep/__init__.py", "SAVED = \(index)\n")
            let saved = ContinuousClock.now
            // The store is the truth: a new ref is there.
            try eventually("generation \(index + 1) is there", timeout: .seconds(30), every: 10_000) {
                guard let now = try hdfs.status(path) else { return false }
                return now.fileId != old.fileId
            }
            times.append(saved.age)
            // People don't save in step with the daemon.
            usleep(UInt32.random(in: 0..<200_000))
        }
        try report("lag", times)
        try eventually("the lags are counted") { try lagCount(http) - before == 50 }

        let generations = try reader.generations()
        #expect(generations.count == 51)
        for (index, name) in generations.enumerated().dropFirst() {
            let manifest = try hdfs.call("GET", reader.directory + "/" + name, "op=OPEN")
            let source = try #require(try listedObjects(inManifest: manifest.body).first { $0.name == "own" })
            let object = "\(root)/objects/\(source.sha256.prefix(2))/\(source.sha256)/\(source.leaf)"
            let saved = try Local.python(
                """
                import io, sys, urllib.request, zipfile
                opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                archive = zipfile.ZipFile(io.BytesIO(opener.open(sys.argv[1]).read()))
                print(archive.read("own/deep/__init__.py").decode(), end="")
                """, [hdfs.url(object, "op=OPEN")])
            #expect(saved == "SAVED = \(index)\n", "\(name)")
        }
    }

    private func lagCount(_ http: String) throws -> Int {
        let text = try Tool.shell("curl -sSf --noproxy '*' \(http)/metrics")
        let line = try #require(text.firstMatch(of: /\n[a-z_]*lag_seconds_count(?:\{[^}]*\})? ([0-9]+)/), "\(text)")
        return try #require(Int(line.output.1))
    }

    @Test(
        "200 edits, renames, deletions and re-creations at random times: the store equals the disk",
        arguments: [
            UInt64.random(in: 0..<1 << 32)
        ])
    func randomEdits(seed: UInt64) throws {
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.typical(on: hdfs, root: root)
        var editor = try RandomEditor(workspace, store: hdfs.webhdfs + root, seed: seed)
        let daemon = try TestDaemon([workspace], "--auto-lock", "--quiet-time", "0.3", "--max-delay", "1")
        try daemon.waitInSync(workspace)
        var steps: [String] = []
        for _ in 0..<200 {
            steps.append(try editor.step())
            // Now and then a pause in which a push begins, or ends.
            let pause = UInt32.random(in: 0..<10, using: &editor.numbers) == 0 ? 900_000 : 120_000
            usleep(UInt32.random(in: 0..<UInt32(pause), using: &editor.numbers))
        }
        let told = Comment(rawValue: "seed \(seed), the last steps: \(steps.suffix(20).joined(separator: "; "))")
        // Not by asking the daemon to look: it has to know by itself.
        let last = try workspace.freshLock()
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        do {
            try eventually("the store has what is on disk", timeout: .seconds(40), every: 200_000) {
                (try? Set(reader.newest())) == Set(last)
            }
            try daemon.until(workspace, "in sync") { $0.isInSync }
            try reader.expectEqual(to: workspace)
            try reader.expectWhole()
        } catch {
            Issue.record("\(error)\n\(told)\n\(daemon.log.suffix(3000))")
        }
        print("random edits: \(told), \(try reader.generations().count) generations")
        #expect(try daemon.stop().signal == nil)
        #expect(try hdfs.staging(root) == [])
    }

    @Test("killed 50 times in the middle of pushes: nothing is lost or torn, and nothing is left over")
    func killed() throws {
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [Int](repeating: 1_500_000, count: 32))
        let daemon = try TestDaemon([workspace], "--auto-lock", "--quiet-time", "0.1", "--max-delay", "0.5")
        try daemon.waitInSync(workspace)
        var inPush = 0
        var kills = 0
        while kills < 50 {
            // Some go on where the one before was killed.
            if kills % 5 != 4 {
                try workspace.freshen((0..<24).map { _ in String(format: "data/f%03d.bin", Int.random(in: 0..<32)) })
            }
            let end = ContinuousClock.now + .seconds(2)
            while ContinuousClock.now < end, try daemon.status(of: workspace).phase != "pushing" {}
            if try daemon.status(of: workspace).phase == "pushing" { inPush += 1 }
            usleep(UInt32.random(in: 0..<300_000))
            try daemon.kill()
            kills += 1
            // Also what is changed while no daemon runs is published.
            if kills % 7 == 0 { try workspace.freshen(["data/f000.bin"]) }
            try daemon.start()
        }
        print("killed \(kills) times, \(inPush) of them while objects were sent")
        #expect(inPush >= 25, "they have to be in the middle")
        try daemon.until(workspace, timeout: .seconds(60), "in sync") { $0.isInSync }
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        try reader.expectEqual(to: workspace)
        try reader.expectWhole()
        #expect(try hdfs.staging(root) == [])
        try daemon.stop()
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        try hdfs.must("DELETE", root, "op=DELETE&recursive=true")
    }

    @Test("scrubbing heals a deleted and a damaged object, and tells what it can't heal")
    func scrub() throws {
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [50_000, 60_000, 70_000])
        let daemon = try TestDaemon(
            [workspace], "--auto-lock", "--quiet-time", "0.2", "--scrub-interval", "1", "--scrub-share", "1", "--http",
            "127.0.0.1:0")
        try daemon.waitInSync(workspace)
        let paths = try workspace.storePaths()
        let (missing, damaged) = (try #require(paths["data/f000.bin"]), try #require(paths["data/f001.bin"]))
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        try hdfs.script("dfs", "-rm", "-skipTrash", missing)
        try daemon.until(workspace, "the deleted one is back") { $0.counters.objectsHealed >= 1 }
        #expect(try hdfs.status(missing)?.length == 50_000)
        var bytes = [UInt8](try workspace.data("data/f001.bin"))
        bytes[12_345] ^= 1
        try hdfs.put(bytes, to: damaged)
        try daemon.until(workspace, "the damaged one is whole") { $0.counters.objectsHealed >= 2 }
        try reader.expectEqual(to: workspace)
        #expect(try daemon.status(of: workspace).isInSync)
        #expect(try reader.generations().count == 1, "healing publishes nothing new")

        // Without the local bytes there is nothing to heal from.
        let gone = try #require(paths["data/f002.bin"])
        unlink(workspace.path("data/f002.bin"))
        try hdfs.must("DELETE", gone, "op=DELETE")
        let told = try daemon.until(workspace, "told") { $0.drift.contains { $0.code == "object-missing" } }
        #expect(told.drift.contains { $0.subject == gone }, "\(told)")
        #expect(!told.isInSync && (told.scrub?.unhealed ?? 0) >= 1, "\(told)")
        let http = try #require(try daemon.status().http)
        let metrics = try Tool.shell("curl -sSf --noproxy '*' \(http)/metrics")
        #expect(metrics.contains(/\nenvsync_[a-z_]*drift[^\n]*object-missing[^\n]* [1-9]/), "\(metrics)")
    }

    @Test("two daemons on two workspaces of one environment don't fight")
    func twoDaemons() throws {
        let root = try hdfs.makeRoot()
        let workspaces = try (0..<2).map { _ in try TestWorkspace.typical(on: hdfs, root: root) }
        let daemons = try workspaces.enumerated().map { index, workspace in
            try workspace.write("helper.py", "VALUE = 'workspace \(index)'\n")
            return try TestDaemon(
                configuration:
                    "workspaces = [\"\(workspace.directory)\"]\nauto-lock = true\nquiet-time = 0.2\ncheck-interval = 1\n"
            )
        }
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        for round in 0..<3 {
            for (index, workspace) in workspaces.enumerated() {
                try workspace.write("helper.py", "VALUE = 'workspace \(index), round \(round)'\n")
                let wanted = Set(try workspace.freshLock())
                try eventually("the edit is published") {
                    (try? Set(reader.newest())) == wanted
                }
            }
        }
        // Time to push back, if they would.
        usleep(4_000_000)
        #expect(try reader.generations().count <= 8)
        #expect(try Set(reader.newest()) == Set(workspaces[1].freshLock()), "the last edit has stayed")
        try daemons[1].until(workspaces[1], "in sync") { $0.isInSync }
        try daemons[0].until(workspaces[0], "superseded") { $0.drift.map(\.code) == ["superseded"] }
        try reader.expectWhole()
    }
}
