import Crypto
import ReproducibleArchive

/// What is remembered of files: what the ones with these fingerprints became in an archive.
struct FileIndex {
    /// A file, or what a rewriting makes of some files.
    struct Key: Hashable {
        var fingerprint: SourceFile.Fingerprint
        /// Of the rewriting and further files; zero for a file as it is.
        var salt: (UInt64, UInt64)

        init(_ source: SourceFile) {
            fingerprint = source.fingerprint
            salt = (0, 0)
        }

        init(_ sources: [SourceFile], _ rewrite: any FileRewrite) {
            fingerprint = sources[0].fingerprint
            var bytes = Array(rewrite.identity.utf8)
            for source in sources.dropFirst() { bytes.append(fingerprint: source.fingerprint) }
            let digest = Array(SHA256.hash(data: bytes))
            salt = (BinaryReader.integer(digest, at: 0), BinaryReader.integer(digest, at: 8) | 1)
        }

        fileprivate init(fingerprint: SourceFile.Fingerprint, salt: (UInt64, UInt64)) {
            self.fingerprint = fingerprint
            self.salt = salt
        }

        static func == (left: Key, right: Key) -> Bool {
            left.fingerprint == right.fingerprint && left.salt == right.salt
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(fingerprint.inode)
            hasher.combine(fingerprint.changed)
            hasher.combine(salt.0)
        }
    }

    private(set) var contents: [Key: KnownContent] = [:]

    private static let magic = Array("envsync files 1\n".utf8)
    private static let recordSize = 7 * 8 + 8 + 32

    init() {}

    /// Reads an index; an empty one if there is none or if it is damaged.
    init(readingFrom path: String) {
        guard let bytes = SmallFile.read(path, limit: 1 << 30), bytes.count >= Self.magic.count + 32,
            bytes.starts(with: Self.magic)
        else { return }
        let end = bytes.count - 32
        guard (end - Self.magic.count) % Self.recordSize == 0,
            bytes.withUnsafeBytes({ bytes in
                var hash = SHA256()
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[..<end]))
                return hash.finalize().elementsEqual(bytes[end...])
            })
        else { return }
        contents.reserveCapacity((end - Self.magic.count) / Self.recordSize)
        for start in stride(from: Self.magic.count, to: end, by: Self.recordSize) {
            func word(_ number: Int) -> UInt64 { BinaryReader.integer(bytes, at: start + 8 * number) }
            let fingerprint = SourceFile.Fingerprint(
                device: word(0), inode: word(1), size: Int64(bitPattern: word(2)), modified: Int64(bitPattern: word(3)),
                changed: Int64(bitPattern: word(4)))
            let size = Int64(bitPattern: word(7))
            contents[Key(fingerprint: fingerprint, salt: (word(5), word(6)))] =
                size < 0
                ? .absent : .present(MemberDigest(size: size, sha256: Array(bytes[(start + 64)..<(start + 96)])))
        }
    }

    /// Adds what is new, and forgets what is not of these if that is more than half.
    /// - Returns: whether something was added.
    mutating func merge(_ current: [Key: KnownContent]) -> Bool {
        var isNew = false
        for (key, content) in current where contents.updateValue(content, forKey: key) != content { isNew = true }
        guard isNew else { return false }
        if contents.count > 2 * current.count + 1000 { contents = current }
        return true
    }

    func write(to path: String) throws {
        var bytes = Self.magic
        bytes.reserveCapacity(contents.count * Self.recordSize + 64)
        for (key, content) in contents {
            bytes.append(fingerprint: key.fingerprint)
            bytes.append(integer: key.salt.0)
            bytes.append(integer: key.salt.1)
            switch content {
            case .unknown, .absent:
                bytes.append(integer: UInt64.max)
                bytes.append(contentsOf: repeatElement(0, count: 32))
            case .present(let digest):
                bytes.append(integer: UInt64(digest.size))
                bytes.append(contentsOf: digest.sha256)
            }
        }
        bytes.append(contentsOf: SHA256.hash(data: bytes))
        try SmallFile.write(bytes, to: path)
    }
}

/// Integers and counted strings as ``Swift/Array/append(integer:)`` and its like write them.
struct BinaryReader {
    struct Ended: Error {}
    let bytes: [UInt8]
    var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Little-endian.
    static func integer(_ bytes: [UInt8], at position: Int) -> UInt64 {
        bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: UInt64.self)) }
    }

    mutating func integer() throws -> UInt64 {
        guard position + 8 <= bytes.count else { throw Ended() }
        defer { position += 8 }
        return Self.integer(bytes, at: position)
    }

    mutating func counted() throws -> [UInt8] {
        let count = try integer()
        guard count <= UInt64(bytes.count - position) else { throw Ended() }
        defer { position += Int(count) }
        return Array(bytes[position..<(position + Int(count))])
    }

    mutating func fingerprint() throws -> SourceFile.Fingerprint {
        SourceFile.Fingerprint(
            device: try integer(), inode: try integer(), size: Int64(bitPattern: try integer()),
            modified: Int64(bitPattern: try integer()), changed: Int64(bitPattern: try integer()))
    }
}
