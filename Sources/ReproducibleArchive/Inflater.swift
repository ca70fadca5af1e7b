internal import CISAL

/// Streaming decompression of deflate (RFC 1951) and gzip (RFC 1952) with ISA-L.
@safe final class Inflater {
    /// What one call of ``step(input:output:)`` did.
    struct Step {
        var consumed: Int
        var produced: Int
        /// The stream (for gzip: one member, its CRC-32 verified) has ended.
        var finished: Bool
        /// The data is damaged.
        var failed: Bool
    }

    enum Format {
        case deflate, gzip
    }

    private let state: OpaquePointer

    init?() {
        guard let created = unsafe cisal_inflater_create() else { return nil }
        unsafe state = created
    }

    deinit {
        unsafe cisal_inflater_destroy(state)
    }

    /// Begins a new stream.
    func start(_ format: Format) {
        unsafe cisal_inflater_start(state, format == .gzip ? cisal_format_gzip : cisal_format_deflate)
    }

    /// Bits of a stream, the lowest first.
    struct Bits {
        var bits: UInt64
        var count: Int
    }

    /// Begins a single block of a raw deflate stream, which is then treated like a whole stream.
    /// - Parameters:
    ///   - bits: 1 to 64 bits that precede the next input; the first must be set.
    ///   - history: what the stream has produced before; the last 32 KiB count.
    func startBlock(_ bits: Bits, history: UnsafeRawBufferPointer) -> Bool {
        unsafe cisal_inflater_start_block(
            state, bits.bits, Int32(bits.count), history.baseAddress?.assumingMemoryBound(to: UInt8.self), history.count
        ) == 0
    }

    /// What was consumed beyond the end of the finished stream.
    var unusedBits: Bits? {
        let rest = unsafe cisal_inflater_rest(state)
        guard (0...64).contains(rest.count) else { return nil }
        let mask = rest.count == 64 ? UInt64.max : (1 << UInt64(rest.count)) - 1
        return Bits(bits: rest.bits & mask, count: Int(rest.count))
    }

    /// Decompresses as much of `input` into `output` as fits.
    func step(input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer) -> Step {
        let result = unsafe cisal_inflater_step(
            state,
            input.baseAddress?.assumingMemoryBound(to: UInt8.self), input.count,
            output.baseAddress?.assumingMemoryBound(to: UInt8.self), output.count)
        return Step(
            consumed: result.consumed, produced: result.produced, finished: result.finished != 0,
            failed: result.status < 0 || result.status == ISAL_NEED_DICT)
    }
}

/// The CRC-32 of zip and gzip, continued from `crc` (0 to begin with).
func crc32(_ bytes: UnsafeRawBufferPointer, continuing crc: UInt32 = 0) -> UInt32 {
    guard let base = bytes.baseAddress else { return crc }
    return unsafe crc32_gzip_refl(crc, base.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
}
