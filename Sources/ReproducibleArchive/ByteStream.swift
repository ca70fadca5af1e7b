/// A forward-only stream of bytes: a file as it is, or what a gzip file decompresses to.
protocol ByteStream: AnyObject {
    /// The next bytes, valid until the next call; nil at the end.
    func next() throws -> UnsafeRawBufferPointer?
    /// Moves forward without necessarily reading. Returns how many of `count` bytes are still to be skipped by reading.
    func skip(_ count: Int64) throws -> Int64
}

/// A file's bytes.
final class FileStream: ByteStream {
    private let file: InputFile
    private let block = ByteBlock(count: ZipArchive.blockSize)
    private var offset: Int64 = 0

    init(file: InputFile) { self.file = file }

    func next() throws -> UnsafeRawBufferPointer? {
        let count = try unsafe file.read(into: block.bytes, at: offset)
        offset += Int64(count)
        return count == 0 ? nil : unsafe block.prefix(count)
    }

    func skip(_ count: Int64) throws -> Int64 {
        let moved = min(count, max(0, file.size - offset))
        offset += moved
        return count - moved
    }
}

/// The decompressed bytes of a gzip file with any number of members (RFC 1952, section 2.2).
final class GzipStream: ByteStream {
    private let path: String
    private let source: FileStream
    private let inflater: Inflater
    private let output = ByteBlock(count: 2 * ZipArchive.blockSize)
    private var pending = PendingBytes()
    private var insideMember = true
    private var ended = false

    init(file: InputFile) throws {
        path = file.path
        source = FileStream(file: file)
        guard let inflater = Inflater() else {
            throw ArchiveError(code: .unreadable, path: file.path, message: "out of memory")
        }
        self.inflater = inflater
        inflater.start(.gzip)
    }

    func skip(_ count: Int64) throws -> Int64 { count }

    func next() throws -> UnsafeRawBufferPointer? {
        while !ended {
            if !insideMember {
                guard try startNextMember() else { break }
            }
            if pending.isEmpty, let block = try unsafe source.next() { pending = unsafe PendingBytes(block) }
            let inputEnded = pending.isEmpty
            let step = unsafe inflater.step(input: pending.bytes, output: output.bytes)
            pending.removeFirst(step.consumed)
            guard !step.failed else {
                throw ArchiveError(code: .damaged, path: path, message: "the gzip data is damaged")
            }
            if step.finished { insideMember = false }
            if step.produced > 0 { return unsafe output.prefix(step.produced) }
            guard step.finished || !inputEnded else {
                throw ArchiveError(code: .truncated, path: path, message: "the gzip data is cut short")
            }
            guard step.finished || step.consumed > 0 else {
                throw ArchiveError(code: .damaged, path: path, message: "the gzip data is damaged")
            }
        }
        return nil
    }

    /// Zero bytes may fill up a block after the last member; anything else must be a member (gzip(1) fails on it, and
    /// so does YARN, which unpacks with gzip).
    private func startNextMember() throws -> Bool {
        while true {
            if pending.isEmpty {
                guard let block = try unsafe source.next() else {
                    ended = true
                    return false
                }
                pending = unsafe PendingBytes(block)
            }
            switch pending.first {
            case 0: pending.removeZeros()
            case 0x1F:
                inflater.start(.gzip)
                insideMember = true
                return true
            default:
                throw ArchiveError(code: .damaged, path: path, message: "there are foreign bytes after the gzip data")
            }
        }
    }
}
