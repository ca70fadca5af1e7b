import EnvSyncModel
import Foundation
import Glibc
import SyncState

/// The Python that a driver on this machine runs.
struct DriverPython: Sendable, Hashable {
    /// `3.11.2`.
    let version: String
    /// Whether it imports `pyspark` by itself, and which version.
    let hasPySpark: Bool
    let pySparkVersion: String?

    private static let script = """
        import platform, sys
        try:
            from importlib import metadata
            spark = metadata.version("pyspark")
        except Exception:
            import importlib.util
            spark = "?" if importlib.util.find_spec("pyspark") else ""
        sys.stdout.write(platform.python_version() + " " + spark)
        """

    /// What was found out is believed for this long: a package can be installed without the interpreter changing.
    private static let lifetime: Int64 = 600_000_000_000

    /// The interpreter that `spark-submit` will run the driver with (`PythonRunner.scala`; environment variables of
    /// `conf/spark-env.sh` are not known).
    static func command(of job: Job, environment: [String: String]) -> String {
        let candidates = [
            configured(job), environment["PYSPARK_DRIVER_PYTHON"],
            job.conf["spark.pyspark.python"], job.python.flatMap { $0.hasPrefix("/") ? $0 : nil },
            environment["PYSPARK_PYTHON"],
        ]
        return candidates.compactMap { $0 }.first { !$0.isEmpty } ?? "python3"
    }

    /// The driver's interpreter where the job itself names it.
    static func configured(_ job: Job) -> String? { job.driverPython ?? job.conf["spark.pyspark.driver.python"] }

    /// Asks an interpreter, or remembers what it said; `nil` if there is none or it doesn't answer.
    ///
    /// - Parameter command: a path, or a name for `PATH`.
    static func probe(_ command: String, environment: [String: String], state: StateDatabase) async -> DriverPython? {
        guard let path = find(command, environment) else { return nil }
        let key = "python:" + path
        var fingerprint = try? LocalFile.fingerprint(path)
        fingerprint?.path = key
        if let fingerprint, let known = (try? state.fingerprint(key)) ?? nil, known.fingerprint == fingerprint,
            (known.hashedAt...(known.hashedAt + lifetime)).contains(Now.nanoseconds)
        {
            return DriverPython(text: known.inspection)
        }
        guard let answer = try? await OffPool.run({ _ in run(path) }), let python = DriverPython(text: answer) else {
            return nil
        }
        if let fingerprint {
            let record = FingerprintRecord(
                fingerprint: fingerprint, digest: ContentDigest.of(Array(answer.utf8)), inspection: answer,
                hashedAt: Now.nanoseconds)
            try? state.save(fingerprints: [record])
        }
        return python
    }

    private init?(text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = parts[0].first, first.isNumber else { return nil }
        version = String(parts[0])
        hasPySpark = !parts[1].isEmpty
        pySparkVersion = parts[1].first?.isNumber == true ? String(parts[1]) : nil
    }

    private static func find(_ command: String, _ environment: [String: String]) -> String? {
        if command.contains("/") { return access(command, X_OK) == 0 ? command : nil }
        return (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(command)" }
            .first { access($0, X_OK) == 0 }
    }

    /// Runs it for two seconds at most.
    private static func run(_ path: String) -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["-c", script]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return "" }
        let limit = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + 2, execute: limit)
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        limit.cancel()
        return String(decoding: data.prefix(200), as: UTF8.self)
    }
}
