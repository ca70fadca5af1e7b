internal import Crypto

extension BlockEncoder {
    /// Whether the library here makes the same bytes as where the constants come from, and the digest of what it makes.
    struct Check {
        var digest: [UInt8]
        var isExpected: Bool
    }

    /// Of ISA-L 2.30.0 at level 2, as `shim.h` drives it: on a processor with AVX-512, and under QEMU 7.2 as Nehalem (SSE
    /// 4.2) and Haswell (AVX2).
    private static let expectedDeflate = "d6e232b227f48d02fc182024f9bd6f6bf07e0d4cf5ae889c79c7b9f55aa6b0fe"
    /// Of zstd 1.5.4 at level 3, on the same three.
    private static let expectedZstd = "d3381de1f917671e7ae09d0ebe643c0770e5a8c985a39c0dabcc2c2246395ba5"

    private static let deflateCheck = check(.tarGz, expectedDeflate)
    private static let zstdCheck = check(.tarZst, expectedZstd)

    /// Compresses a sample, once in a process.
    static func check(of format: PackedFormat) -> Check {
        switch format {
        case .tarGz, .zip: deflateCheck
        case .tarZst: zstdCheck
        case .tar: Check(digest: [], isExpected: true)
        }
    }

    private static func check(_ format: PackedFormat, _ expected: String) -> Check {
        let input = sample()
        let output = ByteBlock(count: input.count + slack)
        guard let encoder = try? BlockEncoder(format),
            let count = try? unsafe input.withUnsafeBytes({ try unsafe encoder.encode($0, into: output.bytes) })
        else { return Check(digest: [], isExpected: false) }
        var hash = SHA256()
        unsafe hash.update(bufferPointer: output.prefix(count))
        let digest = Array(hash.finalize())
        let digits = digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return Check(digest: digest, isExpected: digits == expected)
    }

    /// Words that repeat at all distances, numbers, and noise: what makes an encoder choose.
    static func sample() -> [UInt8] {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func next(_ limit: UInt64) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % limit)
        }
        let words = [
            "import ", "self", ".", "return ", "None", "\n    ", "def ", "(", "):\n", "array", "0x", "é", "\0\0\0",
        ]
        var bytes: [UInt8] = []
        bytes.reserveCapacity(200 << 10)
        while bytes.count < 192 << 10 {
            switch next(16) {
            case 0: for _ in 0..<next(40) { bytes.append(UInt8(truncatingIfNeeded: next(256))) }
            case 1: bytes += Array(String(next(100_000)).utf8)
            case 2 where bytes.count > 40_000:
                let start = bytes.count - 300 - next(39_000)
                bytes += Array(bytes[start..<start + 4 + next(290)])
            default: bytes += Array(words[next(UInt64(words.count))].utf8)
            }
        }
        return bytes
    }
}

extension ArchiveAssembly {
    /// Whether the libraries here compress as those did that the expected digests were taken from, so that two machines
    /// where this is true make the same bytes. It is false with another version of ISA-L whose output differs, or on a
    /// processor without SSE 4.2.
    public static var isReproducibleHere: Bool { PackedFormat.allCases.allSatisfy { isReproducibleHere($0) } }

    /// As ``isReproducibleHere``, for one format.
    public static func isReproducibleHere(_ format: PackedFormat) -> Bool { BlockEncoder.check(of: format).isExpected }
}
