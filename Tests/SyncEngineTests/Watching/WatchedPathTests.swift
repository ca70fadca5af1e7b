import Foundation
import Testing

@testable import SyncEngine

@Suite struct WatchedPathTests {
    private func withWorkspace(_ files: [String: String], _ body: (Workspace, String) throws -> Void) throws {
        let directory = NSTemporaryDirectory() + "/envsync-watched-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for (name, text) in files {
            let url = URL(fileURLWithPath: directory + "/" + name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        let workspace = try Workspace.load(directory: directory)
        try body(workspace, workspace.directory)
    }

    /// The paths below the workspace, relative; others as they are.
    private func shown(_ workspace: Workspace) -> [String] {
        workspace.watchedPaths.map { watched in
            let path =
                watched.path.hasPrefix(workspace.directory + "/")
                ? String(watched.path.dropFirst(workspace.directory.count + 1)) : watched.path
            switch watched.scope {
            case .file: return path
            case .directory: return path + "/*"
            case .tree(let exclude): return path + "/**" + exclude.map { " !" + $0 }.joined()
            }
        }
    }

    private let target = """
        [environment.target]
        python = "3.11"
        platform = "manylinux_2_28_x86_64"

        """

    @Test func everythingThatIsNamedIsWatchedOnce() throws {
        let configuration = """
            [environment]
            name = "etl"
            wheelhouse = ["wheels", "/srv/wheels", "./wheels/", ".envsync/wheels"]
            files = ["conf/a.json"]
            py-files = ["lib.zip", "/opt/shared.zip"]

            [[source]]
            path = "src/etl"
            exclude = ["tests/"]

            [[archive]]
            alias = "env"
            path = "env.tar.gz"

            [jobs.daily]
            main = "daily.py"
            master = "yarn"
            files = ["conf/a.json", "conf/b.json"]
            py-files = ["../other/extra.py"]
            """
        try withWorkspace(["envsync.toml": configuration]) { workspace, directory in
            let parent = String(directory[..<(directory.lastIndex(of: "/") ?? directory.startIndex)])
            #expect(
                shown(workspace) == [
                    "envsync.toml", "envsync.lock", "wheels/*", "/srv/wheels/*", "src/etl/** !tests/", "env.tar.gz",
                    "conf/a.json", "lib.zip", "/opt/shared.zip", "conf/b.json", parent + "/other/extra.py", "daily.py",
                ])
        }
    }

