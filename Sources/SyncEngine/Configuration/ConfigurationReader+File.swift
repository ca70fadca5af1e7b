import EnvSyncModel
import Glibc
internal import TOML

extension ConfigurationReader {
    /// The text of a configuration file; `nil` if there is no such file.
    static func text(ofFileAt path: String) throws(EnvSyncError) -> String? {
        // O_NONBLOCK: a FIFO would keep open(2) waiting for its writer.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            var status = stat()
            if code == ENOENT || code == ENOTDIR {
                guard lstat(path, &status) == 0 else { return nil }
                throw unreadable(path, "it is a symbolic link to nothing")
            }
            throw unreadable(path, String(cString: strerror(code)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path, String(cString: strerror(errno))) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw unreadable(path, "it is a directory")
        default: throw unreadable(path, "it is not a regular file")
        }
        let bytes = try bytes(of: descriptor, path)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let position = positionOfInvalidUTF8(bytes)
            throw EnvSyncError(
                .configuration, "\(path):\(position.line):\(position.column): not UTF-8",
                suggestion: "save the file as UTF-8, which TOML asks for")
        }
        return text
    }

    private static func bytes(of descriptor: Int32, _ path: String) throws(EnvSyncError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw unreadable(path, String(cString: strerror(errno)))
            }
            bytes += buffer[..<count]
            guard bytes.count <= maximumSize else {
                throw unreadable(path, "it is larger than \(maximumSize) bytes, too large for a configuration")
            }
        }
    }

    private static func positionOfInvalidUTF8(_ bytes: [UInt8]) -> TOMLPosition {
        var position = TOMLPosition(line: 1, column: 1)
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            if String(validating: line, as: UTF8.self) == nil {
                var decoder = UTF8()
                var iterator = line.makeIterator()
                while case .scalarValue = decoder.decode(&iterator) { position.column += 1 }
                return position
            }
            position.line += 1
        }
        return position
    }

    private static func unreadable(_ path: String, _ reason: String) -> EnvSyncError {
        EnvSyncError(.configuration, "cannot read \(path): \(reason)")
    }

    /// The error for a workspace without a configuration.
    static func missing(in directory: String, projectLacksTable: Bool) -> EnvSyncError {
        let start = absolute(directory)
        var status = stat()
        guard stat(start, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return EnvSyncError(.configuration, "there is no directory \(QuotedText.visible(start))")
        }
        var parent = start
        while let slash = parent.lastIndex(of: "/"), parent != "/" {
            parent = slash == parent.startIndex ? "/" : String(parent[..<slash])
            let candidate = parent == "/" ? "/\(fileName)" : "\(parent)/\(fileName)"
            if stat(candidate, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
                return EnvSyncError(
                    .configuration, "there is no \(fileName) in \(start), but there is one in \(parent)",
                    suggestion: "go to \(parent), or run `envsync init` to begin a workspace here")
            }
        }
        return EnvSyncError(
            .configuration,
            projectLacksTable
                ? "there is no \(fileName) in \(start), and its \(projectFileName) has no [tool.envsync]"
                : "there is no \(fileName) in \(start), nor a \(projectFileName) with [tool.envsync]",
            suggestion: "run `envsync init`")
    }

    private static func absolute(_ directory: String) -> String {
        if let resolved = realpath(directory.isEmpty ? "." : directory, nil) {
            defer { free(resolved) }
            return String(cString: resolved)
        }
        return directory
    }
}
