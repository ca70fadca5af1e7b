import ArgumentParser
import EnvSyncModel
import Foundation
import Glibc
import SyncDaemon

/// `envsync daemon start`
struct DaemonStartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start a daemon in the background, and wait until it serves.",
        discussion: """
            It goes on after the terminal is closed; its log is envsync/daemon.log in XDG_STATE_HOME (`daemon logs`
            shows it). Options and configuration file are those of `daemon run`.

            EXAMPLE
              envsync daemon start ~/work/etl --auto-lock
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var serve: DaemonServeOptions

    func run() async throws {
        let overrides = serve.overrides(options)
        let words = serve.words(options)
        let client = serve.socket.client
        try await CommandRunner.run(options) { context in
            // What is wrong with the configuration is told here and not in a log.
            _ = try DaemonSettings.load(overrides)
            if let running = try? await client.status() {
                throw EnvSyncError(
                    .system, "a daemon is running already", reason: "process \(running.processID)",
                    suggestion: "add workspaces to daemon.toml, then envsync daemon reload; or envsync daemon stop")
            }
            let log = DaemonPaths.current.log
            let begin = try BackgroundProcess.prepareLog(log)
            let child = try BackgroundProcess(
                arguments: ["daemon", "run", "--log-file", log] + words, log: log)
            let status = try await child.whenServing(client, log: log, from: begin)
            try context.output.result(
                DaemonStatusCommand.Document(status),
                text: "started, process \(status.processID); log: \(QuotedText.shown(log))"
                    + (status.http.map { "\nstatus page: \($0)" } ?? ""))
        }
    }
}

/// This program, running on its own: without a terminal, in a session of its own.
struct BackgroundProcess: Sendable {
    let id: pid_t

    /// Makes the log's directory, which only the user can read, and tells where the log ends now.
    static func prepareLog(_ path: String) throws(EnvSyncError) -> UInt64 {
        let directory = (path as NSString).deletingLastPathComponent
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw EnvSyncError(
                .system, "cannot make \(QuotedText.visible(directory)) for the log", reason: error.localizedDescription,
                suggestion: "set XDG_STATE_HOME to a directory of yours")
        }
        var info = stat()
        return stat(path, &info) == 0 ? UInt64(info.st_size) : 0
    }

    init(arguments: [String], log: String) throws(EnvSyncError) {
        // Whatever else the caller has open, such as a lock or a pipe that somebody waits for, is not the daemon's to keep.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            if let descriptor = Int32(name), descriptor > STDERR_FILENO { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID of spawn.h, and no signal blocked or ignored.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(0x80) | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        let words = (["envsync"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var id = pid_t()
        let code = posix_spawn(&id, "/proc/self/exe", &actions, &attributes, words, environ)
        guard code == 0 else {
            throw EnvSyncError(.system, "the daemon could not be started", reason: String(cString: strerror(code)))
        }
        self.id = id
    }

    /// Waits until the daemon answers.
    ///
    /// - Throws: ``EnvSyncError`` with its last words if it ends instead.
    func whenServing(_ client: ControlClient, log: String, from begin: UInt64) async throws -> DaemonStatus {
        let end = ContinuousClock.now + .seconds(30)
        while true {
            var code: Int32 = 0
            if waitpid(id, &code, WNOHANG) == id {
                throw EnvSyncError(
                    .system, "the daemon could not be started",
                    reason: Self.words(log, from: begin) ?? "it ended without a word",
                    suggestion: "envsync daemon run shows what it does")
            }
            if let status = try? await client.status(), status.processID == id { return status }
            guard ContinuousClock.now < end else {
                kill(id, SIGTERM)
                throw EnvSyncError(
                    .system, "the daemon was started, but did not answer within 30 s, and is ended again",
                    reason: Self.words(log, from: begin), suggestion: "envsync daemon run shows what it does")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private static func words(_ log: String, from begin: UInt64) -> String? {
        guard let file = FileHandle(forReadingAtPath: log) else { return nil }
        defer { try? file.close() }
        guard (try? file.seek(toOffset: begin)) != nil, let data = try? file.read(upToCount: 1 << 16) else {
            return nil
        }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").suffix(10)
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }
}

extension BackgroundProcess {
    /// A daemon that is known by its process.
    init(id: pid_t) { self.id = id }

    /// Whether it still runs; one of somebody else's counts, one that only waits to be reaped doesn't.
    var isRunning: Bool {
        guard kill(id, 0) == 0 || errno == EPERM else { return false }
        guard let line = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8) else { return true }
        // The state follows the name, which is in parentheses and may hold some itself (proc(5)).
        return line.split(separator: ")").last?.split(separator: " ").first != "Z"
    }
}
