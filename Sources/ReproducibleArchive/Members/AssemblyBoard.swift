/// A piece of memory that threads hand on.
final class Buffer {
    let block: ByteBlock
    /// For what is copied from the cache, rather than for blocks.
    fileprivate let isForCopies: Bool
    /// How many still need what is in it; guarded by the board.
    fileprivate var uses = 0

    /// Bytes that are copied at once. They are read, checked and written while they are in the processor's cache.
    static let copySize = 256 << 10

    fileprivate init(isForCopies: Bool = false) {
        self.isForCopies = isForCopies
        block = ByteBlock(count: isForCopies ? Self.copySize : BlockEncoder.blockSize + BlockEncoder.slack)
    }
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
    /// A segment comes from the cache: the members it has, and its key there.
    case reuse([Int], key: [UInt8])
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
        var members: [ArchiveMember]
        /// Of each member, once the unit is done.
        var contents: [KnownContent] = []
        var pieces: [Piece] = []
        var isDone = false
        /// How often a segment of it couldn't be had from the cache after all.
        var missed = 0

        init(_ members: [ArchiveMember]) { self.members = members }
    }

    enum Work {
        /// To get more units.
        case feed
        case unit(Int, [ArchiveMember], mayReuse: Bool)
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

    private let feed: MemberFeed
    private var hasMore = true
    private var isFeeding = false
    private var slots: [Slot] = []
    private var nextUnit = 0
    /// Units that are made again.
    private var returned: [Int] = []
    private var activeUnits = 0
    private var isClosed = false
    private var head = 0
    private var idle = 0
    private var tasks: [BlockTask] = []
    private var free: [Buffer] = []
    private var inUse = 0
    private var freeCopies: [Buffer] = []
    private var copies = 0
    private var isWaitingForCopies = false
    private var hashJobs: [HashJob] = []
    private var failure: (any Error)?
    private var done: Int64 = 0
    private(set) var bytesRead: Int64 = 0
    private(set) var bytesCompressed: Int64 = 0

    /// Buffers of 1.125 MiB. Few are better for the processor's caches; more keep more threads busy.
    private let limit: Int
    private let reserve: Int
    /// Copies that wait to be hashed, 16 MiB: enough for the hashing to go on while the last members are made.
    private static let copyLimit = 64
    /// A thread that waits for them is not woken for each.
    private static let copiesAtOnce = 8
    /// A unit of which segments turn out to be damaged again and again is made without the cache.
    private static let mostMissed = 3

    /// Units that are there before they are needed: enough for all threads, and few, so that writing and hashing begin
    /// early.
    private static let unitsAhead = 64

    /// - Parameter workers: threads that make units.
    init(_ feed: MemberFeed, workers: Int) {
        self.feed = feed
        limit = min(48, 8 + 4 * workers)
        reserve = max(12, limit / 2)
    }

    // MARK: Units

    func add(_ units: [[ArchiveMember]]) {
        monitor.withLock { addLocked(units) }
    }

    private func addLocked(_ units: [[ArchiveMember]]) {
        slots += units.map(Slot.init)
        workers.signalAll()
        writer.signalAll()
    }

    /// Gets more units, after ``nextWork()`` said so.
    func feedUnits() throws {
        let (units, hasMore) = try feed.next()
        monitor.withLock {
            isFeeding = false
            self.hasMore = hasMore
            addLocked(units)
        }
    }

    private var isHungry: Bool { hasMore && !isFeeding && slots.count - head < Self.unitsAhead }

    /// Of the members of all units, in order.
    var contents: [KnownContent] { monitor.withLock { slots.flatMap(\.contents) } }

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
                if let unit = returned.popLast() { return beginLocked(unit) }
                if isHungry {
                    isFeeding = true
                    return .feed
                }
                if nextUnit < slots.count, nextUnit == head || inUse < limit {
                    nextUnit += 1
                    return beginLocked(nextUnit - 1)
                }
                if isClosed, nextUnit == slots.count, activeUnits == 0 { return nil }
                idle += 1
                monitor.wait(for: workers)
                idle -= 1
            }
            return nil
        }
    }

    private func beginLocked(_ unit: Int) -> Work {
        activeUnits += 1
        return .unit(unit, slots[unit].members, mayReuse: slots[unit].missed < Self.mostMissed)
    }

    /// A unit that is done is made again, since a segment of it isn't in the cache as it should be.
    func makeAgain(_ unit: Int) {
        monitor.withLock {
            slots[unit].pieces = []
            slots[unit].isDone = false
            slots[unit].missed += 1
            returned.append(unit)
            workers.signalAll()
        }
    }

    /// A unit that is written needs its members no more.
    func retire(_ unit: Int) {
        let members = monitor.withLock {
            defer { slots[unit].members = [] }
            return slots[unit].members
        }
        withExtendedLifetime(members) {}
    }

    func finish(_ unit: Int, _ contents: [KnownContent], read: Int64) {
        monitor.withLock {
            slots[unit].contents = contents
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

    /// A buffer for the thread that writes, which holds no other.
    func copyBuffer() throws -> Buffer {
        try monitor.withLock {
            while freeCopies.isEmpty, copies == Self.copyLimit {
                if let failure { throw failure }
                isWaitingForCopies = true
                monitor.wait(for: writer)
                isWaitingForCopies = false
            }
            if freeCopies.isEmpty { copies += 1 }
            let buffer = freeCopies.popLast() ?? Buffer(isForCopies: true)
            buffer.uses = 1
            return buffer
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
        if buffer.isForCopies {
            freeCopies.append(buffer)
            if isWaitingForCopies, freeCopies.count >= Self.copiesAtOnce { writer.signalAll() }
            return
        }
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
            slots[unit].pieces.append(piece)
            if unit == head { writer.signalAll() }
        }
    }

    /// Begins to take a unit's pieces; returns its members, nil if there are no more units.
    func setHead(_ unit: Int) throws -> [ArchiveMember]? {
        try monitor.withLock {
            head = unit
            if idle > 0, inUse >= limit || isHungry { workers.signalAll() }
            while unit >= slots.count {
                if let failure { throw failure }
                if !hasMore { return nil }
                monitor.wait(for: writer)
            }
            return slots[unit].members
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
