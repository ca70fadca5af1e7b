import Foundation
import Glibc
import Testing

extension StoreReader {
    /// What the newest generation lists.
    func newest() throws -> [ListedObject] {
        let ref = try ref()
        let answer = try instance.call("GET", directory + "/" + ref.manifest, "op=OPEN")
        guard answer.isSuccess else { throw ToolError(description: "\(ref.manifest): \(answer)") }
        return try listedObjects(inManifest: answer.body)
    }

    /// Reads the newest generation's objects with the real `hdfs dfs` and compares their bytes with what locking a fresh
    /// copy of the workspace makes.
    ///
    /// - Throws: what differs.
    func expectEqual(to workspace: TestWorkspace) throws {
        let (published, locked) = (Set(try newest()), Set(try workspace.freshLock()))
        guard published == locked else {
            throw ToolError(
                description:
                    "published, but not on disk: \(published.subtracting(locked)); on disk, but not published: "
                    + "\(locked.subtracting(published))")
        }
        let copy = NSTemporaryDirectory() + "/envsync-objects-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: copy) }
        try instance.script("dfs", "-get", root + "/objects", copy)
        let sums = try Tool.shell("find '\(copy)' -type f -exec sha256sum {} +")
        var digests: [String: String] = [:]
        for line in sums.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            digests[parts[1].trimmingCharacters(in: .whitespaces)] = String(parts[0])
        }
        for object in locked {
            let path = "\(copy)/\(object.sha256.prefix(2))/\(object.sha256)/\(object.leaf)"
            guard digests[path] == object.sha256 else {
                throw ToolError(description: "\(object) has the bytes of \(digests[path] ?? "nothing")")
            }
        }
    }

    /// Looks for the objects of every generation that was ever listed.
    func expectWhole() throws {
        for generation in try generations() { try readGeneration(generation) }
        let newest = try readAll().manifest
        let last = try generations().last
        guard newest == last else {
            throw ToolError(description: "the ref names \(newest), the newest is \(last ?? "none")")
        }
    }
}

extension TestWorkspace {
    /// Makes a workspace like ``typical(store:)`` on an HDFS.
    static func typical(on instance: HDFSInstance, root: String) throws -> TestWorkspace {
        try typical(store: instance.webhdfs + root)
    }
}

/// Keeps the figures of a test for people: printed, and in the JSON file that `ENVSYNC_TEST_FIGURES` names.
func report(_ name: String, _ values: [Double]) throws {
    let sorted = values.sorted()
    guard let first = sorted.first, let last = sorted.last else { return }
    func quantile(_ share: Double) -> Double { sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] }
    let figures = [
        "count": Double(sorted.count), "min": first, "median": quantile(0.5), "p95": quantile(0.95), "max": last,
    ]
    func shown(_ key: String) -> String { String(format: "%.2f", figures[key] ?? 0) }
    print(
        "\(name): \(sorted.count) values, min \(shown("min")), median \(shown("median")), p95 \(shown("p95")), max \(shown("max"))"
    )
    guard let path = ProcessInfo.processInfo.environment["ENVSYNC_TEST_FIGURES"], !path.isEmpty else { return }
    var all: [String: [String: Double]] = [:]
    if let data = FileManager.default.contents(atPath: path) {
        all = try JSONDecoder().decode([String: [String: Double]].self, from: data)
    }
    all[name] = figures
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(all).write(to: URL(fileURLWithPath: path))
}

extension ContinuousClock.Instant {
    /// The seconds since then.
    var age: Double { (ContinuousClock.now - self) / .seconds(1) }
}

/// Random numbers that are the same for the same seed (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Somebody who edits, renames, deletes and makes again what a workspace is made of, at random.
struct RandomEditor {
    let workspace: TestWorkspace
    let store: String
    var numbers: SeededNumbers
    private var modules = ["src/own/deep/__init__.py"]
    private var wheels: [String] = []
    private var files = ["conf/app.yaml"]
    private var count = 0

