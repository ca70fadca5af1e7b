import Glibc

/// Directories and small files that anybody may have made.
package enum LocalDirectory {
    package struct Name {
        /// With what is not UTF-8 replaced.
        package let text: String
        package let isUTF8: Bool
    }

    /// The names in a directory, sorted by their bytes.
    ///
    /// - Throws: ``InstalledEnvironmentError``.
    package static func names(_ path: String) throws -> [Name] {
        guard let stream = opendir(path) else {
            throw InstalledEnvironmentError(
                path: path, message: "it can't be read: \(String(cString: strerror(errno)))")
        }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else {
                    throw InstalledEnvironmentError(
                        path: path, message: "it can't be read to its end: \(String(cString: strerror(errno)))")
                }
                break
            }
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if bytes != [0x2E], bytes != [0x2E, 0x2E] { names.append(bytes) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }.map { bytes in
            String(validating: bytes, as: UTF8.self).map { Name(text: $0, isUTF8: true) }
                ?? Name(text: String(decoding: bytes, as: UTF8.self), isUTF8: false)
        }
    }

    static func isDirectory(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// The path without symbolic links; `nil` if there is nothing, with `errno`.
    static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(validatingCString: resolved)
    }

    /// Whether a path is a directory, or below it; both are absolute and without symbolic links.
    static func contains(_ directory: String, _ path: String) -> Bool {
        directory == "/" || path == directory || path.hasPrefix(directory + "/")
    }

    /// Reads a small regular file; `nil` if there is none, if it can't be read or if it is larger, with `errno`.
    ///
    /// A FIFO or device is refused: opening one does not block.
    package static func read(_ path: String, limit: Int) -> [UInt8]? {
        guard let file = OpenFile(path) else { return nil }
        guard file.size <= limit else {
            errno = EFBIG
            return nil
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(file.size))
        if let code = file.forEachChunk({ bytes.append(contentsOf: $0) }) {
            errno = code
            return nil
        }
        return bytes
    }
}

/// A regular file that is open for reading; closed when it goes.
struct OpenFile: ~Copyable {
    private let descriptor: Int32
    let size: Int64

    /// Opens it without blocking; `nil` if it isn't a regular file or can't be opened, with `errno` (`EINVAL` for the
    /// former).
    init?(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            errno = EINVAL
            return nil
        }
        self.descriptor = descriptor
        size = Int64(info.st_size)
    }

    deinit { close(descriptor) }

    /// Hands over the content piece by piece, up to the size that the file had when it was opened.
    ///
    /// - Returns: `errno` if it could not be read to its end.
    borrowing func forEachChunk(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows -> Int32? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
        defer { buffer.deallocate() }
        var offset: Int64 = 0
        while offset < size {
            let wanted = Int(min(Int64(buffer.count), size - offset))
            let count = pread(descriptor, buffer.baseAddress, wanted, off_t(offset))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : EIO }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += Int64(count)
        }
        return nil
    }
}
