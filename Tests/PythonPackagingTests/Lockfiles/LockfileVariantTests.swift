import Testing

@testable import PythonPackaging

private let digest = String(repeating: "ab", count: 32)

/// What real files have that the fixtures don't: other sources, workspaces, older spellings.
struct LockfileVariantTests {
    @Test func uvSources() throws {
        func package(_ name: String, _ source: String, _ wheels: String = "") -> String {
            "[[package]]\nname = \"\(name)\"\nversion = \"1\"\nsource = { \(source) }\nwheels = [\(wheels)]\n"
        }
        let wheel = "filename = \"a-1-py3-none-any.whl\", hash = \"sha256:\(digest)\""
        let lockfile = try readLockfile(
            "version = 1\n" + package("root", "editable = \".\"")
                + package("git", "git = \"https://me:secret@example.org/x.git?rev=main#0123\"")
                + package("url", "url = \"https://example.org/a-1-py3-none-any.whl\"", "{ \(wheel) }")
                + package("path", "path = \"wheels/a-1-py3-none-any.whl\"", "{ \(wheel) }")
                + package(
                    "flat", "registry = \"../wheels\"",
                    "{ path = \"a-1-py3-none-any.whl\", hash = \"sha256:\(digest)\" }"),
            "uv.lock")
        #expect(lockfile.packages.map(\.source) == [.directory, .vcs, .direct, .direct, .registry])
        #expect(lockfile.packages[1].location == "https://example.org/x.git")
        #expect(lockfile.packages[2].wheels.first?.url == "https://example.org/a-1-py3-none-any.whl")
        #expect(lockfile.packages[3].wheels.first?.path == "wheels/a-1-py3-none-any.whl")
        #expect(lockfile.packages[4].wheels.first?.path == "../wheels/a-1-py3-none-any.whl")
        #expect(lockfile.packages[4].wheels.first?.sha256 == digest)
    }

