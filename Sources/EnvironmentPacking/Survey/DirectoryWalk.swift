import Dispatch
import Glibc
import Synchronization

/// Lists a directory and all below it, on two threads.
///
/// Directories are opened from the root's descriptor, piece by piece where the path is longer than the system takes, and
/// symbolic links are never followed.
final class DirectoryWalk: Sendable {
    struct Failure: Error {
        var message: String
    }

    /// One name in a directory. What is below a directory is a place of its own in the order: `a`, `a-b`, `a/c`.
    fileprivate struct Item {
        var name: [UInt8]
        var kind: SurveyedFile.Kind
        var mode: UInt32
        var fingerprint: SourceFile.Fingerprint
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
    private let changed = DispatchSemaphore(value: 0)

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
        let threads = min(2, max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
        DispatchQueue.concurrentPerform(iterations: threads) { _ in work(descriptor) }
        return try state.withLock { state throws(Failure) in
            if let failure = state.failure { throw failure }
            return assemble(state.listings)
        }
    }

    private func work(_ root: Int32) {
        while true {
            let next = state.withLock { state -> (number: Int, path: [UInt8])?? in
                if let next = state.waiting.popLast() {
                    state.busy += 1
                    return .some(next)
                }
                return state.busy == 0 ? .some(nil) : .none
            }
            guard let next else {
                _ = changed.wait(timeout: .now() + .microseconds(200))
                continue
            }
            guard let (number, path) = next else { return }
            var items: [Item] = []
            var failure: String?
            do { items = try list(path, root) } catch { failure = error.message }
            let found = items
            state.withLock { state in
                state.busy -= 1
                var items = found
                for index in items.indices where items[index].kind == .directory {
                    let child = state.listings.count
                    state.listings.append([])
                    items[index].listing = child
                    state.waiting.append((child, path.isEmpty ? items[index].name : path + [0x2F] + items[index].name))
                }
                state.listings[number] = items
                guard let failure else { return }
                if number == 0 {
                    state.failure = Failure(message: failure)
                } else {
                    state.markUnreadable(number, failure)
                }
            }
            changed.signal()
        }
    }

    // MARK: One directory

    private func list(_ path: [UInt8], _ root: Int32) throws(Failure) -> [Item] {
        let descriptor = try Self.open(path, below: root)
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            throw Failure(message: String(cString: strerror(errno)))
        }
        defer { closedir(stream) }
        var items: [Item] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw Failure(message: String(cString: strerror(errno))) }
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { start in
                    Array(
                        UnsafeBufferPointer(
                            start: start,
                            count: strnlen(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), 256)))
                }
            }
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            if !skipping.isEmpty, skipping.contains(absolute(path, name)) { continue }
            if let item = examine(name, in: dirfd(stream)) { items.append(item) }
        }
        items.sort { $0.name.isBefore($1.name) }
        return items
    }

    private func absolute(_ directory: [UInt8], _ name: [UInt8]) -> [UInt8] {
        root + [0x2F] + (directory.isEmpty ? name : directory + [0x2F] + name)
    }

    /// `nil` if it went away meanwhile.
    private func examine(_ name: [UInt8], in directory: Int32) -> Item? {
        var info = stat()
        return name.withTerminator { spelled in
            guard fstatat(directory, spelled, &info, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
            let kind: SurveyedFile.Kind
            switch info.st_mode & S_IFMT {
            case S_IFREG: kind = refusal(spelled, in: directory, info.st_mode).map { .unreadable($0) } ?? .regular
            case S_IFDIR: kind = .directory
            case S_IFLNK:
                guard let target = Self.target(spelled, in: directory) else { return nil }
                kind = .symlink(target: target)
            case S_IFIFO: kind = .special("a FIFO")
            case S_IFSOCK: kind = .special("a socket")
            default: kind = .special("a device")
            }
            return Item(name: name, kind: kind, mode: info.st_mode, fingerprint: .init(info), listing: nil)
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
        /// A directory whose entries are being handed out; `places` are its items and, with a slash after the name, what
        /// is below them.
        struct Level {
            var path: [UInt8]
            var places: [(item: Int, isBelow: Bool)]
            var listing: Int
            var next = 0
        }
        func level(_ path: [UInt8], _ listing: Int) -> Level {
            let items = listings[listing]
            let below = items.indices.filter { items[$0].listing != nil }
            var places: [(item: Int, isBelow: Bool)] = []
            places.reserveCapacity(items.count + below.count)
            // What is below `a` comes after all names that begin with `a` and a byte before the slash.
            var pending: [Int] = []
            func flush(before name: [UInt8]?) {
                while let last = pending.last {
                    if let name, !(items[last].name + [0x2F]).lexicographicallyPrecedes(name) { break }
                    places.append((last, true))
                    pending.removeLast()
                }
            }
            for index in items.indices {
                flush(before: items[index].name)
                places.append((index, false))
                if items[index].listing != nil { pending.append(index) }
            }
            flush(before: nil)
            return Level(path: path, places: places, listing: listing)
        }
        var stack = [level([], 0)]
        while !stack.isEmpty {
            let top = stack.count - 1
            guard stack[top].next < stack[top].places.count else {
                stack.removeLast()
                continue
            }
            let place = stack[top].places[stack[top].next]
            stack[top].next += 1
            let item = listings[stack[top].listing][place.item]
            let path = stack[top].path.isEmpty ? item.name : stack[top].path + [0x2F] + item.name
            if place.isBelow, let listing = item.listing {
                stack.append(level(path, listing))
            } else {
                let source = SourceFile(path: root + [0x2F] + path, fingerprint: item.fingerprint)
                files.append(SurveyedFile(path: path, kind: item.kind, mode: UInt32(item.mode), source: source))
            }
        }
        return files
    }
}

extension DirectoryWalk.State {
    /// Finds the item whose listing failed.
    fileprivate mutating func markUnreadable(_ number: Int, _ message: String) {
        for listing in listings.indices {
            guard let index = listings[listing].firstIndex(where: { $0.listing == number }) else { continue }
            listings[listing][index].kind = .unreadable(message)
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
