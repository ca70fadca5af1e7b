import Glibc
import Synchronization

/// Compressed members by the digest of what they are made of, in a directory; bounded in size, least recently used go first.
///
/// A file is written beside its place and renamed, and what it holds is checked when it is used, so several processes may
/// share a directory, and damage costs time only. A cache that can't be written is like an empty one.
public final class MemberCache: Sendable {
    let directory: String
    private let limit: Int64
    private let counter = Atomic<UInt64>(0)

    /// A file's last use is noted as its modification time, but not more often than this many seconds: that would be a
    /// write for each file of each run.
    private static let touchInterval = 3600
    /// Temporary files of writers that died are removed after this many seconds.
    private static let abandonedAge = 86400
    /// Seconds.
    private static let lookInterval: Int64 = 86400
    private static let notesLimit = 4096

    /// Nothing is looked at or made before the first use.
    /// - Parameters:
    ///   - directory: made if it isn't there, mode 0700.
    ///   - limit: bytes on disk.
    public init(directory: String, limit: Int64) {
        self.directory = directory
        self.limit = limit
    }

    /// The file for a key of 32 bytes.
    private func path(_ key: [UInt8]) -> (parent: String, file: String) {
        let digits = Array("0123456789abcdef".utf8)
        let name = unsafe String(
            unsafeUninitializedCapacity: key.count * 2,
            initializingUTF8With: { buffer in
                for (index, byte) in key.enumerated() {
                    unsafe buffer[2 * index] = digits[Int(byte >> 4)]
                    unsafe buffer[2 * index + 1] = digits[Int(byte & 15)]
                }
                return key.count * 2
            })
        let parent = "\(directory)/\(name.prefix(1))"
        return (parent, "\(parent)/\(name)")
    }

    /// Whether there is something under a key, which may yet turn out to be of no use.
    func holds(_ key: [UInt8]) -> Bool { unsafe access(path(key).file, R_OK) == 0 }

    /// What is kept under a key; its data is yet to be checked while it is read.
    func segment(_ key: [UInt8]) -> CachedSegment? {
        let file = path(key).file
        guard let input = try? InputFile(path: file), let segment = try? CachedSegment(input, key: key) else {
            remove(key)
            return nil
        }
        if time(nil) - input.modified.tv_sec > Self.touchInterval { unsafe utimensat(AT_FDCWD, file, nil, 0) }
        return segment
    }

    func remove(_ key: [UInt8]) { unsafe unlink(path(key).file) }

    /// A file to write a segment to; nil if there can't be one.
    func makeFile() -> CacheFile? {
        let number = counter.add(1, ordering: .relaxed).newValue
        let name = "\(directory)/tmp-\(getpid())-\(number)-\(UInt32.random(in: 0 ... .max))"
        if let file = CacheFile(path: name) { return file }
        guard errno == ENOENT, makeDirectories() else { return nil }
        return CacheFile(path: name)
    }

    /// Gives a finished file its place.
    func keep(_ file: CacheFile, key: [UInt8]) {
        let place = path(key)
        if file.rename(to: place.file) { return }
        unsafe mkdir(place.parent, 0o700)
        _ = file.rename(to: place.file)
    }

    private func makeDirectories() -> Bool {
        var made = ""
        for part in directory.split(separator: "/") {
            made += made.isEmpty && !directory.hasPrefix("/") ? "\(part)" : "/\(part)"
            unsafe mkdir(made, 0o700)
        }
        return unsafe access(directory, W_OK) == 0
    }

    // MARK: Size

    private struct Kept {
        var path: String
        var bytes: Int64
        var used: timespec
    }

    /// Looks through the cache only if it may have become too large since somebody last did, or a day ago: that takes
    /// longer than all else of a run that stores little.
    ///
    /// - Parameter bytes: what was stored by this run.
    func trim(afterStoring bytes: Int64) {
        removeAbandoned()
        // The file of notes begins with the time and the bytes of the last look; what runs stored since follows.
        let path = directory + "/stored"
        let notes = (try? InputFile(path: path)).flatMap { file in
            file.size <= Self.notesLimit ? try? file.bytes(count: Int(file.size), at: 0) : nil
        }
        let fields = LittleEndian(bytes: notes ?? [])
        let numbers = (0..<((notes?.count ?? 0) / 8)).map { Int64(clamping: fields.u64(8 * $0)) }
        let now = Int64(time(nil))
        if numbers.count >= 2, (now - Self.lookInterval...now).contains(numbers[0]),
            numbers.dropFirst().reduce(bytes, { $0.addingReportingOverflow($1).partialValue }) <= limit,
            note([bytes], in: path, flags: O_APPEND)
        {
            return
        }
        _ = note([now, trim()], in: path, flags: O_CREAT | O_TRUNC)
    }

    private func note(_ numbers: [Int64], in path: String, flags: Int32) -> Bool {
        // Whatever may be in its place: a FIFO is not waited for.
        let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0o600)
        guard descriptor >= 0 else {
            if errno == ENXIO || errno == ELOOP { unsafe unlink(path) }
            return false
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        for number in numbers { bytes.append(little: UInt64(bitPattern: number)) }
        return unsafe bytes.withUnsafeBytes { unsafe writeAll($0, to: descriptor) } == 0
    }

    /// Removes the least recently used until the limit holds.
    /// - Returns: the bytes that are left.
    @discardableResult
    public func trim() -> Int64 {
        removeAbandoned()
        var kept: [Kept] = []
        for name in Self.names(in: directory) where name.utf8.count == 1 {
            let path = "\(directory)/\(name)"
            kept += Self.names(in: path).compactMap { Self.file("\(path)/\($0)") }
        }
        var total = kept.reduce(0) { $0 + $1.bytes }
        guard total > limit else { return total }
        kept.sort { ($0.used.tv_sec, $0.used.tv_nsec, $0.path) < ($1.used.tv_sec, $1.used.tv_nsec, $1.path) }
        for file in kept {
            if total <= limit { break }
            unsafe unlink(file.path)
            total -= file.bytes
        }
        return total
    }

    /// Removes what writers that died didn't finish.
    private func removeAbandoned() {
        let now = time(nil)
        for name in Self.names(in: directory) where name.hasPrefix("tmp-") {
            let path = "\(directory)/\(name)"
            guard let file = Self.file(path) else { continue }
            if now - file.used.tv_sec > Self.abandonedAge || !Self.isAlive(name) { unsafe unlink(path) }
        }
    }

    /// Whether the process that a temporary file's name tells is running. One of another machine may be taken for dead:
    /// then it keeps one segment less.
    private static func isAlive(_ name: String) -> Bool {
        guard let process = name.split(separator: "-").dropFirst().first.flatMap({ pid_t($0) }), process > 0 else {
            return false
        }
        return kill(process, 0) == 0 || errno != ESRCH
    }

    private static func file(_ path: String) -> Kept? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Kept(path: path, bytes: Int64(status.st_blocks) * 512, used: status.st_mtim)
    }

    private static func names(in directory: String) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            guard let start = unsafe entry.pointer(to: \.d_name.0) else { continue }
            let name = unsafe String(cString: start)
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
