extension [UInt8] {
    /// Eight bytes, little-endian.
    mutating func append(integer: UInt64) {
        Swift.withUnsafeBytes(of: integer.littleEndian) { append(contentsOf: $0) }
    }

    mutating func append(fingerprint: SourceFile.Fingerprint) {
        append(integer: fingerprint.device)
        append(integer: fingerprint.inode)
        append(integer: UInt64(bitPattern: fingerprint.size))
        append(integer: UInt64(bitPattern: fingerprint.modified))
        append(integer: UInt64(bitPattern: fingerprint.changed))
    }

    /// Its length, then itself.
    mutating func append(counted bytes: some Collection<UInt8>) {
        append(integer: UInt64(bytes.count))
        append(contentsOf: bytes)
    }

    var lowerHexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    func hasSuffix(_ suffix: StaticString) -> Bool {
        let length = suffix.utf8CodeUnitCount
        guard count >= length else { return false }
        for offset in 0..<length where self[count - length + offset] != suffix.utf8Start[offset] { return false }
        return true
    }

    /// Where the last component begins.
    var leafStart: Int { lastIndex(of: 0x2F).map { $0 + 1 } ?? 0 }

    /// The path of the directory that a path is in; empty at the top.
    var parent: [UInt8] { lastIndex(of: 0x2F).map { Array(self[..<$0]) } ?? [] }

    /// As it can be shown: control characters escaped, what is not UTF-8 replaced.
    var shown: String {
        var text = ""
        for scalar in String(decoding: self, as: UTF8.self).unicodeScalars {
            if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                || scalar.properties.generalCategory == .format
            {
                text += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
