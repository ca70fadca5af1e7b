internal import Crypto

/// A hash as `RECORD` writes it: `sha256=` and the digest in unpadded URL-safe base 64. Weaker algorithms than SHA-256
/// are not accepted (binary distribution format, "Signed wheel files").
struct RecordHash: Hashable {
    enum Algorithm: String {
        case sha256, sha384, sha512

        var byteCount: Int {
            switch self {
            case .sha256: 32
            case .sha384: 48
            case .sha512: 64
            }
        }
    }

    let algorithm: Algorithm
    let digest: [UInt8]

    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="), let algorithm = Algorithm(rawValue: text[..<equals].lowercased()),
            let digest = Self.decode(text[text.index(after: equals)...]), digest.count == algorithm.byteCount
        else { return nil }
        self.algorithm = algorithm
        self.digest = digest
    }

    /// - Parameter sha256: 32 bytes.
    init(sha256: [UInt8]) {
        algorithm = .sha256
        digest = sha256
    }

    /// The SHA-256 of these bytes.
    init(of bytes: [UInt8]) {
        algorithm = .sha256
        digest = Array(SHA256.hash(data: bytes))
    }

    /// As `RECORD` writes it.
    var text: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var text = Array("\(algorithm.rawValue)=".utf8)
        for start in stride(from: 0, to: digest.count, by: 3) {
            let group = digest[start..<min(start + 3, digest.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for _ in 0...group.count {
                text.append(alphabet[Int(bits >> 18 & 63)])
                bits <<= 6
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether the bytes that `source` hands to its argument have this hash.
    func matches(_ source: ((UnsafeRawBufferPointer) -> Void) throws -> Void) rethrows -> Bool {
        switch algorithm {
        case .sha256: try Self.hash(with: SHA256.self, source) == digest
        case .sha384: try Self.hash(with: SHA384.self, source) == digest
        case .sha512: try Self.hash(with: SHA512.self, source) == digest
        }
    }

    private static func hash<Function: HashFunction>(
        with function: Function.Type, _ source: ((UnsafeRawBufferPointer) -> Void) throws -> Void
    ) rethrows -> [UInt8] {
        var hash = Function()
        try source { hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }

    private static func decode(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        var rest = text.utf8
        while rest.last == UInt8(ascii: "=") { rest.removeLast() }
        for byte in rest {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 0x41
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 0x61 + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - 0x30 + 52
            case UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "_"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}
