import Foundation
import Testing

@testable import ReproducibleArchive

struct MemberCacheTests {
    private static func files(_ directory: String) -> [String] {
        let found = FileManager.default.enumerator(atPath: directory)?.allObjects as? [String] ?? []
        return found.filter { $0.utf8.count > 60 }.map { directory + "/" + $0 }.sorted()
    }

    @Test(arguments: [PackedFormat.tarGz, .tarZst, .zip])
    func coldWarmDamagedAndForeignGiveTheSameBytes(_ format: PackedFormat) throws {
        let scratch = try Scratch()
        let members = treeMembers(symlinks: format != .zip)
        let plain = try assemble(format, members, to: scratch.path + "/a")
        let directory = scratch.path + "/cache/below"
        let cache = MemberCache(directory: directory, limit: 1 << 30)
        let cold = try assemble(format, members, cache: cache, to: scratch.path + "/a")
        #expect(cold.sha256 == plain.sha256)
        #expect(cold.bytesReused == 0)
        let known = zip(members, cold.contents).map { $0.knowing($1) }
        func repack(_ members: [ArchiveMember]) throws -> ArchiveAssembly.Result {
            try assemble(format, members, cache: cache, workers: 3, to: scratch.path + "/a")
        }
        let warm = try repack(known)
        #expect(warm.sha256 == plain.sha256)
        #expect(warm.contents == plain.contents)
        #expect((warm.bytesRead, warm.bytesCompressed) == (0, 0))
        // Not known, but the same: read, and small segments are not compressed again.
        let unknown = try repack(members)
        #expect(unknown.sha256 == plain.sha256)
        #expect(unknown.bytesReused > 0)
        // Every file damaged: in its data, cut, empty, or another key's.
        let files = Self.files(directory)
        #expect(files.count > 10)
        for (index, file) in files.enumerated() {
            var data = try Data(contentsOf: URL(fileURLWithPath: file))
            switch index % 4 {
            case 0: data[data.count / 3] ^= 1
            case 1: data.removeLast(20)
            case 2: data = Data()
            default: data = try Data(contentsOf: URL(fileURLWithPath: files[(index + 1) % files.count]))
            }
            try data.write(to: URL(fileURLWithPath: file))
        }
        let damaged = try repack(known)
        #expect(damaged.sha256 == plain.sha256)
        #expect(try repack(known).bytesCompressed == 0)
    }

    /// What follows a damaged segment in its unit is compressed already when the damage is seen.
    @Test(arguments: [1, 3])
    func damageBesideAChange(_ workers: Int) throws {
        let scratch = try Scratch()
        let cache = MemberCache(directory: scratch.path + "/cache", limit: 1 << 30)
        let members = (0..<40).map { ArchiveMember.bytes("u/\($0)", text($0 % 4 == 0 ? 2_000_000 : 1000, seed: $0)) }
        let contents = try assemble(.tarGz, members, cache: cache, to: scratch.path + "/a").contents
        for file in Self.files(scratch.path + "/cache") {
            var data = try Data(contentsOf: URL(fileURLWithPath: file))
            data[data.count / 2] ^= 1
            try data.write(to: URL(fileURLWithPath: file))
        }
        var changed = zip(members, contents).map { $0.knowing($1) }
        for index in stride(from: 1, to: 40, by: 3) { changed[index] = .bytes("u/\(index)", text(1_500_000, seed: 99)) }
        let result = try assemble(.tarGz, changed, cache: cache, workers: workers, to: scratch.path + "/b")
        #expect(result.sha256 == (try assemble(.tarGz, changed, to: scratch.path + "/c").sha256))
        #expect(try assemble(.tarGz, changed, cache: cache, to: scratch.path + "/b").sha256 == result.sha256)
    }

    @Test func oneChangeCompressesLittle() throws {
        let scratch = try Scratch()
        let cache = MemberCache(directory: scratch.path + "/cache", limit: 1 << 30)
        let members = treeMembers()
        let contents = try assemble(.tarGz, members, cache: cache, to: scratch.path + "/a").contents
        var known = zip(members, contents).map { $0.knowing($1) }
        known[60] = .bytes("d1/f18", [1, 2, 3])
        let changed = try assemble(.tarGz, known, cache: cache, to: scratch.path + "/a")
        #expect(changed.bytesCompressed < 1 << 20)
        #expect(changed.sha256 == (try assemble(.tarGz, known, to: scratch.path + "/b").sha256))
    }

    @Test func trimmingRemovesTheOldest() throws {
        let scratch = try Scratch()
        let directory = scratch.path + "/cache"
        _ = try assemble(
            .tarGz, treeMembers(), cache: MemberCache(directory: directory, limit: 1 << 30), to: scratch.path + "/a")
        let files = Self.files(directory)
        let newest = files[0]
        for file in files.dropFirst() {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -9000)], ofItemAtPath: file)
        }
        let size = try #require(try FileManager.default.attributesOfItem(atPath: newest)[.size] as? Int64)
        MemberCache(directory: directory, limit: size + 65536).trim()
        #expect(Self.files(directory).contains(newest))
        #expect(Self.files(directory).count < files.count)
        MemberCache(directory: directory, limit: 0).trim()
        #expect(Self.files(directory).isEmpty)
    }

    /// The cache is looked through only when it may have become too large; what says so may be lost or damaged.
    @Test func itsLimitHoldsOverManyRuns() throws {
        let scratch = try Scratch()
        let directory = scratch.path + "/cache"
        let limit: Int64 = 6 << 20
        func size() -> Int64 {
            Self.files(directory).reduce(0) { sum, file in
                var status = stat()
                #expect(stat(file, &status) == 0)
                return sum + Int64(status.st_blocks) * 512
            }
        }
        for run: UInt8 in 0..<12 {
            var bytes = (0..<2_000_000).map { _ in UInt8.random(in: 0 ... .max) }
            bytes[0] = run
            let cache = MemberCache(directory: directory, limit: limit)
            _ = try assemble(.tarGz, [.bytes("random", bytes)], cache: cache, to: scratch.path + "/a")
            #expect(size() <= limit)
            #expect(size() >= min(limit - 3_000_000, (Int64(run) + 1) * 2_000_000))
            let notes = URL(fileURLWithPath: directory + "/stored")
            switch run {
            case 4: try Data([1, 2, 3]).write(to: notes)
            case 6: try FileManager.default.removeItem(at: notes)
            case 8: try Data(repeating: 0xFF, count: 16).write(to: notes)
            case 10: try Data(repeating: 0, count: 5000).write(to: notes)
            default: break
            }
        }
    }

    @Test func twoAssembliesShareACache() async throws {
        let scratch = try Scratch()
        let path = scratch.path
        let directory = path + "/cache"
        let digests = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for index in 0..<4 {
                group.addTask {
                    let cache = MemberCache(directory: directory, limit: 3 << 20)
                    return try assemble(.tarGz, treeMembers(), cache: cache, to: path + "/\(index)").sha256
                }
            }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(digests.count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).allSatisfy { !$0.hasPrefix("tmp-") })
    }
}
