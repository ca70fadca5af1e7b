import Foundation
import Glibc
import Testing

/// Objects that are what they should be, though not as envsync would have written or found them.
@Suite("Good objects are left alone", .tags(.hdfs), .enabled(if: TestHDFS.isAvailable))
struct SameBytesTests {
    @Test("the same bytes in blocks of another size are neither drift nor replaced")
    func otherBlockSize() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace()
        // Two blocks of 128 MiB, or one of 256 MiB; sparse here, so that it costs no disk.
        try workspace.write("big.bin", "")
        #expect(truncate(workspace.path("big.bin"), 140_000_000) == 0)
        try workspace.point(to: hdfs, root: root, files: ["big.bin"], settings: "replication = 1")
        try workspace.succeed("lock")
        try workspace.succeed("push")
        let path = try #require(try workspace.storePaths()["big.bin"])
        try hdfs.must(
            "PUT", path, "op=CREATE&overwrite=true&permission=644&replication=1&blocksize=268435456",
            upload: workspace.path("big.bin"))
        let before = try hdfs.objects(root)
        // Somebody wrote it again, which is told: YARN knows it by its modification time. It is whole all the same.
        let all = try workspace.envsync("check", "--deep", "--json")
        #expect(try all.findings().map(\.code) == ["mapping-differs"])
        let deep = try workspace.succeed("check", "--deep", "--json", "--ignore", "mapping-differs")
        #expect(try deep.findings() == [])
        // The local file is there to be compared with; where it isn't, only reading back could tell.
        #expect(try deep.number("notCompared") == 0)
        #expect(try deep.number("bytesReceived") < 1_000_000)
        #expect(rename(workspace.path("big.bin"), workspace.path("elsewhere")) == 0)
        let remote = try workspace.succeed(
            "check", "--deep", "--remote-only", "--json", "--ignore", "mapping-differs")
        #expect(try remote.findings() == [])
        #expect(try remote.number("notCompared") == 1)
        #expect(rename(workspace.path("elsewhere"), workspace.path("big.bin")) == 0)
        let repair = try workspace.succeed("push", "--repair", "--json")
        #expect(try repair.number("objectsSent") == 0)
        #expect(try hdfs.objects(root) == before)
        try hdfs.must("DELETE", root, "op=DELETE&recursive=true")
    }

    @Test("check --deep downloads nothing of other users' objects either")
    func othersObjects() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(mode: "1777")
        let settings = "user = \"ana\"\nsharing = \"world\""
        let ana = try TestWorkspace.random(on: hdfs, root: root, sizes: [300_000], settings: settings)
        try ana.succeed("push")
        try ana.write("envsync.toml", ana.read("envsync.toml").replacing("\"ana\"", with: "\"bob\""))
        let deep = try ana.succeed("check", "--deep", "--json")
        #expect(try deep.number("bytesReceived") < 100_000)
        #expect(try deep.number("notCompared") == 0)
    }

    @Test("a private store that becomes a group's or everybody's: its owner's next push opens it")
    func widened() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(owner: "ana", group: "etl", mode: "1777")
        let ana = try TestWorkspace.random(on: hdfs, root: root, sizes: [1000], settings: "user = \"ana\"")
        try ana.succeed("push")
        try ana.write(
            "envsync.toml",
            ana.read("envsync.toml").replacing("user = \"ana\"", with: "user = \"ana\"\nsharing = \"world\""))
        let check = try ana.envsync("check", "--json")
        #expect(check.status == 1)
        #expect(Set(try check.findings().map(\.code)) == ["object-mode"])
        try ana.succeed("push", "--repair")
        #expect(try ana.succeed("check", "--json").findings() == [])
        let bob = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [2000], settings: "user = \"bob\"\nsharing = \"world\"", sharing: (ana, 1))
        try bob.succeed("push")
        #expect(try bob.succeed("check", "--json").findings() == [])
    }
}
