import EnvSyncModel
import Glibc
import SyncState

/// Keeps processes, and tasks of one process, from doing the same work in a workspace at once: a `flock(2)` on a file in
/// `.envsync`, which tells who holds it.
///
/// The lock goes with the process, however that ends. It spares double work and is no condition of safety: where the file
/// can't be made, or the file system knows no locks, the work is done without it.
final class WorkspaceLock: Sendable {
    /// Who holds a lock, as its file tells.
    struct Holder: Sendable, Hashable {
        /// What it does, for example `push` or `daemon`.
        var role: String
        /// The process.
        var process: Int32
        /// The machine; it may be another one where the workspace is on a network file system.
        var host: String?
        /// A program that the holder runs, which may outlive it.
        var child: ProcessIdentity?

        init(role: String, process: Int32 = getpid(), host: String? = ProcessIdentity.hostName) {
            self.role = role
            self.process = process
            self.host = host
        }

        /// Reads what ``text`` wrote.
        init?(text: String) {
            let words = text.split(whereSeparator: \.isWhitespace)
            guard words.count >= 3, let process = Int32(words[1]), process > 0 else { return nil }
            self.init(role: String(words[0]), process: process, host: words[2] == "-" ? nil : String(words[2]))
            if words.count == 5, let id = Int32(words[3]), let start = Int64(words[4]) {
                child = ProcessIdentity(id: id, start: start)
            }
        }

        /// One line: role, process, host, and the child's id and start.
        var text: String {
            "\(role) \(process) \(host ?? "-")" + (child.map { " \($0.id) \($0.start)" } ?? "") + "\n"
        }

        /// For messages, for example `the daemon (process 123)`.
        var description: String {
            let name =
                switch role {
                case PushRecord.Origin.daemon.rawValue: "the daemon"
                case PushRecord.Origin.push.rawValue: "another push"
                case PushRecord.Origin.rollback.rawValue: "a rollback"
                default: "another envsync"
                }
            let place = host == nil || host == ProcessIdentity.hostName ? "" : " on \(QuotedText.visible(host ?? ""))"
            return "\(name) (process \(process)\(place))"
        }
    }

    private let descriptor: Int32
    /// Who held it before, if that process ended without giving it back.
    let predecessor: Holder?

    /// Takes the lock, waiting as long as it takes.
    ///
    /// - Parameters:
    ///   - name: the file's name in the state directory.
    ///   - holder: what the file is to say.
    ///   - willWait: called once, if somebody else has it; `nil` if the file doesn't tell who.
    /// - Returns: `nil` where there can be no lock: in a read-only directory, or on a file system without locks.
    /// - Throws: `CancellationError`.
    static func take(
        _ name: String, in directory: String, as holder: Holder, willWait: (Holder?) -> Void
    ) async throws -> WorkspaceLock? {
        let path = "\(directory)/\(name)"
        var attempts = 0
        while true {
            try Task.checkCancellation()
            guard let descriptor = open(path) else { return nil }
            var isOurs = false
            defer { if !isOurs { close(descriptor) } }
            while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK || errno == EINTR else { return nil }
                // Asked again soon at first: most of what is waited for is over at once, and then nobody need hear of it.
                attempts += 1
                if attempts == 3 { willWait(readHolder(descriptor)) }
                try await Task.sleep(for: .milliseconds(min(200, 20 * attempts)))
            }
            // The file may have been removed, with the whole directory, while this waited: then others lock a new one.
            guard isStill(descriptor, at: path) else { continue }
            isOurs = true
            return WorkspaceLock(descriptor, holder)
        }
    }

    private init(_ descriptor: Int32, _ holder: Holder) {
        self.descriptor = descriptor
        predecessor = Self.readHolder(descriptor)
        note(holder)
    }

    deinit {
        ftruncate(descriptor, 0)
        close(descriptor)
    }

    /// Writes who holds the lock into its file; only messages depend on it.
    func note(_ holder: Holder) {
        let bytes = Array(holder.text.utf8)
        guard ftruncate(descriptor, 0) == 0 else { return }
        pwrite(descriptor, bytes, bytes.count, 0)
    }

    /// Children must not inherit it, or they would keep the lock. What isn't a plain file is not written to.
    private static func open(_ path: String) -> Int32? {
        let flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        var descriptor = Glibc.open(path, O_RDWR | O_CREAT | flags, 0o666)
        // Another user's file can be locked, though not written to.
        if descriptor < 0, errno == EACCES { descriptor = Glibc.open(path, O_RDONLY | flags) }
        guard descriptor >= 0 else { return nil }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func isStill(_ descriptor: Int32, at path: String) -> Bool {
        var ours = stat()
        var there = stat()
        return fstat(descriptor, &ours) == 0 && lstat(path, &there) == 0 && ours.st_ino == there.st_ino
            && ours.st_dev == there.st_dev
    }

    private static func readHolder(_ descriptor: Int32) -> Holder? {
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return Holder(text: String(decoding: buffer[..<count], as: UTF8.self))
    }
}

extension Engine {
    /// Runs `body` while no other process, and no other task, pushes from this workspace. It can't be nested.
    ///
    /// - Parameters:
    ///   - origin: who pushes, for whoever waits for it.
    ///   - body: gets who was waited for.
    /// - Throws: what `body` throws; `CancellationError` if the task is cancelled while it waits.
    func withPushLock<Result: Sendable>(
        _ origin: PushRecord.Origin, _ body: (_ waitedFor: PushRecord.Origin?) async throws -> Result
    ) async throws -> Result {
        var waitedFor: PushRecord.Origin?
        let lock = try await WorkspaceLock.take(
            "push.lock", in: workspace.stateDirectory, as: .init(role: origin.rawValue)
        ) { holder in
            waitedFor = PushRecord.Origin(rawValue: holder?.role ?? PushRecord.Origin.push.rawValue)
            report(.waiting(for: holder?.description ?? "another push"))
        }
        defer { withExtendedLifetime(lock) {} }
        return try await body(waitedFor)
    }
}
