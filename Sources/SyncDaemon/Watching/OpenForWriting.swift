import Glibc

/// Whether somebody has a file open for writing.
///
/// A read lease can't be had on a file that is open for writing (fcntl(2), "Leases"). It is given back at once, so that
/// nobody who opens the file has to wait longer than that takes; only an opener with `O_NONBLOCK` can be refused in that
/// moment.
public enum OpenForWriting {
    // Linux's <fcntl.h>; not in Swift's Glibc.
    private static let setLease: Int32 = 1024
    private static let setSignal: Int32 = 10

    /// Whether somebody, this process included, has the file open for writing now.
    ///
    /// - Parameter path: symbolic links are followed. Nothing but a regular file is opened.
    /// - Returns: `nil` where it can't be told: there is no such file, it belongs to somebody else, or its file system
    ///   has no leases.
    public static func isOpen(_ path: String) -> Bool? {
        // Opening the other end of a FIFO would wake its writer, and opening a device can do anything.
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        // Who opens the file while we have the lease lets the kernel signal us; SIGIO would end the process, SIGURG is
        // ignored unless somebody handles it (signal(7)).
        guard fcntl(descriptor, setSignal, SIGURG) == 0 else { return nil }
        if fcntl(descriptor, setLease, Int32(F_RDLCK)) == 0 {
            _ = fcntl(descriptor, setLease, Int32(F_UNLCK))
            return false
        }
        return errno == EAGAIN ? true : nil
    }
}
