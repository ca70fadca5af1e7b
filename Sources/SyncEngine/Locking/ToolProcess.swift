import EnvSyncModel
import Glibc

/// A program of the user's, run without a shell and in a process group of its own, with its output on our standard error.
///
/// Foundation's `Process` is not used: it notices the end only when every descendant has closed an inherited socket, so a
/// program that leaves one running would never seem to end.
struct ToolProcess: Sendable {
    /// How a program ended.
    struct Ending: Sendable, Hashable {
        /// The exit code; 128 and the signal's number if a signal ended it.
        var status: Int32
        /// The signal that ended it.
        var signal: Int32?
        /// The last lines of its output, if that was kept.
        var lastWords: String

        /// For example `exit code 3`.
        var description: String { signal.map { "signal \($0)" } ?? "exit code \(status)" }
    }

    /// The program and its arguments. A name without a slash is looked for on PATH; a relative path begins at `directory`.
    let command: [String]
    /// Where it runs; `nil`: where we do.
    var directory: String?
    /// Its environment; `nil`: ours.
    var environment: [String: String]?
    /// Whether its last words are kept, for which its output goes through a pipe instead of straight to the terminal.
    var keepsLastWords = false

    /// How long a cancelled program may take to end by itself.
    private static let grace = Duration.seconds(2)
    private static let wordLimit = 4096

    /// Runs the program to its end. If the task is cancelled, the whole process group is ended first.
    ///
    /// - Parameter started: told of the process as soon as it runs.
    /// - Throws: ``EnvSyncError`` if it can't be run; `CancellationError`.
    func run(_ started: @escaping @Sendable (pid_t) -> Void = { _ in }) async throws -> Ending {
        try await OffPool.run { cancelled in
            var pipe: [Int32] = [-1, -1]
            if keepsLastWords {
                guard Glibc.pipe(&pipe) == 0 else { throw failure(errno) }
                for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            }
            let process: pid_t
            do {
                defer { if pipe[1] >= 0 { close(pipe[1]) } }
                process = try spawn(output: pipe[1])
            } catch {
                if pipe[0] >= 0 { close(pipe[0]) }
                throw error
            }
            defer { if pipe[0] >= 0 { close(pipe[0]) } }
            started(process)
            return try wait(for: process, output: pipe[0], cancelled)
        }
    }

    private func failure(_ code: Int32) -> EnvSyncError {
        let name = QuotedText.visible(command[0])
        guard code == ENOENT else {
            return EnvSyncError(.artifact, "cannot run \(name)", reason: String(cString: strerror(code)))
        }
        return EnvSyncError(
            .artifact, command[0].contains("/") ? "there is no \(name)" : "there is no \(name) on PATH",
            consequence: "nothing was changed")
    }

    // MARK: - Starting

    private func spawn(output: Int32) throws(EnvSyncError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        if output >= 0 { posix_spawn_file_actions_adddup2(&actions, output, 2) }
        posix_spawn_file_actions_adddup2(&actions, 2, 1)
        // What a library may have opened without `O_CLOEXEC`.
        if let closeFrom = Self.addCloseFrom {
            _ = closeFrom(&actions, 3)
        } else {
            for descriptor in Self.inheritable { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }
        if let directory {
            guard let change = Self.addChangeDirectory else { throw failure(ENOSYS) }
            _ = change(&actions, directory)
        }
        // Threads of Dispatch block all signals, and a program would inherit that, as it would an ignored SIGPIPE.
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var arguments = command.map { strdup($0) }
        arguments.append(nil)
        var variables = environment.map { all in all.map { strdup("\($0.key)=\($0.value)") } + [nil] }
        defer { for pointer in arguments + (variables ?? []) { free(pointer) } }
        var process: pid_t = 0
        let code =
            variables?.withUnsafeMutableBufferPointer { buffer in
                posix_spawnp(&process, command[0], &actions, &attributes, arguments, buffer.baseAddress)
            } ?? posix_spawnp(&process, command[0], &actions, &attributes, arguments, environ)
        guard code == 0 else { throw failure(code) }
        return process
    }

    // glibc has these since 2.29 and 2.34; its header shows them to GNU programs only.

    private static let addChangeDirectory: ChangeDirectory? = dlsym(nil, "posix_spawn_file_actions_addchdir_np")
        .map { unsafeBitCast($0, to: ChangeDirectory.self) }

    private typealias ChangeDirectory =
        @convention(c) (
            UnsafeMutablePointer<posix_spawn_file_actions_t>, UnsafePointer<CChar>
        ) -> Int32

    private static let addCloseFrom: CloseFrom? = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np")
        .map { unsafeBitCast($0, to: CloseFrom.self) }

    private typealias CloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32

    /// The descriptors that a program would inherit at this moment.
    private static var inheritable: [Int32] {
        guard let stream = opendir("/proc/self/fd") else { return [] }
        defer { closedir(stream) }
        var found: [Int32] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let descriptor = Int32(name), descriptor > 2, descriptor != dirfd(stream) else { continue }
            let flags = fcntl(descriptor, F_GETFD)
            if flags >= 0, flags & FD_CLOEXEC == 0 { found.append(descriptor) }
        }
        return found
    }

    // MARK: - Waiting

    private func wait(for process: pid_t, output: Int32, _ cancelled: OffPool.CancellationCheck) throws -> Ending {
        var words: [UInt8] = []
        var isOpen = output >= 0
        if isOpen { _ = fcntl(output, F_SETFL, O_NONBLOCK) }
        var killAt: ContinuousClock.Instant?
        var isEnded = false
        while !isEnded {
            if isOpen {
                var request = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
                if poll(&request, 1, 100) > 0 { isOpen = forward(output, &words) }
            } else {
                usleep(20_000)
            }
            isEnded = Self.hasEnded(process)
            guard !isEnded else { break }
            if let time = killAt {
                if ContinuousClock.now > time { kill(-process, SIGKILL) }
            } else if (try? cancelled()) == nil {
                kill(-process, SIGTERM)
                killAt = .now + Self.grace
            }
        }
        // Not reaped yet, so that nobody else can have its number: what it started ends with it when it is cancelled.
        if killAt != nil { kill(-process, SIGKILL) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        // What is left in the pipe, but no waiting for those that still have its other end.
        while isOpen {
            var request = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&request, 1, 0) > 0 else { break }
            isOpen = forward(output, &words)
        }
        try cancelled()
        let signal = status & 0x7F
        let last = String(decoding: words, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(5)
        return Ending(
            status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal, signal: signal == 0 ? nil : signal,
            lastWords: last.map { QuotedText.shown(String($0)) }.joined(separator: "\n"))
    }

    /// Whether a process has ended; it is not reaped.
    private static func hasEnded(_ process: pid_t) -> Bool {
        var info = siginfo_t()
        let code = waitid(P_PID, id_t(process), &info, WEXITED | WNOHANG | WNOWAIT)
        // Whoever took its status away, it is gone.
        return code == 0 ? info.si_signo == SIGCHLD : errno == ECHILD
    }

    /// Passes output on to standard error and keeps the end of it; `false` when there will be no more.
    private func forward(_ output: Int32, _ words: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(output, &buffer, buffer.count)
        guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) }
        var written = 0
        while written < count {
            let more = buffer.withUnsafeBytes {
                write(STDERR_FILENO, $0.baseAddress.map { $0 + written }, count - written)
            }
            if more < 0, errno == EINTR { continue }
            guard more > 0 else { break }
            written += more
        }
        words.append(contentsOf: buffer[..<count])
        if words.count > Self.wordLimit { words.removeFirst(words.count - Self.wordLimit) }
        return true
    }
}
