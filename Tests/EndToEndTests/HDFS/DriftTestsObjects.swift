import Foundation
import Testing

@Suite("Drift of objects in HDFS", .tags(.hdfs), .enabled(if: TestHDFS.isAvailable))
struct DriftOfObjectsTests {
    /// Three files and a main program, published.
    private func published(
        settings: String = ""
    ) throws -> (hdfs: HDFSInstance, root: String, workspace: TestWorkspace, path: String) {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [50_000, 600, 0], settings: settings)
        try workspace.succeed("push")
        #expect(try workspace.drift("--deep").names == [])
        return (hdfs, root, workspace, try #require(try workspace.storePaths()["data/f000.bin"]))
    }

    enum Harm: String, CaseIterable {
        case missing, size, content, disk, mode, directoryMode

        var code: String {
            switch self {
            case .missing: "object-missing"
            case .size: "object-size"
            case .content, .disk: "object-content"
            case .mode, .directoryMode: "object-mode"
            }
        }

        /// What makes a check see it.
        var words: [String] { self == .content ? ["--deep"] : self == .disk ? ["--read-back"] : [] }
    }

    @Test(
        "each kind of harm is found, named, placed in the lock, and mended; nothing else is touched",
        arguments: Harm.allCases)
    func harm(_ harm: Harm) throws {
        let (hdfs, root, workspace, path) = try published()
        let directory = (path as NSString).deletingLastPathComponent
        switch harm {
        case .missing: try hdfs.shell("-rm", path)
        case .size: try hdfs.put(randomBytes(49_999), to: path)
        case .content: try hdfs.put(randomBytes(50_000), to: path)
        case .disk: try hdfs.flipOnDisk(path)
        case .mode: try hdfs.shell("-chmod", "600", path)
        case .directoryMode: try hdfs.shell("-chmod", "700", directory)
        }
        let subject = harm == .directoryMode ? directory : path
        let words = ["check", "--json"] + harm.words
        let others = try hdfs.objects(root).filter { $0.key != path }
        let ref = try hdfs.status("\(root)/environments/etl/current.json")
        for keepsState in [true, false] {
            if !keepsState { try workspace.forget() }
            let found = try workspace.run(words)
            #expect(found.status == 1, "\(found)")
            #expect(try found.findings() == [.init(code: harm.code, subject: subject)], "\(keepsState): \(found)")
        }
        let finding = try #require(try workspace.drift(harm.words.first ?? "--deep").findings.first)
        #expect(finding.place == "envsync.lock:\(try workspace.lockLine(of: "data/f000.bin"))")
        #expect(finding.severity == (harm.code == "object-mode" ? "warning" : "error"))

        let fixed = try workspace.run(words + ["--fix"])
        #expect(fixed.status == 0, "\(fixed)")
        let told = try #require((try fixed.json()["fixed"] as? [[String: Any]])?.first)
        #expect(told["code"] as? String == harm.code && told["subject"] as? String == subject)
        let action =
            switch harm {
            case .missing: "it was sent"
            case .size, .content, .disk: "it was sent again and replaced"
            case .mode: "its mode was set to 644"
            case .directoryMode: "its mode was set to 755"
            }
        #expect(told["action"] as? String == action)
        #expect(try workspace.drift("--read-back").names == [])
        #expect(try hdfs.status(path)?.permission == "644" && hdfs.status(directory)?.permission == "755")
        let after = try hdfs.objects(root)
        for (path, entry) in others { #expect(after[path] == entry, "was touched: \(path)") }
        #expect(try hdfs.status("\(root)/environments/etl/current.json") == ref, "nothing was published anew")
    }

    @Test("a directory above the store that others can't pass: told with its owner, and not changed by --fix")
    func closedAncestor() throws {
        let (hdfs, root, workspace, _) = try published()
        try hdfs.shell("-chmod", "750", root)
        let found = try workspace.drift()
        #expect(found.names == ["object-mode \(root)"], "\(found)")
        #expect(found.findings[0].message.contains("750") && found.findings[0].message.contains("YARN"))
        #expect(found.findings[0].suggestion.contains("-chmod o+x \(root), by \(hdfs.superuser)"))
        #expect(found.findings[0].place == "envsync.toml:2", "store.url")
        let fixed = try workspace.drift("--fix")
        #expect(fixed.names == found.names && fixed.fixed == [])
        #expect(try hdfs.status(root)?.permission == "750")
        #expect(try workspace.drift("--ignore", "object-mode").names == [])
    }

    @Test("what is not on this machine any more can't be sent; everything else is mended")
    func partly() throws {
        let (hdfs, root, workspace, path) = try published()
        let other = try #require(try workspace.storePaths()["data/f001.bin"])
        try hdfs.shell("-rm", path, other)
        try FileManager.default.removeItem(atPath: workspace.path("data/f000.bin"))
        let fixed = try workspace.drift("--remote-only", "--fix")
        #expect(fixed.names == ["object-missing \(path)"], "\(fixed)")
        #expect(fixed.fixed == ["object-missing \(other): it was sent"])
        #expect(fixed.result.stderr.contains("\"data/f000.bin\" can't be sent again"), "\(fixed)")
        #expect(try hdfs.status(other)?.length == 600)
        #expect(try hdfs.staging(root) == [])
    }

    @Test("who may not write mends nothing, is told why, and the drift stays")
    func refused() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(owner: "ana")
        let workspace = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [50_000], settings: "user = \"ana\"")
        try workspace.succeed("push")
        let path = try #require(try workspace.storePaths()["data/f000.bin"])
        try hdfs.shell("-rm", path)
        try hdfs.shell("-chmod", "600", try #require(try workspace.storePaths()["main.py"]))
        let before = try hdfs.tree(root)
        try workspace.write("envsync.toml", try workspace.read("envsync.toml").replacing("\"ana\"", with: "\"carol\""))
        let fixed = try workspace.drift("--fix")
        #expect(fixed.findings.map(\.code) == ["object-missing", "object-mode"], "\(fixed)")
        #expect(fixed.fixed == [])
        #expect(fixed.result.stderr.contains("user=carol"), "\(fixed)")
        #expect(try hdfs.tree(root) == before)
    }

