import Foundation
import Glibc

/// A workspace in a directory of its own, removed when the test lets go of it.
final class TestWorkspace: Sendable {
    let directory: String
    /// Set for every envsync that is run in it; HADOOP_CONF_DIR and HADOOP_USER_NAME are not inherited.
    let environment: [String: String]

    init(environment: [String: String] = [:]) throws {
        directory = FileManager.default.temporaryDirectory.path + "/envsync-test-\(UUID().uuidString)"
        self.environment = environment
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit {
        chmod(directory, 0o755)
        try? FileManager.default.removeItem(atPath: directory)
    }

    func path(_ name: String) -> String { directory + "/" + name }

    func write(_ name: String, _ text: String) throws { try write(name, bytes: Array(text.utf8)) }

    func write(_ name: String, bytes: [UInt8]) throws {
        let path = path(name)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else {
            throw ToolError(description: "cannot write \(path)")
        }
    }

    func read(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    private func fullEnvironment(_ more: [String: String]) -> [String: String] {
        var all = ProcessInfo.processInfo.environment
        for name in ["HADOOP_CONF_DIR", "HADOOP_USER_NAME", "NO_COLOR", "CI"] { all[name] = nil }
        for (name, value) in environment.merging(more, uniquingKeysWith: { $1 }) { all[name] = value }
        return all
    }

    /// Starts envsync in the workspace.
    func start(_ arguments: String..., environment: [String: String] = [:]) throws -> RunningCommand {
        try RunningCommand(Tool.envsync, arguments, environment: fullEnvironment(environment), directory: directory)
    }

    /// Runs envsync in the workspace.
    @discardableResult
    func envsync(
        _ arguments: String..., environment: [String: String] = [:], timeout: Duration = .seconds(120)
    ) throws -> CommandResult {
        try RunningCommand(Tool.envsync, arguments, environment: fullEnvironment(environment), directory: directory)
            .wait(timeout: timeout)
    }

    /// Runs envsync and throws unless it exits with 0.
    @discardableResult
    func succeed(_ arguments: String..., environment: [String: String] = [:]) throws -> CommandResult {
        let result = try RunningCommand(
            Tool.envsync, arguments, environment: fullEnvironment(environment), directory: directory
        ).wait()
        guard result.status == 0 else {
            throw ToolError(description: "envsync \(arguments.joined(separator: " ")): \(result)")
        }
        return result
    }
}
