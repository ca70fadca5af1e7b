import Foundation
import Glibc
import Testing

extension TestWorkspace {
    /// Makes a workspace that ships files of random bytes, `data/f00.bin` and so on.
    ///
    /// - Parameters:
    ///   - settings: further lines of `[store]`.
    ///   - like: a workspace whose first files are shipped too, under their own names and with the same bytes.
    static func random(
        on instance: HDFSInstance, root: String, sizes: [Int], name: String = "etl", settings: String = "",
        sharing files: (workspace: TestWorkspace, count: Int)? = nil
    ) throws -> TestWorkspace {
        let workspace = try TestWorkspace()
        var names: [String] = []
        if let files {
            for index in 0..<files.count {
                let name = String(format: "data/f%03d.bin", index)
                try workspace.write(name, bytes: [UInt8](try files.workspace.data(name)))
                names.append(name)
            }
        }
        let own = String(UUID().uuidString.prefix(8)).lowercased()
        for (index, size) in sizes.enumerated() {
            let name = files == nil ? String(format: "data/f%03d.bin", index) : "data/\(own)-\(index).bin"
            try workspace.write(name, bytes: randomBytes(size))
            names.append(name)
        }
        try workspace.point(to: instance, root: root, files: names, name: name, settings: settings)
        try workspace.succeed("lock")
        return workspace
    }

    /// Writes `envsync.toml` with a store in HDFS and a job `j` for YARN.
    func point(
        to instance: HDFSInstance, root: String, files: [String], name: String = "etl", settings: String = "",
        url: String? = nil
    ) throws {
        let list = files.map { "\"\($0)\"" }.joined(separator: ", ")
        try write("main.py", "print('main')\n")
        try write(
            "envsync.toml",
            """
            [store]
            url = "\(url ?? instance.webhdfs + root)"
            \(settings)
            [environment]
            name = "\(name)"
            files = [\(list)]
            [jobs.j]
            main = "main.py"
            master = "yarn"
            deploy-mode = "cluster"

            """)
    }

    func data(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(name))) }

    /// Where the store holds each local file, by the file's path in the workspace.
    func storePaths() throws -> [String: String] {
        let rows = try succeed("status", "--offline", "--json").json()["artifacts"] as? [[String: Any]] ?? []
        return Dictionary(
            rows.compactMap { row in
                guard let origin = row["origin"] as? String, let path = row["storePath"] as? String else { return nil }
                return (origin, path)
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Overwrites the first bytes of files, so that they become other content of the same size.
    func freshen(_ names: [String]) throws {
        for name in names {
            guard let file = FileHandle(forUpdatingAtPath: path(name)) else {
                throw ToolError(description: "cannot open \(name)")
            }
            try file.write(contentsOf: Data(randomBytes(16)))
            try file.close()
        }
    }
}

func randomBytes(_ count: Int) -> [UInt8] {
    guard count > 0, let file = FileHandle(forReadingAtPath: "/dev/urandom") else { return [] }
    defer { try? file.close() }
    return [UInt8](file.readData(ofLength: count))
}

extension CommandResult {
    /// A number of the JSON document.
    func number(_ key: String) throws -> Int {
        guard let number = try json()[key] as? Int else { throw ToolError(description: "no number \(key): \(self)") }
        return number
    }

    /// `code` and `subject` of what a check found.
    func findings() throws -> [Finding] {
        (try json()["findings"] as? [[String: Any]] ?? []).map {
            Finding(code: $0["code"] as? String ?? "", subject: $0["subject"] as? String ?? "")
        }
    }

    struct Finding: Hashable {
        var code: String
        var subject: String
    }
}

/// What a reader of a store finds, who knows nothing but the layout.
struct StoreReader: Sendable {
    let instance: HDFSInstance
    let root: String
    let environment: String

    struct Ref: Decodable, Equatable {
        var generation: Int
        var id: String
        var manifest: String
        var manifestSize: Int
        var publishedBy: String
        var fileSystem: String?
    }

    private struct Manifest: Decodable {
        struct Environment: Decodable { var artifacts: [Artifact] }
        struct Artifact: Decodable {
            var leaf: String
            var sha256: String
            var size: Int64
        }
        var number: Int
        var id: String
        var environment: Environment
    }

    var directory: String { "\(root)/environments/\(environment)" }

    /// Reads the ref. One that is replaced between the NameNode's answer and the DataNode's makes a reader ask again.
    func ref() throws -> Ref {
        var last = HDFSAnswer(status: 0, body: "")
        for _ in 0..<3 {
            last = try instance.call("GET", directory + "/current.json", "op=OPEN")
            if last.isSuccess, let ref = try? JSONDecoder().decode(Ref.self, from: Data(last.body.utf8)) { return ref }
            usleep(50_000)
        }
        throw ToolError(description: "current.json can't be read: \(last)")
    }

    /// The published generations' file names, oldest first.
    func generations() throws -> [String] {
        try instance.tree(directory).values.map(\.pathSuffix).filter { $0 != "current.json" }
            .sorted { (number($0), $0) < (number($1), $1) }
    }

    func number(_ name: String) -> Int { Int(name.prefix { $0 != "-" }) ?? 0 }

    /// Reads a generation and looks for each object that it lists; throws unless all have the right size.
    ///
    /// - Returns: the number of objects.
    @discardableResult
    func readGeneration(_ name: String, size: Int? = nil) throws -> Int {
        let answer = try instance.call("GET", directory + "/" + name, "op=OPEN")
        guard answer.isSuccess, size == nil || answer.body.utf8.count == size else {
            throw ToolError(description: "\(name) can't be read: \(answer)")
        }
        let manifest = try JSONDecoder().decode(Manifest.self, from: Data(answer.body.utf8))
        guard name == "\(manifest.number)-\(manifest.id).json" else {
            throw ToolError(description: "\(name) is another generation")
        }
        let artifacts = manifest.environment.artifacts
        let paths = artifacts.map { "\(root)/objects/\($0.sha256.prefix(2))/\($0.sha256)/\($0.leaf)" }
        for ((artifact, path), status) in zip(zip(artifacts, paths), try instance.statuses(paths)) {
            guard let status, !status.isDirectory, status.length == artifact.size else {
                let found = status.map { "\($0)" } ?? "nothing"
                throw ToolError(description: "\(name) lists \(path) of \(artifact.size) bytes, there is \(found)")
            }
        }
        return artifacts.count
    }

    /// Follows the ref to the objects.
    @discardableResult
    func readAll() throws -> Ref {
        let ref = try ref()
        try readGeneration(ref.manifest, size: ref.manifestSize)
        return ref
    }
}
