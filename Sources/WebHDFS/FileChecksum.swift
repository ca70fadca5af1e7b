/// The CRC that a DataNode keeps for each chunk of a block.
public enum ChecksumPolynomial: String, Sendable, Hashable {
    /// Castagnoli's, the default since Hadoop 2.
    case crc32c = "CRC32C"
    /// The one of zip and gzip.
    case crc32 = "CRC32"
}

/// HDFS's checksum of a replicated file: the MD5 of the MD5s of the CRCs of its chunks (MD5MD5CRC32FileChecksum).
///
/// It depends on the block size and the chunk size besides the content. It guards against damage, not against malice:
/// CRCs are easily forged.
public struct FileChecksum: Sendable, Equatable, CustomStringConvertible {
    /// CRCs in a full block; 0 for a file of one block or none.
    public var crcsPerBlock: Int64
    /// Bytes that each CRC covers; 0 for an empty file.
    public var bytesPerCRC: Int32
    /// The kind of CRC.
    public var polynomial: ChecksumPolynomial
    /// The 16 bytes of the outer MD5.
    public var md5: [UInt8]

    /// A checksum from its parts; `md5` has 16 bytes.
    public init(crcsPerBlock: Int64, bytesPerCRC: Int32, polynomial: ChecksumPolynomial, md5: [UInt8]) {
        self.crcsPerBlock = crcsPerBlock
        self.bytesPerCRC = bytesPerCRC
        self.polynomial = polynomial
        self.md5 = md5
    }

    /// The checksum of every empty file: the MD5 of 32 zero bytes, and an algorithm that says CRC32 whatever the
    /// writer used (FileChecksumHelper.compute).
    public static let empty = FileChecksum(
        crcsPerBlock: 0, bytesPerCRC: 0, polynomial: .crc32,
        md5: [
            0x70, 0xBC, 0x8F, 0x4B, 0x72, 0xA8, 0x69, 0x21, 0x46, 0x8B, 0xF8, 0xE8, 0x44, 0x1D, 0xCE, 0x51,
        ])

    /// Reads a name such as `MD5-of-2048MD5-of-512CRC32C` and 56 or more hexadecimal digits; `nil` if either is not of
    /// this kind or they contradict each other.
    public init?(algorithm: String, bytes: String) {
        guard case .md5md5(let crcsPerBlock, let bytesPerCRC, let polynomial) = ChecksumAlgorithm(algorithm) else {
            return nil
        }
        guard let decoded = Self.decodeHex(bytes), decoded.count >= 28 else { return nil }
        let chunk = decoded[0..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let perBlock = decoded[4..<12].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard chunk == UInt32(bitPattern: bytesPerCRC), perBlock == UInt64(bitPattern: crcsPerBlock) else { return nil }
        self.init(
            crcsPerBlock: crcsPerBlock, bytesPerCRC: bytesPerCRC, polynomial: polynomial, md5: Array(decoded[12..<28]))
    }

    /// The name that HDFS gives to the algorithm with these parameters.
    public var algorithm: String { "MD5-of-\(crcsPerBlock)MD5-of-\(bytesPerCRC)\(polynomial.rawValue)" }

    /// The 28 significant bytes in hexadecimal: int32 bytesPerCRC, int64 crcsPerBlock, both big-endian, and the MD5.
    public var bytes: String {
        var all: [UInt8] = []
        for shift in stride(from: 24, through: 0, by: -8) {
            all.append(UInt8(truncatingIfNeeded: bytesPerCRC >> Int32(shift)))
        }
        for shift in stride(from: 56, through: 0, by: -8) {
            all.append(UInt8(truncatingIfNeeded: crcsPerBlock >> Int64(shift)))
        }
        return Self.encodeHex(all + md5)
    }

    /// The outer MD5 in hexadecimal.
    public var md5Hex: String { Self.encodeHex(md5) }

    /// Algorithm and bytes with a colon between them.
    public var description: String { "\(algorithm):\(bytes)" }

    /// The result of comparing with a server's checksum.
    public enum Comparison: Sendable, Hashable {
        /// The same parameters and the same digest.
        case equal
        /// The same parameters and another digest: the content differs.
        case different
        /// Other parameters, or an algorithm that is not this one: nothing is known about the content.
        case notComparable
    }

    /// Compares with what the server reports.
    public func compared(to remote: RemoteFileChecksum) -> Comparison {
        guard let other = remote.checksum else { return .notComparable }
        if self == other { return .equal }
        // An empty file never equals one with content, though their parameters differ.
        if (bytesPerCRC == 0) != (other.bytesPerCRC == 0) { return .different }
        guard crcsPerBlock == other.crcsPerBlock, bytesPerCRC == other.bytesPerCRC, polynomial == other.polynomial
        else { return .notComparable }
        return .different
    }

    /// Whether the server's checksum is the same.
    public func matches(_ remote: RemoteFileChecksum) -> Bool { compared(to: remote) == .equal }

    static func encodeHex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    static func decodeHex(_ text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap(PercentEncoding.hexValue)
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

/// How a server computed a checksum, read from the algorithm's name.
public enum ChecksumAlgorithm: Sendable, Equatable {
    /// MD5 of the MD5s of CRCs.
    case md5md5(crcsPerBlock: Int64, bytesPerCRC: Int32, polynomial: ChecksumPolynomial)
    /// Another one, such as `COMPOSITE-CRC32C` of HttpFS; its value cannot be compared with a local file's.
    case unknown(String)

    /// Reads an algorithm's name.
    public init(_ name: String) {
        self = Self.parse(name) ?? .unknown(name)
    }

    private static func parse(_ name: String) -> ChecksumAlgorithm? {
        guard name.hasPrefix("MD5-of-"), let second = name.firstRange(of: "MD5-of-", after: 7) else { return nil }
        let perBlock = name.dropFirst(7)[..<second.lowerBound]
        let rest = name[second.upperBound...]
        let perCRC = rest.prefix { $0.isASCII && $0.isNumber }
        guard let crcsPerBlock = Int64(perBlock), crcsPerBlock >= 0, let bytesPerCRC = Int32(perCRC),
            let polynomial = ChecksumPolynomial(rawValue: String(rest[perCRC.endIndex...]))
        else { return nil }
        return .md5md5(crcsPerBlock: crcsPerBlock, bytesPerCRC: bytesPerCRC, polynomial: polynomial)
    }
}

/// What GETFILECHECKSUM answers.
public struct RemoteFileChecksum: Sendable, Equatable, CustomStringConvertible {
    /// The algorithm's name in the server's words.
    public var algorithm: String
    /// The value in hexadecimal, 64 digits for the usual algorithm; the last 8 are padding (WritableUtils).
    public var bytes: String

    /// An answer from its parts.
    public init(algorithm: String, bytes: String) {
        self.algorithm = algorithm
        self.bytes = bytes.lowercased()
    }

    /// How the value was computed.
    public var kind: ChecksumAlgorithm { ChecksumAlgorithm(algorithm) }

    /// The value, if it is one that a local file's can be compared with.
    public var checksum: FileChecksum? { FileChecksum(algorithm: algorithm, bytes: bytes) }

    /// The first 56 digits, which are all that matter for the usual algorithm.
    public var significantBytes: String { String(bytes.prefix(56)) }

    /// Algorithm and bytes with a colon between them.
    public var description: String { "\(algorithm):\(significantBytes)" }
}

extension String {
    /// The first occurrence of `needle` that starts at least `characters` after the start.
    fileprivate func firstRange(of needle: String, after characters: Int) -> Range<String.Index>? {
        dropFirst(characters).firstRange(of: needle)
    }
}
