import EnvSyncModel
import Glibc

/// An exclusive `flock(2)`, held until this is released or the process ends.
final class FileLock {
    private let descriptor: Int32

    /// Waits for the lock.
    ///
    /// - Throws: `EnvSyncError` if the file can't be opened or the lock isn't had after `patience`.
    init(path: String, patience: Duration) throws(EnvSyncError) {
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard file >= 0 else {
            throw EnvSyncError(
                .state, "cannot open \(QuotedText.visible(path))", reason: String(cString: strerror(errno)))
        }
        let clock = ContinuousClock()
        let end = clock.now + patience
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            guard code == EWOULDBLOCK || code == EINTR, clock.now < end else {
                close(file)
                throw EnvSyncError(
                    .state, "cannot lock \(QuotedText.visible(path))",
                    reason: code == EWOULDBLOCK ? "another process holds it" : String(cString: strerror(code)))
            }
            usleep(2000)
        }
        // Only now: an initializer that throws after this would run `deinit` too.
        descriptor = file
    }

    deinit { close(descriptor) }
}
