internal import Crypto

/// What all workers of an assembly need.
struct AssemblyPlan: Sendable {
    let format: PackedFormat
    let cache: MemberCache?
    let cancelled: @Sendable () throws -> Void
    let progress: @Sendable (Int64) -> Void
}

/// Makes one unit: from the cache where all is known, else by reading.
final class UnitWork {
    let plan: AssemblyPlan
    let board: AssemblyBoard
    let encoder: BlockEncoder
    let members: [ArchiveMember]
    let unit: Int
    /// Whether what members are known to hold may be believed.
    let trusting: Bool
    let mayReuse: Bool

    private(set) var contents: [KnownContent]
    private(set) var bytesRead: Int64 = 0

    // The segment that is being read.
    var held: [RawBlock] = []
    var current: RawBlock?
    private var isStreaming = false
    private var mayLookUp = false
    private var large: LargeEntry?
    private var entries: [Int] = []
    private var key: SegmentKey

    /// Blocks that are kept uncompressed until the segment's key is known, which may spare compressing them.
    private static let heldLimit = 4

    init(
        _ plan: AssemblyPlan, _ board: AssemblyBoard, _ encoder: BlockEncoder, _ members: [ArchiveMember],
        unit: Int, trusting: Bool, mayReuse: Bool
    ) {
        self.plan = plan
        self.board = board
        self.encoder = encoder
        self.members = members
        self.unit = unit
        self.trusting = trusting
        self.mayReuse = mayReuse && plan.cache != nil && plan.format != .tar
        contents = [KnownContent](repeating: .unknown, count: members.count)
        key = SegmentKey(plan.format)
    }

    func run() throws {
        var index = 0
        var opened: OpenedContent?
        while index < members.endIndex {
            var isMissing = false
            if trusting, mayReuse, opened == nil, let known = knownSegment(from: index) {
                if plan.cache?.holds(known.key) == true {
                    for member in index..<known.end { contents[member] = self.known(member) }
                    board.append(.reuse(known.entries, key: known.key), to: unit)
                    index = known.end
                    continue
                }
                isMissing = true
            }
            mayLookUp = mayReuse && !isMissing
            (index, opened) = try readSegment(from: index, opened)
        }
    }

    /// Gives back what a failed run had taken.
    func abandon() {
        for block in held { board.release(block.buffer) }
        if let current { board.release(current.buffer) }
        held = []
        current = nil
    }

    private func known(_ index: Int) -> KnownContent {
        guard case .file(_, let content) = members[index].kind else { return .unknown }
        return content.known
    }

    // MARK: From the cache

    /// The segment that begins here, if all of its contents are known.
    private func knownSegment(from start: Int) -> (key: [UInt8], end: Int, entries: [Int])? {
        var key = SegmentKey(plan.format)
        var entries: [Int] = []
        var index = start
        scan: while index < members.endIndex {
            let member = members[index]
            var digest: MemberDigest?
            if case .file = member.kind {
                switch known(index) {
                case .unknown: return nil
                case .absent:
                    index += 1
                    continue scan
                case .present(let present): digest = present
                }
            }
            let isLarge = (digest?.size ?? 0) >= MemberUnits.largeSize
            if isLarge, !entries.isEmpty { break }
            key.append(member, digest)
            entries.append(index)
            index += 1
            if isLarge { break }
        }
        return entries.isEmpty ? nil : (key.digest(), index, entries)
    }

    // MARK: By reading

    /// Reads members until the segment ends; returns the one after it, which may have been opened to learn its size.
    private func readSegment(from start: Int, _ first: OpenedContent?) throws -> (Int, OpenedContent?) {
        var index = start
        var first = first
        while index < members.endIndex {
            let member = members[index]
            guard case .file(let isExecutable, let content) = member.kind else {
                try add(member, at: index, digest: nil)
                index += 1
                continue
            }
            var expected: Int64?
            if trusting, first == nil {
                switch content.known {
                case .absent:
                    contents[index] = .absent
                    index += 1
                    continue
                case .present(let digest): expected = digest.size
                case .unknown: break
                }
            }
            if let expected, expected >= MemberUnits.largeSize, !entries.isEmpty { break }
            let opened = try first ?? content.open()
            first = nil
            let size: Int64
            switch opened {
            case .absent:
                contents[index] = .absent
                index += 1
                continue
            case .bytes(let bytes): size = Int64(bytes.count)
            case .source(let source): size = source.size
            }
            let isLarge = size >= MemberUnits.largeSize
            if let expected, expected >= MemberUnits.largeSize, !isLarge {
                // The boundary before it was in the wrong place.
                throw ArchiveError(
                    code: .fileChanged, path: printable(String(decoding: member.name, as: UTF8.self)),
                    message: "the file is smaller than it was")
            }
            if isLarge, !entries.isEmpty {
                try finishSegment()
                return (index, opened)
            }
            if isLarge, plan.format == .zip { large = LargeEntry(member: index, size: size) }
            let digest = try read(opened, size, of: member, isExecutable: isExecutable)
            contents[index] = .present(digest)
            key.append(member, digest)
            entries.append(index)
            index += 1
            if isLarge { break }
        }
        try finishSegment()
        return (index, nil)
    }

