internal import CISAL
import Crypto

/// Computes HDFS's file checksum from a stream of bytes in one pass and constant memory.
///
/// Each block is cut into chunks of `bytesPerChecksum`; their CRCs, 4 bytes big-endian each, are hashed by MD5 into the
/// block's digest. The 16-byte digests of all blocks, zero-padded to the next power of two that is at least 32, are
/// hashed by MD5 again. The padding comes from Java hashing the whole buffer of its DataOutputBuffer
/// (FileChecksumHelper, `DataOutputBuffer.getData()`).
///
/// Not safe for use by several tasks at once.
public final class FileChecksumBuilder {
    /// HDFS's default of `dfs.bytes-per-checksum`.
    public static let defaultBytesPerChecksum = 512

    /// Bytes in a block, as the file's status tells.
    public let blockSize: Int64
    /// Bytes that each CRC covers, as the server's algorithm name tells.
    public let bytesPerChecksum: Int
    /// The kind of CRC, as the server's algorithm name tells.
    public let polynomial: ChecksumPolynomial

    private var blockDigest = Insecure.MD5()
    private var blockDigests: [UInt8] = []
    private var blockOffset: Int64 = 0
    private var chunkOffset = 0
    private var crc: UInt32
    /// CRCs that wait to be hashed, so that MD5 sees long pieces.
    private var pendingCRCs: [UInt8] = []

    private static let pendingLimit = 16 << 10

    /// Starts a checksum.
    ///
    /// - Parameters:
    ///   - blockSize: bytes, as the server tells. HDFS requires a multiple of `bytesPerChecksum`. Values below 1,
    ///     which no file with content has, count as 1.
    ///   - bytesPerChecksum: bytes, at most `Int32.max`. Values below 1 count as 1.
    public init(
        blockSize: Int64, bytesPerChecksum: Int = FileChecksumBuilder.defaultBytesPerChecksum,
        polynomial: ChecksumPolynomial = .crc32c
    ) {
        self.blockSize = max(1, blockSize)
        self.bytesPerChecksum = min(max(1, bytesPerChecksum), Int(Int32.max))
        self.polynomial = polynomial
        crc = Self.initialCRC(polynomial)
        pendingCRCs.reserveCapacity(Self.pendingLimit)
    }

    /// Forgets everything that was fed in.
    public func reset() {
        blockDigest = Insecure.MD5()
        blockDigests.removeAll(keepingCapacity: true)
        blockOffset = 0
        chunkOffset = 0
        crc = Self.initialCRC(polynomial)
        pendingCRCs.removeAll(keepingCapacity: true)
    }

    /// Feeds the next bytes; pieces may be of any length.
    public func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        let count = bytes.count
        var offset = 0
        while offset < count {
            let leftInBlock = blockSize - blockOffset
            let length = min(count - offset, bytesPerChecksum - chunkOffset, Int(clamping: leftInBlock))
            unsafe extendCRC(start + offset, length)
            offset += length
            chunkOffset += length
            blockOffset += Int64(length)
            if chunkOffset == bytesPerChecksum || blockOffset == blockSize { endChunk() }
            if blockOffset == blockSize { endBlock() }
        }
    }

    /// Feeds the next bytes.
    public func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { buffer in unsafe update(buffer) }
    }

    /// The checksum of everything that was fed in. More can be fed in afterwards.
    public func finalize() -> FileChecksum {
        guard !blockDigests.isEmpty || blockOffset > 0 else { return .empty }
        var digests = blockDigests
        if blockOffset > 0 {
            var last = blockDigest
            last.update(data: pendingCRCs)
            if chunkOffset > 0 { last.update(data: Self.bigEndian(finishedCRC)) }
            digests.append(contentsOf: last.finalize())
        }
        let blocks = digests.count / 16
        var padded = 32
        while padded < digests.count { padded *= 2 }
        digests.append(contentsOf: repeatElement(0, count: padded - digests.count))
        return FileChecksum(
            crcsPerBlock: blocks > 1 ? blockSize / Int64(bytesPerChecksum) : 0, bytesPerCRC: Int32(bytesPerChecksum),
            polynomial: polynomial, md5: Array(Insecure.MD5.hash(data: digests)))
    }

    private func endChunk() {
        let value = finishedCRC
        pendingCRCs.append(UInt8(truncatingIfNeeded: value >> 24))
        pendingCRCs.append(UInt8(truncatingIfNeeded: value >> 16))
        pendingCRCs.append(UInt8(truncatingIfNeeded: value >> 8))
        pendingCRCs.append(UInt8(truncatingIfNeeded: value))
        if pendingCRCs.count >= Self.pendingLimit { flushCRCs() }
        crc = Self.initialCRC(polynomial)
        chunkOffset = 0
    }

    private func endBlock() {
        flushCRCs()
        blockDigests.append(contentsOf: blockDigest.finalize())
        blockDigest = Insecure.MD5()
        blockOffset = 0
    }

    private func flushCRCs() {
        blockDigest.update(data: pendingCRCs)
        pendingCRCs.removeAll(keepingCapacity: true)
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }

    /// ISA-L's CRC-32C leaves both inversions to the caller; its gzip CRC does them itself.
    private static func initialCRC(_ polynomial: ChecksumPolynomial) -> UInt32 {
        switch polynomial {
        case .crc32c: .max
        case .crc32: 0
        }
    }

    private var finishedCRC: UInt32 {
        switch polynomial {
        case .crc32c: ~crc
        case .crc32: crc
        }
    }

    private func extendCRC(_ bytes: UnsafePointer<UInt8>, _ length: Int) {
        switch polynomial {
        case .crc32c:
            // The parameter lacks `const`, but the function only reads. Chunks are shorter than Int32.max.
            crc = unsafe crc32_iscsi(UnsafeMutablePointer(mutating: bytes), Int32(truncatingIfNeeded: length), crc)
        case .crc32:
            crc = unsafe crc32_gzip_refl(crc, bytes, UInt64(length))
        }
    }
}
