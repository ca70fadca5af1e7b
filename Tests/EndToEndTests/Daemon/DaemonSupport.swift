import Foundation
import Glibc
import Testing

/// A real `envsync daemon run` with directories of its own for socket, configuration and state. It ends, at the latest
/// with SIGKILL, when the test lets go of it.
///
/// Sendable without the compiler's proof: a test uses it from one thread at a time.
final class TestDaemon: @unchecked Sendable {
    /// What the XDG variables name, and the home directory.
    let home: String
    private let options: [String]
    private let more: [String: String]
    private let prefix: [String]
    private var command: RunningCommand?
    /// What daemons before this one, that were restarted, said.
    private var earlier = ""

    /// Starts a daemon, and waits until it serves.
    ///
    /// - Parameters:
    ///   - workspaces: served from the command line.
    ///   - options: further words for `daemon run`.
    ///   - configuration: what daemon.toml holds; there is none if not given.
    ///   - prefix: a program that runs the daemon in its place.
    ///   - isStarted: whether to start it now.
    init(
        _ workspaces: [TestWorkspace] = [], _ options: String..., configuration: String? = nil,
        environment: [String: String] = [:], through prefix: [String] = [], isStarted: Bool = true
    ) throws {
        home = FileManager.default.temporaryDirectory.path + "/esd-\(UUID().uuidString.prefix(8).lowercased())"
        self.options = options + workspaces.map(\.directory)
        self.prefix = prefix
        more = environment
        for name in ["run", "config/envsync", "state"] {
            try FileManager.default.createDirectory(
                atPath: home + "/" + name, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        if let configuration { try configure(configuration) }
        if isStarted { try start() }
    }

    deinit {
        if let command, command.isRunning {
            command.send(SIGTERM)
            _ = try? command.wait(timeout: .seconds(15))
        }
        try? FileManager.default.removeItem(atPath: home)
    }

    var socket: String { home + "/run/envsync/daemon.sock" }

    private var environment: [String: String] {
        Local.environment(
            [
                "HOME": home, "XDG_RUNTIME_DIR": home + "/run", "XDG_CONFIG_HOME": home + "/config",
                "XDG_STATE_HOME": home + "/state",
            ].merging(more) { $1 })
    }

    /// Writes daemon.toml.
    func configure(_ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: home + "/config/envsync/daemon.toml"))
    }

    // MARK: - The process

    /// The daemon's process.
    var id: Int32 { command?.id ?? 0 }
    var isRunning: Bool { command?.isRunning ?? false }

    /// Starts the daemon, and waits until it answers.
    func start() throws { try start(["daemon", "run"] + options) }

    /// Starts envsync with these words, as a service manager does, and waits until it answers.
    func start(_ words: [String], environment more: [String: String] = [:]) throws {
        let all = prefix + [Tool.envsync] + words
        command = try RunningCommand(
            all[0], Array(all.dropFirst()), environment: environment.merging(more) { $1 }, directory: home)
        let end = ContinuousClock.now + .seconds(30)
        while try ask("status", "--json").status != 0 {
            guard isRunning, ContinuousClock.now < end else {
                throw ToolError(description: "the daemon does not serve: \(log)")
            }
            usleep(10_000)
        }
    }

    func send(_ signal: Int32) { command?.send(signal) }

    /// Waits until it has ended.
    @discardableResult
    func wait(timeout: Duration = .seconds(12)) throws -> CommandResult {
        guard let command else { throw ToolError(description: "there is no daemon") }
        let result = try command.wait(timeout: timeout)
        earlier += result.stderr
        self.command = nil
        return result
    }

    /// SIGTERM, and waits.
    @discardableResult
    func stop() throws -> CommandResult {
        send(SIGTERM)
        return try wait()
    }

    /// SIGKILL, as in a crash.
    func kill() throws {
        send(SIGKILL)
        try wait()
    }

    /// What it has logged so far.
    var log: String { earlier + (command?.errorOutput ?? "") }

    /// How many lines of the log hold these words.
    func lines(with words: String) -> Int { log.split(separator: "\n").count { $0.contains(words) } }

    /// The seconds of processor time that it has used (proc(5), `utime` and `stime`).
    func processorTime() throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
        // What comes after the name, which may hold anything.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw ToolError(description: "no processor time in \(text)")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    // MARK: - Asking it

    /// Runs `envsync daemon …` with this daemon's socket and files.
    func ask(_ words: String..., in directory: String? = nil, timeout: Duration = .seconds(60)) throws -> CommandResult
    {
        try ask(words, in: directory, timeout: timeout)
    }

