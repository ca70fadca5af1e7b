import Foundation
import Glibc
import Testing

/// The real HDFS that `scripts/hdfs` started: the tests that need it are skipped without `ENVSYNC_TEST_WEBHDFS`.
enum TestHDFS {
    private static let variables = ProcessInfo.processInfo.environment

    static let isAvailable = variables["ENVSYNC_TEST_WEBHDFS"] != nil
    /// `webhdfs://host:port`
    static let webhdfs = variables["ENVSYNC_TEST_WEBHDFS"] ?? ""
    /// `hdfs://host:port`
    static let hdfs = variables["ENVSYNC_TEST_HDFS"] ?? ""
    /// `http://host:port/webhdfs/v1`
    static let rest = "http://" + webhdfs.dropFirst("webhdfs://".count) + "/webhdfs/v1"
    static let directory = variables["ENVSYNC_HDFS_DIR"] ?? ""
    static let superuser = variables["HDFS_SUPERUSER"] ?? NSUserName()

    /// A fresh root directory for a store, of that user.
    static func makeRoot(owner: String = superuser, mode: String = "755") throws -> String {
        let path = "/tmp/envsync-e2e-\(UUID().uuidString.prefix(8).lowercased())"
        try request("PUT", "\(path)?op=MKDIRS&permission=\(mode)&user.name=\(superuser)")
        if owner != superuser { try request("PUT", "\(path)?op=SETOWNER&owner=\(owner)&user.name=\(superuser)") }
        return path
    }

    /// Sends a request with curl, following redirects; returns the body. Throws unless the answer is a success.
    @discardableResult
    static func request(_ method: String, _ pathAndQuery: String, body: String? = nil) throws -> String {
        var arguments = ["-sS", "-f", "-L", "-X", method, "--max-time", "60", rest + pathAndQuery]
        if let body { arguments += ["-T", body] }
        let result = try Tool.run("/usr/bin/curl", arguments)
        guard result.status == 0 else { throw ToolError(description: "\(method) \(pathAndQuery): \(result)") }
        return result.stdout
    }

    /// Runs `scripts/hdfs` on the instance; throws unless it succeeds.
    @discardableResult
    static func script(_ verb: String, _ arguments: String..., user: String = superuser) throws -> String {
        let result = try Tool.run(
            Tool.repository + "/scripts/hdfs", [verb, "--dir", directory] + arguments,
            environment: ["HADOOP_USER_NAME": user])
        guard result.status == 0 else { throw ToolError(description: "scripts/hdfs \(verb) \(arguments): \(result)") }
        return result.stdout
    }
}

extension Tag {
    /// Needs the real HDFS.
    @Tag static var hdfs: Self
    /// Needs the real Spark.
    @Tag static var spark: Self
}
