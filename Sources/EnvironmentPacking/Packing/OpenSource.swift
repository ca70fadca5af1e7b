import Glibc
import ReproducibleArchive

/// A source file that is open for reading. Never blocks on a FIFO; closed when released.
public final class OpenSource: Sendable {
    /// With the fingerprint that it had when it was opened.
    public let file: SourceFile
    /// When it was opened.
    public let size: Int64
    private let descriptor: Int32

    /// - Throws: ``ArchiveError`` if it is not there, no regular file (any more) or not readable.
    init(_ file: SourceFile) throws {
        let name = String(decoding: file.path, as: UTF8.self)
        let descriptor = file.path.withTerminator {
            open($0, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY)
        }
        guard descriptor >= 0 else { throw Self.failure(errno, name, "open") }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else {
            let code = errno
            close(descriptor)
            throw Self.failure(code, name, "examine")
        }
        guard info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ArchiveError(
                code: .fileChanged, path: name, message: "the file was replaced by something else while it was packed")
        }
        self.descriptor = descriptor
        self.file = SourceFile(path: file.path, fingerprint: .init(info))
        size = Int64(info.st_size)
    }

    deinit { close(descriptor) }

    private static func failure(_ code: Int32, _ path: String, _ action: String) -> ArchiveError {
        let kind: ArchiveError.Code =
            switch code {
            case ENOENT, ENOTDIR, ELOOP, ENXIO: .fileChanged
            default: .unreadable
            }
        return ArchiveError(
            code: kind, path: path, message: "cannot \(action) the file: \(String(cString: strerror(code)))")
    }

    /// Reads all of it; for small files.
    /// - Parameter limit: a larger file throws.
    public func bytes(limit: Int) throws -> [UInt8] {
        guard size <= Int64(limit) else {
            throw ArchiveError(
                code: .tooLarge, path: String(decoding: file.path, as: UTF8.self),
                message: "the file has more than \(limit) bytes")
        }
        let bytes = try [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            count = try read(
                into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<Int(size)]),
                at: 0)
        }
        guard bytes.count == Int(size) else { throw changed }
        return bytes
    }

    /// Fills the buffer from an offset; fewer bytes only at the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(filled))
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure(errno, String(decoding: file.path, as: UTF8.self), "read")
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Throws if the file is no longer what it was when it was opened.
    func checkUnchanged() throws {
        var info = stat()
        guard fstat(descriptor, &info) == 0, SourceFile.Fingerprint(info) == file.fingerprint else { throw changed }
    }

    private var changed: ArchiveError {
        ArchiveError(
            code: .fileChanged, path: String(decoding: file.path, as: UTF8.self),
            message: "the file changed while it was read")
    }
}
