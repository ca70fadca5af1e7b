import Crypto
import EnvSyncModel
import Glibc
import SyncState
import WebHDFS

/// A local file that cannot be used.
struct LocalFileError: Error {
    enum Cause {
        case missing
        case notRegular
        case unreadable
        case changed
        case tooLarge
    }

    let cause: Cause
    let path: String
    let reason: String
}

/// Local files: opened so that nothing hangs, read in chunks, hashed once for all purposes.
struct LocalFile: ~Copyable {
    /// The digests of a file: its identity, and the checksum that HDFS will give it.
    struct Digests: Sendable {
        let sha256: ContentDigest
        let hdfsChecksum: String
    }

    let descriptor: Int32
    let fingerprint: FileFingerprint

    /// Opens a regular file; symlinks are followed.
    ///
    /// FIFOs and devices are refused without being read from: opening does not block.
    init(opening path: String) throws(LocalFileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw LocalFile.failure(path, errno) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else {
            let code = errno
            close(descriptor)
            throw LocalFile.failure(path, code)
        }
        guard info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw LocalFileError(cause: .notRegular, path: path, reason: "it is \(LocalFile.kind(info.st_mode))")
        }
        self.descriptor = descriptor
        fingerprint = FileFingerprint(path: path, info)
    }

    deinit { close(descriptor) }

    /// The fingerprint that a path has now, without opening it.
    static func fingerprint(_ path: String) throws(LocalFileError) -> FileFingerprint {
        var info = stat()
        guard stat(path, &info) == 0 else { throw failure(path, errno) }
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw LocalFileError(cause: .notRegular, path: path, reason: "it is \(kind(info.st_mode))")
        }
        return FileFingerprint(path: path, info)
    }

    /// Reads the file once and computes its digests; throws if it changed meanwhile.
    func digests(_ check: () throws -> Void = {}) throws -> Digests {
        var sha256 = SHA256()
        let checksum = FileChecksumBuilder(
            blockSize: HDFSParameters.blockSize, bytesPerChecksum: HDFSParameters.bytesPerChecksum, polynomial: .crc32c)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        var offset: off_t = 0
        while true {
            try check()
            let count = pread(descriptor, buffer.baseAddress, buffer.count, offset)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw LocalFile.failure(fingerprint.path, errno) }
            if count == 0 { break }
            let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            sha256.update(bufferPointer: chunk)
            checksum.update(chunk)
            offset += off_t(count)
        }
        var info = stat()
        guard fstat(descriptor, &info) == 0, FileFingerprint(path: fingerprint.path, info) == fingerprint,
            Int64(offset) == fingerprint.size
        else {
            throw LocalFileError(cause: .changed, path: fingerprint.path, reason: "it changed while it was being read")
        }
        return Digests(sha256: ContentDigest(sha256.finalize()), hdfsChecksum: checksum.finalize().md5Hex)
    }

    /// Reads a whole small file; `nil` if there is none.
    static func readAll(_ path: String, limit: Int) throws(LocalFileError) -> [UInt8]? {
        guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
        let file = try LocalFile(opening: path)
        guard file.fingerprint.size <= limit else {
            throw LocalFileError(cause: .tooLarge, path: path, reason: "it is larger than \(limit) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: Int(file.fingerprint.size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                pread(file.descriptor, $0.baseAddress.map { $0 + filled }, $0.count - filled, off_t(filled))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(path, count < 0 ? errno : EIO) }
            filled += count
        }
        return bytes
    }

    /// Replaces a file by writing a new one beside it and renaming: readers see the old or the new text, whole.
    static func replace(_ path: String, with bytes: [UInt8], mode: mode_t = 0o644) throws(LocalFileError) {
        let temporary = "\(path).new-\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw failure(path, errno) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            written += count
        }
        let isWhole = written == bytes.count && fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        guard isWhole, rename(temporary, path) == 0 else {
            let failed = isWhole ? errno : code
            unlink(temporary)
            throw failure(path, failed)
        }
    }

    private static func failure(_ path: String, _ code: Int32) -> LocalFileError {
        LocalFileError(
            cause: code == ENOENT || code == ENOTDIR ? .missing : .unreadable, path: path,
            reason: String(cString: strerror(code)))
    }

    private static func kind(_ mode: mode_t) -> String {
        switch mode & S_IFMT {
        case S_IFDIR: "a directory"
        case S_IFIFO: "a FIFO"
        case S_IFSOCK: "a socket"
        case S_IFCHR, S_IFBLK: "a device"
        default: "not a regular file"
        }
    }
}

/// The parameters of the HDFS file checksums that locks record: those with which envsync writes.
enum HDFSParameters {
    static let blockSize: Int64 = 128 << 20
    static let bytesPerChecksum = 512
}

extension FileFingerprint {
    init(path: String, _ info: stat) {
        self.init(
            path: path, device: UInt64(info.st_dev), inode: UInt64(info.st_ino), size: Int64(info.st_size),
            modified: Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec),
            changed: Int64(info.st_ctim.tv_sec) * 1_000_000_000 + Int64(info.st_ctim.tv_nsec))
    }
}

/// Clocks.
enum Now {
    /// Nanoseconds since 1970-01-01 UTC.
    static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Milliseconds since 1970-01-01 UTC.
    static var milliseconds: Int64 { nanoseconds / 1_000_000 }

    /// Seconds since 1970-01-01 UTC.
    static var seconds: Int64 { nanoseconds / 1_000_000_000 }
}
