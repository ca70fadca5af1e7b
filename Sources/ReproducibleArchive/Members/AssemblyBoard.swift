/// A piece of memory that threads hand on.
final class Buffer {
    let block = ByteBlock(count: BlockEncoder.blockSize + BlockEncoder.slack)
    /// How many still need what is in it; guarded by the board.
    fileprivate var uses = 0
}

/// A block that is filled and yet to be compressed.
struct RawBlock {
    var buffer: Buffer
    var count = 0
    /// What the block holds of a zip's small entries.
    var entries: [ZipDraft] = []
    /// The most that those take when compressed.
    var bound = 0
}

/// An entry of a zip whose data is whole in a block.
struct ZipDraft {
    var name: String
    var isDirectory = false
    var range: Range<Int>
}

/// An entry of a zip whose header is written before its data is compressed.
struct LargeEntry {
    var member: Int
    var size: Int64
}

/// What a unit's maker tells the thread that writes.
enum Piece {
    /// Somebody compresses it yet.
    case pending
    /// A segment begins.
    case begin(large: LargeEntry?)
    /// Compressed bytes.
    case block(Buffer, count: Int, SegmentSummary)
    /// The segment is complete: the members it has, and its key in the cache.
    case end([Int], key: [UInt8]?)
    /// A segment comes from the cache; its bytes follow as copies.
    case reuse([Int], SegmentSummary)
    case copy(Buffer, count: Int)
    /// What came of this unit is void; it is made again.
    case restart
}

/// A block for any thread to compress.
struct BlockTask {
    var raw: RawBlock
    var output: Buffer
    var unit: Int
    var piece: Int
}

/// The work has failed already, elsewhere.
struct Stopped: Error {}

/// What the threads of an assembly share. All of it is guarded by `monitor`.
///
/// Memory is bounded by the number of buffers. The unit that is being written may use some that no other may, so it never
/// waits for a later one; tasks hold all the buffers they need, so whoever waits can do one.
final class AssemblyBoard: @unchecked Sendable {
    private final class Slot {
        var pieces: [Piece] = []
        var isDone = false
    }

    enum Work {
        case unit(Int, ArraySlice<ArchiveMember>)
        case task(BlockTask)
    }

    enum HashJob {
        case mark, restore, finish
        case buffer(Buffer, count: Int)
        case bytes([UInt8])
    }

    private let monitor = Monitor()
    private let workers = Monitor.Condition()
    private let writer = Monitor.Condition()
    private let hasher = Monitor.Condition()

    private var members: [ArchiveMember] = []
    private var ranges: [Range<Int>] = []
    private var slots: [Slot] = []
    private var nextUnit = 0
    private var activeUnits = 0
    private var isClosed = false
    private var head = 0
    private var idle = 0
    private var tasks: [BlockTask] = []
    private var free: [Buffer] = []
    private var inUse = 0
    private var hashJobs: [HashJob] = []
    private var failure: (any Error)?
    private var contents: [KnownContent] = []
    private var done: Int64 = 0
    private(set) var bytesRead: Int64 = 0
    private(set) var bytesReused: Int64 = 0
    private(set) var bytesCompressed: Int64 = 0

    /// Buffers of 1.125 MiB. Few are better for the processor's caches; more keep more threads busy.
    private let limit: Int
    private let reserve: Int

    /// - Parameter workers: threads that make units.
    init(workers: Int) {
        limit = min(48, 8 + 4 * workers)
        reserve = max(12, limit / 2)
    }

    // MARK: Units

    /// Adds units of `members`, which begin with those that are there already.
    func add(_ units: [Range<Int>], members: [ArchiveMember]) {
        monitor.withLock {
            self.members = members
            ranges += units
            slots += units.map { _ in Slot() }
            contents += [KnownContent](repeating: .unknown, count: members.count - contents.count)
            workers.signalAll()
        }
    }

    var allContents: [KnownContent] { monitor.withLock { contents } }

    /// No more units will come.
    func close() {
        monitor.withLock {
            isClosed = true
            workers.signalAll()
        }
    }

    func fail(_ error: any Error) {
        monitor.withLock {
            if failure == nil, !(error is Stopped) { failure = error }
            isClosed = true
            workers.signalAll()
            writer.signalAll()
            hasher.signalAll()
        }
    }

    func checkFailure() throws {
        try monitor.withLock { if let failure { throw failure } }
    }

    /// The next thing to do; nil when there is nothing left.
    func nextWork() -> Work? {
        monitor.withLock {
            while failure == nil {
                if let task = takeTask() { return .task(task) }
                if nextUnit < ranges.count, nextUnit == head || inUse < limit {
                    nextUnit += 1
                    activeUnits += 1
                    return .unit(nextUnit - 1, members[ranges[nextUnit - 1]])
                }
                if isClosed, nextUnit == ranges.count, activeUnits == 0 { return nil }
                idle += 1
                monitor.wait(for: workers)
                idle -= 1
            }
            return nil
        }
    }