    private func add(_ member: ArchiveMember, at index: Int, digest: MemberDigest?) throws {
        if plan.format == .zip {
            try addZipDirectory(member)
        } else {
            switch member.kind {
            case .symlink(let target):
                try addTarHeader(TarEntryHeader(name: member.name, type: .symlink, linkTarget: target))
            default: try addTarHeader(TarEntryHeader(name: member.name, type: .directory))
            }
        }
        key.append(member, digest)
        entries.append(index)
    }

    private func read(
        _ opened: OpenedContent, _ size: Int64, of member: ArchiveMember, isExecutable: Bool
    ) throws -> MemberDigest {
        let start: Int
        if plan.format == .zip {
            start = try beginZipFile(size, of: member)
        } else {
            try addTarHeader(
                TarEntryHeader(name: member.name, type: .file, size: size, isExecutable: isExecutable))
            start = 0
        }
        var hash = SHA256()
        var offset: Int64 = 0
        while offset < size {
            let space = unsafe try room()
            let count = Int(min(Int64(space.count), size - offset))
            let part = unsafe UnsafeMutableRawBufferPointer(rebasing: space[..<count])
            try unsafe opened.fill(part, at: offset, of: member)
            unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(part))
            current?.count += count
            offset += Int64(count)
        }
        if case .source(let source) = opened { try source.checkUnchanged() }
        bytesRead += size
        if plan.format == .zip {
            if large == nil { endZipFile(member, from: start) }
        } else {
            try pad(Int((512 - size % 512) % 512))
        }
        return MemberDigest(size: size, sha256: unsafe hash.finalize().withUnsafeBytes { unsafe Array($0) })
    }

    // MARK: Blocks

    /// What is left of the current block, at least a byte.
    func room() throws -> UnsafeMutableRawBufferPointer {
        if let current, current.count == BlockEncoder.blockSize { try passOn() }
        let block: RawBlock
        if let current {
            block = current
        } else {
            block = RawBlock(buffer: try board.buffer(unit, encoder))
            current = block
        }
        return unsafe UnsafeMutableRawBufferPointer(
            rebasing: block.buffer.block.bytes[block.count..<BlockEncoder.blockSize])
    }

    /// Ends the current block.
    func passOn() throws {
        guard let block = current else { return }
        try plan.cancelled()
        current = nil
        held.append(block)
        if isStreaming || held.count > (mayLookUp ? Self.heldLimit : 0) { try stream() }
    }

    private func stream() throws {
        if !isStreaming {
            isStreaming = true
            board.append(.begin(large: large), to: unit)
        }
        while !held.isEmpty {
            let block = held.removeFirst()
            let count = Int64(block.count)
            if plan.format == .tar {
                board.append(.block(block.buffer, count: block.count, SegmentSummary(rawSize: count)), to: unit)
            } else {
                try board.compress(block, unit: unit, encoder)
            }
            plan.progress(board.advance(count))
        }
    }

    private func finishSegment() throws {
        defer {
            isStreaming = false
            large = nil
            entries = []
            key = SegmentKey(plan.format)
        }
        guard !entries.isEmpty else { return }
        try passOn()
        let digest = plan.cache != nil && plan.format != .tar ? key.digest() : nil
        if !isStreaming {
            if mayLookUp, let digest, plan.cache?.holds(digest) == true {
                abandon()
                board.append(.reuse(entries, key: digest), to: unit)
                return
            }
            try stream()
        }
        board.append(.end(entries, key: digest), to: unit)
    }
}

extension OpenedContent {
    /// Copies the bytes at `offset`, all that the buffer holds.
    func fill(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int64, of member: ArchiveMember) throws {
        switch self {
        case .absent: break
        case .bytes(let bytes):
            unsafe bytes.withUnsafeBytes {
                unsafe buffer.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: $0[Int(offset)..<Int(offset) + buffer.count]))
            }
        case .source(let source):
            guard try unsafe source.read(into: buffer, at: offset) == buffer.count else {
                throw ArchiveError(
                    code: .fileChanged, path: printable(String(decoding: member.name, as: UTF8.self)),
                    message: "the file became shorter while it was read")
            }
        }
    }
}
