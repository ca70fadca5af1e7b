/// Collects bits, the lowest first, as deflate wants them (RFC 1951, section 3.1.1).
struct BitWriter {
    /// Whole bytes that are complete.
    var bytes: [UInt8] = []
    private var bits: UInt64 = 0
    /// Bits after the last whole byte: 0 to 7.
    private(set) var bitCount = 0

    /// Appends the `count` (up to 32) lowest bits of `value`, whose higher bits must be 0.
    mutating func append(_ value: UInt32, count: Int) {
        bits |= UInt64(value) << UInt64(bitCount)
        bitCount += count
        while bitCount >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
            bitCount -= 8
        }
    }

    /// Fills up the current byte with zeros.
    mutating func pad() {
        if bitCount > 0 { append(0, count: 8 - bitCount) }
    }
}

/// Compresses small texts so that the same bytes come out everywhere.
///
/// What zlib or ISA-L produce depends on their version, ISA-L's also on the processor. This is deflate at its plainest:
/// fixed codes (RFC 1951, section 3.2.6) and, for each position, the last place with the same three bytes.
enum FixedDeflate {
    /// At most this many bytes become one block.
    private static let blockSize = 64 << 10
    private static let window = 32 << 10
    private static let hashBits: UInt32 = 12

    /// Appends blocks that decompress to `input`; none of them is marked as the last one.
    static func append(_ input: [UInt8], to output: inout BitWriter) {
        var start = 0
        while start < input.count {
            let end = min(input.count, start + blockSize)
            appendBlock(input[start..<end], to: &output)
            start = end
        }
    }

    private static func appendBlock(_ input: ArraySlice<UInt8>, to output: inout BitWriter) {
        output.append(0b010, count: 3)
        // Where three bytes with this hash were last seen; -1 is nowhere.
        var heads = [Int](repeating: -1, count: 1 << hashBits)
        func hash(_ at: Int) -> Int {
            let three = UInt32(input[at]) | UInt32(input[at + 1]) << 8 | UInt32(input[at + 2]) << 16
            return Int((three &* 0x9E37_79B1) >> (32 - hashBits))
        }
        var at = input.startIndex
        while at < input.endIndex {
            var length = 0
            var distance = 0
            if at + 3 <= input.endIndex {
                let slot = hash(at)
                let candidate = heads[slot]
                heads[slot] = at
                if candidate >= 0, at - candidate <= window {
                    let limit = min(258, input.endIndex - at)
                    while length < limit, input[candidate + length] == input[at + length] { length += 1 }
                    distance = at - candidate
                }
            }
            guard length >= 3 else {
                appendSymbol(Int(input[at]), to: &output)
                at += 1
                continue
            }
            appendMatch(length: length, distance: distance, to: &output)
            for skipped in at + 1..<at + length where skipped + 3 <= input.endIndex { heads[hash(skipped)] = skipped }
            at += length
        }
        appendSymbol(256, to: &output)
    }

    /// Appends an empty block that is the last one.
    static func appendEnd(to output: inout BitWriter) {
        output.append(0b011, count: 3)
        appendSymbol(256, to: &output)
        output.pad()
    }

    /// Appends the header of a stored block (RFC 1951, section 3.2.4), whose bytes follow; it ends at a whole byte.
    static func appendStoredHeader(count: UInt16, to output: inout BitWriter) {
        output.append(0, count: 3)
        output.pad()
        output.append(UInt32(count) | UInt32(~count) << 16, count: 32)
    }

    private static func appendSymbol(_ symbol: Int, to output: inout BitWriter) {
        switch symbol {
        case ..<144: appendCode(UInt32(0x30 + symbol), count: 8, to: &output)
        case ..<256: appendCode(UInt32(0x190 + symbol - 144), count: 9, to: &output)
        case ..<280: appendCode(UInt32(symbol - 256), count: 7, to: &output)
        default: appendCode(UInt32(0xC0 + symbol - 280), count: 8, to: &output)
        }
    }

    /// Huffman codes go out from their highest bit on.
    private static func appendCode(_ code: UInt32, count: Int, to output: inout BitWriter) {
        var reversed: UInt32 = 0
        for bit in 0..<count where code >> UInt32(bit) & 1 == 1 { reversed |= 1 << UInt32(count - 1 - bit) }
        output.append(reversed, count: count)
    }

    private static func appendMatch(length: Int, distance: Int, to output: inout BitWriter) {
        // RFC 1951, section 3.2.5: four codes for each number of extra bits, from length 11 on; 285 is length 258.
        if length == 258 {
            appendSymbol(285, to: &output)
        } else {
            let (code, extraBits, extra) = bucket(length - 3, perLevel: 4)
            appendSymbol(257 + code, to: &output)
            output.append(extra, count: extraBits)
        }
        let (code, extraBits, extra) = bucket(distance - 1, perLevel: 2)
        appendCode(UInt32(code), count: 5, to: &output)
        output.append(extra, count: extraBits)
    }

    /// The code, the number of extra bits and their value for a number from 0 on, where `perLevel` codes (a power of
    /// two) have the same number of extra bits, and the first two levels have none.
    private static func bucket(_ value: Int, perLevel: Int) -> (code: Int, extraBits: Int, extra: UInt32) {
        guard value >= 2 * perLevel else { return (value, 0, 0) }
        let magnitude = Int.bitWidth - 1 - value.leadingZeroBitCount
        let extraBits = magnitude - perLevel.trailingZeroBitCount
        let code = (extraBits + 1) * perLevel + (value >> extraBits) - perLevel
        return (code, extraBits, UInt32(value & (1 << extraBits - 1)))
    }
}
