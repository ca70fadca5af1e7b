import Foundation
import ReproducibleArchive
import Testing

@testable import EnvironmentPacking

@Suite struct FileIndexTests {
    private typealias Record = (key: FileIndex.Key, content: KnownContent)

    private static func record(_ number: UInt64, _ content: KnownContent? = nil) -> Record {
        let fingerprint = SourceFile.Fingerprint(
            device: 1, inode: number, size: Int64(number), modified: 7, changed: Int64(number))
        let key = FileIndex.Key(SourceFile(path: [0x61], fingerprint: fingerprint))
        return (key, content ?? .present(MemberDigest(size: Int64(number), sha256: .init(repeating: 3, count: 32))))
    }

    private static func inDirectory(_ body: (_ path: String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("index-" + UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: directory) }
        try body(directory.path + "/files")
    }

    @Test func whatIsAppendedCountsAndWhatIsNewerCountsMore() throws {
        try Self.inDirectory { path in
            let first = (0..<100).map { Self.record($0) }
            try FileIndex(readingFrom: path).add(first, to: path, of: 100) { first }
            let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
            let second = [Self.record(5, .absent), Self.record(200)]
            try FileIndex(readingFrom: path).add(second, to: path, of: 100) {
                Issue.record("nothing had to be written anew")
                return []
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count - size == 40 + 2 * 96)
            let index = FileIndex(readingFrom: path)
            #expect(index.contents.count == 101)
            #expect(index.contents[Self.record(5).key] == .absent)
            #expect(index.contents[Self.record(200).key] == Self.record(200).content)
            #expect(index.contents[Self.record(99).key] == Self.record(99).content)
            // Nothing to add, nothing written.
            try index.add([], to: path, of: 1) { [] }
            #expect(FileIndex(readingFrom: path).contents == index.contents)
        }
    }

    @Test func itIsWrittenAnewWhenMostOfItIsOld() throws {
        try Self.inDirectory { path in
            for batch: UInt64 in 0..<40 {
                let news = (0..<100).map { Self.record(1000 * batch + $0) }
                try FileIndex(readingFrom: path).add(news, to: path, of: 100) { news }
            }
            let index = FileIndex(readingFrom: path)
            #expect(index.contents.count <= 1200)
            #expect(index.contents[Self.record(39_000).key] != nil && index.contents[Self.record(0).key] == nil)
        }
    }

    @Test(arguments: [0, 1, 2, 3]) func damageIsNotBelieved(_ kind: Int) throws {
        try Self.inDirectory { path in
            let first = (0..<50).map { Self.record($0) }
            try FileIndex().add(first, to: path, of: 50) { first }
            try FileIndex(readingFrom: path).add([Self.record(70)], to: path, of: 50) { [] }
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            switch kind {
            case 0: bytes[bytes.count - 40] ^= 1
            case 1: bytes.removeLast(10)
            case 2: bytes.append(contentsOf: Array(repeating: 0xFF, count: 100))
            default: bytes[100] ^= 1
            }
            try bytes.write(to: URL(fileURLWithPath: path))
            let damaged = FileIndex(readingFrom: path)
            #expect(damaged.contents.count == (kind == 3 ? 0 : kind == 2 ? 51 : 50))
            // The next writer mends it.
            try damaged.add([Self.record(80)], to: path, of: 50) { first + [Self.record(80)] }
            #expect(FileIndex(readingFrom: path).contents.count == 51)
        }
    }
}
