import EnvSyncModel
import Glibc

/// Keeps two daemons from serving one workspace. The kernel lets go of it when the process ends, however it ends.
final class InstanceLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock of a workspace; `.envsync` is made if the workspace is there.
    ///
    /// - Throws: ``EnvSyncError`` if another process has it. A file system without locks gives none, which is no error:
    ///   two daemons are a waste, not a danger.
    init?(workspace directory: String) throws(EnvSyncError) {
        let state = directory + "/.envsync"
        mkdir(state, 0o755)
        let path = state + "/daemon.lock"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard file >= 0 else { return nil }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            var buffer = [UInt8](repeating: 0, count: 32)
            let count = pread(file, &buffer, buffer.count, 0)
            close(file)
            guard code == EWOULDBLOCK else { return nil }
            let digits = String(
                decoding: buffer.prefix(max(0, count)).prefix { $0 >= 0x30 && $0 <= 0x39 }, as: UTF8.self)
            throw EnvSyncError(
                .system, "a daemon serves \(QuotedText.visible(directory)) already",
                reason: digits.isEmpty ? nil : "process \(digits)",
                suggestion: "envsync daemon status shows it; envsync daemon stop ends it")
        }
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(file, 0)
        _ = text.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
        descriptor = file
    }

    deinit { close(descriptor) }
}