    init(_ workspace: TestWorkspace, store: String, seed: UInt64) throws {
        self.workspace = workspace
        self.store = store
        numbers = SeededNumbers(seed: seed)
        // Wheels are made beforehand, where nobody watches.
        for index in 0..<4 {
            try workspace.wheel(
                "extra\(index)-1.0-py3-none-any.whl", ["extra\(index).py": "X = \(index)\n"], folder: "made")
            wheels.append("extra\(index)-1.0-py3-none-any.whl")
        }
        for name in ["a", "b", "c"] { try workspace.write("conf/\(name).yaml", "\(name): 0\n") }
        try configure()
    }

    private func configure() throws {
        let list = files.map { "\"\($0)\"" }.joined(separator: ", ")
        try workspace.configure(
            """
            wheelhouse = ["wheelhouse"]
            py-files = ["helper.py"]
            files = [\(list)]
            [[source]]
            path = "src/own"
            [jobs.j]
            main = "main.py"
            master = "local[2]"
            """, store: store)
    }

    /// Does one thing; returns what.
    mutating func step() throws -> String {
        count += 1
        let manager = FileManager.default
        switch Int.random(in: 0..<12, using: &numbers) {
        case 0, 1, 2:
            let name = modules.randomElement(using: &numbers) ?? "src/own/deep/__init__.py"
            try workspace.write(name, "VALUE = \(count)\n")
            return "write \(name)"
        case 3:
            let name = "src/own/p\(count % 5)/m\(count).py"
            try workspace.write(name, "NEW = \(count)\n")
            modules.append(name)
            return "new \(name)"
        case 4 where modules.count > 1:
            let index = Int.random(in: 0..<modules.count, using: &numbers)
            unlink(workspace.path(modules[index]))
            return "delete \(modules.remove(at: index))"
        case 5 where !modules.isEmpty:
            let index = Int.random(in: 0..<modules.count, using: &numbers)
            let name = "src/own/r\(count).py"
            guard rename(workspace.path(modules[index]), workspace.path(name)) == 0 else { return "no rename" }
            modules[index] = name
            return "rename to \(name)"
        case 6:
            // A whole directory goes, and comes back as another.
            guard rename(workspace.path("src/own"), workspace.path("src/away")) == 0 else { return "no move" }
            usleep(UInt32.random(in: 0..<300_000, using: &numbers))
            _ = rename(workspace.path("src/away"), workspace.path("src/own"))
            return "move the source away and back"
        case 7:
            let wheel = wheels.randomElement(using: &numbers) ?? ""
            if manager.fileExists(atPath: workspace.path("wheelhouse/" + wheel)) {
                unlink(workspace.path("wheelhouse/" + wheel))
                return "delete \(wheel)"
            }
            try manager.copyItem(atPath: workspace.path("made/" + wheel), toPath: workspace.path("wheelhouse/" + wheel))
            return "copy \(wheel)"
        case 8:
            let name = files.randomElement(using: &numbers) ?? "conf/app.yaml"
            // As editors save: a new file takes the place of the old one.
            try workspace.write(name + ".new", "value: \(count)\n")
            _ = rename(workspace.path(name + ".new"), workspace.path(name))
            return "replace \(name)"
        case 9:
            files =
                ["conf/app.yaml"]
                + ["a", "b", "c"].filter { _ in Bool.random(using: &numbers) }.map { "conf/\($0).yaml" }
            try configure()
            return "files are \(files)"
        case 10:
            try workspace.write("helper.py", "VALUE = \(count % 3)\n")
            return "write helper.py"
        default:
            // Gone for a moment: what needs it fails, and must be tried again.
            let text = try workspace.read("envsync.toml")
            unlink(workspace.path("envsync.toml"))
            usleep(UInt32.random(in: 0..<400_000, using: &numbers))
            try workspace.write("envsync.toml", text)
            return "delete envsync.toml and make it again"
        }
    }
}
