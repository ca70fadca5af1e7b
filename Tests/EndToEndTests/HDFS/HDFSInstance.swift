import Foundation
import Glibc
import Testing

/// A running HDFS, seen from outside: with curl and with `scripts/hdfs`, never through the product.
struct HDFSInstance: Sendable {
    /// What `scripts/hdfs --dir` takes.
    let directory: String
    /// `webhdfs://host:port`
    let webhdfs: String
    /// `hdfs://host:port`, as jobs say it.
    let hdfs: String
    /// Who may do everything.
    let superuser: String
    /// Where each DataNode keeps its blocks.
    let dataNodeDirectories: [String]

    /// `http://host:port/webhdfs/v1`
    var rest: String { "http://" + webhdfs.dropFirst("webhdfs://".count) + "/webhdfs/v1" }

    /// The one that all tests share; nothing may be stopped or restricted there.
    static var shared: HDFSInstance {
        get throws { try HDFSInstance(directory: TestHDFS.directory) }
    }

    /// Looks at a running instance.
    init(directory: String) throws {
        let values = try Self.environment(of: directory)
        self.directory = directory
        webhdfs = values["ENVSYNC_TEST_WEBHDFS"] ?? ""
        hdfs = values["ENVSYNC_TEST_HDFS"] ?? ""
        superuser = values["HDFS_SUPERUSER"] ?? ""
        dataNodeDirectories = (values["DATANODE_DIRECTORIES"] ?? "").split(separator: " ").map(String.init)
    }

    /// What `scripts/hdfs env` says of a running instance.
    private static func environment(of directory: String) throws -> [String: String] {
        var values: [String: String] = [:]
        for line in try script("env", in: directory).stdout.split(separator: "\n") where line.hasPrefix("export ") {
            let parts = line.dropFirst(7).split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            values[String(parts[0])] = parts[1].replacingOccurrences(of: "\\ ", with: " ")
                .trimmingCharacters(in: CharacterSet(charactersIn: "'"))
        }
        return values
    }

    private static func script(
        _ verb: String, _ arguments: [String] = [], in directory: String
    ) throws -> CommandResult {
        let result = try Tool.run(
            Tool.repository + "/scripts/hdfs", [verb, "--dir", directory] + arguments, timeout: .seconds(240))
        guard result.status == 0 else { throw ToolError(description: "scripts/hdfs \(verb) \(arguments): \(result)") }
        return result
    }

    /// Runs `scripts/hdfs` on this instance; throws unless it succeeds.
    @discardableResult
    func script(_ verb: String, _ arguments: String...) throws -> String {
        try Self.script(verb, arguments, in: directory).stdout
    }

    /// Starts an instance of its own directory.
    static func start(dataNodes: Int) throws -> HDFSInstance {
        let directory = NSTemporaryDirectory() + "/envsync-hdfs-\(UUID().uuidString.prefix(8).lowercased())"
        do {
            _ = try script("start", ["--datanodes", String(dataNodes)], in: directory)
            return try HDFSInstance(directory: directory)
        } catch {
            _ = try? script("stop", ["--delete"], in: directory)
            throw error
        }
    }

    /// Ends its processes and removes its files.
    func stop() throws { try script("stop", "--delete") }
}

// MARK: - Requests

/// What a server answered.
struct HDFSAnswer: Sendable, CustomStringConvertible {
    var status: Int
    var body: String

    var isSuccess: Bool { (200..<300).contains(status) }
    var description: String { "HTTP \(status) \(body)" }
}

/// One entry of GETFILESTATUS or LISTSTATUS. Two that are equal are the same file, untouched.
struct HDFSEntry: Decodable, Sendable, Hashable {
    var pathSuffix: String
    var type: String
    var length: Int64
    var permission: String
    var owner: String
    var group: String
    var modificationTime: Int64
    var fileId: Int64

    var isDirectory: Bool { type == "DIRECTORY" }
}

extension HDFSInstance {
    private struct Status: Decodable {
        var status: HDFSEntry
        enum CodingKeys: String, CodingKey { case status = "FileStatus" }
    }

    private struct Statuses: Decodable {
        struct List: Decodable {
            var entries: [HDFSEntry]
            enum CodingKeys: String, CodingKey { case entries = "FileStatus" }
        }
        var list: List
        enum CodingKeys: String, CodingKey { case list = "FileStatuses" }
    }

    func url(_ path: String, _ query: String, user: String? = nil) -> String {
        let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")
        let encoded = path.addingPercentEncoding(withAllowedCharacters: plain) ?? path
        return "\(rest)\(encoded)?\(query)&user.name=\(user ?? superuser)"
    }

    /// One request as a user, following redirects.
    @discardableResult
    func call(
        _ method: String, _ path: String, _ query: String, user: String? = nil, upload: String? = nil
    ) throws -> HDFSAnswer {
        var arguments = ["-sS", "-L", "-X", method, "--max-time", "60", "-w", "\n%{http_code}"]
        if let upload { arguments += ["-T", upload] }
        let result = try Tool.run("/usr/bin/curl", arguments + [url(path, query, user: user)])
        guard let newline = result.stdout.lastIndex(of: "\n"),
            let status = Int(result.stdout[result.stdout.index(after: newline)...])
        else { throw ToolError(description: "\(method) \(path): \(result)") }
        return HDFSAnswer(status: status, body: String(result.stdout[..<newline]))
    }

