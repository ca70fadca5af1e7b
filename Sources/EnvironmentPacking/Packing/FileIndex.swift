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
            var bytes = rewrite.identityBytes
            for source in sources.dropFirst() { bytes.append(fingerprint: source.fingerprint) }
            salt = SHA256.hash(data: bytes).withUnsafeBytes { digest in
                (
                    UInt64(littleEndian: digest.load(as: UInt64.self)),
                    UInt64(littleEndian: digest.load(fromByteOffset: 8, as: UInt64.self)) | 1
                )
            }
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
    /// Whether the file is whole, so that more may be appended to it.
    private var isWhole = false
    private var recordCount = 0

    private static let magic = Array("envsync files 2\n".utf8)
    private static let recordSize = 7 * 8 + 8 + 32

    init() {}

    /// Reads an index; an empty one if there is none. What follows damage is not believed.
    ///
    /// After the first line it has batches: the number of records, the records, and the SHA-256 of both. Of two records of
    /// one file the later counts.
    init(readingFrom path: String) {
        guard let bytes = SmallFile.read(path, limit: 1 << 30), bytes.starts(with: Self.magic) else { return }
        var position = Self.magic.count
        while position + 40 <= bytes.count {
            let count = BinaryReader.integer(bytes, at: position)
            guard count <= UInt64((bytes.count - position - 40) / Self.recordSize) else { return }
            let end = position + 8 + Int(count) * Self.recordSize
            let digest = bytes.withUnsafeBytes { bytes in
                var hash = SHA256()
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[position..<end]))
                return hash.finalize()
            }
            guard digest.elementsEqual(bytes[end..<(end + 32)]) else { return }
            contents.reserveCapacity(contents.count + Int(count))
            for start in stride(from: position + 8, to: end, by: Self.recordSize) { read(bytes, at: start) }
            recordCount += Int(count)
            position = end + 32
        }
        isWhole = position == bytes.count
    }

    private mutating func read(_ bytes: [UInt8], at start: Int) {
        func word(_ number: Int) -> UInt64 { BinaryReader.integer(bytes, at: start + 8 * number) }
        let fingerprint = SourceFile.Fingerprint(
            device: word(0), inode: word(1), size: Int64(bitPattern: word(2)), modified: Int64(bitPattern: word(3)),
            changed: Int64(bitPattern: word(4)))
        let size = Int64(bitPattern: word(7))
        contents[Key(fingerprint: fingerprint, salt: (word(5), word(6)))] =
            size < 0
            ? .absent : .present(MemberDigest(size: size, sha256: Array(bytes[(start + 64)..<(start + 96)])))
    }

    /// Adds what is new to a file. It is written anew if it is damaged, or if more than half of it is of files that are no
    /// more.
    ///
    /// - Parameters:
    ///   - news: what this index doesn't have.
    ///   - current: all that the environment has now; only asked if it is needed.
    ///   - size: how many these are, about.
    func add(
        _ news: [(key: Key, content: KnownContent)], to path: String, of size: Int,
        current: () -> [(key: Key, content: KnownContent)]
    ) throws {
        guard !news.isEmpty else { return }
        if isWhole, recordCount + news.count <= 2 * size + 1000 {
            try SmallFile.append(Self.batch(news), to: path)
        } else {
            try SmallFile.write(Self.magic + Self.batch(current()), to: path)
        }
    }

    private static func batch(_ records: [(key: Key, content: KnownContent)]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(records.count * recordSize + 48)
        bytes.append(integer: UInt64(records.count))
        for (key, content) in records {
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
        return bytes
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