    @Test func whatAnArchiveIsMadeOfIsWatched() throws {
        var configuration = "[environment]\nname = \"etl\"\n[[archive]]\nalias = \"env\"\npath = \"env.tar.gz\"\n"
        configuration += "command = [\"make\", \"env.tar.gz\"]\ninputs = [\"environment.yml\", \"recipe\"]\n"
        try withWorkspace(["envsync.toml": configuration]) { workspace, _ in
            #expect(
                shown(workspace) == ["envsync.toml", "envsync.lock", "env.tar.gz", "environment.yml/**", "recipe/**"])
        }
    }

    @Test func anEnvironmentThatIsPackedIsWatchedAndNotWhatIsPackedOfIt() throws {
        let configuration = "[environment]\nname = \"etl\"\n[[archive]]\nalias = \"env\"\nprefix = \".venv\"\n"
        try withWorkspace(["envsync.toml": configuration]) { workspace, _ in
            #expect(shown(workspace) == ["envsync.toml", "envsync.lock", ".venv/**"])
            let venv = try #require(workspace.watchedPaths.last)
            let cache = "lib/python3.11/site-packages/six/__pycache__"
            #expect(venv.filter.isIgnored(relativePath: cache, isDirectory: true))
            #expect(!venv.filter.isIgnored(relativePath: "lib/python3.11/site-packages/six.py", isDirectory: false))
        }
    }

    @Test func aProjectFileThatHoldsTheConfigurationIsWatchedWithTheOneThatWouldGoBeforeIt() throws {
        let project = "[tool.envsync.environment]\nname = \"etl\"\n"
        try withWorkspace(["pyproject.toml": project]) { workspace, directory in
            #expect(shown(workspace) == ["envsync.toml", "pyproject.toml", "envsync.lock"])
            #expect(
                Workspace.configurationPaths(directory: directory).map(\.path)
                    == [directory + "/envsync.toml", directory + "/pyproject.toml"])
        }
    }

    @Test func filesThatALockfileIncludesAreWatchedEvenIfTheyAreMissing() throws {
        let configuration = "[environment]\nname = \"etl\"\nlockfile = \"deps/requirements.txt\"\n" + target
        let files = [
            "envsync.toml": configuration, "deps/requirements.txt": "-r base.txt\n-c missing.txt\n",
            "deps/base.txt": "-r deeper.txt\n", "deps/deeper.txt": "# nothing\n",
        ]
        try withWorkspace(files) { workspace, _ in
            #expect(
                shown(workspace) == [
                    "envsync.toml", "envsync.lock", "deps/requirements.txt", "deps/base.txt", "deps/deeper.txt",
                    "deps/missing.txt",
                ])
        }
    }

    @Test func wheelsThatALockfileNamesByPathAreWatched() throws {
        let configuration = "[environment]\nname = \"etl\"\nlockfile = \"pylock.toml\"\n" + target
        let lock = """
            lock-version = "1.0"
            created-by = "test"

            [[packages]]
            name = "local"
            version = "1.0"
            wheels = [{ name = "local-1.0-py3-none-any.whl", path = "../dist/local-1.0-py3-none-any.whl", hashes = { sha256 = "\(String(repeating: "a", count: 64))" } }]
            """
        try withWorkspace(["envsync.toml": configuration, "pylock.toml": lock]) { workspace, directory in
            let parent = String(directory[..<(directory.lastIndex(of: "/") ?? directory.startIndex)])
            #expect(
                shown(workspace) == [
                    "envsync.toml", "envsync.lock", "pylock.toml", parent + "/dist/local-1.0-py3-none-any.whl",
                ])
        }
    }

    @Test func anOldPoetryLockNeedsTheProjectFile() throws {
        let configuration = "[environment]\nname = \"etl\"\nlockfile = \"poetry.lock\"\n" + target
        let lock = "package = []\n\n[metadata]\nlock-version = \"2.0\"\npython-versions = \"*\"\ncontent-hash = \"x\"\n"
        try withWorkspace(["envsync.toml": configuration, "poetry.lock": lock]) { workspace, _ in
            #expect(shown(workspace) == ["envsync.toml", "envsync.lock", "poetry.lock", "pyproject.toml"])
        }
    }

    @Test(arguments: ["", "not a lockfile at all [", "package = 1"])
    func aLockfileInTheMiddleOfBeingWrittenIsWatched(text: String) throws {
        let configuration = "[environment]\nname = \"etl\"\nlockfile = \"uv.lock\"\n" + target
        try withWorkspace(["envsync.toml": configuration, "uv.lock": text]) { workspace, _ in
            #expect(shown(workspace) == ["envsync.toml", "envsync.lock", "uv.lock"])
        }
    }

    @Test(arguments: [
        ("__pycache__", true, true), ("a/b/__pycache__", true, true), ("a.pyc", false, true), (".git", true, true),
        ("x/.envsync", true, true), ("module.py~", false, true), (".module.py.swp", false, true), ("#a#", false, true),
        ("build", true, true), ("build", false, false), ("a/build", true, true), ("run.log", false, true),
        ("keep.log", false, false), ("module.py", false, false), ("a/data.json", false, false),
        (".hidden", false, false),
    ])
    func aTreesFilterIsTheOneOfSources(path: String, isDirectory: Bool, isIgnored: Bool) {
        let filter = WatchedPath(path: "/s", scope: .tree(exclude: ["build/", "*.log", "!keep.log"])).filter
        #expect(filter.isIgnored(relativePath: path, isDirectory: isDirectory) == isIgnored)
    }

    @Test(arguments: [
        ("a-1-py3-none-any.whl", false), ("A.WHL", false), ("a.egg", false), ("a.zip", false), ("a-1.tar.gz", false),
        ("a.tgz", false), ("a.tar.bz2", false), ("README", true), (".a.whl", true), ("a.whl.part", true),
        ("a.py", true),
        ("whl", true),
    ])
    func aWheelhousesFilterIsWhatItIsReadFor(name: String, isIgnored: Bool) {
        let filter = WatchedPath(path: "/w", scope: .directory).filter
        #expect(filter.isIgnored(relativePath: name, isDirectory: false) == isIgnored)
    }
}