    /// One request that must succeed.
    func must(
        _ method: String, _ path: String, _ query: String, user: String? = nil, upload: String? = nil
    ) throws {
        let answer = try call(method, path, query, user: user, upload: upload)
        guard answer.isSuccess else { throw ToolError(description: "\(method) \(path) \(query): \(answer)") }
    }

    /// Many GETs on one connection, in order.
    func getAll(_ paths: [String], _ query: String) throws -> [HDFSAnswer] {
        guard !paths.isEmpty else { return [] }
        let result = try Tool.run(
            "/usr/bin/curl",
            ["-sS", "-L", "--max-time", "60", "-w", "\u{1E}%{http_code}\u{1D}"] + paths.map { url($0, query) })
        return try result.stdout.split(separator: "\u{1D}").map { part in
            let pieces = part.split(separator: "\u{1E}", omittingEmptySubsequences: false)
            guard pieces.count == 2, let status = Int(pieces[1]) else {
                throw ToolError(description: "GET: \(result)")
            }
            return HDFSAnswer(status: status, body: String(pieces[0]))
        }
    }

    /// What is at each path.
    func statuses(_ paths: [String]) throws -> [HDFSEntry?] {
        try getAll(paths, "op=GETFILESTATUS").map { answer in
            if answer.status == 404 { return nil }
            return try JSONDecoder().decode(Status.self, from: Data(answer.body.utf8)).status
        }
    }

    func status(_ path: String) throws -> HDFSEntry? { try statuses([path]).first ?? nil }

    /// Everything below a directory, by path.
    func tree(_ root: String) throws -> [String: HDFSEntry] {
        var found: [String: HDFSEntry] = [:]
        var level = [root]
        while !level.isEmpty {
            var next: [String] = []
            for (directory, answer) in zip(level, try getAll(level, "op=LISTSTATUS")) {
                // Somebody may remove a staging directory while we look.
                if answer.status == 404 { continue }
                let list = try JSONDecoder().decode(Statuses.self, from: Data(answer.body.utf8))
                for entry in list.list.entries {
                    let path = directory + "/" + entry.pathSuffix
                    found[path] = entry
                    if entry.isDirectory { next.append(path) }
                }
            }
            level = next
        }
        return found
    }

    /// The files below a store's `objects`, by path.
    func objects(_ root: String) throws -> [String: HDFSEntry] {
        try tree(root + "/objects").filter { !$0.value.isDirectory }
    }

    /// The names in a store's staging directory; empty if there is none.
    func staging(_ root: String) throws -> [String] {
        try tree(root + "/staging").keys.sorted()
    }

    /// A fresh root directory for a store.
    func makeRoot(
        owner: String? = nil, group: String? = nil, mode: String = "755", suffix: String = ""
    ) throws -> String {
        let path = "/tmp/envsync-e2e-\(UUID().uuidString.prefix(8).lowercased())\(suffix)"
        try must("PUT", path, "op=MKDIRS&permission=\(mode)")
        if let owner {
            try must("PUT", path, "op=SETOWNER&owner=\(owner)" + (group.map { "&group=\($0)" } ?? ""))
        }
        return path
    }

    /// Writes a file as a user.
    func put(_ bytes: [UInt8], to path: String, user: String? = nil, mode: String = "644") throws {
        let file = NSTemporaryDirectory() + "/envsync-put-\(UUID().uuidString)"
        defer { unlink(file) }
        guard FileManager.default.createFile(atPath: file, contents: Data(bytes)) else {
            throw ToolError(description: "cannot write \(file)")
        }
        try must("PUT", path, "op=CREATE&overwrite=true&permission=\(mode)", user: user, upload: file)
    }

    /// The ids of a file's blocks.
    func blocks(of path: String) throws -> [String] {
        let answer = try call("GET", path, "op=GET_BLOCK_LOCATIONS&offset=0&length=1000000000000")
        let ids = answer.body.matches(of: /"blockId":([0-9]+)/).map { String($0.output.1) }
        return Set(ids).sorted()
    }

    /// How many bytes the DataNodes' processes have read so far, from files and from sockets (proc(5), `rchar`).
    func bytesReadByDataNodes() throws -> Int64 {
        try Self.environment(of: directory)["DATANODE_PIDS", default: ""].split(separator: " ").reduce(0) { sum, id in
            let text = try String(contentsOfFile: "/proc/\(id)/io", encoding: .utf8)
            guard let match = text.firstMatch(of: /rchar: ([0-9]+)/), let count = Int64(match.output.1) else {
                throw ToolError(description: "no rchar: \(text)")
            }
            return sum + count
        }
    }

    /// The files on disk that hold a block.
    func replicas(ofBlock id: String) throws -> [String] {
        let places = dataNodeDirectories.map { "'\($0)'" }.joined(separator: " ")
        return try Tool.shell("find \(places) -name blk_\(id)").split(separator: "\n").map(String.init)
    }
}

// MARK: - An instance for a suite

/// Gives a suite an HDFS of its own, started before its first test and removed after its last.
struct OwnHDFS: SuiteTrait, TestScoping {
    @TaskLocal static var current: HDFSInstance?

    let dataNodes: Int

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let instance = try HDFSInstance.start(dataNodes: dataNodes)
        do {
            try await OwnHDFS.$current.withValue(instance) { try await function() }
        } catch {
            try? instance.stop()
            throw error
        }
        try instance.stop()
    }
}

extension Trait where Self == OwnHDFS {
    static func ownHDFS(dataNodes: Int) -> Self { OwnHDFS(dataNodes: dataNodes) }
}
