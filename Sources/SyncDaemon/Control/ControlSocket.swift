import EnvSyncModel
import Glibc

/// Where the daemon is controlled: a Unix-domain socket in a directory that only its owner can enter.
public enum ControlSocket {
    /// The bytes that a socket's path may have: `sun_path` of unix(7) less its final zero.
    public static let maximumPathLength = 107

    /// Where the socket is unless another place is named: `$XDG_RUNTIME_DIR/envsync/daemon.sock`; without that
    /// variable (or if it is not absolute, as the XDG Base Directory Specification has it), `.cache/envsync/run` in the
    /// home directory.
    public static func defaultPath(environment: [String: String], home: String) -> String {
        if let runtime = environment["XDG_RUNTIME_DIR"], runtime.hasPrefix("/") {
            return runtime + (runtime.hasSuffix("/") ? "" : "/") + "envsync/daemon.sock"
        }
        return home + "/.cache/envsync/run/daemon.sock"
    }

    /// Refuses a path that no socket can have.
    static func checkLength(_ path: String) throws(EnvSyncError) {
        guard path.utf8.count <= maximumPathLength else {
            throw EnvSyncError(
                .system, "the control socket's path is too long: \(path)",
                reason: "it has \(path.utf8.count) bytes, and a socket's path may have \(maximumPathLength)",
                suggestion: "name a shorter one with --socket")
        }
    }

    /// A socket address, for `body`.
    static func withAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
    ) rethrows -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { space in
            space.copyBytes(from: path.utf8.prefix(maximumPathLength))
        }
        return try withUnsafePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Which process listens on a socket; `nil` if none does.
    static func listener(at path: String) -> pid_t? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard withAddress(path, { connect(descriptor, $0, $1) }) == 0 else { return nil }
        // `struct ucred`, which is hidden from Swift: process, user, group.
        var credentials: [Int32] = [0, 0, 0]
        var size = socklen_t(credentials.count * MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else { return 0 }
        return credentials[0]
    }

    /// A failed system call, in the system's words.
    static func failure(_ message: String, _ number: Int32 = errno, suggestion: String? = nil) -> EnvSyncError {
        EnvSyncError(.system, message, reason: String(cString: strerror(number)), suggestion: suggestion)
    }
}

/// The daemon's end of the control socket: there is one at a time, and whoever has it holds a lock beside it.
final class ControlListener: Sendable {
    let path: String
    let descriptor: Int32
    private let lock: Int32
    private let identity: (device: dev_t, inode: ino_t)

    /// Makes the directory and the socket, and takes the place of a daemon that is gone.
    init(path: String) throws(EnvSyncError) {
        try ControlSocket.checkLength(path)
        guard path.hasPrefix("/"), !path.hasSuffix("/") else {
            throw EnvSyncError(.system, "the control socket's path is not absolute: \(path)")
        }
        try Self.prepareDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        lock = try Self.takeLock(path)
        self.path = path
        do {
            (descriptor, identity) = try Self.bindSocket(path)
        } catch {
            close(lock)
            throw error
        }
    }

    deinit {
        // Nobody else's socket: what is at the path now may belong to a later daemon if somebody removed the lock.
        var status = stat()
        if lstat(path, &status) == 0, status.st_dev == identity.device, status.st_ino == identity.inode { unlink(path) }
        close(descriptor)
        close(lock)
    }

    /// Every directory that is missing is made for this user alone; the last one must be safe.
    private static func prepareDirectory(_ path: String) throws(EnvSyncError) {
        let directory = path.isEmpty ? "/" : path
        for end in directory.indices.dropFirst() where directory[end] == "/" { mkdir(String(directory[..<end]), 0o700) }
        if mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw ControlSocket.failure(
                "the directory of the control socket can't be made: \(directory)",
                suggestion: "name another place with --socket")
        }
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ControlSocket.failure("the directory of the control socket can't be opened: \(directory)")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw ControlSocket.failure("the directory of the control socket can't be examined: \(directory)")
        }
        let mode = String(status.st_mode & 0o7777, radix: 8)
        let reason: String
        if status.st_uid != geteuid() {
            reason = "it belongs to user \(status.st_uid), and this is user \(geteuid())"
        } else if status.st_mode & 0o022 != 0 {
            reason = "others may write in it: its mode is \(mode)"
        } else {
            return
        }
        throw EnvSyncError(
            .system, "the control socket is not safe in \(directory)", reason: reason,
            suggestion: "name a place with --socket in a directory that is yours alone (chmod 700)")
    }

    private static func takeLock(_ path: String) throws(EnvSyncError) -> Int32 {
        let name = path + ".lock"
        let descriptor = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw ControlSocket.failure("the lock of the control socket can't be opened: \(name)")
        }
        // A daemon that is ending may need a moment.
        for _ in 0..<10 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
            guard errno == EWOULDBLOCK || errno == EINTR else {
                let error = ControlSocket.failure("the lock of the control socket can't be taken: \(name)")
                close(descriptor)
                throw error
            }
            if ControlSocket.listener(at: path) != nil { break }
            usleep(50_000)
        }
        close(descriptor)
        throw running(ControlSocket.listener(at: path), path)
    }

    private static func running(_ process: pid_t?, _ path: String) -> EnvSyncError {
        let name = process.map { $0 > 0 ? ", process \($0)" : "" } ?? ""
        return EnvSyncError(
            .system, "a daemon answers at \(path) already\(name)",
            suggestion: "use that one (envsync daemon status), end it (envsync daemon stop), or name another --socket")
    }

    private static func bindSocket(
        _ path: String
    ) throws(EnvSyncError) -> (descriptor: Int32, identity: (device: dev_t, inode: ino_t)) {
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFSOCK else {
                throw EnvSyncError(
                    .system, "the control socket can't be made: \(path)",
                    reason: "something that is no socket is there", suggestion: "name another place with --socket")
            }
            // One that does not take the lock, for example an older version.
            if let process = ControlSocket.listener(at: path) { throw running(process, path) }
            guard unlink(path) == 0 || errno == ENOENT else {
                throw ControlSocket.failure("the control socket of a daemon that is gone can't be removed: \(path)")
            }
        }
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw ControlSocket.failure("no socket can be had") }
        // On Linux the file gets this mode, less the umask, so that there is no moment at which it is wider; chmod then
        // undoes what an unusual umask took away.
        guard fchmod(descriptor, 0o600) == 0, ControlSocket.withAddress(path, { bind(descriptor, $0, $1) }) == 0,
            chmod(path, 0o600) == 0, lstat(path, &status) == 0, listen(descriptor, SOMAXCONN) == 0
        else {
            let error = ControlSocket.failure("the control socket can't be made: \(path)")
            close(descriptor)
            throw error
        }
        return (descriptor, (status.st_dev, status.st_ino))
    }
}
