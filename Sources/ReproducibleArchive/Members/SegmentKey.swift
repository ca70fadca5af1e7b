internal import Crypto

/// Names a segment's compressed form by all it is made of.
struct SegmentKey {
    private var bytes: [UInt8]

    init(_ format: PackedFormat) {
        bytes = Array("member cache 1 \(format.rawValue) level 2/3 block \(BlockEncoder.blockSize)\0".utf8)
        bytes += BlockEncoder.check(of: format).digest
    }

    mutating func append(_ member: ArchiveMember, _ digest: MemberDigest?) {
        bytes.append(little: UInt32(member.name.count))
        bytes += member.name
        switch member.kind {
        case .directory: bytes.append(UInt8(ascii: "d"))
        case .symlink(let target):
            bytes.append(UInt8(ascii: "l"))
            bytes.append(little: UInt32(target.count))
            bytes += target
        case .file(let isExecutable, _):
            bytes.append(UInt8(ascii: isExecutable ? "x" : "f"))
            if let digest {
                bytes.append(little: UInt64(bitPattern: digest.size))
                bytes += digest.sha256
            }
        }
    }

    /// 32 bytes.
    func digest() -> [UInt8] {
        var hash = SHA256()
        unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }
}
