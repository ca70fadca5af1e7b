internal import CLinux
import Dispatch
import Glibc
import ReproducibleArchive
import Synchronization

/// Lists a directory and all below it, on several threads.
///
/// Directories are opened from the root's descriptor, piece by piece where the path is longer than the system takes, and
/// symbolic links are never followed.
final class DirectoryWalk: Sendable {
    struct Failure: Error {
        var message: String
    }

    /// What has one name in a directory. What is below a directory is a place of its own in the order: `a`, `a-b`, `a/c`.
    fileprivate struct Item {
        var file: SurveyedFile
        /// Where the name begins in the path.
        var leafStart: Int
        /// The number of the directory's own listing.
        var listing: Int?
    }

    fileprivate struct State {
        /// By number; the root's is 0.
        var listings: [[Item]] = [[]]
        var waiting: [(number: Int, path: [UInt8])] = [(0, [])]
        var busy = 0
        var failure: Failure?
    }

    private let root: [UInt8]
    private let skipping: Set<[UInt8]>
    private let readsEverything: Bool
    private let state = Mutex(State())
    /// Counts the directories that wait, and threads that may end.
    private let waiting = DispatchSemaphore(value: 0)

    /// More than there are processors: what isn't in memory is waited for, on a file server for long.
    private static let threads = 4

    /// - Parameter root: absolute, without symbolic links.
    init(root: String, skipping: Set<[UInt8]>) {
        self.root = Array(root.utf8)
        self.skipping = skipping
        readsEverything = geteuid() == 0
    }

