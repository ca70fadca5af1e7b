import EnvSyncModel
import Foundation
import Glibc
import Testing

@testable import ObjectStore

@Suite("A local directory as a file system")
struct LocalFileSystemTests {
    let fileSystem = LocalFileSystem()
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func expectCondition(
        _ condition: RemoteFileError.Condition, _ body: () async throws -> Void,
        location: SourceLocation = #_sourceLocation
    ) async {
        await #expect(sourceLocation: location) {
            try await body()
        } throws: {
            ($0 as? RemoteFileError)?.condition == condition
        }
    }

    @Test("Uploads have mode 644 and directories the given mode, whatever the umask")
    func modes() async throws {
        let old = umask(0o077)
        defer { umask(old) }
        try await fileSystem.makeDirectory(directory.path + "/d", mode: 0o1777)
        let (status, _) = try await fileSystem.upload(.bytes([1, 2, 3]), to: directory.path + "/d/f")
        #expect(status.permission == 0o644 && status.length == 3 && !status.isDirectory)
        #expect(try await fileSystem.status(directory.path + "/d")?.permission == 0o1777)
    }

    @Test("A directory that is there keeps its mode; a file in its place is an error")
    func existingDirectory() async throws {
        try await fileSystem.makeDirectory(directory.path + "/d", mode: 0o700)
        try await fileSystem.makeDirectory(directory.path + "/d", mode: 0o755)
        #expect(try await fileSystem.status(directory.path + "/d")?.permission == 0o700)
        _ = try await fileSystem.upload(.bytes([]), to: directory.path + "/f")
        await expectCondition(.alreadyExists) { try await fileSystem.makeDirectory(directory.path + "/f", mode: 0o755) }
    }

    @Test("An upload never overwrites, and leaves nothing when the content isn't what it should be")
    func uploadRefusals() async throws {
        let path = directory.path + "/f"
        _ = try await fileSystem.upload(.bytes([1]), to: path)
        await expectCondition(.alreadyExists) { _ = try await fileSystem.upload(.bytes([2]), to: path) }
        #expect(try await fileSystem.read(path, limit: 10) == [1])

        let source = open(path, O_RDONLY)
        defer { close(source) }
        for (size, digest) in [(Int64(1), ContentDigest.of([9])), (Int64(2), ContentDigest.of([1]))] {
            await expectCondition(.sourceChanged) {
                _ = try await fileSystem.upload(
                    .file(descriptor: source, size: size, digest: digest), to: directory.path + "/g")
            }
            #expect(try await fileSystem.status(directory.path + "/g") == nil)
        }
    }

    @Test("A rename replaces only if asked to, and keeps the modification time")
    func renames() async throws {
        let (a, b) = (directory.path + "/a", directory.path + "/b")
        _ = try await fileSystem.upload(.bytes([1]), to: a)
        _ = try await fileSystem.upload(.bytes([2]), to: b)
        await expectCondition(.alreadyExists) { try await fileSystem.rename(a, to: b, replacing: false) }
        #expect(try await fileSystem.read(a, limit: 1) == [1])
        let before = try await fileSystem.status(a)?.modified
        try await fileSystem.rename(a, to: b, replacing: true)
        #expect(try await fileSystem.read(b, limit: 1) == [1])
        #expect(try await fileSystem.status(b)?.modified == before)
        try await fileSystem.rename(b, to: a, replacing: false)
        #expect(try await fileSystem.status(b) == nil)
        await expectCondition(.notFound) { try await fileSystem.rename(b, to: a, replacing: true) }
    }

    @Test("Reading, listing and deleting what isn't there says so; limits hold")
    func absences() async throws {
        let path = directory.path + "/x"
        #expect(try await fileSystem.status(path) == nil)
        #expect(try await fileSystem.list(path) == nil)
        #expect(try await fileSystem.read(path, limit: 1) == nil)
        #expect(try await fileSystem.delete(path, recursive: true) == false)
        _ = try await fileSystem.upload(.bytes([1, 2]), to: path)
        await expectCondition(.other) { _ = try await fileSystem.read(path, limit: 1) }
        #expect(try await fileSystem.delete(path, recursive: false))
    }
}
