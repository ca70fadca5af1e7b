/// Where a raw deflate stream has to be changed so that another one can follow it.
struct DeflateSeam: Hashable, Sendable {
    /// The position, in bits, of the flag that marks the last block as such (RFC 1951, section 3.2.3).
    var lastBlockFlag: Int64
    /// The length of the stream in bits; the rest of its last byte is padding.
    var end: Int64
}

/// Decompresses a raw deflate stream block by block, to learn where its last block begins.
///
/// ISA-L doesn't stop between blocks. So each block is given to it as a stream of its own: with the flag of a last block
/// set, the bits left over from the block before, and what was produced so far as the dictionary.
@safe final class BlockInflater {
    enum Failure: Error {
        case outOfMemory, damaged, cutShort
    }

    private let inflater: Inflater
    private let output = ByteBlock(count: historySize + 2 * ZipArchive.blockSize)

    /// How far back deflate looks.
    private static let historySize = 32 << 10

    init() throws(Failure) {
        guard let inflater = Inflater() else { throw .outOfMemory }
        self.inflater = inflater
    }

    /// Decompresses what `input` hands out until it returns nil, into `sink`, in pieces of at most 288 KiB.
    func inflate(
        from input: () throws -> UnsafeRawBufferPointer?, to sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> DeflateSeam {
        var pending = PendingBytes()
        /// Bytes of the input that the inflater has been given.
        var taken: Int64 = 0
        var rest = Inflater.Bits(bits: 0, count: 0)
        var filled = 0
        while true {
            if rest.count == 0 {
                if pending.isEmpty, let block = try unsafe input() { pending = unsafe PendingBytes(block) }
                guard let byte = pending.first else { throw Failure.cutShort }
                rest = Inflater.Bits(bits: UInt64(byte), count: 8)
                pending.removeFirst(1)
                taken += 1
            }
            let isLast = rest.bits & 1 == 1
            let start = taken * 8 - Int64(rest.count)
            let history = unsafe UnsafeRawBufferPointer(
                rebasing: output.prefix(filled)[max(0, filled - Self.historySize)...])
            rest.bits |= 1
            guard unsafe inflater.startBlock(rest, history: history) else { throw Failure.damaged }
            var finished = false
            while !finished {
                if output.count - filled < ZipArchive.blockSize { filled = keepHistory(filled) }
                if pending.isEmpty, let block = try unsafe input() { pending = unsafe PendingBytes(block) }
                let space = unsafe UnsafeMutableRawBufferPointer(rebasing: output.bytes[filled...])
                let step = unsafe inflater.step(input: pending.bytes, output: space)
                guard !step.failed else { throw Failure.damaged }
                pending.removeFirst(step.consumed)
                taken += Int64(step.consumed)
                if step.produced > 0 {
                    try unsafe sink(UnsafeRawBufferPointer(rebasing: output.prefix(filled + step.produced)[filled...]))
                    filled += step.produced
                }
                finished = step.finished
                guard finished || step.consumed > 0 || step.produced > 0 else { throw Failure.cutShort }
            }
            guard let left = inflater.unusedBits else { throw Failure.damaged }
            rest = left
            if isLast { return DeflateSeam(lastBlockFlag: start, end: taken * 8 - Int64(rest.count)) }
        }
    }

    /// Moves the last bytes to the front of the output; returns their number.
    private func keepHistory(_ filled: Int) -> Int {
        let count = min(filled, Self.historySize)
        let recent = unsafe UnsafeRawBufferPointer(rebasing: output.prefix(filled)[(filled - count)...])
        unsafe output.bytes.copyMemory(from: recent)
        return count
    }
}
