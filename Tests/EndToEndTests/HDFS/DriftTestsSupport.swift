import Foundation
import Testing

/// What `envsync check --json` told.
struct DriftReport: CustomStringConvertible {
    struct Finding: Hashable {
        var code: String
        var subject: String
        var message = ""
        var suggestion = ""
        var severity = ""
        /// `path:line`, or `path`.
        var place = ""
    }

    var result: CommandResult
    var findings: [Finding]
    /// `code subject: action`.
    var fixed: [String]
    var requests: Int

    var description: String { "\(result)" }
    var status: Int32 { result.status }
    /// `code subject`, in the order of the report.
    var names: [String] { findings.map { "\($0.code) \($0.subject)" } }
}

extension TestWorkspace {
    /// Runs `envsync check --json` with more words.
    func drift(_ words: String..., environment: [String: String] = [:]) throws -> DriftReport {
        let result = try run(["check", "--json"] + words, environment: environment)
        guard result.status == 0 || result.status == 1 else { throw ToolError(description: "check: \(result)") }
        let document = try result.json()
        let findings = (document["findings"] as? [[String: Any]] ?? []).map { found in
            let location = found["location"] as? [String: Any] ?? [:]
            let line = (location["line"] as? Int).map { ":\($0)" } ?? ""
            return DriftReport.Finding(
                code: found["code"] as? String ?? "", subject: found["subject"] as? String ?? "",
                message: found["message"] as? String ?? "", suggestion: found["suggestion"] as? String ?? "",
                severity: found["severity"] as? String ?? "",
                place: (location["path"] as? String ?? "") + line)
        }
        let fixed = (document["fixed"] as? [[String: Any]] ?? []).map {
            "\($0["code"] as? String ?? "") \($0["subject"] as? String ?? ""): \($0["action"] as? String ?? "")"
        }
        #expect((result.status == 0) == findings.isEmpty, "\(result)")
        return DriftReport(
            result: result, findings: findings, fixed: fixed, requests: document["requests"] as? Int ?? -1)
    }

    /// The line of the lock where the artifact begins that comes from a path.
    func lockLine(of origin: String) throws -> Int {
        let lines = try read("envsync.lock").split(separator: "\n", omittingEmptySubsequences: false)
        let end = try #require(lines.firstIndex { $0.hasSuffix(" = \"\(origin)\"") })
        return try #require(lines[...end].lastIndex { $0.hasPrefix("[[") }) + 1
    }

    /// Changes the state with SQL, by Python's SQLite.
    func sql(_ statement: String) throws {
        let changes = try Local.python(
            """
            import sqlite3, sys
            database = sqlite3.connect(sys.argv[1])
            changed = database.execute(sys.argv[2]).rowcount
            database.commit()
            print(changed)
            """, [path(".envsync/state.sqlite"), statement])
        guard changes != "0\n" else { throw ToolError(description: "nothing was changed by: \(statement)") }
    }

    /// Forgets everything that earlier commands learnt, as a fresh checkout does.
    func forget() throws { try FileManager.default.removeItem(atPath: path(".envsync")) }

    /// Another checkout of the same project, with the same lock and its own, empty state.
    func clone() throws -> TestWorkspace {
        let other = try TestWorkspace(environment: environment)
        try Tool.shell("cp -a . '\(other.directory)/' && rm -rf '\(other.directory)/.envsync'", directory: directory)
        return other
    }
}

extension HDFSInstance {
    /// Runs the real `hdfs dfs`.
    func shell(_ arguments: String...) throws {
        let result = try Tool.run(
            Tool.repository + "/scripts/hdfs", ["dfs", "--dir", directory, "--"] + arguments, timeout: .seconds(120))
        guard result.status == 0 else { throw ToolError(description: "hdfs dfs \(arguments): \(result)") }
    }

    /// Flips a byte of every replica of a file on the DataNodes' disks.
    func flipOnDisk(_ path: String) throws {
        let block = try #require(try blocks(of: path).first)
        let replicas = try replicas(ofBlock: block)
        try #require(!replicas.isEmpty)
        for replica in replicas { try Local.flipByte(replica, at: 100) }
    }
}
