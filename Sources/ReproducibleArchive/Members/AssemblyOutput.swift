internal import CLinux
internal import Crypto
import Glibc

/// The file that an assembly makes, beside its place until it is whole.
///
/// It is not forced to the disk: it can be made again, and whoever ships it knows its digest.
final class AssemblyFile {
    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private(set) var size: UInt64 = 0
    /// Up to where there is room on the disk already; nil where the file system can't tell in advance.
    private var reserved: UInt64? = 0
    private var isPlaced = false

    /// ext4 takes a fifth less time for what is written to room that it has already. What is too much is given back.
    private static let reservedAtOnce: UInt64 = 32 << 20

    init(path: String) throws {
        guard !path.utf8.contains(0) else {
            throw ArchiveError(code: .unsafeName, path: path, message: "the path contains a NUL character")
        }
        self.path = path
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let parent = slash.map { String(path[...$0]) } ?? ""
        temporary = parent + ".envsync-\(String(UInt64.random(in: 0 ... .max), radix: 16)).tmp"
        AbandonedFiles.remove(in: parent, prefix: ".envsync-", suffix: ".tmp")
        descriptor = AbandonedFiles.make(temporary)
        guard descriptor >= 0 else { throw Self.failure(errno, path, "make the file") }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if !isPlaced { unsafe unlink(temporary) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        if let reserved, size + UInt64(bytes.count) > reserved {
            let isDone = clinux_reserve(descriptor, off_t(reserved), off_t(Self.reservedAtOnce)) == 0
            self.reserved = isDone ? reserved + Self.reservedAtOnce : nil
        }
        let number = unsafe writeAll(bytes, to: descriptor)
        guard number == 0 else { throw Self.failure(number, path, "write") }
        size += UInt64(bytes.count)
    }

    /// Takes back all from `size` on.
    func truncate(to size: UInt64) throws {
        guard ftruncate(descriptor, off_t(size)) == 0, lseek(descriptor, off_t(size), SEEK_SET) >= 0 else {
            throw Self.failure(errno, path, "write")
        }
        self.size = size
        if reserved != nil { reserved = size }
    }

    /// Puts the file in its place; one that is there is replaced in the same moment.
    func place() throws {
        // Gives back what was reserved in vain, also where a later attempt to reserve failed.
        ftruncate(descriptor, off_t(size))
        // A rename over a file makes ext4 write all of the new one to the disk first (mount option auto_da_alloc), an
        // exchange doesn't.
        var status = stat()
        if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, exchange() {
            isPlaced = true
            if unsafe unlink(temporary) == 0 { return }
            let number = errno
            isPlaced = !exchange()
            throw Self.failure(number, path, "replace the file")
        }
        guard unsafe rename(temporary, path) == 0 else { throw Self.failure(errno, path, "rename the new file") }
        isPlaced = true
    }

    /// Whether the file has now its place's name, and what was there its own.
    private func exchange() -> Bool {
        unsafe clinux_exchange(temporary, path) == 0
    }

    private static func failure(_ number: Int32, _ path: String, _ action: String) -> ArchiveError {
        var error = ArchiveError.system(number, path: path, doing: action)
        if error.code == .unreadable { error.code = .writeFailed }
        return error
    }
}

/// Hashes what is written, on a thread of its own.
final class OutputHasher {
    private var hash = SHA256()
    private var kept = SHA256()

    private static let releasedAtOnce = 4

    /// Returns when all is hashed; nil if the work failed.
    func run(_ board: AssemblyBoard) -> [UInt8]? {
        while let jobs = board.nextHashJobs() {
            // Several at once, since each time may wake threads that wait for one.
            var done: [Buffer] = []
            for job in jobs {
                switch job {
                case .mark: kept = hash
                case .restore: hash = kept
                case .finish:
                    board.release(done)
                    return Array(hash.finalize())
                case .bytes(let bytes): unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
                case .buffer(let buffer, let count):
                    unsafe hash.update(bufferPointer: buffer.block.prefix(count))
                    done.append(buffer)
                    if done.count == Self.releasedAtOnce {
                        board.release(done)
                        done = []
                    }
                }
            }
            board.release(done)
        }
        return nil
    }
}

/// Puts the pieces of all units together, on one thread.
struct AssemblyOutput {
    private let plan: AssemblyPlan
    private let board: AssemblyBoard
    private let file: AssemblyFile
    private let encoder: BlockEncoder

