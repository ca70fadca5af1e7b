import Foundation
import Testing

@Suite("Drift of the state from HDFS", .tags(.hdfs), .enabled(if: TestHDFS.isAvailable))
struct DriftOfStateTests {
    private func published() throws -> (hdfs: HDFSInstance, root: String, workspace: TestWorkspace, path: String) {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [5000, 600])
        try workspace.succeed("push")
        return (hdfs, root, workspace, try #require(try workspace.storePaths()["data/f000.bin"]))
    }

    private func rows(_ workspace: TestWorkspace) throws -> String {
        try Local.python(
            """
            import sqlite3, sys
            for row in sqlite3.connect(sys.argv[1]).execute(
                    "SELECT local_path, store_path, hex(digest), size, checksum, remote_modified FROM mapping ORDER BY 1, 2"):
                print(row)
            """, [workspace.path(".envsync/state.sqlite")])
    }

    @Test(
        "a row of the mapping that isn't so is found, told how, and replaced by what is so",
        arguments: [
            ("size = 4999", "", "it has 5000 bytes, the state says 4999"),
            ("remote_modified = remote_modified - 1", "", "it was written again"),
            ("digest = zeroblob(32)", "", "the SHA-256 000000000000…"),
            ("checksum = 'ffff'", "--deep", "the state says ffff"),
            ("store_path = '/elsewhere/f000.bin'", "", "which is no path of the object"),
        ])
    func mapping(change: String, words: String, message: String) throws {
        let (_, _, workspace, path) = try published()
        let right = try rows(workspace)
        try workspace.sql("UPDATE mapping SET \(change) WHERE local_path = 'data/f000.bin'")
        let options = words.isEmpty ? [] : [words]
        let found = try workspace.run(["check", "--json"] + options)
        let subject = change.hasPrefix("store_path") ? "/elsewhere/f000.bin" : path
        #expect(try found.findings() == [.init(code: "mapping-differs", subject: subject)], "\(found)")
        #expect(found.stdout.contains(message), "\(found)")
        let fixed = try workspace.run(["check", "--json", "--fix"] + options)
        #expect(fixed.status == 0 && fixed.stdout.contains("the state was corrected"), "\(fixed)")
        #expect(try workspace.drift("--deep").status == 0)
        #expect(try rows(workspace) == right)
    }

    @Test("an object that was written again in the store, whole: YARN sees another file, so it is told")
    func rewritten() throws {
        let (hdfs, _, workspace, path) = try published()
        let bytes = [UInt8](try workspace.data("data/f000.bin"))
        try hdfs.put(bytes, to: path)
        let found = try workspace.drift("--deep")
        #expect(found.names == ["mapping-differs \(path)"], "\(found)")
        #expect(found.findings[0].place == "envsync.lock:\(try workspace.lockLine(of: "data/f000.bin"))")
        #expect(found.findings[0].severity == "warning")
        #expect(try workspace.drift("--fix").fixed == ["mapping-differs \(path): the state was corrected"])
        #expect(try workspace.drift("--deep").status == 0)
        // Without the state nobody knows that it was another file once.
        try hdfs.put(bytes, to: path)
        try workspace.forget()
        #expect(try workspace.drift("--deep").status == 0)
    }

    @Test("a damaged object is told of once, and not by the state besides")
    func notTwice() throws {
        let (hdfs, _, workspace, path) = try published()
        try hdfs.put(randomBytes(5000), to: path)
        #expect(try workspace.drift("--deep").names == ["object-content \(path)"])
        #expect(try workspace.drift().names == ["mapping-differs \(path)"], "what shows without --deep")
        // The checksum is looked at before the state is believed again.
        let fixed = try workspace.drift("--fix")
        #expect(
            fixed.status == 0 && fixed.fixed == ["mapping-differs \(path): it was sent again and replaced"], "\(fixed)")
        #expect(try workspace.drift("--deep").status == 0)
    }

    @Test("a generation that the state remembers and the store lost")
    func vanished() throws {
        let (hdfs, root, workspace, _) = try published()
        try workspace.sql("UPDATE publication SET generation = 7")
        let manifest = "\(root)/environments/etl/7-"
        let found = try workspace.drift()
        #expect(
            found.findings.map(\.code) == ["mapping-differs"] && found.findings[0].subject.hasPrefix(manifest),
            "\(found)")
        #expect(found.findings[0].message.contains("generation 7"))
        #expect(try workspace.drift("--fix").status == 0)
        #expect(try workspace.drift().status == 0)
        // The whole store is gone.
        try workspace.succeed("push")
        try hdfs.shell("-rm", "-r", "-skipTrash", root)
        try hdfs.shell("-mkdir", root)
        let codes = Set(try workspace.drift().findings.map(\.code))
        #expect(codes == ["not-published", "mapping-differs", "object-missing"])
        #expect(try workspace.drift("--fix").status == 0)
        #expect(try workspace.drift("--deep").status == 0)
    }

    @Test("a state that can't be read is no drift")
    func damagedState() throws {
        let (_, _, workspace, _) = try published()
        try workspace.write(".envsync/state.sqlite", "nonsense")
        #expect(try workspace.drift().status == 0)
    }
}
