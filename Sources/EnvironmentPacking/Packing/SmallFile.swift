import Glibc
import ReproducibleArchive

/// Files that envsync itself keeps.
enum SmallFile {
    /// `nil` if there is none, if it can't be read or if it is too large.
    static func read(_ path: String, limit: Int) -> [UInt8]? {
        guard let fingerprint = fingerprint(path) else { return nil }
        return try? OpenSource(SourceFile(path: Array(path.utf8), fingerprint: fingerprint)).bytes(limit: limit)
    }

    /// Of a regular file, links followed.
    static func fingerprint(_ path: String) -> SourceFile.Fingerprint? {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        return .init(info)
    }

    /// In a place of its own first, so that nobody reads half of it; makes the directory.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        makeDirectory(directory)
        var template = Array("\(path).XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        func failed(_ code: Int32) -> ArchiveError {
            ArchiveError(
                code: code == ENOSPC || code == EDQUOT ? .noSpace : .writeFailed, path: path,
                message: "cannot write the file: \(String(cString: strerror(code)))")
        }
        guard descriptor >= 0 else { throw failed(errno) }
        var written = 0
        var code: Int32 = 0
        while written < bytes.count, code == 0 {
            let count = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
                return Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            if count >= 0 { written += count } else if errno != EINTR { code = errno }
        }
        if close(descriptor) != 0, code == 0 { code = errno }
        if code == 0, rename(template, path) != 0 { code = errno }
        guard code == 0 else {
            unlink(template)
            throw failed(code)
        }
    }

    /// To a file that is there, all of it or, if the system is killed, perhaps less.
    static func append(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        func failed(_ code: Int32) -> ArchiveError {
            ArchiveError(
                code: code == ENOSPC || code == EDQUOT ? .noSpace : .writeFailed, path: path,
                message: "cannot append to the file: \(String(cString: strerror(code)))")
        }
        guard descriptor >= 0 else { throw failed(errno) }
        defer { close(descriptor) }
        // In one call: others may append at the same time. What is only half there is found out by its checksum.
        guard bytes.withUnsafeBytes({ Glibc.write(descriptor, $0.baseAddress, $0.count) }) == bytes.count else {
            throw failed(errno)
        }
    }

    private static func makeDirectory(_ path: String) {
        guard !path.isEmpty, mkdir(path, 0o700) != 0, errno == ENOENT, let slash = path.lastIndex(of: "/") else {
            return
        }
        makeDirectory(String(path[..<slash]))
        mkdir(path, 0o700)
    }
}
