import Foundation
import Glibc

/// The real Spark, the wheels and the packed environment that `scripts/test` prepared: the tests that need them are
/// skipped without `ENVSYNC_TEST_SPARK_HOME`.
enum TestSpark {
    private static let variables = ProcessInfo.processInfo.environment

    static let isAvailable = variables["ENVSYNC_TEST_SPARK_HOME"] != nil
    /// What SPARK_HOME is to be; Spark writes into its `work`.
    static let home = variables["ENVSYNC_TEST_SPARK_HOME"] ?? ""
    /// The directory of a `python3` that is as old as the one in the packed environment.
    static let pythonDirectory = variables["ENVSYNC_TEST_SPARK_PYTHON_DIRECTORY"] ?? ""
    /// The wheels of `manifests/demo`.
    static let wheelhouse = variables["ENVSYNC_TEST_WHEELHOUSE"] ?? ""
    /// The packed environment of `manifests/demo`.
    static let archive = variables["ENVSYNC_TEST_PYTHON_ARCHIVE"] ?? ""

    /// Puts envsync and the given Spark in front of everything on the PATH.
    static func environment(home: String = home) -> [String: String] {
        let envsync = (Tool.envsync as NSString).deletingLastPathComponent
        let path = [envsync, home + "/bin", pythonDirectory, variables["PATH"] ?? "/usr/bin:/bin"]
        return [
            "PATH": path.filter { !$0.isEmpty }.joined(separator: ":"), "SPARK_HOME": home,
            "SPARK_LOCAL_IP": "127.0.0.1",
        ]
    }

    /// Starts a command line in a directory. Spark and envsync are told nothing by variables of the caller.
    static func start(_ command: String, in directory: String, home: String = home) throws -> RunningCommand {
        var all = variables
        let unset = [
            "HADOOP_CONF_DIR", "HADOOP_USER_NAME", "PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON", "PYTHONPATH",
            "SPARK_CONF_DIR", "SPARK_MASTER",
        ]
        for name in unset { all[name] = nil }
        for (name, value) in environment(home: home) { all[name] = value }
        return try RunningCommand("/bin/sh", ["-c", command], environment: all, directory: directory)
    }

    static func run(
        _ command: String, in directory: String, home: String = home, timeout: Duration = .seconds(300)
    ) throws -> CommandResult {
        try start(command, in: directory, home: home).wait(timeout: timeout)
    }

    /// Copies `manifests/demo` and its wheels into a workspace, with another configuration.
    static func fill(_ workspace: TestWorkspace, _ directory: String = ".", configuration: String) throws {
        let files = FileManager.default
        let target = workspace.path(directory)
        try files.createDirectory(atPath: target, withIntermediateDirectories: true)
        for name in ["conf", "jobs", "src"] {
            try files.copyItem(atPath: "\(Tool.repository)/manifests/demo/\(name)", toPath: "\(target)/\(name)")
        }
        try files.copyItem(atPath: wheelhouse, toPath: target + "/wheelhouse")
        try files.copyItem(atPath: archive, toPath: target + "/environment.tar.gz")
        try workspace.write("\(directory)/envsync.toml", configuration)
    }
}

/// What `manifests/demo/jobs/report.py` prints.
struct JobReport: Decodable {
    struct Module: Decodable {
        let version: String?
        let file: String
        /// Of the zip that it was imported from, if it was.
        let archiveSHA256: String?
    }

    struct Executor: Decodable {
        let pid: Int32
        let directory: String
        let python: String
        let prefix: String
        let modules: [String: Module]
        let configuration: String
        let warmest: [String: Double]
    }

    struct Driver: Decodable { let python: String }

    let arguments: [String]
    let driver: Driver
    let properties: [String: String]
    let executors: [Executor]

    init(_ result: CommandResult) throws {
        do { self = try JSONDecoder().decode(JobReport.self, from: Data(result.stdout.utf8)) } catch {
            throw ToolError(description: "the job printed no report (\(error)): \(result)")
        }
    }
}

/// What `envsync args --json` prints.
struct JobPlan: Decodable {
    struct Entry: Decodable {
        let uri: String
        let name: String
        let version: String?
        let sha256: String

        var leaf: String { String(uri.split(separator: "/").last ?? "") }
    }

    let pyFiles: [Entry]
    let files: [Entry]
    let archives: [Entry]
    let words: [String]

    init(_ result: CommandResult) throws {
        do { self = try JSONDecoder().decode(JobPlan.self, from: Data(result.stdout.utf8)) } catch {
            throw ToolError(description: "no plan (\(error)): \(result)")
        }
    }

    func entry(_ name: String) throws -> Entry {
        guard let entry = pyFiles.first(where: { $0.name == name }) else {
            throw ToolError(description: "the plan has no \(name): \(words)")
        }
        return entry
    }
}
