import Foundation
import Testing

/// Editable packages as pip, setuptools and uv install them.
@Suite(
    "Editable packages are packed as if installed", .serialized, .tags(.pack, .local),
    .enabled(if: TestPack.areAvailable, "scripts/test installs what makes environments, for Python 3.11 on x86_64"))
struct PackEditableTests {
    private static let setuptools = """
        [build-system]
        requires = ["setuptools"]
        build-backend = "setuptools.build_meta"
        """

    /// Projects of the usual layouts.
    private static let files: [String: String] = [
        "source/pyproject.toml": """
        \(setuptools)
        [project]
        name = "source"
        version = "1.0"
        dependencies = ["flat"]
        scripts = {source-command = "source:main"}
        """,
        "source/src/source/__init__.py": "def main(): print('source runs')\n", "source/src/source/sub/m.py": "z = 1\n",
        "flat/pyproject.toml": """
        \(setuptools)
        [project]
        name = "flat"
        version = "2.0"
        [tool.setuptools]
        packages = ["flat"]
        package-data = {flat = ["data/*"]}
        """,
        "flat/flat/__init__.py": "y = 1\n", "flat/flat/data/table.csv": "1,2\n", "flat/tests/__init__.py": "",
        "space/pyproject.toml": "\(setuptools)\n[project]\nname = \"corp.space\"\nversion = \"3.0\"\n",
        "space/src/corp/space/__init__.py": "y = 2\n",
        "other/pyproject.toml": """
        [build-system]
        requires = ["uv_build<99"]
        build-backend = "uv_build"
        [project]
        name = "other"
        version = "4.0"
        """,
        "other/src/other/__init__.py": "y = 3\n",
        "old/setup.py": """
        from setuptools import setup
        setup(name="old-pkg", version="2.5", packages=["old_pkg"], install_requires=["flat"], scripts=["bin/old-script"],
              entry_points={"console_scripts": ["old-command=old_pkg:main"]})
        """,
        "old/old_pkg/__init__.py": "def main(): print('old runs')\n",
        "old/bin/old-script": "#!/usr/bin/env python\nimport old_pkg; print('script runs')\n",
    ]

    /// An environment with all of them, and the directory of the projects beside it.
    private static func make(_ workspace: TestWorkspace, _ place: String) throws {
        for (path, text) in files { try workspace.write("\(place)/work/\(path)", text) }
        let environment = workspace.path("\(place)/env")
        let work = workspace.path("\(place)/work")
        try TestPack.makeVenv(environment)
        let library = try Tool.shell("'\(TestPack.tools)/python' -c 'import virtualenv; print(virtualenv.__path__[0])'")
            .trimmingCharacters(in: .newlines)
        let directory = "\(library)/seed/wheels/embed"
        // The newest: it needs no other package to make wheels.
        let wheel = try #require(
            Local.names(directory).filter { $0.hasPrefix("setuptools-") }.max {
                $0.compare($1, options: .numeric) == .orderedAscending
            })
        try TestPack.install(environment, ["\(directory)/\(wheel)"])
        for project in ["source", "flat", "space"] {
            try TestPack.install(environment, ["--no-build-isolation", "-e", "\(work)/\(project)"])
        }
        try Tool.shell(
            """
            '\(TestPack.tools)/uv' --quiet --offline --no-config --cache-dir '\(workspace.path("uv-cache"))' \
                pip install --python '\(environment)/bin/python' --no-deps -e '\(work)/other'
            '\(environment)/bin/python' '\(try TestPack.pip())' uninstall --quiet --disable-pip-version-check --yes setuptools
            """)
        // The tools' own setuptools is the last kind that knows `develop`.
        let tools = try Tool.shell("'\(TestPack.tools)/python' -c 'import setuptools; print(setuptools.__path__[0])'")
            .trimmingCharacters(in: .newlines)
        try Tool.shell(
            "cd '\(work)/old' && PYTHONWARNINGS=ignore PYTHONPATH='\((tools as NSString).deletingLastPathComponent)' '\(environment)/bin/python' setup.py -q develop --no-deps"
        )
    }

    private static let question = """
        import base64, hashlib, importlib.metadata, json
        import source.sub.m, flat, corp.space, other, old_pkg
        found = {}
        for package in importlib.metadata.distributions():
            for file in package.files:
                data = file.locate().read_bytes()
                if file.hash:
                    digest = base64.urlsafe_b64encode(hashlib.new(file.hash.mode, data).digest()).rstrip(b"=").decode()
                    assert (digest, len(data)) == (file.hash.value, file.size), file
            found[package.metadata["Name"] + " " + package.version] = sorted(
                str(file) for file in package.files if "-info/" not in str(file))
        print(json.dumps(found))
        """

    @Test("whatever made them, they run without their sources, and are known with their files")
    func allKinds() throws {
        let workspace = try TestWorkspace()
        try Self.make(workspace, "here")
        let archive = try workspace.packed("here/env", "e.tar.gz", "--editable", "include")
        #expect(archive.untrue.isEmpty, "\(archive.untrue)")
        for end in [".pth", ".egg-link", "direct_url.json"] {
            #expect(!archive.entries.keys.contains { $0.hasSuffix(end) }, "\(end)")
        }
        let naming = archive.entries.filter { $0.value.text?.contains(workspace.directory) == true }.keys.sorted()
        #expect(naming.isEmpty, "\(naming)")
        try Tool.shell(
            """
            mkdir unpacked && tar -xzf e.tar.gz -C unpacked && mv here hidden
            """, directory: workspace.directory)
        let python = workspace.path("unpacked/bin/python")
        let result = try Tool.run(python, ["-I", "-c", Self.question])
        try #require(result.status == 0, "\(result)")
        let found = try JSONDecoder().decode([String: [String]].self, from: Data(result.stdout.utf8))
        #expect(
            found == [
                "source 1.0": ["../../../bin/source-command", "source/__init__.py", "source/sub/m.py"],
                "flat 2.0": ["flat/__init__.py", "flat/data/table.csv"], "corp.space 3.0": ["corp/space/__init__.py"],
                "other 4.0": ["other/__init__.py"], "old-pkg 2.5": ["old_pkg/__init__.py"],
            ])
        let check = try Tool.run(python, ["-I", try TestPack.pip(), "check", "--disable-pip-version-check"])
        #expect(check.status == 0, "\(check)")
        for (command, words) in [
            ("source-command", "source runs"), ("old-command", "old runs"), ("old-script", "script runs"),
        ] {
            let result = try Tool.run(workspace.path("unpacked/bin/\(command)"), [])
            #expect(result.stdout == words + "\n", "\(result)")
        }
    }

    @Test("the same projects elsewhere give the same bytes")
    func sameBytes() throws {
        let workspace = try TestWorkspace()
        for place in ["one", "another place with a longer name"] {
            try Self.make(workspace, place)
            try workspace.packed("\(place)/env", "\(place.prefix(3)).tar.gz", "--editable", "include")
        }
        let one = try PackedArchive(workspace.path("one.tar.gz"))
        let other = try PackedArchive(workspace.path("ano.tar.gz"))
        #expect(differences(one, other) == [])
        #expect(try workspace.sha256("one.tar.gz") == workspace.sha256("ano.tar.gz"))
    }
}
