import Foundation
import Synchronization
import Testing

@testable import ReproducibleArchive

struct AssemblyFaultTests {
    private struct Refused: Error {}

    @Test func aFileThatChangesIsReadOnceMore() throws {
        let scratch = try Scratch()
        let file = try scratch.write("f", [UInt8](repeating: 1, count: 3_000_000))
        let content = FileContent(file) { count in
            // The second opening sees what the file has become.
            if count == 1 { try? Data([9]).write(to: URL(fileURLWithPath: file)) }
        }
        let flaky = MadeContent { [content] in
            let opened = try content.open()
            return content.openCount == 1 ? .source(ZeroSource(3_000_000, isChanged: true)) : opened
        }
        var members = treeMembers()
        members.append(ArchiveMember(name: Array("flaky".utf8), kind: .file(isExecutable: false, content: flaky)))
        let result = try assemble(.tarGz, members, to: scratch.path + "/a")
        var calm = members
        calm[calm.count - 1] = .bytes("flaky", [9])
        #expect(try assemble(.tarGz, calm, to: scratch.path + "/b").sha256 == result.sha256)
        #expect(content.openCount == 2)
    }

    @Test func whatIsThereIsReplacedWhateverItIs() throws {
        let scratch = try Scratch()
        let members = [ArchiveMember.bytes("f", [1])]
        let sha256 = try assemble(.tarGz, members, to: scratch.path + "/first").sha256
        let manager = FileManager.default
        try Data([1]).write(to: URL(fileURLWithPath: scratch.path + "/file"))
        try Data([2]).write(to: URL(fileURLWithPath: scratch.path + "/target"))
        try manager.createSymbolicLink(atPath: scratch.path + "/link", withDestinationPath: "target")
        try manager.linkItem(atPath: scratch.path + "/target", toPath: scratch.path + "/second")
        let wanted = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/first"))
        for name in ["file", "link", "second", "new"] {
            #expect(try assemble(.tarGz, members, to: scratch.path + "/" + name).sha256 == sha256)
            #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/" + name)) == wanted)
        }
        // The link itself was replaced, and the other name has what it had.
        #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/target")) == Data([2]))
        try manager.createDirectory(atPath: scratch.path + "/directory", withIntermediateDirectories: false)
        #expect(archiveErrorCode { _ = try assemble(.tarGz, members, to: scratch.path + "/directory") } != nil)
        #expect(
            try manager.contentsOfDirectory(atPath: scratch.path).sorted()
                == ["directory", "file", "first", "link", "new", "second", "target"])
    }

    @Test(arguments: PackedFormat.allCases)
    func whatAlwaysChangesIsAnErrorAndNothingIsLeft(_ format: PackedFormat) throws {
        let scratch = try Scratch()
        let bad = MadeContent { .source(ZeroSource(9_000_000, isChanged: true)) }
        var members = treeMembers(symlinks: format != .zip)
        members.insert(ArchiveMember(name: [0x61], kind: .file(isExecutable: false, content: bad)), at: 100)
        #expect(archiveErrorCode { _ = try assemble(format, members, to: scratch.path + "/a") } == .fileChanged)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
    }

    @Test(arguments: [1, 2, 5])
    func anErrorFromAnyContentEndsTheWork(_ workers: Int) throws {
        let scratch = try Scratch()
        var members = treeMembers()
        let bad = MadeContent { throw Refused() }
        members.insert(ArchiveMember(name: [0x61], kind: .file(isExecutable: false, content: bad)), at: 300)
        #expect(throws: Refused.self) {
            _ = try assemble(.tarGz, members, workers: workers, to: scratch.path + "/a")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
    }

    @Test func cancellationEndsTheWork() throws {
        let scratch = try Scratch()
        let calls = Mutex(0)
        let huge = MadeContent { .source(ZeroSource(1 << 40)) }
        let member = ArchiveMember(name: [0x61], kind: .file(isExecutable: false, content: huge))
        #expect(throws: Refused.self) {
            _ = try ArchiveAssembly(format: .tarGz, workers: 3).write(
                [member], to: scratch.path + "/a",
                cancelled: {
                    let count = calls.withLock {
                        $0 += 1
                        return $0
                    }
                    if count > 40 { throw Refused() }
                })
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0 && FileManager.default.fileExists(atPath: "/dev/full")))
    func aFullFileSystemIsTold() throws {
        let scratch = try Scratch()
        let mount = scratch.path + "/small"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        guard try run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", mount]) != nil else { return }
        defer { _ = try? run(["umount", mount]) }
        let code = archiveErrorCode { _ = try assemble(.tar, treeMembers(), to: mount + "/a") }
        #expect(code == .noSpace)
        #expect(try FileManager.default.contentsOfDirectory(atPath: mount).isEmpty)
        // A cache that has no room is none.
        let cache = MemberCache(directory: mount + "/cache", limit: 1 << 30)
        let result = try assemble(.tarGz, treeMembers(), cache: cache, to: scratch.path + "/b")
        #expect(try assemble(.tarGz, treeMembers(), to: scratch.path + "/c").sha256 == result.sha256)
    }
}
