import Foundation
import Glibc
import Testing

/// Wheels from a real index, by the real pip and uv, and from what those keep.
@Suite(
    "Fetching a lockfile's wheels", .tags(.index),
    .enabled(if: TestPackages.areAvailable, "scripts/test prepares a pip and a uv"),
    .enabled(if: TestPackages.indexIsReachable, "no package index can be reached"))
struct WheelFetchTests {
    /// The digest of six-1.17.0-py2.py3-none-any.whl, as manifests/demo/requirements.txt has it.
    private static let six =
        "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n"
    private static let sixName = "six-1.17.0-py2.py3-none-any.whl"

    @Test("fetched by hash, after showing the command, and kept", arguments: ["pip", "uv"])
    func fetch(tool: String) throws {
        let workspace = try TestWorkspace.locked(by: "requirements.txt", Self.six, "fetch = \"\(tool)\"")
        let environment = Self.environment(workspace)
        let result = try workspace.run(["lock", "--json"], environment: environment, timeout: .seconds(180))
        #expect(result.status == 0, "\(result)")
        #expect(try result.number("artifacts") == 2)
        let command = tool == "uv" ? "+ uv tool run pip download" : "+ pip download"
        let shown = try #require(result.stderr.range(of: command), "\(result)")
        let saved = try #require(result.stderr.range(of: "Saved "), "\(result)")
        #expect(shown.lowerBound < saved.lowerBound)
        #expect(result.stderr.contains("--require-hashes"))
        #expect(Local.names(workspace.path(".envsync/wheels")) == [Self.sixName])

        let again = try workspace.run(["lock", "--json"], environment: environment)
        #expect(again.status == 0 && !again.stderr.contains("+ "), "\(again)")
        #expect(try again.json()["changed"] as? Bool == false)
        try workspace.fakeTool("pip")
        #expect(try workspace.run(["push"], environment: Self.environment(workspace)).status == 0)
        #expect(Local.objects(workspace.store).contains { $0.contains("six-1.17.0-") })
        #expect(workspace.calls == 0)
    }

    @Test("an index that has the version with other hashes only")
    func refusedByTheTool() throws {
        let workspace = try TestWorkspace.locked(
            by: "requirements.txt", "six==1.17.0 --hash=sha256:\(String(repeating: "5", count: 64))\n")
        let result = try workspace.run(
            ["lock"], environment: Self.environment(workspace), timeout: .seconds(180))
        #expect(result.status == 2, "\(result)")
        #expect(result.stderr.contains("pip could not get six 1.17.0"), "\(result)")
        #expect(workspace.isUntouched)
        #expect(Local.tree(workspace.path(".envsync/wheels")).isEmpty)
    }

    /// The index is one of ours: pip keeps only what an index allows it to keep, and not every mirror does.
    @Test(
        "what pip downloaded before is found in its cache",
        arguments: ["a recent pip", "the pip of this machine's Python"])
    func pipCache(which: String) throws {
        let workspace = try TestWorkspace.locked(by: "requirements.txt", Self.six, "wheelhouse = [\"wheelhouse\"]")
        try workspace.script("mkdir -p wheelhouse simple/six && cp '\(TestPackages.wheels)/\(Self.sixName)' simple/six")
            .throwUnlessDone()
        try workspace.write(
            "serve.py",
            """
            import http.server, os
            class Handler(http.server.SimpleHTTPRequestHandler):
                def end_headers(self):
                    self.send_header("Cache-Control", "max-age=365000000, immutable, public")
                    super().end_headers()
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            with open("port.new", "w") as file:
                file.write(str(server.server_port))
            os.rename("port.new", "port")
            server.serve_forever()
            """)
        let server = try RunningCommand(
            "/usr/bin/env", ["python3", "serve.py"], environment: Local.environment(), directory: workspace.directory)
        defer { server.send(SIGKILL) }
        for _ in 0..<200 where !Local.exists(workspace.path("port")) { usleep(50_000) }
        var environment = Self.environment(workspace)
        if which != "a recent pip" { environment["PATH"] = TestPackages.path(TestSpark.pythonDirectory) }
        try workspace.script(
            """
            export PIP_INDEX_URL="http://127.0.0.1:$(cat port)/simple" PIP_TRUSTED_HOST=127.0.0.1
            pip download -q --no-deps --dest elsewhere six==1.17.0
            rm -r elsewhere simple
            """, environment: environment
        ).throwUnlessDone()
        try expectFound(workspace, environment)
    }

    @Test("a wheel that uv built is found in its cache")
    func uvCache() throws {
        let workspace = try TestWorkspace.locked(by: "requirements.txt", "", "wheelhouse = [\"wheelhouse\"]")
        var environment = Self.environment(workspace)
        try workspace.write("tiny/tiny.py", "VALUE = 1\n")
        try workspace.write(
            "tiny/pyproject.toml",
            """
            [build-system]
            requires = ["setuptools"]
            build-backend = "setuptools.build_meta"
            [project]
            name = "tiny"
            version = "1.0"
            [tool.setuptools]
            py-modules = ["tiny"]
            """)
        try workspace.script(
            """
            mkdir wheelhouse && uv pip install -q --target elsewhere ./tiny && rm -r elsewhere tiny
            find uv-cache -name 'tiny-1.0-py3-none-any.whl' -type f -exec sha256sum {} + | cut -c 1-64 >digest
            """, environment: environment, timeout: .seconds(180)
        ).throwUnlessDone()
        let digest = try workspace.read("digest").trimmingCharacters(in: .newlines)
        try #require(digest.utf8.count == 64, "uv keeps no wheel: \(digest)")
        try workspace.write("requirements.txt", "tiny==1.0 --hash=sha256:\(digest)\n")
        environment["PIP_CACHE_DIR"] = workspace.path("nothing")
        try expectFound(workspace, environment, "tiny-1.0-")
    }

    /// `lock --offline` succeeds with this cache, and not without it.
    private func expectFound(
        _ workspace: TestWorkspace, _ environment: [String: String], _ leaf: String = "six-1.17.0-"
    ) throws {
        try workspace.fakeTool("pip")
        let empty = ["PIP_CACHE_DIR": workspace.path("nothing"), "UV_CACHE_DIR": workspace.path("nothing")]
        let path = ["PATH": TestPackages.path(workspace.path("bin"))]
        let without = try workspace.run(
            ["lock", "--offline"], environment: environment.merging(empty.merging(path) { $1 }) { $1 })
        #expect(without.status == 2, "\(without)")
        let found = try workspace.run(["lock", "--offline"], environment: environment.merging(path) { $1 })
        #expect(found.status == 0, "\(found)")
        #expect(workspace.calls == 0)
        try workspace.succeed("push")
        #expect(Local.objects(workspace.store).contains { $0.contains("/\(leaf)") })
    }

    /// Caches of the workspace's own.
    private static func environment(_ workspace: TestWorkspace) -> [String: String] {
        [
            "PATH": TestPackages.path(), "PIP_CACHE_DIR": workspace.path("pip-cache"),
            "UV_CACHE_DIR": workspace.path("uv-cache"), "UV_TOOL_DIR": workspace.path("uv-tools"),
        ]
    }
}