    @Test("an unreachable store is exit code 2, whatever is looked for in it")
    func unreachable() throws {
        let (_, _, workspace, _) = try published()
        let toml = try workspace.read("envsync.toml")
        let url = try #require(toml.firstMatch(of: /url = "([^"]+)"/)).output.1
        try workspace.write("envsync.toml", toml.replacing(url, with: "webhdfs://127.0.0.1:1/nowhere"))
        for words in [[], ["--fix"], ["--only", "object-missing"], ["--only", "superseded"], ["--deep"]] {
            let check = try workspace.run(["check"] + words)
            #expect(check.status == 2 && check.stderr.contains("127.0.0.1:1"), "\(check)")
        }
        // What is looked for elsewhere needs no store.
        #expect(try workspace.run(["check", "--only", "stale-lock,local-changed"]).status == 0)
    }

    @Test("--only and --ignore: what is left decides the exit code, and what isn't looked for isn't asked for")
    func filters() throws {
        let (hdfs, _, workspace, path) = try published()
        let all = try workspace.drift().requests
        try hdfs.shell("-rm", path)
        try hdfs.shell("-chmod", "600", try #require(try workspace.storePaths()["main.py"]))
        #expect(try workspace.drift().findings.map(\.code) == ["object-missing", "object-mode"])
        #expect(try workspace.drift("--only", "object-mode").findings.map(\.code) == ["object-mode"])
        #expect(try workspace.drift("--ignore", "object-mode").findings.map(\.code) == ["object-missing"])
        #expect(try workspace.drift("--ignore", "object-mode,object-missing").status == 0)
        #expect(try workspace.drift("--only", "object-size", "--only", "stale-lock").status == 0)
        #expect(try workspace.drift("--only", "not-published").requests <= 4, "of \(all)")
        #expect(try workspace.drift("--only", "local-changed").requests == 0)
        let fixed = try workspace.drift("--only", "object-missing", "--fix")
        #expect(fixed.status == 0 && fixed.fixed == ["object-missing \(path): it was sent"], "\(fixed)")
    }
}
