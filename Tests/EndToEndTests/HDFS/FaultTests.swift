import Foundation
import Glibc
import Testing

/// What may happen to a cluster while somebody pushes to it. One HDFS with two DataNodes, for these tests alone and one
/// after the other.
@Suite("A faulty HDFS", .serialized, .tags(.hdfs), .enabled(if: TestHDFS.isAvailable), .ownHDFS(dataNodes: 2))
struct FaultyHDFSTests {
    let hdfs: HDFSInstance

    init() throws { hdfs = try #require(OwnHDFS.current) }

    @Test("one byte, same size, same time: check is silent, check --deep names the object and reads none")
    func wrongBytes() throws {
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [Int](repeating: 300_000, count: 62) + [2_000_000])
        try workspace.succeed("push")
        let path = try #require(try workspace.storePaths()["data/f062.bin"])
        let time = try #require(try hdfs.status(path)).modificationTime
        var bytes = [UInt8](try workspace.data("data/f062.bin"))
        bytes[1_234_567] ^= 1
        try hdfs.put(bytes, to: path)
        try hdfs.must("PUT", path, "op=SETTIMES&modificationtime=\(time)")
        let objects = try hdfs.objects(root)
        #expect(objects[path]?.modificationTime == time)

        #expect(try workspace.succeed("check", "--json").findings() == [])
        // Once before, so that the DataNodes have read the classes that it takes.
        #expect(try workspace.envsync("check", "--deep").status == 1)
        let quiet = try hdfs.bytesReadByDataNodes()
        let deep = try workspace.envsync("check", "--deep", "--json")
        #expect(deep.status == 1)
        #expect(try deep.findings() == [.init(code: "object-content", subject: path)])
        #expect(try deep.number("bytesReceived") < 300_000, "less than the smallest object")
        let total = Int64(62 * 300_000 + 2_000_000)
        let deepReads = try hdfs.bytesReadByDataNodes() - quiet
        #expect(deepReads < total / 4, "the DataNodes have read CRCs alone")

        let repair = try workspace.succeed("push", "--repair", "--json")
        #expect(try repair.number("objectsSent") == 1 && repair.number("objectsRepaired") == 1)
        #expect(try repair.json()["published"] as? Bool == false)
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        let after = try hdfs.objects(root)
        for (other, entry) in objects where other != path { #expect(after[other] == entry, "was touched: \(other)") }
        // Reading back does read blocks, and the count above would have shown it.
        let before = try hdfs.bytesReadByDataNodes()
        try workspace.succeed("check", "--read-back")
        #expect(try hdfs.bytesReadByDataNodes() - before >= total)
    }

    @Test("NameNode down: a clear message within seconds, and nobody is told that all is well")
    func namenodeDown() throws {
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [5000, 6000])
        try workspace.succeed("push")
        let words = try workspace.succeed("args", "j").stdout
        try workspace.freshen(["data/f000.bin"])
        try hdfs.script("kill-namenode")
        let address = String(hdfs.webhdfs.dropFirst("webhdfs://".count))
        for command in [["push", "--lock"], ["check"], ["status"], ["doctor"]] {
            let result = try workspace.run(command, timeout: .seconds(30))
            #expect(result.status == 2, "\(command): \(result)")
            #expect((result.stdout + result.stderr).contains("\(address) does not answer"), "\(command): \(result)")
            #expect(!result.stdout.contains("in sync"))
        }
        // What was published before needs no NameNode to be named.
        try workspace.write("data/f000.bin", "other")
        let stale = try workspace.envsync("args", "j")
        #expect(stale.status == 2, "the lock was written, but not published: \(stale)")
        try hdfs.script("start-namenode")
        try workspace.succeed("push", "--lock")
        #expect(try workspace.succeed("args", "j").stdout != words)
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
    }

