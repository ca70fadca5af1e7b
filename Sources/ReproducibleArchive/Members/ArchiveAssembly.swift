import Synchronization

/// The form of an archive.
public enum PackedFormat: String, Sendable, CaseIterable {
    case tarGz = "tar.gz"
    case tar
    case zip
    case tarZst = "tar.zst"
}

/// Writes an archive whose bytes depend on nothing but its members, with all cores.
public struct ArchiveAssembly: Sendable {
    /// What to write.
    public var format: PackedFormat
    /// Where compressed members are kept; `nil`: nowhere.
    public var cache: MemberCache?
    /// Threads that read and compress; default: the machine's cores. At most 16.
    public var workers: Int

    /// Describes the work; nothing is done yet.
    public init(format: PackedFormat, cache: MemberCache? = nil, workers: Int? = nil) {
        self.format = format
        self.cache = cache
        self.workers = workers ?? WorkThread.usableCores
    }

    /// More threads would wait for the one that hashes the output, and need memory.
    private static let mostWorkers = 16

    /// What was written.
    public struct Result: Sendable {
        /// Bytes of the archive.
        public var size: Int64
        /// Of the archive, 32 bytes.
        public var sha256: [UInt8]
        /// Of each member given, in order: what it held; `.unknown` for directories and links.
        public var contents: [KnownContent]
        /// Bytes of sources that were read.
        public var bytesRead: Int64
        /// Uncompressed bytes that the cache had the compressed form of.
        public var bytesReused: Int64
        /// Uncompressed bytes that were compressed.
        public var bytesCompressed: Int64
    }

    /// Writes to a new file beside `path` and renames it into place. Blocks; nothing is left behind if it fails.
    ///
    /// - Parameters:
    ///   - members: in the order of the archive. Names are unique.
    ///   - closing: members that come after them, made when the contents of all others are known (indexed as `members`).
    ///   - cancelled: called often, from any thread; throws to end the work.
    ///   - progress: uncompressed bytes done so far, from any thread.
    /// - Throws: ``ArchiveError``, what a content's `open()` threw, or what `cancelled` did.
    public func write(
        _ members: [ArchiveMember], to path: String,
        closing: ([KnownContent]) throws -> [ArchiveMember] = { _ in [] },
        cancelled: @escaping @Sendable () throws -> Void = {}, progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) throws -> Result {
        let portions = Mutex([members])
        return try write(
            to: path, members: { portions.withLock { $0.popLast() } }, closing: closing, cancelled: cancelled,
            progress: progress)
    }

    /// As ``write(_:to:closing:cancelled:progress:)``, of members that are made while earlier ones are written.
    ///
    /// - Parameter members: the next ones; `nil` after the last. Called on one thread after the other. How they are divided
    ///   changes nothing of the archive.
    public func write(
        to path: String, members: @escaping @Sendable () throws -> [ArchiveMember]?,
        closing: ([KnownContent]) throws -> [ArchiveMember] = { _ in [] },
        cancelled: @escaping @Sendable () throws -> Void = {}, progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) throws -> Result {
        let plan = AssemblyPlan(format: format, cache: cache, cancelled: cancelled, progress: progress)
        let workers = min(max(1, workers), Self.mostWorkers)
        let board = AssemblyBoard(MemberFeed(format, members), workers: workers)
        let file = try AssemblyFile(path: path)
        var output = try AssemblyOutput(plan, board, file)
        let crew = try Crew(plan, board, workers: workers)
        var contents: [KnownContent] = []
        do {
            try output.drain()
            contents = board.contents
            var units = MemberUnits(format)
            board.add(try units.add(closing(contents)) + units.end())
            try output.drain()
            board.close()
            try output.finish()
        } catch {
            board.fail(error)
            crew.join()
            try board.checkFailure()
            throw error
        }
        crew.join()
        try board.checkFailure()
        try cancelled()
        guard let sha256 = crew.sha256 else { throw Stopped() }
        try file.place()
        if output.storedBytes > 0 { cache?.trim(afterStoring: output.storedBytes) }
        return Result(
            size: Int64(file.size), sha256: sha256, contents: contents,
            bytesRead: board.bytesRead, bytesReused: output.bytesReused, bytesCompressed: board.bytesCompressed)
    }
}