    func finish(_ unit: Int, _ range: Range<Int>, _ known: [KnownContent], read: Int64) {
        monitor.withLock {
            contents.replaceSubrange(range, with: known)
            bytesRead += read
            slots[unit].isDone = true
            activeUnits -= 1
            if unit == head { writer.signalAll() }
            if isClosed { workers.signalAll() }
        }
    }

    // MARK: Buffers

    /// A buffer for a unit; nil: the thread should do this task first.
    private func takeBuffer(_ unit: Int) throws -> (Buffer?, BlockTask?) {
        try monitor.withLock {
            while true {
                if failure != nil { throw Stopped() }
                if inUse < limit || unit == head && inUse < limit + reserve {
                    inUse += 1
                    let buffer = free.popLast() ?? Buffer()
                    buffer.uses = 1
                    return (buffer, nil)
                }
                if let task = takeTask() { return (nil, task) }
                idle += 1
                monitor.wait(for: workers)
                idle -= 1
            }
        }
    }

    /// A buffer for a unit. While it waits, it compresses what others have filled.
    func buffer(_ unit: Int, _ encoder: BlockEncoder) throws -> Buffer {
        while true {
            let (buffer, task) = try takeBuffer(unit)
            if let buffer { return buffer }
            if let task { try run(task, encoder) }
        }
    }

    func release(_ buffer: Buffer) {
        monitor.withLock { releaseLocked(buffer) }
    }

    func release(_ buffers: [Buffer]) {
        if buffers.isEmpty { return }
        monitor.withLock {
            for buffer in buffers { releaseLocked(buffer) }
        }
    }

    private func releaseLocked(_ buffer: Buffer) {
        buffer.uses -= 1
        guard buffer.uses == 0 else { return }
        free.append(buffer)
        inUse -= 1
        if idle > 0 { workers.signalAll() }
    }

    // MARK: Tasks

    private func takeTask() -> BlockTask? { tasks.isEmpty ? nil : tasks.removeFirst() }

    /// Compresses a block here, or leaves it to a thread that has nothing to do.
    func compress(_ raw: RawBlock, unit: Int, _ encoder: BlockEncoder) throws {
        let output = try buffer(unit, encoder)
        var task = BlockTask(raw: raw, output: output, unit: unit, piece: 0)
        let isLeft = monitor.withLock {
            slots[unit].pieces.append(.pending)
            task.piece = slots[unit].pieces.count - 1
            guard idle > tasks.count else { return false }
            tasks.append(task)
            workers.signalAll()
            return true
        }
        if !isLeft { try run(task, encoder) }
    }

    func run(_ task: BlockTask, _ encoder: BlockEncoder) throws {
        let (count, summary) = try encoder.encode(task.raw, into: task.output)
        monitor.withLock {
            slots[task.unit].pieces[task.piece] = .block(task.output, count: count, summary)
            bytesCompressed += summary.rawSize
            releaseLocked(task.raw.buffer)
            if task.unit == head { writer.signalAll() }
        }
    }

    // MARK: Pieces

    func append(_ piece: Piece, to unit: Int) {
        monitor.withLock {
            if case .reuse(_, let summary) = piece { bytesReused += summary.rawSize }
            slots[unit].pieces.append(piece)
            if unit == head { writer.signalAll() }
        }
    }

    /// Begins to take a unit's pieces.
    func setHead(_ unit: Int) {
        monitor.withLock {
            head = unit
            if idle > 0 { workers.signalAll() }
        }
    }

    /// Waits for a unit's piece; nil when there are no more.
    func piece(_ index: Int, of unit: Int) throws -> Piece? {
        try monitor.withLock {
            while true {
                if let failure { throw failure }
                let slot = slots[unit]
                if index < slot.pieces.count {
                    if case .pending = slot.pieces[index] {} else { return slot.pieces[index] }
                } else if slot.isDone {
                    slot.pieces = []
                    return nil
                }
                monitor.wait(for: writer)
            }
        }
    }

    /// Counts uncompressed bytes that are done; returns all of them so far.
    func advance(_ count: Int64) -> Int64 {
        monitor.withLock {
            done += count
            return done
        }
    }

    // MARK: Hashing

    /// Keeps the buffer until it is hashed; the caller releases it for itself.
    func hash(_ job: HashJob) {
        monitor.withLock {
            if case .buffer(let buffer, _) = job { buffer.uses += 1 }
            hashJobs.append(job)
            hasher.signalOne()
        }
    }

    /// All that is waiting to be hashed; nil after a failure.
    func nextHashJobs() -> [HashJob]? {
        monitor.withLock {
            while hashJobs.isEmpty {
                if failure != nil { return nil }
                monitor.wait(for: hasher)
            }
            defer { hashJobs = [] }
            return hashJobs
        }
    }
}
