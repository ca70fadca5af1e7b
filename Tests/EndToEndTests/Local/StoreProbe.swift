import Foundation
import Glibc
import Testing

/// Reads a store as a consumer does, from the ref to the objects, without envsync.
struct StoreProbe: Sendable {
    let root: String

    struct Published: Sendable, Hashable {
        var number: Int
        var id: String
        var objects: Int
    }

    /// The names of the environments that have a ref.
    var environments: [String] {
        Local.names(root + "/environments").filter { Local.exists("\(root)/environments/\($0)/current.json") }
    }

    /// Follows an environment's ref; `nil` if there is none yet.
    ///
    /// - Throws: if anything that the ref leads to is missing, or isn't as it says.
    func follow(_ environment: String) throws -> Published? {
        let folder = "\(root)/environments/\(environment)"
        guard let bytes = FileManager.default.contents(atPath: folder + "/current.json") else { return nil }
        guard let ref = try JSONSerialization.jsonObject(with: bytes) as? [String: Any],
            let manifest = ref["manifest"] as? String, let number = ref["generation"] as? Int,
            let id = ref["id"] as? String
        else { throw ToolError(description: "the ref can't be understood: \(String(decoding: bytes, as: UTF8.self))") }
        guard let text = FileManager.default.contents(atPath: "\(folder)/\(manifest)") else {
            throw ToolError(description: "the ref names \(manifest), which isn't there")
        }
        guard text.count == ref["manifestSize"] as? Int else {
            throw ToolError(
                description: "\(manifest) has \(text.count) bytes, the ref says \(ref["manifestSize"] ?? "")")
        }
        let objects = try Self.objects(text)
        for (path, size) in objects { try Self.require("\(root)/objects/\(path)", size: size) }
        return Published(number: number, id: id, objects: objects.count)
    }

    /// The path below `objects` and the size of each object that a manifest lists.
    private static func objects(_ manifest: Data) throws -> [(String, Int64)] {
        guard let document = try JSONSerialization.jsonObject(with: manifest) as? [String: Any],
            let environment = document["environment"] as? [String: Any],
            let artifacts = environment["artifacts"] as? [[String: Any]]
        else { throw ToolError(description: "a manifest can't be understood") }
        return try artifacts.map { artifact in
            guard let digest = artifact["sha256"] as? String, let leaf = artifact["leaf"] as? String,
                let size = artifact["size"] as? Int64 ?? (artifact["size"] as? Int).map(Int64.init)
            else { throw ToolError(description: "an artifact can't be understood: \(artifact)") }
            return ("\(digest.prefix(2))/\(digest)/\(leaf)", size)
        }
    }

    private static func require(_ path: String, size: Int64) throws {
        var info = stat()
        guard stat(path, &info) == 0 else {
            throw ToolError(description: "the ref leads to \(path), which isn't there")
        }
        guard Int64(info.st_size) == size else {
            throw ToolError(description: "\(path) has \(info.st_size) bytes, the manifest says \(size)")
        }
    }

    /// Recomputes everything with Python's own JSON and SHA-256: each generation's id, each object's digest, and which
    /// generation is the newest. Returns the number of generations of each environment.
    @discardableResult
    func audit() throws -> [String: Int] {
        let text = try Local.python(
            """
            import hashlib, json, os, sys
            root = sys.argv[1]
            counts = {}
            digests = {}
            for name in sorted(os.listdir(f"{root}/environments")):
                folder = f"{root}/environments/{name}"
                files = [f for f in os.listdir(folder) if f != "current.json"]
                ref = json.load(open(f"{folder}/current.json"))
                newest = max(files, key=lambda f: (int(f.split("-")[0]), f))
                assert ref["manifest"] == newest, f"{name}: the ref names {ref['manifest']}, the newest is {newest}"
                for file in files:
                    document = json.load(open(f"{folder}/{file}", encoding="utf-8"))
                    environment = document["environment"]
                    canonical = json.dumps(environment, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                    identity = hashlib.sha256(canonical.encode()).hexdigest()
                    assert file == f"{document['number']}-{identity}.json", f"{name}/{file} is {identity}"
                    assert document["id"] == identity and environment["name"] == name
                    for artifact in environment["artifacts"]:
                        sha = artifact["sha256"]
                        path = f"{root}/objects/{sha[:2]}/{sha}/{artifact['leaf']}"
                        if path not in digests:
                            data = open(path, "rb").read()
                            digests[path] = (hashlib.sha256(data).hexdigest(), len(data), os.stat(path).st_mode & 0o7777)
                        assert digests[path] == (sha, artifact["size"], 0o644), f"{path}: {digests[path]}"
                counts[name] = len(files)
            print(json.dumps(counts))
            """, [root])
        let counts = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Int]
        return try #require(counts)
    }
}

/// Follows the refs of a store over and over on a thread of its own.
final class StoreWatcher: @unchecked Sendable {  // What is shared is guarded by the lock.
    private let lock = NSLock()
    private var isStopped = false
    private var violations: [String] = []
    private var readings = 0
    private let ended = DispatchSemaphore(value: 0)

    /// Begins to watch an environment.
    ///
    /// - Parameter isMonotonic: whether the ref may never go back to an older generation. With several publishers at
    ///   once it may for a moment, until the one that wrote it has seen the newer one.
    init(_ probe: StoreProbe, environment: String, isMonotonic: Bool = true) {
        Thread.detachNewThread { [self] in
            var newest = 0
            while !lock.withLock({ isStopped }) {
                do {
                    if let published = try probe.follow(environment) {
                        if isMonotonic, published.number < newest {
                            throw ToolError(description: "the ref went from \(newest) back to \(published.number)")
                        }
                        newest = published.number
                        lock.withLock { readings += 1 }
                    }
                } catch {
                    lock.withLock { violations.append("\(error)") }
                }
                usleep(500)
            }
            ended.signal()
        }
    }

    /// Ends watching; returns how often the ref was followed, and what was wrong.
    func stop() -> (readings: Int, violations: [String]) {
        lock.withLock { isStopped = true }
        ended.wait()
        return lock.withLock { (readings, violations) }
    }
}
