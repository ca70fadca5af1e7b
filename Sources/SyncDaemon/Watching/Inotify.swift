import Glibc

/// One inotify instance (inotify(7)); closed when nobody uses it any more.
final class Inotify: Sendable {
    /// A watch could not be made.
    enum Failure: Error, Hashable {
        /// The user's watches ran out (`fs.inotify.max_user_watches`).
        case outOfWatches
        /// The user's instances or the process's descriptors ran out, or there is no inotify.
        case noInstance(code: Int32)
    }

    /// What the kernel told.
    struct Event {
        var watch: Int32
        var mask: UInt32
        /// The entry of the watched directory; empty if it is about the directory itself.
        var name: String

        func has(_ flags: Int32...) -> Bool { flags.contains { mask & UInt32(bitPattern: $0) != 0 } }
        var isDirectory: Bool { has(Int32(IN_ISDIR)) }
    }

    /// Entries coming and going: for directories on the way to something.
    static let entryChanges = flags(IN_CREATE, IN_DELETE, IN_MOVED_FROM, IN_MOVED_TO, IN_ATTRIB)
    /// Entries going.
    static let removals = flags(IN_DELETE)
    /// Whatever changes contents, too. Nothing that reading causes.
    static let allChanges = entryChanges | flags(IN_MODIFY, IN_CLOSE_WRITE)
    private static let always = flags(Int32(IN_DELETE_SELF), Int32(IN_MOVE_SELF), Int32(IN_ONLYDIR), Int32(IN_MASK_ADD))

    /// Readable when there are events; not blocking.
    let descriptor: Int32
    /// Watches are refused beyond this, as the kernel would; for tests.
    private let limit: Int

    init(limit: Int = .max) throws(Failure) {
        descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        self.limit = limit
        guard descriptor >= 0 else { throw .noInstance(code: errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Watches a directory, besides what it is watched for already.
    ///
    /// - Parameter count: how many directories are watched.
    /// - Returns: the watch, always the same for one directory; `nil` if it can't be read or isn't a directory (any more).
    func add(_ path: String, _ mask: UInt32, count: Int) throws(Failure) -> Int32? {
        guard count < limit else { throw .outOfWatches }
        let watch = inotify_add_watch(descriptor, path, mask | Self.always)
        if watch >= 0 { return watch }
        if errno == ENOSPC || errno == ENOMEM { throw .outOfWatches }
        return nil
    }

    func remove(_ watch: Int32) { _ = inotify_rm_watch(descriptor, watch) }

    /// Reads the events that there are now.
    ///
    /// - Parameter buffer: of at least one event's size with the longest name.
    func read(into buffer: UnsafeMutableRawBufferPointer, _ body: (Event) throws -> Void) rethrows {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            var offset = 0
            // struct inotify_event: int wd; uint32_t mask, cookie, len; char name[len].
            while offset + 16 <= count {
                let watch = buffer.loadUnaligned(fromByteOffset: offset, as: Int32.self)
                let mask = buffer.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                let length = Int(buffer.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                let name = buffer[(offset + 16)..<min(offset + 16 + length, count)].prefix { $0 != 0 }
                try body(Event(watch: watch, mask: mask, name: String(decoding: name, as: UTF8.self)))
                offset += 16 + length
            }
        }
    }

    private static func flags(_ flags: Int32...) -> UInt32 {
        flags.reduce(0) { $0 | UInt32(bitPattern: $1) }
    }
}
