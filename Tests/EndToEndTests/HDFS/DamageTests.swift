import Foundation
import Glibc
import Testing

@Suite("Damage in HDFS", .tags(.hdfs), .enabled(if: TestHDFS.isAvailable))
struct DamageInHDFSTests {
    @Test("what dead pushes left in staging is neither used nor in the way")
    func leftovers() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [50_000, 60_000])
        let file = [UInt8](try workspace.data("data/f000.bin"))
        let foreign = "\(root)/staging/20200101T000000Z-somebody/1.part"
        try hdfs.put(Array(file.prefix(20_000)), to: foreign)
        try workspace.succeed("push")
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        #expect(try hdfs.status(foreign)?.length == 20_000, "somebody else's push may still be running")
    }

    @Test(
        "an object of the wrong size that no generation lists is replaced by the push",
        arguments: [0, 1, 49_999, 50_001])
    func wrongSizeBeforehand(size: Int) throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [50_000, 60_000])
        let path = try #require(try workspace.storePaths()["data/f000.bin"])
        try hdfs.put(randomBytes(size), to: path)
        let push = try workspace.succeed("push", "--json")
        #expect(try push.number("objectsRepaired") == 1)
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
    }

    @Test("an object of the right size with other bytes that no generation lists is replaced by the push")
    func wrongBytesBeforehand() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [50_000, 60_000])
        let path = try #require(try workspace.storePaths()["data/f000.bin"])
        try hdfs.put(randomBytes(50_000), to: path)
        #expect(try workspace.succeed("push", "--json").number("objectsRepaired") == 1)
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
    }

    enum Harm: String, CaseIterable { case truncated, longer, missing, directory }

    @Test(
        "a published object of another size, or none: check finds it, push --repair heals it", arguments: Harm.allCases)
    func published(harm: Harm) throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [50_000, 60_000, 0])
        try workspace.succeed("push")
        let path = try #require(try workspace.storePaths()["data/f001.bin"])
        let bytes = [UInt8](try workspace.data("data/f001.bin"))
        switch harm {
        case .truncated: try hdfs.put(Array(bytes.dropLast()), to: path)
        case .longer: try hdfs.put(bytes + [0], to: path)
        case .missing: try hdfs.must("DELETE", path, "op=DELETE")
        case .directory:
            try hdfs.must("DELETE", path, "op=DELETE")
            try hdfs.must("PUT", path, "op=MKDIRS")
        }
        let others = try hdfs.objects(root).filter { $0.key != path }
        for options in [["check"], ["check", "--deep"], ["check", "--read-back"]] {
            let check = try workspace.run(options + ["--json"])
            #expect(check.status == 1)
            let code = harm == .missing ? "object-missing" : "object-size"
            #expect(try check.findings() == [.init(code: code, subject: path)])
        }
        // By the publish protocol what a generation lists is there, so only --repair looks.
        #expect(try workspace.succeed("push", "--json").number("objectsSent") == 0)
        let repair = try workspace.succeed("push", "--repair", "--json")
        #expect(try repair.number("objectsSent") == 1)
        #expect(try repair.number("bytesSent") == 60_000)
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        let after = try hdfs.objects(root)
        for (path, entry) in others { #expect(after[path] == entry, "was touched: \(path)") }
    }

    @Test("a byte flipped on a DataNode's disk: only reading back can tell, and repairing so heals it")
    func flippedOnDisk() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [50_000, 60_000])
        try workspace.succeed("push")
        let path = try #require(try workspace.storePaths()["data/f000.bin"])
        let block = try #require(try hdfs.blocks(of: path).first)
        let replicas = try hdfs.replicas(ofBlock: block)
        #expect(!replicas.isEmpty)
        for replica in replicas {
            let file = try #require(FileHandle(forUpdatingAtPath: replica))
            try file.seek(toOffset: 12_345)
            let byte = try #require(try file.read(upToCount: 1)?.first)
            try file.seek(toOffset: 12_345)
            try file.write(contentsOf: Data([byte ^ 0x80]))
            try file.close()
        }
        // The DataNode answers with the CRCs that it stored, which are still those of the right bytes.
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        let check = try workspace.envsync("check", "--read-back", "--json")
        #expect(check.status == 1, "\(check)")
        #expect(try check.findings() == [.init(code: "object-content", subject: path)])
        #expect(check.stdout.contains("envsync push --repair --read-back"))

        let repair = try workspace.succeed("push", "--repair", "--read-back", "--json")
        #expect(try repair.number("objectsSent") == 1 && repair.number("objectsRepaired") == 1)
        #expect(try workspace.succeed("check", "--read-back", "--json").findings() == [])
    }

    enum Publication: String, CaseIterable { case refMissing, refGarbage, manifestMissing, manifestTruncated }

    @Test("a damaged ref or manifest is drift, and the next push replaces it", arguments: Publication.allCases)
    func publication(harm: Publication) throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [50_000, 60_000])
        try workspace.succeed("push")
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        let ref = "\(reader.directory)/current.json"
        let manifest = try "\(reader.directory)/\(reader.ref().manifest)"
        switch harm {
        case .refMissing: try hdfs.must("DELETE", ref, "op=DELETE")
        case .refGarbage: try hdfs.put(Array("{".utf8), to: ref)
        case .manifestMissing: try hdfs.must("DELETE", manifest, "op=DELETE")
        case .manifestTruncated: try hdfs.put(Array("{\"schemaVersion\":1".utf8), to: manifest)
        }
        let check = try workspace.envsync("check", "--json")
        #expect(check.status == 1, "\(check)")
        let finding = try #require(try check.findings().first)
        #expect(finding.code == (harm == .refMissing ? "not-published" : "publication-damaged"))
        #expect(finding.subject == (harm == .refMissing || harm == .refGarbage ? ref : manifest))
        let push = try workspace.succeed("push", "--repair", "--json")
        #expect(try push.number("objectsSent") == 0)
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        try reader.readAll()
    }
}
