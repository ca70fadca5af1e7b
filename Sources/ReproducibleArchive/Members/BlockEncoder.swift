internal import CISAL
internal import CZstd

/// Turns a block into its form in an archive, whatever blocks came before it. For one thread at a time.
@safe final class BlockEncoder {
    /// Bytes of a block before it is compressed.
    static let blockSize = 1 << 20
    /// Room beyond that, for the headers of a zip's entries and for what can't be compressed: neither library makes a block
    /// larger by more than 1/256 and 400 bytes (deflate's stored blocks cost 5 bytes for each 64 KiB).
    static let slack = 128 << 10
    /// zstd's own default.
    static let zstdLevel: Int32 = 3

    let format: PackedFormat
    private let deflater: OpaquePointer?
    private let zstd: OpaquePointer?

    init(_ format: PackedFormat) throws {
        self.format = format
        let usesDeflate = format == .tarGz || format == .zip
        unsafe deflater = usesDeflate ? cisal_deflater_create() : nil
        unsafe zstd = format == .tarZst ? ZSTD_createCCtx() : nil
        let isReady = unsafe (deflater != nil) == usesDeflate && (zstd != nil) == (format == .tarZst)
        guard isReady else {
            throw Self.failure("there is no memory to compress with")
        }
        if let zstd = unsafe zstd {
            unsafe ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, Self.zstdLevel)
            unsafe ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1)
        }
    }

    deinit {
        if let deflater = unsafe deflater { unsafe cisal_deflater_destroy(deflater) }
        unsafe ZSTD_freeCCtx(zstd)
    }

    /// Compresses `input`; returns the bytes used of `output`, which has ``slack`` more than `input`.
    /// - Parameter isLast: a deflate stream ends here.
    func encode(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, isLast: Bool = false
    ) throws -> Int {
        if let deflater = unsafe deflater {
            let count = unsafe cisal_deflate_block(
                deflater, isLast ? 1 : 0, input.baseAddress?.assumingMemoryBound(to: UInt8.self), input.count,
                output.baseAddress?.assumingMemoryBound(to: UInt8.self), output.count)
            guard count > 0 else { throw Self.failure("ISA-L could not compress a block") }
            return count
        }
        if let zstd = unsafe zstd {
            let count = unsafe ZSTD_compress2(
                zstd, output.baseAddress, output.count, input.baseAddress, input.count)
            guard ZSTD_isError(count) == 0 else { throw Self.failure("zstd could not compress a block") }
            return count
        }
        guard output.count >= input.count else { throw Self.failure("a block is too large") }
        unsafe output.copyMemory(from: input)
        return input.count
    }

    private static func failure(_ message: String) -> ArchiveError {
        ArchiveError(code: .writeFailed, path: "the archive being written", message: message)
    }
}