    /// Of the whole archive.
    private var total = SegmentSummary()
    /// A zip's directory.
    private var directory: [UInt8] = []
    private var entryCount: UInt64 = 0
    private var units = 0
    /// In the cache, by this assembly.
    private(set) var storedBytes: Int64 = 0
    /// Uncompressed bytes that the cache had the compressed form of.
    private(set) var bytesReused: Int64 = 0

    // The segment that is being written.
    private var segment = SegmentSummary()
    private var segmentStart: UInt64 = 0
    private var large: LargeEntry?
    private var cacheFile: CacheFile?

    /// Raw deflate's final block: fixed codes, nothing in it.
    private static let lastBlock: [UInt8] = [3, 0]

    init(_ plan: AssemblyPlan, _ board: AssemblyBoard, _ file: AssemblyFile) throws {
        self.plan = plan
        self.board = board
        self.file = file
        encoder = try BlockEncoder(plan.format)
        // RFC 1952, section 2.3.1: deflate, no flags, no time, no level, unknown system.
        if plan.format == .tarGz { try put([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]) }
    }

    var size: UInt64 { file.size }

    /// Writes all units that there are, as they come.
    mutating func drain() throws {
        while let members = try board.setHead(units) { try drain(members) }
    }

    private mutating func drain(_ members: [ArchiveMember]) throws {
        board.hash(.mark)
        let start = State(total, directory.count, entryCount, file.size, bytesReused)
        var index = 0
        // Whether all that comes is void, until the unit is done or begins anew.
        var isVoid = false
        while let piece = try board.piece(index, of: units) {
            try plan.cancelled()
            switch piece {
            case .restart:
                try goBack(to: start)
                isVoid = false
            case .block(let buffer, _, _) where isVoid: board.release(buffer)
            case _ where isVoid: break
            case .reuse(let entries, let key): isVoid = try !copy(key, entries, members)
            default: try handle(piece, members)
            }
            index += 1
        }
        if isVoid {
            try goBack(to: start)
            board.makeAgain(units)
        } else {
            board.retire(units)
            units += 1
        }
    }

    /// What the output was at some time.
    private struct State {
        let total: SegmentSummary
        let directory: Int
        let entryCount: UInt64
        let size: UInt64
        let bytesReused: Int64

        init(_ total: SegmentSummary, _ directory: Int, _ entryCount: UInt64, _ size: UInt64, _ bytesReused: Int64) {
            self.total = total
            self.directory = directory
            self.entryCount = entryCount
            self.size = size
            self.bytesReused = bytesReused
        }
    }

    private mutating func goBack(to state: State) throws {
        total = state.total
        directory.removeLast(directory.count - state.directory)
        entryCount = state.entryCount
        bytesReused = state.bytesReused
        cacheFile = nil
        large = nil
        try file.truncate(to: state.size)
        board.hash(.restore)
    }

    /// Writes what comes after all members.
    mutating func finish() throws {
        switch plan.format {
        case .tarGz:
            try putEnd()
            var trailer = Self.lastBlock
            trailer.append(little: total.crc)
            trailer.append(little: UInt32(truncatingIfNeeded: total.rawSize))
            try put(trailer)
        case .tar, .tarZst: try putEnd()
        case .zip:
            let start = file.size
            let size = UInt64(directory.count)
            ZipHeader.appendEnd(entries: entryCount, size: size, offset: start, to: &directory)
            try put(directory)
        }
        board.hash(.finish)
    }

    /// Two zero blocks (IEEE Std 1003.1, pax, "ustar Interchange Format").
    private mutating func putEnd() throws {
        let zeros = [UInt8](repeating: 0, count: 1024)
        let output = ByteBlock(count: zeros.count + BlockEncoder.slack)
        let count = try unsafe zeros.withUnsafeBytes { try unsafe encoder.encode($0, into: output.bytes) }
        try put(unsafe Array(output.prefix(count)))
        total.append(rawSize: 1024, crc: unsafe zeros.withUnsafeBytes { unsafe crc32($0) })
    }

    private mutating func handle(_ piece: Piece, _ members: [ArchiveMember]) throws {
        switch piece {
        case .pending, .restart, .reuse: break
        case .begin(let large): try begin(large, members)
        case .block(let buffer, let count, let summary):
            let offset = file.size - segmentStart
            for var record in summary.records {
                record.offset += offset
                segment.records.append(record)
            }
            segment.append(rawSize: summary.rawSize, crc: summary.crc)
            unsafe cacheFile?.write(buffer.block.prefix(count))
            try put(buffer, count)
        case .end(let entries, let key): try end(entries, key, members)
        }
    }

