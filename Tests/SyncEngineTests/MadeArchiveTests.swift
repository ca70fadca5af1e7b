import EnvSyncModel
import Foundation
import Glibc
import SyncState
import Testing

@testable import SyncEngine

@Suite("Archives and what they are made of")
struct MadeArchiveTests {
    /// A workspace with an archive that is newer than its inputs, and what is remembered of its making.
    private func make() throws -> (EngineWorkspace, MadeArchive, FingerprintRecord) {
        let workspace = try EngineWorkspace()
        try workspace.configure(
            files: [],
            more:
                "[[archive]]\nalias = \"environment\"\npath = \"e.tar.gz\"\ncommand = [\"true\"]\ninputs = [\"in\", \"one.txt\"]"
        )
        try workspace.write("in/deep/a.txt", "a")
        try workspace.write("in/b.txt", "b")
        try workspace.write("one.txt", "1")
        usleep(20_000)
        try workspace.write("e.tar.gz", "packed")
        let loaded = try workspace.engine().workspace
        let made = try #require(MadeArchive.all(of: loaded).first)
        let record = try #require(made.record(ArchiveInputs(made.archive, loaded)))
        return (workspace, made, record)
    }

    @Test("unchanged")
    func unchanged() throws {
        let (workspace, made, record) = try make()
        #expect(made.standing(record) == .current)
        #expect(made.standing(nil) == .presumed, "it is newer than all that it is made of")
        #expect(made.difference(record) == nil)
        withExtendedLifetime(workspace) {}
    }

    enum Change: String, CaseIterable {
        case content, added, removed, renamed, mode, link, directory, replaced
    }

    @Test("every kind of change of a tree is seen, and told by its input", arguments: Change.allCases)
    func changed(change: Change) throws {
        let (workspace, made, record) = try make()
        let file = workspace.path("in/deep/a.txt")
        switch change {
        case .content: try workspace.write("in/deep/a.txt", "x")
        case .added: try workspace.write("in/deep/new.txt", "")
        case .removed: unlink(file)
        case .renamed: rename(file, workspace.path("in/deep/c.txt"))
        case .mode: chmod(file, 0o755)
        case .link: symlink("a.txt", workspace.path("in/deep/link"))
        case .directory: mkdir(workspace.path("in/empty"), 0o755)
        case .replaced:
            // Same name, size and times; another file.
            var info = stat()
            stat(file, &info)
            try workspace.write("in/deep/other", "z")
            var times = [info.st_atim, info.st_mtim]
            utimensat(AT_FDCWD, workspace.path("in/deep/other"), &times, 0)
            rename(workspace.path("in/deep/other"), file)
        }
        #expect(made.standing(record) == .stale(["in"]))
        #expect(made.difference(record)?.message == "\"in\" changed after \"e.tar.gz\" was made")
        #expect(made.difference(record)?.kind == .changed && made.difference(record)?.input == "in")
    }

    @Test("what Python compiles, and what envsync writes, is no change")
    func ignored() throws {
        let (workspace, made, record) = try make()
        try workspace.write("in/__pycache__/a.cpython-311.pyc", "x")
        try workspace.write("in/deep/__pycache__/a.cpython-311.pyc", "x")
        #expect(made.standing(record) == .current)
        #expect(made.standing(nil) == .presumed)
    }

    @Test("the archive, the lock and .envsync may lie among the inputs")
    func ownFiles() throws {
        let workspace = try EngineWorkspace()
        try workspace.configure(
            files: [],
            more: "[[archive]]\nalias = \"environment\"\npath = \"e.tar.gz\"\ncommand = [\"true\"]\ninputs = [\".\"]")
        try workspace.write("e.tar.gz", "packed")
        let loaded = try workspace.engine().workspace
        let made = try #require(MadeArchive.all(of: loaded).first)
        let before = ArchiveInputs(made.archive, loaded).inputs.map(\.digest)
        usleep(20_000)
        try workspace.write("e.tar.gz", "packed anew")
        usleep(20_000)
        try workspace.write("envsync.lock", "x")
        try workspace.write(".envsync/build/x.zip", "x")
        try workspace.write(".e.tar.gz.envsync-former", "x")
        #expect(ArchiveInputs(made.archive, loaded).inputs.map(\.digest) == before)
        #expect(made.standing(nil) == .presumed)
        try workspace.write("new.txt", "x")
        #expect(ArchiveInputs(made.archive, loaded).inputs.map(\.digest) != before)
    }

    @Test("another command, a missing archive, missing inputs")
    func others() throws {
        let (workspace, made, record) = try make()
        var archive = made.archive
        archive.command = ["true", "--more"]
        let other = MadeArchive(archive: archive, workspace: made.workspace)
        #expect(other.standing(record) == .stale([]))
        #expect(other.difference(record)?.message == "the command of \"e.tar.gz\" is another than when it was made")
        rename(workspace.path("one.txt"), workspace.path("gone.txt"))
        #expect(made.standing(record) == .stale(["one.txt"]))
        try FileManager.default.removeItem(atPath: workspace.path("in"))
        #expect(made.standing(record) == .current, "there is nothing to make it of")
        unlink(workspace.path("e.tar.gz"))
        #expect(made.standing(record) == .missing)
    }

    @Test("without a record, or with one of another file, times decide")
    func times() throws {
        let (workspace, made, record) = try make()
        // Somebody packed by hand, after the change.
        try workspace.write("one.txt", "2")
        usleep(20_000)
        try workspace.write("e.tar.gz", "packed by hand")
        #expect(made.standing(record) == .presumed)
        #expect(made.standing(nil) == .presumed)
        usleep(20_000)
        try workspace.write("one.txt", "3")
        #expect(made.standing(record) == .stale(["one.txt"]))
        #expect(made.standing(nil) == .stale(["one.txt"]))
    }
}
