import Foundation
import Glibc
import Testing

/// What may happen to a cluster while a daemon serves. One HDFS with two DataNodes, for these tests alone.
@Suite(
    "The daemon on a faulty HDFS", .serialized, .tags(.hdfs), .enabled(if: TestHDFS.isAvailable),
    .ownHDFS(dataNodes: 2))
struct DaemonFaultTests {
    private let hdfs: HDFSInstance

    init() throws { hdfs = try #require(OwnHDFS.current) }

    @Test("the NameNode is gone for 60 s: said once, nothing lost, hardly any work meanwhile, caught up")
    func nameNodeDown() throws {
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.typical(on: hdfs, root: root)
        let daemon = try TestDaemon([workspace], "--auto-lock", "--quiet-time", "0.3")
        try daemon.waitInSync(workspace)
        let address = String(hdfs.webhdfs.dropFirst("webhdfs://".count))
        // In the middle of edits.
        for index in 0..<4 {
            try workspace.write("src/own/before.py", "X = \(index)\n")
            if index == 2 { try hdfs.script("stop-namenode") }
            usleep(200_000)
        }
        let down = ContinuousClock.now
        let told = try daemon.until(workspace, "trying again") { $0.phase == "retrying" }
        #expect(told.problem?.message.contains("\(address) does not answer") == true, "\(told)")
        #expect(!told.isInSync)
        for index in 0..<8 {
            try workspace.write("src/own/during\(index).py", "X = \(index)\n")
            usleep(2_500_000)
        }
        let used = try daemon.processorTime()
        let since = ContinuousClock.now
        usleep(UInt32(max(1, 60 - down.age) * 1_000_000))
        let share = (try daemon.processorTime() - used) / since.age
        print("processor time while the NameNode is down: \(String(format: "%.2f", share * 100)) %")
        #expect(share < 0.05, "it must not spin")
        #expect(daemon.lines(with: "nothing is lost") == 1, "\(daemon.log)")

        try hdfs.script("start-namenode")
        let back = ContinuousClock.now
        try daemon.until(workspace, timeout: .seconds(60), "caught up") { $0.isInSync }
        try report("caught up after the NameNode was back", [back.age])
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        try reader.expectEqual(to: workspace)
        try reader.expectWhole()
        #expect(daemon.lines(with: "nothing is lost") == 1, "\(daemon.log)")
        #expect(daemon.lines(with: "solved after") == 1, "\(daemon.log)")
        #expect(try hdfs.staging(root) == [])
    }

    @Test("safe mode is entered and left: said once, and published afterwards; wait waits for it")
    func safeMode() throws {
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.typical(on: hdfs, root: root)
        let daemon = try TestDaemon([workspace], "--auto-lock", "--quiet-time", "0.3")
        try daemon.waitInSync(workspace)
        try hdfs.script("dfsadmin", "--", "-safemode", "enter")
        try workspace.write("helper.py", "VALUE = 'safe'\n")
        let told = try daemon.until(workspace, "trying again") { $0.phase == "retrying" }
        #expect(told.problem?.message.contains("safe mode") == true, "\(told)")
        let tooShort = try daemon.ask("wait", workspace.directory, "--timeout", "1")
        #expect(tooShort.status == 2, "\(tooShort)")
        usleep(4_000_000)
        #expect(try StoreReader(instance: hdfs, root: root, environment: "etl").generations().count == 1)
        try hdfs.script("dfsadmin", "--", "-safemode", "leave")
        try daemon.waitInSync(workspace)
        #expect(daemon.lines(with: "warning: ") == 1, "\(daemon.log)")
        #expect(daemon.lines(with: "notice: solved after") == 1, "\(daemon.log)")
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        try reader.expectEqual(to: workspace)
        #expect(try reader.generations().count == 2)
    }

    @Test("a DataNode dies in the middle of a push, and comes back")
    func dataNodeDies() throws {
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [Int](repeating: 20_000_000, count: 8), settings: "replication = 2")
        let daemon = try TestDaemon([workspace], "--auto-lock", "--quiet-time", "0.3")
        try daemon.until(workspace, "pushing") { $0.phase == "pushing" }
        usleep(200_000)
        try hdfs.script("kill-datanode", "2")
        try workspace.freshen(["data/f003.bin"])
        usleep(2_000_000)
        try hdfs.script("start-datanode", "2")
        try daemon.until(workspace, timeout: .seconds(90), "in sync") { $0.isInSync }
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        try reader.expectEqual(to: workspace)
        try reader.expectWhole()
        #expect(try hdfs.staging(root) == [])
        try hdfs.must("DELETE", root, "op=DELETE&recursive=true")
    }

    @Test("a NameNode that hangs holds up no workspace of another store, and no end of the daemon")
    func nameNodeHangs() throws {
        let root = try hdfs.makeRoot()
        let hanging = try (0..<5).map { try TestWorkspace.typical(on: hdfs, root: "\(root)/\($0)") }
        let other = try TestWorkspace.typical()
        let daemon = try TestDaemon(hanging + [other], "--auto-lock", "--quiet-time", "0.2")
        for workspace in hanging + [other] { try daemon.waitInSync(workspace) }
        let line = try hdfs.script("env").split(separator: "\n").first { $0.hasPrefix("export NAMENODE_PID=") }
        let nameNode = try #require(line.flatMap { Int32($0.drop { $0 != "=" }.dropFirst()) })
        kill(nameNode, SIGSTOP)
        defer { kill(nameNode, SIGCONT) }
        for workspace in hanging { try workspace.write("helper.py", "VALUE = 'hangs'\n") }
        usleep(500_000)
        try other.write("helper.py", "VALUE = 'goes on'\n")
        try daemon.waitInSync(other, timeout: .seconds(20))
        #expect(try Set(StoreProbe(root: other.store).newest()) == Set(other.freshLock()))
        let start = ContinuousClock.now
        #expect(try daemon.stop().signal == nil)
        #expect(start.age < 10)
        kill(nameNode, SIGCONT)
        try daemon.start()
        for workspace in hanging { try daemon.waitInSync(workspace) }
        #expect(try hdfs.staging(root) == [])
    }
}
