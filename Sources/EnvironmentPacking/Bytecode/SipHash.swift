/// SipHash with 64 bits of result, with which Python recognizes sources.
///
/// `_imp.source_hash` (`Python/pyhash.c`, `_Py_KeyedHash`): keyed with the magic number and zero; one round for each
/// eight bytes and three at the end since Python 3.11, two and four before.
struct SipHash: Sendable, Hashable {
    let rounds: Int
    let lastRounds: Int

    static let oneThree = SipHash(rounds: 1, lastRounds: 3)
    static let twoFour = SipHash(rounds: 2, lastRounds: 4)

    func hash(_ bytes: UnsafeRawBufferPointer, key: UInt64, secondKey: UInt64 = 0) -> UInt64 {
        var state = State(key, secondKey)
        let whole = bytes.count & ~7
        var offset = 0
        while offset < whole {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            state.d ^= word
            for _ in 0..<rounds { state.round() }
            state.a ^= word
            offset += 8
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        for index in whole..<bytes.count { last |= UInt64(bytes[index]) << UInt64(8 * (index - whole)) }
        state.d ^= last
        for _ in 0..<rounds { state.round() }
        state.a ^= last
        state.c ^= 0xFF
        for _ in 0..<lastRounds { state.round() }
        return state.a ^ state.b ^ state.c ^ state.d
    }

    private struct State {
        var a, b, c, d: UInt64

        /// The constants are the algorithm's: "somepseudorandomlygeneratedbytes".
        init(_ first: UInt64, _ second: UInt64) {
            a = first ^ 0x736f_6d65_7073_6575
            b = second ^ 0x646f_7261_6e64_6f6d
            c = first ^ 0x6c79_6765_6e65_7261
            d = second ^ 0x7465_6462_7974_6573
        }

        @inline(__always)
        mutating func round() {
            a &+= b
            c &+= d
            b = b << 13 | b >> 51
            d = d << 16 | d >> 48
            b ^= a
            d ^= c
            a = a << 32 | a >> 32
            c &+= b
            a &+= d
            b = b << 17 | b >> 47
            d = d << 21 | d >> 43
            b ^= c
            d ^= a
            c = c << 32 | c >> 32
        }
    }
}