    @Test("NameNode in safe mode: it is named, nothing is published, reading works, and afterwards all goes on")
    func safeMode() throws {
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [5000, 6000])
        try workspace.succeed("push")
        try workspace.freshen(["data/f000.bin"])
        try hdfs.script("dfsadmin", "--", "-safemode", "enter")
        let before = try hdfs.tree(root)
        let push = try workspace.run(["push", "--lock"], timeout: .seconds(60))
        #expect(push.status == 2)
        #expect(push.stderr.contains("the NameNode is in safe mode"), "\(push)")
        #expect(push.stderr.contains("SafeModeException"), "\(push)")
        #expect(push.stderr.contains("nothing was published"), "\(push)")
        #expect(try hdfs.tree(root) == before)
        #expect(try workspace.envsync("check").status == 1)
        try hdfs.script("dfsadmin", "--", "-safemode", "leave")
        #expect(try workspace.succeed("push", "--json").number("objectsSent") == 1)
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
    }

    @Test("a DataNode dies during an upload: the push goes on with the other one, or the next one does")
    func datanodeDies() throws {
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [Int](repeating: 50_000_000, count: 6), settings: "replication = 2")
        let push = try workspace.start("push", "--verbose", "--jobs", "6")
        // The objects' directories are made while the first bytes are on their way.
        while push.isRunning, !push.errorOutput.contains("op=MKDIRS path=\(root)/objects/") { usleep(10_000) }
        usleep(400_000)
        try hdfs.script("kill-datanode", "2")
        let result = try push.wait()
        #expect(result.status == 0, "\(result.stderr.suffix(2000))")
        #expect(try hdfs.staging(root) == [])
        // The NameNode still offers the dead one for some seconds.
        try workspace.succeed("push")
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        try hdfs.script("start-datanode", "2")
        #expect(try workspace.succeed("check", "--read-back", "--json").findings() == [])
        try hdfs.must("DELETE", root, "op=DELETE&recursive=true")
    }

    @Test("DataNodes with the only replicas are down: that is not drift, nothing is replaced, and later all is well")
    func deadReplicas() throws {
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [Int](repeating: 20_000, count: 8), settings: "replication = 1")
        try workspace.succeed("push")
        let objects = try hdfs.objects(root)
        let metadata = try hdfs.tree(root).keys.filter { $0.hasSuffix(".json") }
        for path in metadata { try hdfs.must("PUT", path, "op=SETREPLICATION&replication=2") }
        // Until the ref and the manifest are on both.
        let end = ContinuousClock.now + .seconds(60)
        while try metadata.contains(where: { path in
            try hdfs.blocks(of: path).contains { try hdfs.replicas(ofBlock: $0).count < 2 }
        }), ContinuousClock.now < end { usleep(200_000) }
        let onSecond = try objects.keys.filter { path in
            try hdfs.blocks(of: path).contains { block in
                try hdfs.replicas(ofBlock: block).contains { $0.hasPrefix(hdfs.dataNodeDirectories[1]) }
            }
        }
        try hdfs.script("kill-datanode", onSecond.isEmpty ? "1" : "2")
        for command in [["check", "--deep"], ["push", "--repair"], ["check", "--read-back"]] {
            let result = try workspace.run(command, timeout: .seconds(90))
            #expect(result.status == 2, "\(command): \(result)")
            #expect(result.stderr.contains("DataNode"), "\(command): \(result)")
        }
        // Also when the NameNode has noticed, and says that no active node has the block.
        sleep(12)
        for command in [["check", "--deep"], ["push", "--repair"]] {
            let result = try workspace.run(command, timeout: .seconds(90))
            #expect(result.status == 2, "\(command): \(result)")
        }
        try hdfs.script("start-datanode", onSecond.isEmpty ? "1" : "2")
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        #expect(try hdfs.objects(root) == objects, "what was merely out of reach keeps its time")
    }

    @Test("a name quota: the directory is named, and once there is room only the rest is sent")
    func nameQuota() throws {
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [Int](repeating: 2000, count: 12))
        // A push needs the root, 3 + 1 directories, 3 for each of 13 objects, and a few files besides.
        try hdfs.script("dfsadmin", "--", "-setQuota", "26", root)
        let push = try workspace.envsync("push", "--jobs", "1")
        #expect(push.status == 2)
        #expect(push.stderr.contains("the quota on the number of files is used up"), "\(push)")
        #expect(push.stderr.contains("of directory \(root) is exceeded"), "\(push)")
        #expect(push.stderr.contains("setQuota"), "\(push)")
        #expect(push.stderr.contains("nothing was published"), "\(push)")
        #expect(try hdfs.status("\(root)/environments/etl/current.json") == nil)
        #expect(try hdfs.staging(root) == [])
        let placed = try hdfs.objects(root)
        #expect(placed.count > 0 && placed.count < 13)
        try hdfs.script("dfsadmin", "--", "-clrQuota", root)
        #expect(try workspace.succeed("push", "--json").number("objectsSent") == 13 - placed.count)
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        let after = try hdfs.objects(root)
        for (path, entry) in placed { #expect(after[path] == entry, "was touched: \(path)") }
    }

    @Test("a space quota: it is named although the server says 201, and once there is room only the rest is sent")
    func spaceQuota() throws {
        let root = try hdfs.makeRoot()
        let settings = "replication = 1"
        let workspace = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [2_000_000, 3_000_000], settings: settings)
        try workspace.succeed("push")
        let placed = try hdfs.objects(root)
        try workspace.write("data/more.bin", bytes: randomBytes(1_000_000))
        let files = ["data/f000.bin", "data/f001.bin", "data/more.bin"]
        try workspace.point(to: hdfs, root: root, files: files, settings: settings)
        try workspace.succeed("lock")
        // Room for what is there, but not for another block, which HDFS charges whole while it is written.
        try hdfs.script("dfsadmin", "--", "-setSpaceQuota", "5500000", root)
        let push = try workspace.envsync("push")
        #expect(push.status == 2)
        #expect(push.stderr.contains("the space quota is used up at \(hdfs.webhdfs)\(root)"), "\(push)")
        #expect(push.stderr.contains("of the 5500000 bytes"), "\(push)")
        #expect(push.stderr.contains("nothing was published"), "\(push)")
        #expect(try hdfs.objects(root) == placed)
        #expect(try hdfs.staging(root) == [])
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        #expect(try reader.readAll().generation == 1)
        // Less than one block of the usual 128 MiB is room enough for small files.
        try hdfs.script("dfsadmin", "--", "-setSpaceQuota", "100000000", root)
        #expect(try workspace.succeed("push", "--json").number("objectsSent") == 1)
        try hdfs.script("dfsadmin", "--", "-clrSpaceQuota", root)
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        let after = try hdfs.objects(root)
        for (path, entry) in placed { #expect(after[path] == entry, "was touched: \(path)") }
    }
}