    func ask(_ words: [String], in directory: String? = nil, timeout: Duration = .seconds(60)) throws -> CommandResult {
        try run(Tool.envsync, ["daemon"] + words, in: directory, timeout: timeout)
    }

    /// Runs a program with this daemon's environment.
    func run(
        _ program: String, _ words: [String], in directory: String? = nil, timeout: Duration = .seconds(60)
    ) throws -> CommandResult {
        try RunningCommand(program, words, environment: environment, directory: directory ?? home)
            .wait(timeout: timeout)
    }

    /// A shell command that starts a daemon with this one's socket and files.
    func startCommand(_ workspace: TestWorkspace) -> String {
        "HOME='\(home)' XDG_RUNTIME_DIR='\(home)/run' XDG_CONFIG_HOME='\(home)/config' XDG_STATE_HOME='\(home)/state' "
            + "'\(Tool.envsync)' daemon start '\(workspace.directory)' --auto-lock --quiet-time 0.2"
    }

    func status() throws -> DaemonDocument {
        let result = try ask("status", "--json")
        guard result.status == 0 else { throw ToolError(description: "daemon status: \(result)\n\(log)") }
        return try JSONDecoder().decode(DaemonDocument.self, from: Data(result.stdout.utf8))
    }

    /// The status of one workspace.
    func status(of workspace: TestWorkspace) throws -> DaemonDocument.Workspace {
        let all = try status().workspaces
        guard let found = all.first(where: { $0.directory == workspace.directory }) else {
            throw ToolError(description: "\(workspace.directory) is not served: \(all)")
        }
        return found
    }

    /// `daemon wait`; throws unless the store has what is on disk.
    ///
    /// - Returns: the generation.
    @discardableResult
    func waitInSync(_ workspace: TestWorkspace, timeout: Duration = .seconds(120)) throws -> Int {
        let result = try ask(
            "wait", workspace.directory, "--timeout", "\(timeout.components.seconds)", "--json",
            timeout: timeout + .seconds(15))
        guard result.status == 0 else { throw ToolError(description: "daemon wait: \(result)\n\(log)") }
        return try result.number("generation")
    }

    /// Waits until the status of a workspace is as wanted.
    @discardableResult
    func until(
        _ workspace: TestWorkspace, timeout: Duration = .seconds(30), _ what: String,
        _ isAsWanted: (DaemonDocument.Workspace) -> Bool
    ) throws -> DaemonDocument.Workspace {
        let end = ContinuousClock.now + timeout
        while true {
            let now = try status(of: workspace)
            if isAsWanted(now) { return now }
            guard ContinuousClock.now < end else {
                throw ToolError(description: "not \(what) within \(timeout): \(now)\n\(log)")
            }
            usleep(30_000)
        }
    }
}

/// What tests read of `daemon status --json`.
struct DaemonDocument: Decodable {
    struct Workspace: Decodable {
        struct Generation: Decodable {
            var number: Int
            var id: String
        }
        struct Problem: Decodable {
            var code: String
            var message: String
            var reason: String?
            var suggestion: String?
        }
        struct Drift: Decodable {
            var code: String
            var subject: String
            var message: String
        }
        struct Scrub: Decodable {
            var objects: Int
            var healed: Int
            var unhealed: Int
        }
        struct Lag: Decodable {
            var counts: [Int]
            var last: Double?
        }
        struct Counters: Decodable {
            var published: Int
            var unchanged: Int
            var failed: Int
            var examinations: Int
            var objectsHealed: Int
            var lag: Lag
        }
        struct Progress: Decodable {
            var objects: Int
            var objectsDone: Int
        }
        var directory: String
        var phase: String
        var autoLock: Bool
        var isInSync: Bool
        var watchMode: String
        var watchMessage: String?
        var watched: Int
        var generation: Generation?
        var problem: Problem?
        var progress: Progress?
        var drift: [Drift]
        var scrub: Scrub?
        var counters: Counters
    }
    var schemaVersion: Int
    var processID: Int32
    var http: String?
    var configurationFile: String?
    var workspaces: [Workspace]
}

/// Waits until a condition holds; throws if it doesn't in time.
func eventually(
    _ what: String, timeout: Duration = .seconds(30), every pause: UInt32 = 20_000, _ condition: () throws -> Bool
) throws {
    let end = ContinuousClock.now + timeout
    while try !condition() {
        guard ContinuousClock.now < end else { throw ToolError(description: "not within \(timeout): \(what)") }
        usleep(pause)
    }
}
