/// The CRC-32 of two pieces, one after the other, from the CRC-32 of each.
///
/// A CRC is the remainder of a polynomial over GF(2); what comes before n bytes is multiplied by x to the power of 8n.
/// Polynomials are written as gzip does (RFC 1952, section 8): the highest bit is the coefficient of x^0.
func combinedCRC32(_ first: UInt32, _ second: UInt32, secondLength: Int64) -> UInt32 {
    var power: UInt32 = 1 << 30  // x
    for _ in 0..<3 { power = product(power, power) }  // x^8
    var shifted = first
    var rest = secondLength
    while rest > 0 {
        if rest & 1 == 1 { shifted = product(power, shifted) }
        power = product(power, power)
        rest >>= 1
    }
    return shifted ^ second
}

/// The product of two polynomials modulo that of CRC-32.
private func product(_ a: UInt32, _ b: UInt32) -> UInt32 {
    var sum: UInt32 = 0
    var multiple = b
    for bit in stride(from: 31, through: 0, by: -1) {
        if a >> UInt32(bit) & 1 == 1 { sum ^= multiple }
        // Times x.
        multiple = multiple & 1 == 1 ? multiple >> 1 ^ 0xEDB8_8320 : multiple >> 1
    }
    return sum
}
