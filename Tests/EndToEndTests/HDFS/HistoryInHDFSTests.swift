import Foundation
import Glibc
import Testing

@Suite("History, comparison and rollback in HDFS", .tags(.hdfs), .enabled(if: TestHDFS.isAvailable))
struct HistoryInHDFSTests {
    /// A workspace with three generations: of `data/f000.bin`, then of `data/f001.bin`, only one of them has the bytes.
    private func published(
        on hdfs: HDFSInstance, root: String, settings: String = ""
    ) throws -> (workspace: TestWorkspace, first: [String: String]) {
        let workspace = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [50_000, 60_000, 0, 70_000], settings: settings)
        try workspace.succeed("push")
        let first = try workspace.storePaths()
        try workspace.freshen(["data/f000.bin"])
        try workspace.succeed("push", "--lock")
        try workspace.freshen(["data/f001.bin"])
        try workspace.succeed("push", "--lock")
        return (workspace, first)
    }

    private func changed(_ document: [String: Any]) throws -> [String] {
        try #require(document["changes"] as? [[String: Any]]).compactMap { $0["name"] as? String }
    }

    /// The WebHDFS operations that a command with `-v` sent, in order.
    private func operations(_ result: CommandResult) -> [String] {
        result.stderr.split(separator: "\n").filter { $0.contains("webhdfs request") }.compactMap { line in
            line.firstMatch(of: /\ op=([A-Z]+)/).map { String($0.output.1) }
        }
    }

    @Test(
        "log costs one listing, the ref, and a read for each generation shown and the one before; diff costs two reads")
    func log() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let (workspace, _) = try published(on: hdfs, root: root)
        for shown in 1...3 {
            let log = try workspace.succeed("log", "-n", "\(shown)", "-v", "--json")
            let entries = try #require(try log.json()["generations"] as? [[String: Any]])
            #expect(entries.count == shown)
            let operations = operations(log)
            #expect(operations.count { $0 == "LISTSTATUS" } == 1, "\(operations)")
            // Each read is asked for at the NameNode and answered by a DataNode; the ref is one of them.
            #expect(operations.count { $0 == "OPEN" } == 2 * (1 + min(3, shown + 1)), "\(shown): \(operations)")
            #expect(operations.count == operations.count { ["OPEN", "LISTSTATUS"].contains($0) }, "\(operations)")
        }
        let all = try #require(try workspace.succeed("log", "--json").json()["generations"] as? [[String: Any]])
        #expect(try changed(all[0]) == ["f001.bin"])
        #expect(try changed(all[1]) == ["f000.bin"])
        #expect(all.allSatisfy { $0["origin"] as? String == "push" && $0["objects"] as? Int == 5 })
        let diff = try workspace.envsync("diff", "1", "3", "--json", "-v")
        #expect(diff.status == 1)
        #expect(try changed(diff.json()) == ["f000.bin", "f001.bin"])
        #expect((try diff.json()["newObjects"] as? [String: Any])?["bytes"] as? Int == 110_000)
        #expect(operations(diff).count == 1 + 2 * 3, "\(diff)")
        try workspace.succeed("diff")
        let elsewhere = try workspace.envsync("diff", "lock", "local", "-v")
        #expect(elsewhere.status == 0 && operations(elsewhere).isEmpty, "no generation, no request")
    }

    @Test(
        "rollback with an object that `hdfs dfs -rm` removed: refused while its bytes are nowhere, sent again once they are here"
    )
    func deleted() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let (workspace, first) = try published(on: hdfs, root: root)
        let kept = try workspace.data("data/f003.bin")
        // One that only generation 1 has, and one that all have.
        let (own, common) = (try #require(first["data/f000.bin"]), try #require(first["data/f003.bin"]))
        try hdfs.script("dfs", "-rm", "-skipTrash", own, common)
        let before = try hdfs.tree(root)
        let refused = try workspace.envsync("rollback", "1")
        #expect(refused.status == 2, "\(refused)")
        #expect(refused.stderr.contains("1 of its objects is neither whole in the store nor here"), "\(refused)")
        #expect(refused.stderr.contains("f000.bin: \(own): missing"), "\(refused)")
        #expect(refused.stderr.contains("nothing was published"), "\(refused)")
        #expect(try hdfs.tree(root) == before, "nothing was touched")
        // Generation 2 lacks nothing but what is here.
        let back = try workspace.succeed("rollback", "2", "--json").json()
        #expect(back["objectsSent"] as? Int == 1 && back["bytesSent"] as? Int == kept.count)
        #expect(try hdfs.status(common)?.length == 70_000)
        #expect(try hdfs.staging(root) == [])
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        #expect(try reader.readAll().manifest == reader.generations().last)
        // The lock is generation 3's still: that is drift, and a push makes it the newest again.
        let check = try workspace.envsync("check", "--deep", "--json")
        #expect(try check.status == 1 && check.findings().map(\.code) == ["superseded"], "\(check)")
        let plain = try workspace.envsync("check", "--only", "generation-differs", "--json")
        #expect(plain.status == 1, "\(plain)")
        #expect(try plain.findings().map(\.code) == ["generation-differs"])
        let push = try workspace.succeed("push", "--json")
        #expect(try push.number("generation") == 5 && push.number("objectsSent") == 0)
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        #expect(try hdfs.tree(root).keys.count { $0.hasPrefix("\(root)/environments/etl/") } == 6)
    }

    @Test("an object of the right size with other bytes: found by the checksum where one is known, else by --read-back")
    func damaged() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let (workspace, first) = try published(on: hdfs, root: root)
        let (own, common) = (try #require(first["data/f000.bin"]), try #require(first["data/f003.bin"]))
        try hdfs.put(randomBytes(50_000), to: own)
        try hdfs.put(randomBytes(70_000), to: common)
        let dry = try workspace.succeed("rollback", "1", "--dry-run")
        #expect(dry.stdout.contains("to be sent again: 1 object that was missing or damaged"), "\(dry)")
        // Only generation 1 knew the checksums of its own two objects.
        #expect(dry.stdout.contains("2 objects could be compared by size only"), "\(dry)")
        let thorough = try workspace.envsync("rollback", "1", "--read-back")
        #expect(thorough.status == 2 && thorough.stderr.contains("f000.bin"), "\(thorough)")
        #expect(!thorough.stderr.contains("f003.bin"), "\(thorough)")
        let back = try workspace.succeed("rollback", "2", "--json", "--read-back").json()
        #expect(back["objectsSent"] as? Int == 1 && back["notCompared"] as? Int == 0)
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        #expect(try reader.readAll().manifest == reader.generations().last)
    }

    @Test("in a world store, what somebody else published is not taken at its word")
    func world() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(mode: "1777")
        let settings = "user = \"bob\"\nsharing = \"world\""
        let (bob, first) = try published(on: hdfs, root: root, settings: settings)
        let ana = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [900], settings: settings.replacing("bob", with: "ana"))
        try ana.succeed("push")
        // Bob's own objects are his to replace.
        let own = try #require(first["data/f000.bin"])
        try hdfs.put(randomBytes(50_000), to: own, user: "bob")
        let refused = try ana.envsync("rollback", "1")
        #expect(refused.status == 2 && refused.stderr.contains(own), "\(refused)")
        #expect(refused.stderr.contains("its SHA-256 is"), "\(refused)")
        // The others hold what their names say.
        let back = try ana.succeed("rollback", "3", "--json").json()
        #expect(back["notCompared"] as? Int == 0)
        #expect((back["published"] as? [String: Any])?["generation"] as? Int == 5)
        #expect(try bob.succeed("diff").stdout.contains("no difference"))
        let log = try #require(try bob.succeed("log", "--json").json()["generations"] as? [[String: Any]])
        #expect(log.map { $0["publishedBy"] as? String } == ["ana", "ana", "bob", "bob", "bob"])
        #expect(log[0]["sameContentAs"] as? Int == 3 && log[0]["origin"] == nil)
    }

    @Test("two users, one of whom rolls back while the other pushes: both succeed, and each says what is published")
    func races() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(owner: "ana", group: "etl", mode: "775")
        let settings = "user = \"ana\"\nsharing = \"group\""
        let (ana, _) = try published(on: hdfs, root: root, settings: settings)
        let bob = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [2000, 600], settings: settings.replacing("ana", with: "bob"))
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        for round in 0..<4 {
            try bob.freshen(bob.storePaths().keys.filter { $0.hasPrefix("data/") }.sorted())
            try bob.succeed("lock")
            let count = try reader.generations().count
            let rollback = try ana.start("rollback", round.isMultiple(of: 2) ? "@1" : "@2", "--json")
            let push = try bob.start("push", "--json")
            let results = try [rollback, push].map { try $0.wait() }
            for result in results { #expect(result.status == 0, "round \(round): \(result)") }
            let generations = try reader.generations()
            #expect(generations.count >= count + 2, "round \(round): neither is lost")
            for generation in generations { try reader.readGeneration(generation) }
            let end = try reader.readAll().manifest
            #expect(end == generations.last)
            let document = try results[0].json()
            let name = try #require(document["published"] as? [String: Any])
            let own = "\(name["generation"] as? Int ?? 0)-\(name["id"] as? String ?? "").json"
            #expect(generations.contains(own), "round \(round): \(own)")
            if let superseded = document["supersededBy"] as? [String: Any] {
                #expect(superseded["id"] as? String == (try results[1].json()["id"] as? String))
                #expect(end != own)
            }
            #expect(try hdfs.staging(root) == [])
        }
        try ana.succeed("log")
        try bob.succeed("push")
        #expect(try bob.succeed("check", "--deep", "--json").findings() == [])
    }

    @Test("a store that does not answer is 2 for log, diff and rollback, and nothing is half done")
    func unreachable() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let (workspace, _) = try published(on: hdfs, root: root)
        let files = (0..<4).map { "data/f00\($0).bin" }
        try workspace.point(to: hdfs, root: root, files: files, url: "webhdfs://127.0.0.1:1\(root)")
        for words in [["log"], ["diff"], ["rollback", "1"]] {
            let result = try workspace.run(words + ["--json"])
            #expect(result.status == 2, "\(words): \(result)")
            let error = try #require(try result.json()["error"] as? [String: Any])
            #expect(error["code"] as? String == "unreachable", "\(words): \(result)")
        }
        try workspace.succeed("diff", "lock", "local")
    }
}