    func run() throws(Failure) -> [SurveyedFile] {
        let descriptor = root.withTerminator { Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw Failure(message: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        waiting.signal()
        // One of them is this one.
        let threads = (1..<Self.threads).compactMap { _ in WorkThread { self.work(descriptor) } }
        work(descriptor)
        for thread in threads { thread.join() }
        return try state.withLock { state throws(Failure) in
            if let failure = state.failure { throw failure }
            return assemble(state.listings)
        }
    }

    private func work(_ root: Int32) {
        var buffer = Names()
        while true {
            waiting.wait()
            let next = state.withLock { state in
                state.busy += state.waiting.isEmpty ? 0 : 1
                return state.waiting.popLast()
            }
            guard let (number, path) = next else { return }
            var items: [Item] = []
            var failure: String?
            do { items = try list(path, root, &buffer) } catch { failure = error.message }
            let found = items
            let (more, isDone) = state.withLock { state in
                state.busy -= 1
                var items = found
                let before = state.waiting.count
                for index in items.indices where items[index].file.kind == .directory {
                    let child = state.listings.count
                    state.listings.append([])
                    items[index].listing = child
                    state.waiting.append((child, items[index].file.path))
                }
                state.listings[number] = items
                if let failure {
                    if number == 0 {
                        state.failure = Failure(message: failure)
                    } else {
                        state.markUnreadable(number, failure)
                    }
                }
                return (state.waiting.count - before, state.busy == 0 && state.waiting.isEmpty)
            }
            for _ in 0..<(isDone ? Self.threads : more) { waiting.signal() }
        }
    }

    // MARK: One directory

    /// The names in a directory, one after the other, each with a zero after it; used for one directory after the other.
    private struct Names {
        private(set) var bytes: [UInt8] = []
        private(set) var ranges: [Range<Int>] = []
        private var entries = [UInt64](repeating: 0, count: 4096)

        mutating func read(_ directory: Int32) throws(Failure) {
            bytes.removeAll(keepingCapacity: true)
            ranges.removeAll(keepingCapacity: true)
            while true {
                let count = entries.withUnsafeMutableBytes { clinux_entries(directory, $0.baseAddress, $0.count) }
                guard count >= 0 else { throw Failure(message: String(cString: strerror(errno))) }
                if count == 0 { break }
                entries.withUnsafeBytes { add(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            }
            bytes.withUnsafeBytes { bytes in
                ranges.sort {
                    let order = memcmp(
                        bytes.baseAddress! + $0.lowerBound, bytes.baseAddress! + $1.lowerBound, min($0.count, $1.count))
                    return order != 0 ? order < 0 : $0.count < $1.count
                }
            }
        }

        /// Entries as the system gives them: two numbers of 8 bytes, the entry's size in 2, its kind, and the name with a
        /// zero after it.
        private mutating func add(_ entries: UnsafeRawBufferPointer) {
            var start = 0
            while start + 19 < entries.count {
                let end = start + Int(entries.loadUnaligned(fromByteOffset: start + 16, as: UInt16.self))
                guard end > start, end <= entries.count else { return }
                let name = UnsafeRawBufferPointer(rebasing: entries[(start + 19)..<end]).prefix { $0 != 0 }
                start = end
                if name.elementsEqual([0x2E]) || name.elementsEqual([0x2E, 0x2E]) { continue }
                ranges.append(bytes.count..<(bytes.count + name.count))
                bytes.append(contentsOf: name)
                bytes.append(0)
            }
        }
    }

    private func list(_ path: [UInt8], _ root: Int32, _ names: inout Names) throws(Failure) -> [Item] {
        let descriptor = try Self.open(path, below: root)
        defer { close(descriptor) }
        try names.read(descriptor)
        let directory = path.isEmpty ? [] : path + [0x2F]
        let place = self.root + [0x2F] + directory
        let isSkipped = skipping.contains { $0.count > place.count && $0.starts(with: place) }
        var items: [Item] = []
        items.reserveCapacity(names.ranges.count)
        names.bytes.withUnsafeBytes { bytes in
            for range in names.ranges {
                let name = UnsafeRawBufferPointer(rebasing: bytes[range])
                let spelled = UnsafePointer(bytes.baseAddress!.assumingMemoryBound(to: CChar.self) + range.lowerBound)
                if isSkipped, skipping.contains(Self.join(place, name)) { continue }
                var info = stat()
                guard let kind = examine(spelled, in: descriptor, &info) else { continue }
                items.append(
                    Item(
                        file: SurveyedFile(
                            path: Self.join(directory, name), kind: kind, mode: info.st_mode,
                            source: SourceFile(path: Self.join(place, name), fingerprint: .init(info))),
                        leafStart: directory.count))
            }
        }
        return items
    }

    /// A directory's path with its slash, and a name.
    private static func join(_ directory: [UInt8], _ name: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: directory.count + name.count) { buffer, count in
            let place = UnsafeMutableRawBufferPointer(buffer)
            directory.withUnsafeBytes { place.copyMemory(from: $0) }
            UnsafeMutableRawBufferPointer(rebasing: place[directory.count...]).copyMemory(from: name)
            count = directory.count + name.count
        }
    }

    /// `nil` if it went away meanwhile.
    private func examine(
        _ name: UnsafePointer<CChar>, in directory: Int32, _ info: inout stat
    ) -> SurveyedFile.Kind? {
        guard fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        switch info.st_mode & S_IFMT {
        case S_IFREG: return refusal(name, in: directory, info.st_mode).map { .unreadable($0) } ?? .regular
        case S_IFDIR: return .directory
        case S_IFLNK: return Self.target(name, in: directory).map { .symlink(target: $0) }
        case S_IFIFO: return .special("a FIFO")
        case S_IFSOCK: return .special("a socket")
        default: return .special("a device")
        }
    }

    /// Why a file can't be opened for reading. Only those need to be asked for that not everybody may read.
    private func refusal(_ name: UnsafePointer<CChar>, in directory: Int32, _ mode: mode_t) -> String? {
        guard !readsEverything, mode & 0o444 != 0o444 else { return nil }
        return faccessat(directory, name, R_OK, AT_EACCESS) == 0 ? nil : String(cString: strerror(errno))
    }

    private static func target(_ name: UnsafePointer<CChar>, in directory: Int32) -> [UInt8]? {
        var capacity = 256
        while true {
            let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                let length = buffer.withMemoryRebound(to: CChar.self) {
                    $0.baseAddress.map { readlinkat(directory, name, $0, capacity) } ?? -1
                }
                count = max(0, length)
            }
            if bytes.isEmpty { return nil }
            if bytes.count < capacity { return bytes }
            capacity *= 4
        }
    }

    private static func open(_ path: [UInt8], below root: Int32) throws(Failure) -> Int32 {
        var current = root
        var rest = path.isEmpty ? [UInt8(ascii: ".")][...] : path[...]
        while true {
            var piece = rest
            if piece.count > 4000, let cut = piece.prefix(4000).lastIndex(of: 0x2F) { piece = piece[..<cut] }
            rest = rest[piece.endIndex...].dropFirst()
            let next = Array(piece).withTerminator {
                openat(current, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            }
            let code = errno
            if current != root { close(current) }
            guard next >= 0 else { throw Failure(message: String(cString: strerror(code))) }
            if rest.isEmpty { return next }
            current = next
        }
    }

    // MARK: Putting together

    private func assemble(_ listings: [[Item]]) -> [SurveyedFile] {
        var files: [SurveyedFile] = []
        files.reserveCapacity(listings.reduce(0) { $0 + $1.count })
        /// A directory whose entries are being handed out.
        struct Level {
            var listing: Int
            var next = 0
            /// Directories whose names were handed out, and what is below them wasn't yet: that of `a` comes after all
            /// names that begin with `a` and a byte before the slash.
            var pending: [Int] = []
        }
        var stack = [Level(listing: 0)]
        while !stack.isEmpty {
            let top = stack.count - 1
            let listing = stack[top].listing
            let next = stack[top].next
            let hasMore = next < listings[listing].count
            if let last = stack[top].pending.last {
                let isBefore =
                    !hasMore || Self.isBelow(listings[listing][last], before: listings[listing][next])
                if isBefore {
                    stack[top].pending.removeLast()
                    if let inner = listings[listing][last].listing { stack.append(Level(listing: inner)) }
                    continue
                }
            }
            guard hasMore else {
                stack.removeLast()
                continue
            }
            stack[top].next += 1
            files.append(listings[listing][next].file)
            if listings[listing][next].listing != nil { stack[top].pending.append(next) }
        }
        return files
    }

    /// Whether what is below a directory comes before something else beside it.
    private static func isBelow(_ directory: Item, before other: Item) -> Bool {
        let name = directory.file.path[directory.leafStart...]
        let otherName = other.file.path[other.leafStart...]
        return !otherName.starts(with: name) || (otherName.dropFirst(name.count).first.map { $0 > 0x2F } ?? true)
    }
}

extension DirectoryWalk.State {
    /// Finds the item whose listing failed.
    fileprivate mutating func markUnreadable(_ number: Int, _ message: String) {
        for listing in listings.indices {
            guard let index = listings[listing].firstIndex(where: { $0.listing == number }) else { continue }
            listings[listing][index].file.kind = .unreadable(message)
            listings[listing][index].listing = nil
            return
        }
    }
}

extension [UInt8] {
    /// Hands itself over as a C string. The bytes must not hold a zero.
    func withTerminator<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
        try withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { buffer in
            for index in indices { buffer[index] = CChar(bitPattern: self[index]) }
            buffer[count] = 0
            return try body(UnsafePointer(buffer.baseAddress.unsafelyUnwrapped))
        }
    }
}

extension SourceFile.Fingerprint {
    init(_ info: stat) {
        self.init(
            device: UInt64(info.st_dev), inode: UInt64(info.st_ino), size: Int64(info.st_size),
            modified: Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec),
            changed: Int64(info.st_ctim.tv_sec) * 1_000_000_000 + Int64(info.st_ctim.tv_nsec))
    }
}
