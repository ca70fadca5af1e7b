import Foundation
import Glibc
import Testing

@Suite("Pushing to HDFS", .tags(.hdfs), .enabled(if: TestHDFS.isAvailable))
struct PushToHDFSTests {
    @Test("first push, no-op, one change, back again: what is sent, published, and never touched again")
    func lifecycle() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        // An empty file, one byte, both sides of a checksum chunk, and some larger ones.
        let workspace = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [0, 1, 511, 512, 513, 100_000, 1_048_576, 3_000_001])

        // A umask that would lock everybody else out has no say.
        let first = try workspace.script("umask 077; exec \"$ENVSYNC\" push --json")
        #expect(first.status == 0, "\(first)")
        #expect(try first.number("objectsSent") == 9)
        #expect(try first.json()["published"] as? Bool == true)
        for (path, entry) in try hdfs.tree(root) {
            #expect(entry.permission == (entry.isDirectory ? "755" : "644"), "\(path)")
        }
        #expect(try hdfs.staging(root) == [])
        let before = try hdfs.objects(root)
        #expect(before.count == 9)

        let again = try workspace.succeed("push", "--json")
        #expect(try again.number("objectsSent") == 0)
        #expect(try again.number("requests") <= 10)
        #expect(try again.json()["published"] as? Bool == false)
        #expect(try workspace.succeed("check", "--json").findings() == [])
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])

        let original = try workspace.data("data/f005.bin")
        try workspace.freshen(["data/f005.bin"])
        let stale = try workspace.envsync("push")
        #expect(stale.status == 2 && stale.stderr.contains("envsync lock"), "\(stale)")
        let changed = try workspace.succeed("push", "--lock", "--json")
        #expect(try changed.number("objectsSent") == 1)
        #expect(try changed.number("bytesSent") == 100_000)
        #expect(try changed.number("generation") == 2)

        // Back to the first content: nothing to send, and a new generation, since history only grows.
        try workspace.write("data/f005.bin", bytes: [UInt8](original))
        let back = try workspace.succeed("push", "--lock", "--json")
        #expect(try back.number("objectsSent") == 0)
        #expect(try back.number("generation") == 3)
        #expect(try workspace.succeed("push", "--repair", "--json").number("objectsSent") == 0)
        #expect(try workspace.succeed("push", "--repair", "--read-back", "--json").number("objectsSent") == 0)

        let after = try hdfs.objects(root)
        #expect(after.count == 10)
        for (path, entry) in before { #expect(after[path] == entry, "was touched: \(path)") }
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        #expect(try reader.generations().map(reader.number) == [1, 2, 3])
        for generation in try reader.generations() { try reader.readGeneration(generation) }
        #expect(try reader.readAll().generation == 3)
    }

    @Test("status, doctor and args say what is there; a lost database changes nothing")
    func reports() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [1000, 2000])
        #expect(try workspace.envsync("args", "j").status == 2)
        try workspace.succeed("push")

        let arguments = try workspace.succeed("args", "j").stdout
        for (_, path) in try workspace.storePaths() {
            #expect(arguments.contains(hdfs.hdfs + path), "\(path) is not in \(arguments)")
        }
        #expect(!arguments.contains("webhdfs"))
        let status = try workspace.succeed("status", "--json").json()
        #expect(status["isPublishedAsLocked"] as? Bool == true)
        let doctor = try workspace.succeed("doctor")
        #expect(doctor.stdout.contains("verified by MD5-of-0MD5-of-512CRC32C"), "\(doctor)")
        #expect(doctor.stdout.contains("PUBLIC"), "\(doctor)")
        #expect(doctor.stdout.contains("jobs get \(hdfs.hdfs)\(root)/objects/"), "\(doctor)")
        #expect(try hdfs.staging(root) == [])

        // What the database knew is learnt from the store again, without sending anything.
        try FileManager.default.removeItem(atPath: workspace.path(".envsync"))
        #expect(try workspace.succeed("args", "j").stdout == arguments)
        try FileManager.default.removeItem(atPath: workspace.path(".envsync"))
        let push = try workspace.succeed("push", "--json")
        #expect(try push.number("objectsSent") == 0 && push.number("requests") <= 10)
    }

    @Test("cost follows change: 300 artifacts unchanged take no more than 10 requests")
    func manyArtifacts() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: (0..<300).map { 20 + $0 })
        #expect(try workspace.succeed("push", "--json").number("objectsSent") == 301)
        #expect(try workspace.succeed("push", "--json").number("requests") <= 10)
        try workspace.freshen(["data/f123.bin"])
        let changed = try workspace.succeed("push", "--lock", "--json")
        #expect(try changed.number("objectsSent") == 1)
        // Ref, manifest, generations; three small uploads; directories; renames; clearing up.
        #expect(try changed.number("requests") <= 50)
        #expect(try workspace.succeed("check", "--json").findings() == [])
    }

    @Test("a file of several blocks is verified by checksum, and not downloaded")
    func severalBlocks() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace()
        try workspace.write("large.bin", "x")
        // Two whole blocks of 128 MiB and a part of a third.
        #expect(truncate(workspace.path("large.bin"), 300_000_001) == 0)
        try workspace.point(to: hdfs, root: root, files: ["large.bin"], settings: "replication = 1")
        try workspace.succeed("push", "--lock")
        let path = try #require(try workspace.storePaths()["large.bin"])
        #expect(try hdfs.blocks(of: path).count == 3)
        let check = try workspace.succeed("check", "--deep", "--json")
        #expect(try check.findings() == [])
        #expect(try check.number("bytesReceived") < 100_000)
        let rows = try workspace.succeed("status", "--json").json()["artifacts"] as? [[String: Any]] ?? []
        #expect(rows.map { $0["verification"] as? String } == ["checksum", "checksum"])
        try hdfs.must("DELETE", root, "op=DELETE&recursive=true")
    }

    @Test("Ctrl-C: exit code 130, nothing published, nothing left in staging; the next push sends the rest")
    func interrupted() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [Int](repeating: 400_000, count: 63), settings: "replication = 1")
        let push = try workspace.start("push", "--jobs", "2")
        while push.isRunning, try hdfs.objects(root).count < 5 { usleep(20_000) }
        push.send(SIGINT)
        let result = try push.wait(timeout: .seconds(30))
        #expect(result.status == 130, "\(result)")
        #expect(result.stderr.contains("interrupted"), "\(result)")
        #expect(try hdfs.staging(root) == [])
        #expect(try hdfs.status("\(root)/environments/etl") == nil)
        let placed = try hdfs.objects(root)
        #expect(placed.count >= 5 && placed.count < 64)

        let next = try workspace.succeed("push", "--json")
        #expect(try next.number("objectsSent") == 64 - placed.count)
        let after = try hdfs.objects(root)
        for (path, entry) in placed { #expect(after[path] == entry, "was touched: \(path)") }
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
    }

    @Test(
        "two and eight concurrent pushes of overlapping environments",
        arguments: [(2, true), (2, false), (8, true), (8, false)])
    func concurrentPushes(count: Int, sameName: Bool) throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let base = try TestWorkspace.random(on: hdfs, root: root, sizes: [5, 0, 70_000, 300_000, 40], name: "base")
        let workspaces = try (0..<count).map { index in
            try TestWorkspace.random(
                on: hdfs, root: root, sizes: [3000 + index, 50_000], name: sameName ? "etl" : "etl-\(index)",
                sharing: (base, 5))
        }
        let running = try workspaces.map { try $0.start("push", "--json") }
        let results = try running.map { try $0.wait(timeout: .seconds(120)) }
        for result in results { #expect(result.status == 0, "\(result)") }

        let names = sameName ? ["etl"] : (0..<count).map { "etl-\($0)" }
        for name in names {
            let reader = StoreReader(instance: hdfs, root: root, environment: name)
            let generations = try reader.generations()
            #expect(Set(generations.map(reader.number)).max() == generations.last.map(reader.number))
            for generation in generations { try reader.readGeneration(generation) }
            let ref = try reader.readAll()
            #expect(ref.manifest == generations.last, "\(generations)")
            let ids = Set(generations.map { $0.split(separator: "-").last.map(String.init) ?? "" })
            #expect(ids.count == count / names.count)
        }
        #expect(try hdfs.staging(root) == [])
        // main.py and 5 files are the same in all of them.
        #expect(try hdfs.objects(root).count == 6 + 2 * count)
        for (workspace, result) in zip(workspaces, results) {
            let id = try result.json()["id"] as? String
            let check = try workspace.envsync("check", "--deep", "--json")
            let name = try result.json()["environment"] as? String ?? ""
            let isNewest = try StoreReader(instance: hdfs, root: root, environment: name).ref().id == id
            #expect(check.status == (isNewest ? 0 : 1))
            #expect(try check.findings().map(\.code) == (isNewest ? [] : ["superseded"]))
        }
    }
}
