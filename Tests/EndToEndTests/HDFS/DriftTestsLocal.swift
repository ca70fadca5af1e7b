import Foundation
import Testing

@Suite("Drift of local files from what HDFS has", .tags(.hdfs), .enabled(if: TestHDFS.isAvailable))
struct DriftOfLocalFilesTests {
    private func published() throws -> (TestWorkspace, root: String) {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.typical(store: hdfs.webhdfs + root)
        try workspace.succeed("push", "--lock")
        #expect(try workspace.drift().status == 0)
        return (workspace, root)
    }

    @Test("an edited source, file and wheel are told by their names, where they are; --fix sends none of it")
    func changed() throws {
        let (workspace, root) = try published()
        try workspace.write("src/own/__init__.py", "VERSION = '8'\n")
        try workspace.write("conf/app.yaml", "a: 2\n")
        try workspace.wheel("six-1.17.0-py2.py3-none-any.whl", ["six.py": "__version__ = 'edited'\n"])
        let before = try HDFSInstance.shared.tree(root)
        let lock = try workspace.read("envsync.lock")
        for words in [[], ["--fix"], ["--remote-only"]] {
            let found = try workspace.run(["check", "--json"] + words)
            #expect(
                try found.findings() == [
                    .init(code: "local-changed", subject: "conf/app.yaml"),
                    .init(code: "local-changed", subject: "six-1.17.0-py2.py3-none-any.whl"),
                    .init(code: "local-changed", subject: "src/own"),
                ], "\(found)")
        }
        let places = try workspace.drift().findings.map(\.place)
        #expect(places == ["conf/app.yaml", "wheelhouse/six-1.17.0-py2.py3-none-any.whl", "src/own"])
        #expect(try HDFSInstance.shared.tree(root) == before && workspace.read("envsync.lock") == lock)
        try workspace.succeed("push", "--lock")
        #expect(try workspace.drift().status == 0)
    }

    @Test("a wheel that is new, and a file that is no longer shipped: the lock is stale")
    func stale() throws {
        let (workspace, _) = try published()
        try workspace.wheel("new-1.0-py3-none-any.whl", ["new.py": ""])
        let toml = try workspace.read("envsync.toml")
        try workspace.write("envsync.toml", toml.replacing("files = [\"conf/app.yaml\"]", with: ""))
        let found = try workspace.drift()
        #expect(found.names == ["stale-lock conf/app.yaml", "stale-lock new-1.0-py3-none-any.whl"], "\(found)")
        #expect(found.findings.map(\.place) == ["conf/app.yaml", "wheelhouse/new-1.0-py3-none-any.whl"])
        #expect(found.findings.allSatisfy { $0.severity == "error" && $0.suggestion.contains("envsync lock") })
        #expect(try workspace.drift("--ignore", "stale-lock").status == 0)
    }

    @Test("a file that is gone is told in the lock; where files aren't kept it is none")
    func missing() throws {
        let (workspace, _) = try published()
        try FileManager.default.removeItem(atPath: workspace.path("helper.py"))
        let found = try workspace.drift("--fix")
        #expect(found.names == ["local-missing helper.py"] && found.fixed == [], "\(found)")
        #expect(found.findings[0].place == "envsync.lock:\(try workspace.lockLine(of: "helper.py"))")
        #expect(try workspace.drift("--remote-only").status == 0)
        #expect(try workspace.drift("--ignore", "local-missing").status == 0)
    }
}
