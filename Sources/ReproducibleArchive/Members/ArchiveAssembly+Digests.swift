internal import Crypto

extension ArchiveAssembly {
    /// Reads what is not known, without compressing or writing anything, so that the digests of all members are known.
    /// - Throws: as ``write(_:to:closing:cancelled:progress:)`` does for a content that can't be read.
    public static func digests(
        _ members: [ArchiveMember], workers: Int? = nil, cancelled: @escaping @Sendable () throws -> Void = {}
    ) throws -> (contents: [KnownContent], bytesRead: Int64) {
        let state = DigestWork(members)
        let count = min(max(1, workers ?? WorkThread.usableCores), 16)
        // One of the threads is this one.
        let threads = (1..<count).compactMap { _ in WorkThread { state.run(cancelled) } }
        state.run(cancelled)
        for thread in threads { thread.join() }
        return try state.result()
    }
}

/// Members that several threads read.
private final class DigestWork: @unchecked Sendable {
    private let members: [ArchiveMember]
    private let monitor = Monitor()
    private var next = 0
    private var contents: [KnownContent]
    private var bytesRead: Int64 = 0
    private var failure: (any Error)?

    /// Members that a thread takes at once.
    private static let stride = 16
    private static let blockSize = 256 << 10

    init(_ members: [ArchiveMember]) {
        self.members = members
        contents = members.map { member in
            if case .file(_, let content) = member.kind { content.known } else { .unknown }
        }
    }

    func result() throws -> ([KnownContent], Int64) {
        if let failure { throw failure }
        return (contents, bytesRead)
    }

    func run(_ cancelled: () throws -> Void) {
        let block = ByteBlock(count: Self.blockSize)
        while true {
            let range = monitor.withLock {
                let start = failure == nil ? next : members.count
                next = min(members.count, start + Self.stride)
                return start..<next
            }
            if range.isEmpty { return }
            do {
                var found: [(Int, KnownContent)] = []
                for index in range {
                    guard case .file(_, let content) = members[index].kind, content.known == .unknown else { continue }
                    found.append((index, try digest(content, of: members[index], block, cancelled)))
                }
                monitor.withLock {
                    for (index, content) in found {
                        contents[index] = content
                        if case .present(let digest) = content { bytesRead += digest.size }
                    }
                }
            } catch {
                monitor.withLock { if failure == nil { failure = error } }
                return
            }
        }
    }

    /// Reads a file, once more if it changes meanwhile.
    private func digest(
        _ content: any MemberContent, of member: ArchiveMember, _ block: ByteBlock, _ cancelled: () throws -> Void
    ) throws -> KnownContent {
        do {
            return try read(content.open(), of: member, block, cancelled)
        } catch let error as ArchiveError where error.code == .fileChanged {
            return try read(content.open(), of: member, block, cancelled)
        }
    }

    private func read(
        _ opened: OpenedContent, of member: ArchiveMember, _ block: ByteBlock, _ cancelled: () throws -> Void
    ) throws -> KnownContent {
        var hash = SHA256()
        let size: Int64
        switch opened {
        case .absent: return .absent
        case .bytes(let bytes):
            unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
            size = Int64(bytes.count)
        case .source(let source):
            size = source.size
            var offset: Int64 = 0
            while offset < size {
                try cancelled()
                let space = unsafe block.space(Int(min(Int64(block.count), size - offset)))
                try unsafe opened.fill(space, at: offset, of: member)
                unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(space))
                offset += Int64(space.count)
            }
            try source.checkUnchanged()
        }
        return .present(MemberDigest(size: size, sha256: unsafe hash.finalize().withUnsafeBytes { unsafe Array($0) }))
    }
}