    /// Copies a segment from the cache. This thread does it by itself, since the hashing is slower than reading and
    /// writing together, and what other threads read would have to come from memory again.
    ///
    /// - Returns: whether it was there and whole; if not, some of it may be written.
    private mutating func copy(_ key: [UInt8], _ entries: [Int], _ members: [ArchiveMember]) throws -> Bool {
        guard let cache = plan.cache, let cached = cache.segment(key) else { return false }
        guard plan.format != .zip || cached.summary.records.count == entries.count else {
            cache.remove(key)
            return false
        }
        segmentStart = file.size
        var offset: Int64 = 0
        var crc: UInt32 = 0
        while offset < cached.size {
            try plan.cancelled()
            let buffer = try board.copyBuffer()
            let count = Int(min(Int64(Buffer.copySize), cached.size - offset))
            let space = unsafe buffer.block.space(count)
            guard (try? unsafe cached.file.read(into: space, at: offset)) == count else {
                board.release(buffer)
                cache.remove(key)
                return false
            }
            unsafe crc = crc32(UnsafeRawBufferPointer(space), continuing: crc)
            try put(buffer, count)
            offset += Int64(count)
        }
        guard crc == cached.payloadCRC else {
            cache.remove(key)
            return false
        }
        try add(cached.summary, entries, members)
        bytesReused += cached.summary.rawSize
        plan.progress(board.advance(cached.summary.rawSize))
        return true
    }

    private mutating func begin(_ large: LargeEntry?, _ members: [ArchiveMember]) throws {
        segment = SegmentSummary()
        segmentStart = file.size
        self.large = large
        cacheFile = plan.format == .tar ? nil : plan.cache?.makeFile()
        guard let large else { return }
        var bytes: [UInt8] = []
        let record = ZipRecord(
            crc: 0, size: UInt64(large.size), deflatedSize: 0, offset: 0, hasDescriptor: true)
        header(members[large.member], record).appendLocal(to: &bytes)
        try putCached(bytes)
    }

    private mutating func end(_ entries: [Int], _ key: [UInt8]?, _ members: [ArchiveMember]) throws {
        if let large {
            try putCached(Self.lastBlock)
            var local: [UInt8] = []
            let empty = ZipRecord(
                crc: segment.crc, size: UInt64(segment.rawSize), deflatedSize: 0, offset: 0, hasDescriptor: true)
            header(members[large.member], empty).appendLocal(to: &local)
            var record = empty
            record.deflatedSize = file.size - segmentStart - UInt64(local.count)
            var descriptor: [UInt8] = []
            header(members[large.member], record).appendDescriptor(to: &descriptor)
            try putCached(descriptor)
            segment.records = [record]
        }
        if let cacheFile, let key, cacheFile.finish(segment, key: key) {
            plan.cache?.keep(cacheFile, key: key)
            storedBytes += cacheFile.size
        }
        cacheFile = nil
        large = nil
        try add(segment, entries, members)
    }

    /// Counts a segment that is written, or about to be.
    private mutating func add(_ summary: SegmentSummary, _ entries: [Int], _ members: [ArchiveMember]) throws {
        total.append(rawSize: summary.rawSize, crc: summary.crc)
        for (index, record) in zip(entries, summary.records) {
            var record = record
            record.offset += segmentStart
            header(members[index], record).appendCentral(to: &directory)
            entryCount += 1
        }
    }

    private func header(_ member: ArchiveMember, _ record: ZipRecord) -> ZipHeader {
        var name = String(decoding: member.name, as: UTF8.self)
        var header: ZipHeader
        switch member.kind {
        case .file(let isExecutable, _):
            header = ZipHeader(
                name: name, size: record.size, crc: record.crc, offset: record.offset, isDirectory: false)
            header.isExecutable = isExecutable
        default:
            name += "/"
            header = ZipHeader(name: name, size: 0, crc: 0, offset: record.offset, isDirectory: true)
        }
        header.deflatedSize = record.deflatedSize
        header.hasDescriptor = record.hasDescriptor
        return header
    }

    // MARK: Bytes

    private func put(_ buffer: Buffer, _ count: Int) throws {
        board.hash(.buffer(buffer, count: count))
        defer { board.release(buffer) }
        try unsafe file.write(buffer.block.prefix(count))
    }

    private func put(_ bytes: [UInt8]) throws {
        board.hash(.bytes(bytes))
        try unsafe bytes.withUnsafeBytes { try unsafe file.write($0) }
    }

    private func putCached(_ bytes: [UInt8]) throws {
        unsafe bytes.withUnsafeBytes { unsafe cacheFile?.write($0) }
        try put(bytes)
    }
}
