import Testing

@testable import WebHDFS

@Suite("File checksum")
struct FileChecksumTests {
    static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 256) }
    }

    static func checksum(
        _ data: [UInt8], blockSize: Int64 = 1 << 20, bytesPerChecksum: Int = 512,
        polynomial: ChecksumPolynomial = .crc32c, piece: Int = .max
    ) -> FileChecksum {
        let builder = FileChecksumBuilder(
            blockSize: blockSize, bytesPerChecksum: bytesPerChecksum, polynomial: polynomial)
        var rest = data[...]
        while !rest.isEmpty {
            builder.update(Array(rest.prefix(piece)))
            rest = rest.dropFirst(piece)
        }
        return builder.finalize()
    }

    /// From colinmarc/hdfs, file_reader_test.go (the file "bar\n").
    @Test func knownFile() {
        #expect(Self.checksum(Array("bar\n".utf8)).md5Hex == "27c076e4987344253650d3335a5d08ce")
    }

    /// What NameNode 2.7.4 answers about an empty file.
    @Test func emptyFile() {
        let checksum = Self.checksum([])
        #expect(checksum == .empty)
        #expect(checksum.md5Hex == "70bc8f4b72a86921468bf8e8441dce51")
        #expect(checksum.algorithm == "MD5-of-0MD5-of-0CRC32")
        let remote = RemoteFileChecksum(
            algorithm: "MD5-of-0MD5-of-0CRC32",
            bytes: "00000000000000000000000070bc8f4b72a86921468bf8e8441dce5100000000")
        #expect(checksum.matches(remote))
    }

    /// Computed in Python from zlib.crc32, a bitwise CRC-32C and hashlib.md5, of (i*7 + i//256) % 256.
    @Test(arguments: [
        (5000, 2048, 512, ChecksumPolynomial.crc32, "667268d7cc5b1c6b4cc84eca3801d19b"),
        (5000, 2048, 512, .crc32c, "6423cae049d0b41693f07edcbe180672"),
        (5000, 8192, 512, .crc32, "fa29659e46b77150b2265a5862e50e04"),
        (2048, 2048, 512, .crc32c, "4d189d087e82cb293de6458a26c9f056"),
        (2049, 1024, 256, .crc32c, "72f04a51c13fd77f02e1d06f93be7b54"),
        (5000, 1000, 300, .crc32c, "da5b1add654b481950339f0d5aa52d3b"),
        (1, 1_048_576, 1024, .crc32, "ebf452eefb70eba37cea3f58278210aa"),
        (513, 1_048_576, 512, .crc32c, "015eab1898f58da6411dfc499c8a5a8d"),
    ])
    func vectors(size: Int, blockSize: Int64, chunk: Int, polynomial: ChecksumPolynomial, md5: String) {
        let data = Self.pattern(size)
        for piece in [Int.max, 1, 7, 512, 1000, 2047] {
            let checksum = Self.checksum(
                data, blockSize: blockSize, bytesPerChecksum: chunk, polynomial: polynomial, piece: piece)
            #expect(checksum.md5Hex == md5, "in pieces of \(piece)")
            #expect(checksum.bytesPerCRC == Int32(chunk))
            #expect(checksum.crcsPerBlock == (size > Int(blockSize) ? blockSize / Int64(chunk) : 0))
        }
    }

    @Test func canBeReadMidwayAndReset() {
        let builder = FileChecksumBuilder(blockSize: 1024)
        builder.update(Self.pattern(700))
        #expect(builder.finalize() == Self.checksum(Self.pattern(700), blockSize: 1024))
        builder.update(Array(Self.pattern(5000)[700...]))
        #expect(builder.finalize() == Self.checksum(Self.pattern(5000), blockSize: 1024))
        builder.reset()
        #expect(builder.finalize() == .empty)
        builder.update(Array("bar\n".utf8))
        #expect(builder.finalize().md5Hex == "27c076e4987344253650d3335a5d08ce")
    }

    @Test func senselessSizesDoNoHarm() {
        let checksum = Self.checksum([1, 2, 3], blockSize: 0, bytesPerChecksum: -1)
        #expect(checksum.crcsPerBlock == 1)
        #expect(checksum.bytesPerCRC == 1)
    }

    @Test(arguments: [
        ("MD5-of-0MD5-of-512CRC32C", ChecksumAlgorithm.md5md5(crcsPerBlock: 0, bytesPerCRC: 512, polynomial: .crc32c)),
        ("MD5-of-2048MD5-of-1024CRC32", .md5md5(crcsPerBlock: 2048, bytesPerCRC: 1024, polynomial: .crc32)),
        ("COMPOSITE-CRC32C", .unknown("COMPOSITE-CRC32C")),
        ("MD5-of-MD5-of-512CRC32C", .unknown("MD5-of-MD5-of-512CRC32C")),
        ("MD5-of--1MD5-of-512CRC32C", .unknown("MD5-of--1MD5-of-512CRC32C")),
        ("MD5-of-0MD5-of-512CRC64", .unknown("MD5-of-0MD5-of-512CRC64")),
        ("MD5-of-0MD5-of-512", .unknown("MD5-of-0MD5-of-512")),
        ("MD5-of-0MD5-of-99999999999CRC32", .unknown("MD5-of-0MD5-of-99999999999CRC32")),
        ("", .unknown("")),
    ])
    func algorithmNames(name: String, kind: ChecksumAlgorithm) {
        #expect(ChecksumAlgorithm(name) == kind)
    }

    @Test func textFormIsRead() throws {
        let checksum = Self.checksum(Self.pattern(5000), blockSize: 1024)
        #expect(checksum.algorithm == "MD5-of-2MD5-of-512CRC32C")
        #expect(checksum.bytes.count == 56)
        #expect(checksum.bytes.hasPrefix("000002000000000000000002"))
        let remote = RemoteFileChecksum(algorithm: checksum.algorithm, bytes: checksum.bytes.uppercased() + "00000000")
        #expect(remote.checksum == checksum)
        #expect(remote.significantBytes == checksum.bytes)
        #expect(checksum.compared(to: remote) == .equal)
    }

    @Test func comparison() throws {
        let data = Self.pattern(5000)
        let checksum = Self.checksum(data, blockSize: 1024)
        let remote = { (other: FileChecksum) in RemoteFileChecksum(algorithm: other.algorithm, bytes: other.bytes) }
        var damaged = data
        damaged[4999] ^= 1
        #expect(checksum.compared(to: remote(Self.checksum(damaged, blockSize: 1024))) == .different)
        #expect(checksum.compared(to: remote(Self.checksum(data, blockSize: 2048))) == .notComparable)
        #expect(
            checksum.compared(to: remote(Self.checksum(data, blockSize: 1024, polynomial: .crc32))) == .notComparable)
        #expect(checksum.compared(to: remote(.empty)) == .different)
        #expect(
            checksum.compared(to: RemoteFileChecksum(algorithm: "COMPOSITE-CRC32C", bytes: "00000000"))
                == .notComparable)
        // Contradicting or malformed values can't be compared either.
        for bytes in ["", "zz", checksum.bytes.dropLast(2) + "", "ff" + checksum.bytes.dropFirst(2)] {
            #expect(
                checksum.compared(to: RemoteFileChecksum(algorithm: checksum.algorithm, bytes: bytes))
                    == .notComparable)
        }
    }
}
