import Glibc
import SyncEngine

/// Looks at files again and again. Keeps three numbers of each, and no name.
struct PollingScan {
    private struct Known {
        /// Of size, times, mode and inode; ``PollingScan/absent`` or ``PollingScan/ignored``.
        var signature: UInt64
        var root: UInt32
        var pass: UInt32
    }

    private struct Root {
        let path: WatchedPath
        let filter: WatchFilter
    }

    private static let absent: UInt64 = 1
    private static let ignored: UInt64 = 2
    /// Directories in each other, at most.
    private static let maximumDepth = 200

    private let roots: [Root]
    private var known: [UInt64: Known] = [:]
    private var pass: UInt32 = 0
    private var seen = 0
    /// What changes since the epoch are told too, with how long ago they were; for ``young(_:than:)``.
    private var youngerThan: (nanoseconds: Int64, now: Int64)?
    private(set) var ages: [String: Duration] = [:]

    /// Looks at nothing yet.
    init(_ paths: [WatchedPath]) {
        roots = paths.map { Root(path: $0, filter: $0.filter) }
    }

    /// Files that are looked at.
    var count: Int { known.values.count { $0.signature != Self.ignored } }

    /// Looks at everything.
    ///
    /// - Returns: what changed since the last time; at first, everything.
    mutating func look() -> WatchBatch {
        var batch = WatchBatch()
        pass &+= 1
        seen = 0
        for index in roots.indices { look(at: UInt32(index), &batch) }
        if seen < known.count {
            // The names of what is gone are not kept.
            for (key, entry) in known where entry.pass != pass {
                if entry.signature != Self.ignored { batch.add(roots[Int(entry.root)].path.path) }
                known[key] = nil
            }
        }
        return batch
    }

    /// The files that were changed less than a while ago, and how long ago.
    static func young(_ paths: [WatchedPath], than age: Duration) -> [String: Duration] {
        var scan = PollingScan(paths)
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let (seconds, attoseconds) = age.components
        scan.youngerThan = (seconds * 1_000_000_000 + attoseconds / 1_000_000_000, nanoseconds(now))
        _ = scan.look()
        return scan.ages
    }

    private mutating func look(at index: UInt32, _ batch: inout WatchBatch) {
        let root = roots[Int(index)]
        let path = root.path.path
        let key = Self.hash(path.utf8, from: UInt64(index) &+ 1)
        var info = stat()
        guard stat(path, &info) == 0 else {
            note(key, Self.absent, index, &batch) { path }
            return
        }
        if root.path.scope == .file || info.st_mode & S_IFMT != S_IFDIR {
            noteFile(key, info, index, &batch) { path }
            return
        }
        note(key, UInt64(info.st_mode) << 32 | 3, index, &batch) { path }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return }
        look(in: descriptor, index, key, below: "", [info], &batch)
    }

    /// Looks at the entries of a directory, and closes it.
    private mutating func look(
        in descriptor: Int32, _ index: UInt32, _ key: UInt64, below: String, _ ancestors: [stat],
        _ batch: inout WatchBatch
    ) {
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            return
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            guard let start = entry.pointer(to: \.d_name.0) else { continue }
            let bytes = UnsafeRawBufferPointer(start: start, count: strlen(start))
            if bytes.elementsEqual(".".utf8) || bytes.elementsEqual("..".utf8) { continue }
            let entryKey = Self.hash(bytes, from: key)
            // What was ignored before is not judged again: patterns cost more than looking at a file.
            if known[entryKey]?.signature == Self.ignored {
                note(entryKey, Self.ignored, index, &batch) { "" }
                continue
            }
            look(at: start, bytes, descriptor, index, entryKey, below, ancestors, &batch)
        }
    }

    private mutating func look(
        at start: UnsafeMutablePointer<CChar>, _ bytes: UnsafeRawBufferPointer, _ directory: Int32, _ index: UInt32,
        _ key: UInt64, _ below: String, _ ancestors: [stat], _ batch: inout WatchBatch
    ) {
        var info = stat()
        guard fstatat(directory, start, &info, 0) == 0 || fstatat(directory, start, &info, AT_SYMLINK_NOFOLLOW) == 0
        else { return }
        let isDirectory = info.st_mode & S_IFMT == S_IFDIR
        // A directory in the place of a file is another thing, which may be ignored.
        let key = isDirectory ? ~key : key
        let root = roots[Int(index)]
        func relative() -> String {
            let name = String(decoding: bytes, as: UTF8.self)
            return below.isEmpty ? name : below + "/" + name
        }
        if known[key] == nil, root.filter.isIgnored(relativePath: relative(), isDirectory: isDirectory) {
            note(isDirectory ? ~key : key, Self.ignored, index, &batch) { "" }
            return
        }
        guard isDirectory else {
            noteFile(key, info, index, &batch) { root.path.path + "/" + relative() }
            return
        }
        if root.path.scope == .directory { return }
        note(key, UInt64(info.st_mode) << 32 | 3, index, &batch) { root.path.path + "/" + relative() }
        guard ancestors.count < Self.maximumDepth,
            !ancestors.contains(where: { $0.st_ino == info.st_ino && $0.st_dev == info.st_dev })
        else { return }
        let descriptor = openat(directory, start, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return }
        look(in: descriptor, index, key, below: relative(), ancestors + [info], &batch)
    }

    private mutating func noteFile(
        _ key: UInt64, _ info: stat, _ index: UInt32, _ batch: inout WatchBatch, _ path: () -> String
    ) {
        if let youngerThan, youngerThan.now - Self.nanoseconds(info.st_mtim) < youngerThan.nanoseconds {
            ages[path()] = .nanoseconds(youngerThan.now - Self.nanoseconds(info.st_mtim))
        }
        var signature: UInt64 = 0xCBF2_9CE4_8422_2325
        for part in [
            UInt64(truncatingIfNeeded: info.st_size), UInt64(truncatingIfNeeded: Self.nanoseconds(info.st_mtim)),
            UInt64(truncatingIfNeeded: Self.nanoseconds(info.st_ctim)), UInt64(info.st_ino), UInt64(info.st_mode),
        ] {
            signature = Self.mixed(signature ^ part)
        }
        note(key, max(signature, 16), index, &batch, path)
    }

    private mutating func note(
        _ key: UInt64, _ signature: UInt64, _ index: UInt32, _ batch: inout WatchBatch, _ path: () -> String
    ) {
        if let old = known[key] {
            if old.pass != pass { seen += 1 }
            if old.signature != signature, signature != Self.ignored { batch.add(path()) }
        } else {
            seen += 1
            if signature != Self.ignored { batch.add(path()) }
        }
        known[key] = Known(signature: signature, root: index, pass: pass)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// FNV-1a, mixed at the end.
    private static func hash(_ bytes: some Sequence<UInt8>, from seed: UInt64) -> UInt64 {
        var hash = 0xCBF2_9CE4_8422_2325 ^ seed
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return mixed(hash)
    }

    /// The finalizer of MurmurHash3's 64-bit variant.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        value = (value ^ (value >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return value ^ (value >> 33)
    }
}
