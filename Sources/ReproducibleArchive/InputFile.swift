import Glibc

/// A regular file open for reading at any offset. Closed when released.
final class InputFile: Sendable {
    let path: String
    let size: Int64
    private let descriptor: Int32
    let modified: timespec
    private let changed: timespec

    /// Opens a regular file, following symbolic links. Never blocks: a FIFO, socket or device is refused.
    init(path: String) throws {
        self.path = path
        guard !path.utf8.contains(0) else {
            throw ArchiveError(code: .unsafeName, path: path, message: "the path contains a NUL character")
        }
        // O_NONBLOCK: opening a FIFO that nobody writes to must not hang before fstat can tell what it is.
        let opened = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard opened >= 0 else { throw ArchiveError.system(errno, path: path, doing: "open the file") }
        var status = stat()
        guard unsafe fstat(opened, &status) == 0 else {
            let number = errno
            close(opened)
            throw ArchiveError.system(number, path: path, doing: "examine the file")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(opened)
            let message = "is \(fileKind(status.st_mode)), not a regular file"
            throw ArchiveError(code: .notARegularFile, path: path, message: message)
        }
        descriptor = opened
        size = Int64(status.st_size)
        modified = status.st_mtim
        changed = status.st_ctim
    }

    deinit {
        close(descriptor)
    }

    /// Reads until `buffer` is full or the file ends; returns the number of bytes read.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(filled))
            if count < 0 {
                if errno == EINTR { continue }
                throw ArchiveError.system(errno, path: path, doing: "read the file")
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Reads exactly `count` bytes at `offset`; fewer is an error.
    func bytes(count: Int, at offset: Int64) throws -> [UInt8] {
        let bytes = try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = try unsafe read(
                into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]),
                at: offset)
        }
        guard bytes.count == count else {
            throw ArchiveError(code: .truncated, path: path, message: "the file ends at an unexpected place")
        }
        return bytes
    }

    /// Throws if the file's size or times are no longer what they were when it was opened.
    func checkUnchanged() throws {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw ArchiveError.system(errno, path: path, doing: "examine the file")
        }
        guard
            Int64(status.st_size) == size,
            status.st_mtim.tv_sec == modified.tv_sec, status.st_mtim.tv_nsec == modified.tv_nsec,
            status.st_ctim.tv_sec == changed.tv_sec, status.st_ctim.tv_nsec == changed.tv_nsec
        else {
            throw ArchiveError(code: .fileChanged, path: path, message: "the file changed while it was read")
        }
    }
}

/// What a file of this mode is, with its article: "a FIFO".
func fileKind(_ mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFREG: "a regular file"
    case S_IFDIR: "a directory"
    case S_IFLNK: "a symbolic link"
    case S_IFIFO: "a FIFO"
    case S_IFSOCK: "a socket"
    case S_IFBLK, S_IFCHR: "a device"
    default: "a special file"
    }
}