    @Test func uvWorkspacesAndScriptsHaveOtherRoots() throws {
        let members = """
            version = 1
            [manifest]
            members = ["one", "Two"]
            [[package]]
            name = "one"
            source = { editable = "packages/one" }
            [[package]]
            name = "two"
            source = { virtual = "packages/two" }
            [package.metadata]
            provides-extras = ["Nothing_More"]
            [[package]]
            name = "three"
            source = { directory = "../three" }
            """
        let workspace = try readLockfile(members, "uv.lock")
        #expect(workspace.roots?.map(\.name) == ["one", "two"])
        #expect(workspace.extras == ["nothing-more"])
        let script = try readLockfile(
            "version = 1\n[manifest]\nrequirements = [{ name = \"idna\", specifier = \">=3\" }]\n"
                + "[[package]]\nname = \"idna\"\nversion = \"3\"\nsource = { registry = \"https://example.org\" }\n",
            "uv.lock")
        #expect(script.roots?.map(\.name) == ["idna"])
        let orphan =
            "version = 1\n[[package]]\nname = \"idna\"\nversion = \"3\"\nsource = { registry = \"https://example.org\" }\n"
        #expect(
            lockfileError(orphan, "uv.lock") == "has packages, but neither a project nor requirements that ask for them"
        )
    }

    @Test func pylockSourcesGroupsAndEnvironments() throws {
        let lockfile = try readLockfile(
            """
            lock-version = "1.1"
            environments = ["sys_platform == 'linux'"]
            extras = ["Fast"]
            dependency-groups = ["dev"]
            default-groups = ["default"]
            [[packages]]
            name = "Direct"
            marker = "'dev' in dependency_groups"
            archive = { url = "https://me:secret@example.org/d-1-py3-none-any.whl#x", hashes = { sha256 = "\(digest)" } }
            [[packages]]
            name = "git"
            vcs = { type = "git", url = "https://example.org/x.git", commit-id = "0123" }
            [[packages]]
            name = "here"
            directory = { path = "." }
            [[packages]]
            name = "source"
            version = "1"
            sdist = { name = "source-1.tar.gz", hashes = { sha256 = "\(digest)" } }
            """, "pylock.dev.toml")
        #expect(lockfile.environments.map(\.text) == ["sys_platform == 'linux'"])
        #expect(lockfile.extras == ["fast"])
        #expect(lockfile.groups == ["dev", "default"])
        #expect(lockfile.defaultGroups == ["default"])
        #expect(lockfile.packages.map(\.source) == [.direct, .vcs, .directory, .registry])
        #expect(lockfile.packages[0].wheels.first?.url == "https://example.org/d-1-py3-none-any.whl")
        #expect(lockfile.packages[3].hasSourceDistribution && lockfile.packages[3].wheels.isEmpty)
    }

    @Test func poetryMarkersByGroupMakeTwoPackages() throws {
        let lockfile = try readLockfile(
            """
            [[package]]
            name = "a"
            version = "1"
            groups = ["main", "dev", "docs"]
            markers = {main = "sys_platform == 'linux'"}
            files = []
            [metadata]
            lock-version = "2.1"
            python-versions = "^3.10"
            """, "poetry.lock")
        #expect(lockfile.packages.map(\.isMain) == [false, true])
        #expect(lockfile.packages.map(\.groups) == [["dev", "docs"], []])
        #expect(lockfile.packages.map(\.marker?.text) == [nil, "sys_platform == 'linux'"])
        #expect(lockfile.requiresPython == "^3.10")
    }

    @Test(arguments: [
        ("*", nil), ("^3.8", "python_full_version >= \"3.8\" and python_full_version < \"4\""),
        ("~3.8.1", "python_full_version >= \"3.8.1\" and python_full_version < \"3.9\""),
        ("~3", "python_full_version >= \"3\" and python_full_version < \"4\""),
        ("~=3.8", "python_full_version >= \"3.8\" and python_full_version < \"4\""),
        (">= 3.8, <3.12", "python_full_version >= \"3.8\" and python_full_version < \"3.12\""),
        ("3.10.* || 3.12.*", "(python_full_version == \"3.10.*\") or (python_full_version == \"3.12.*\")"),
        ("!=3.9.*", "python_full_version != \"3.9.*\""),
    ])
    func poetryConstraints(constraint: String, marker: String?) throws {
        let entry = LockfileEntry(table: LockfileTable())
        #expect(try PoetryConstraint.marker(python: constraint, in: entry) == marker)
    }

    @Test(arguments: ["x", "^", "3.x", "^-1", "3.99999999999999999999", "1.2.3.4.5"])
    func whatIsNoPoetryConstraint(constraint: String) {
        let entry = LockfileEntry(table: LockfileTable())
        #expect(throws: LockfileError.self) { try PoetryConstraint.marker(python: constraint, in: entry) }
    }

    @Test func pipfileSectionsAndSources() throws {
        let lockfile = try readLockfile(
            """
            {"_meta": {"pipfile-spec": 6, "requires": {"python_full_version": "3.11.4"}},
             "default": {"a": {"version": "==1", "hashes": ["sha256:\(digest)"]},
                         "g": {"git": "https://me:secret@example.org/g.git", "ref": "0123"},
                         "w": {"path": "./w-1-py3-none-any.whl", "hashes": ["sha256:\(digest)"]},
                         "d": {"path": "./lib", "editable": true},
                         "p": {"version": "*", "sys_platform": "== 'win32'"}},
             "develop": {"a": {"version": "==1", "hashes": ["sha256:\(digest)"]}}, "Docs": {"b": {"version": "==2"}}}
            """, "Pipfile.lock")
        let packages = Dictionary(uniqueKeysWithValues: lockfile.packages.map { ($0.name, $0) })
        #expect(lockfile.requiresPython == "==3.11.4")
        #expect(lockfile.groups == ["develop", "docs"])
        #expect(packages["a"]?.isMain == true && packages["a"]?.groups == ["develop"])
        #expect(packages["b"]?.isMain == false && packages["b"]?.groups == ["docs"])
        #expect(packages["g"]?.source == .vcs && packages["g"]?.location == "https://example.org/g.git")
        #expect(packages["w"]?.wheels.first?.sha256 == digest)
        #expect(packages["d"]?.source == .directory)
        #expect(packages["p"]?.version == nil && packages["p"]?.marker?.text == "sys_platform == 'win32'")
    }

    @Test func pdmStaticURLs() throws {
        let lockfile = try readLockfile(
            """
            [metadata]
            groups = ["default", "dev"]
            lock_version = "4.5.0"
            [[package]]
            name = "a"
            version = "1"
            groups = ["dev"]
            files = [{url = "https://me:secret@example.org/a-1-py3-none-any.whl", hash = "sha256:\(digest)"}]
            """, "pdm.lock")
        #expect(lockfile.groups == ["dev"])
        #expect(lockfile.packages[0].wheels.first?.url == "https://example.org/a-1-py3-none-any.whl")
        #expect(!lockfile.packages[0].isMain)
    }

    @Test(arguments: [
        ("https://user:p@ss@example.org/a@b?c=d#e", "https://example.org/a@b?c=d"),
        ("git+ssh://git@example.org/x.git", "git+ssh://example.org/x.git"),
        ("git@example.org:x/y.git", "example.org:x/y.git"), ("//user@example.org/x", "//example.org/x"),
        ("user:secret@example.org/x", "example.org/x"), ("./dir/a@b:c", "./dir/a@b:c"), ("", ""), ("@", "@"),
        ("https://user:secret@", "https://"),
    ])
    func urlsLoseCredentials(url: String, clean: String) {
        #expect(LockedURL.clean(url) == clean)
    }

    @Test(arguments: [
        ("https://h/a/b-1%2Bc.whl?x=/y#z", "b-1+c.whl"), ("https://h/a/", nil), ("nothing", nil),
        ("https://h/%ff", nil),
        ("https://h/100%", "100%"), ("https://h/%e2%82%ac", "€"),
    ])
    func namesOfURLs(url: String, name: String?) {
        #expect(LockedFile.leaf(ofURL: url) == name)
    }
}
