import Foundation
import Glibc

/// What a finished command left.
struct CommandResult: Sendable, CustomStringConvertible {
    var status: Int32
    /// The signal that ended it, if one did.
    var signal: Int32?
    var stdout: String
    var stderr: String

    var description: String { "status \(status), signal \(signal ?? 0)\nstdout:\n\(stdout)\nstderr:\n\(stderr)" }

    /// The JSON document on stdout.
    func json() throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: Data(stdout.utf8)) as? [String: Any] else {
            throw ToolError(description: "no JSON object on stdout: \(self)")
        }
        return object
    }
}

struct ToolError: Error, CustomStringConvertible { var description: String }

/// A command that is running.
///
/// Sendable without the compiler's proof: the process is only signalled and waited for, which is thread-safe.
final class RunningCommand: @unchecked Sendable {
    private let process = Process()
    private let outputFile: String
    private let errorFile: String

    init(
        _ executable: String, _ arguments: [String], environment: [String: String], directory: String,
        input: String? = nil
    ) throws {
        let base = NSTemporaryDirectory() + "/envsync-tool-\(UUID().uuidString)"
        outputFile = base + ".out"
        errorFile = base + ".err"
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        for file in [outputFile, errorFile] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: outputFile)
        process.standardError = FileHandle(forWritingAtPath: errorFile)
        process.standardInput = input.flatMap { FileHandle(forReadingAtPath: $0) } ?? FileHandle.nullDevice
        try process.run()
    }

    var id: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }
    /// What it has printed to stderr so far.
    var errorOutput: String { (try? String(contentsOfFile: errorFile, encoding: .utf8)) ?? "" }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits; ends the command with SIGKILL after `timeout`.
    func wait(timeout: Duration = .seconds(120)) throws -> CommandResult {
        let end = ContinuousClock.now + timeout
        while process.isRunning {
            if ContinuousClock.now > end {
                send(SIGKILL)
                process.waitUntilExit()
                throw ToolError(description: "it did not end within \(timeout): \(result())")
            }
            usleep(1000)
        }
        process.waitUntilExit()
        return result()
    }

    private func result() -> CommandResult {
        defer { for file in [outputFile, errorFile] { try? FileManager.default.removeItem(atPath: file) } }
        let wasSignalled = process.terminationReason == .uncaughtSignal
        return CommandResult(
            status: wasSignalled ? -1 : process.terminationStatus,
            signal: wasSignalled ? process.terminationStatus : nil,
            stdout: (try? String(decoding: Data(contentsOf: URL(fileURLWithPath: outputFile)), as: UTF8.self)) ?? "",
            stderr: (try? String(decoding: Data(contentsOf: URL(fileURLWithPath: errorFile)), as: UTF8.self)) ?? "")
    }
}

/// Finds and runs programs.
enum Tool {
    /// The built `envsync`: `ENVSYNC_BINARY`, or the one beside the test bundle.
    static let envsync: String = {
        if let path = ProcessInfo.processInfo.environment["ENVSYNC_BINARY"], !path.isEmpty { return path }
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        var directory = bundle.deletingLastPathComponent()
        for _ in 0..<4 {
            let candidate = directory.appendingPathComponent("envsync").path
            if access(candidate, X_OK) == 0, !isDirectory(candidate) { return candidate }
            directory.deleteLastPathComponent()
        }
        return repository + "/.build/debug/envsync"
    }()

    /// The checkout that the tests were compiled from.
    static let repository: String = {
        var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url.path
    }()

    static func isDirectory(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// Runs a program to its end.
    @discardableResult
    static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:], directory: String = "/",
        timeout: Duration = .seconds(120)
    ) throws -> CommandResult {
        var all = ProcessInfo.processInfo.environment
        for (name, value) in environment { all[name] = value }
        return try RunningCommand(executable, arguments, environment: all, directory: directory).wait(timeout: timeout)
    }

    /// Runs a shell command; throws unless it succeeds.
    @discardableResult
    static func shell(_ command: String, environment: [String: String] = [:], directory: String = "/") throws -> String
    {
        let result = try run("/bin/sh", ["-c", command], environment: environment, directory: directory)
        guard result.status == 0 else { throw ToolError(description: "\(command): \(result)") }
        return result.stdout
    }
}
