import Foundation
import Glibc
import Testing

/// A virtual environment made by `python3 -m venv`, and what its own pip did there.
private struct VirtualEnvironment {
    let path: String

    init(_ workspace: TestWorkspace, _ name: String = ".venv") throws {
        path = workspace.path(name)
        try Tool.shell("python3 -m venv '\(path)'")
    }

    func pip(_ words: String, in workspace: TestWorkspace) throws {
        try Tool.shell(
            "'\(path)/bin/python' -m pip --disable-pip-version-check -q \(words)", directory: workspace.directory)
    }

    /// The path of something in `site-packages`.
    func site(_ name: String) throws -> String {
        let libraries = Local.names(path + "/lib").filter { $0.hasPrefix("python") }
        return "\(path)/lib/\(try #require(libraries.first))/site-packages/\(name)"
    }
}

@Suite("Drift of an installed environment, with a store in HDFS", .tags(.hdfs), .enabled(if: TestHDFS.isAvailable))
struct DriftOfEnvironmentTests {
    /// A workspace whose wheels are locked, published and installed: one travels as it is, one in a layer; besides own code.
    private func workspace() throws -> (TestWorkspace, VirtualEnvironment) {
        let hdfs = try HDFSInstance.shared
        let workspace = try TestWorkspace()
        try TestWheel(name: "Plain-Pkg", version: "1.0", files: ["plain/__init__.py": "N = 1\n"]).write(workspace)
        try TestWheel(
            name: "native", version: "2.0+cpu", files: ["native.py": "", "native_core.so": "\u{7F}ELF"],
            isPurelib: false
        ).write(workspace)
        try workspace.write("src/own/__init__.py", "VERSION = 1\n")
        try workspace.write("main.py", "print('main')\n")
        try workspace.configure(
            """
            wheelhouse = ["wheelhouse"]
            [[source]]
            path = "src/own"
            [jobs.j]
            main = "main.py"
            """, store: hdfs.webhdfs + (try hdfs.makeRoot()))
        try workspace.succeed("push", "--lock")
        let environment = try VirtualEnvironment(workspace)
        try environment.pip("install --no-index wheelhouse/*.whl", in: workspace)
        return (workspace, environment)
    }

    @Test("what pip installed from the locked wheels is in sync; pip's own kit and spellings make no difference")
    func inSync() throws {
        let (workspace, environment) = try workspace()
        let lock = try workspace.read("envsync.lock")
        #expect(lock.contains("layer = \"layer-shared\"") && lock.contains("version = \"1.0\""))
        for prefix in [".venv", environment.path + "/"] {
            let result = try workspace.drift("--env", prefix)
            #expect(result.names == [], "\(result)")
        }
        // As others spell the same.
        let metadata = try environment.site("Plain_Pkg-1.0.dist-info/METADATA")
        let record = try environment.site("Plain_Pkg-1.0.dist-info/RECORD")
        for (file, old, new) in [
            (metadata, "Name: Plain-Pkg\nVersion: 1.0", "Name: plain_PKG\nVersion: v1.0.0"),
            (
                record, "Plain_Pkg-1.0.dist-info/METADATA,sha256",
                "Plain_Pkg-1.0.dist-info/METADATA,,\r\nPlain_Pkg-1.0.dist-info/x,sha256"
            ),
        ] {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: URL(fileURLWithPath: file))
        }
        let spelled = try workspace.drift("--env", ".venv", "--ignore", "environment-changed")
        #expect(spelled.names == [], "\(spelled)")
        #expect(try workspace.drift("--env", ".venv").names == ["environment-changed plain-pkg"], "x is missing")
    }

    @Test("missing, extra, another version: told by the package's name, placed in the lock")
    func packages() throws {
        let (workspace, environment) = try workspace()
        try TestWheel(name: "plain-pkg", version: "1.1", files: ["plain/__init__.py": "N = 2\n"]).write(
            workspace, "more")
        try TestWheel(name: "stray", version: "0.1", files: ["stray.py": ""]).write(workspace, "more")
        try environment.pip("install --no-index --upgrade more/*.whl", in: workspace)
        try environment.pip("uninstall -y native", in: workspace)
        let found = try workspace.drift("--env", ".venv")
        #expect(
            found.names == ["environment-missing native", "environment-extra stray", "environment-version plain-pkg"],
            "\(found)")
        let lines = try workspace.read("envsync.lock").split(separator: "\n", omittingEmptySubsequences: false)
        let wheel = try #require(lines.firstIndex(of: "[[wheel]]")) + 1
        #expect(found.findings[0].place == "envsync.lock:\(wheel)" && found.findings[0].message.contains("2.0+cpu"))
        #expect(found.findings[1].place == "envsync.toml" && found.findings[1].severity == "warning")
        #expect(
            found.findings[2].place == "envsync.lock:\(try workspace.lockLine(of: "Plain_Pkg-1.0-py3-none-any.whl"))")
        #expect(found.findings[2].message == "1.1 is installed in .venv, workers get 1.0")
        let before = Local.tree(environment.path)
        let fixed = try workspace.drift("--env", ".venv", "--fix")
        #expect(fixed.names == found.names && fixed.fixed == [], "it isn't envsync's to change")
        #expect(Local.tree(environment.path) == before)
        #expect(
            try workspace.drift("--env", ".venv", "--only", "environment-missing").names == [
                "environment-missing native"
            ])
        #expect(try workspace.drift("--env", ".venv", "--only", "environment-extra").requests == 0)
    }

    @Test("own code that is installed in place or as a copy is no extra; a directory that isn't shipped is")
    func ownCode() throws {
        let (workspace, environment) = try workspace()
        for name in ["editable", "copied", "foreign"] {
            let directory = name == "foreign" ? "elsewhere" : "project-\(name)"
            try workspace.write(
                "\(directory)/pyproject.toml",
                "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n")
            try workspace.write("\(directory)/\(name).py", "")
            try workspace.write(
                "\(directory)/backend.py",
                """
                import zipfile
                def build_wheel(directory, *_):
                    with zipfile.ZipFile(f"{directory}/\(name)-1.0-py3-none-any.whl", "w") as z:
                        z.writestr("\(name).py", "")
                        z.writestr("\(name)-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: \(name)\\nVersion: 1.0\\n")
                        z.writestr("\(name)-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
                        z.writestr("\(name)-1.0.dist-info/RECORD", "\(name)-1.0.dist-info/RECORD,,\\n\(name).py,,\\n")
                    return "\(name)-1.0-py3-none-any.whl"
                build_editable = build_wheel
                """)
        }
        let toml = try workspace.read("envsync.toml")
        try workspace.write(
            "envsync.toml", toml.replacing("[jobs.j]", with: "[[source]]\npath = \"project-copied\"\n[jobs.j]"))
        try workspace.succeed("push", "--lock")
        try environment.pip("install --no-index --no-build-isolation -e ./project-editable", in: workspace)
        try environment.pip("install --no-index --no-build-isolation ./project-copied ./elsewhere", in: workspace)
        let found = try workspace.drift("--env", ".venv")
        #expect(found.names == ["environment-extra foreign"], "\(found)")
    }

    @Test(
        "an edited, a removed and a broken file of a package: found by RECORD, and found again where the state knows it"
    )
    func changed() throws {
        let (workspace, environment) = try workspace()
        // So that what is read now can be relied on later.
        sleep(3)
        #expect(try workspace.drift("--env", ".venv").status == 0)
        let module = try environment.site("plain/__init__.py")
        try Data("N = 2\n".utf8).write(to: URL(fileURLWithPath: module))
        let found = try workspace.drift("--env", ".venv")
        #expect(found.names == ["environment-changed plain-pkg"], "\(found)")
        #expect(found.findings[0].message == "plain/__init__.py has other bytes than RECORD says")
        try environment.pip("install --no-index --force-reinstall --no-deps wheelhouse/Plain*.whl", in: workspace)
        #expect(try workspace.drift("--env", ".venv").status == 0)
        try FileManager.default.removeItem(atPath: environment.site("native-2.0+cpu.dist-info/WHEEL"))
        try FileManager.default.removeItem(atPath: environment.site("Plain_Pkg-1.0.dist-info/METADATA"))
        try FileManager.default.createDirectory(
            atPath: environment.site("~lain_pkg-0.9.dist-info"), withIntermediateDirectories: true)
        let broken = try workspace.drift("--env", ".venv")
        #expect(
            broken.names == [
                "environment-changed native", "environment-changed plain-pkg",
                "environment-changed ~lain_pkg-0.9.dist-info",
            ], "\(broken)")
        #expect(broken.findings[0].message == "native-2.0+cpu.dist-info/WHEEL is missing")
        #expect(broken.findings[1].message.contains("METADATA can't be read: No such file"))
        try Tool.shell(
            "cp -a '\(environment.site("native-2.0+cpu.dist-info"))' '\(environment.site("native-1.9.dist-info"))'")
        try Tool.shell(
            "printf 'Name: native\\nVersion: 1.9\\n' > '\(environment.site("native-1.9.dist-info"))/METADATA'")
        let twice = try workspace.drift("--env", ".venv", "--only", "environment-changed,environment-version")
        #expect(twice.findings.contains { $0.message.contains("installed 2 times") }, "\(twice)")
        #expect(!twice.findings.contains { $0.code == "environment-version" }, "the locked one is there")
    }

    @Test("what is no environment is exit code 2, told by its path")
    func noEnvironment() throws {
        let (workspace, environment) = try workspace()
        for prefix in ["nowhere", "src", environment.path + "/bin/python"] {
            let check = try workspace.run(["check", "--env", prefix])
            #expect(check.status == 2 && check.stderr.contains("cannot read the Python environment"), "\(check)")
        }
        try FileManager.default.createDirectory(
            atPath: environment.path + "/lib/python2.7/site-packages", withIntermediateDirectories: true)
        try FileManager.default.removeItem(atPath: environment.path + "/pyvenv.cfg")
        let check = try workspace.run(["check", "--env", ".venv"])
        #expect(check.status == 2 && check.stderr.contains("several Pythons (2.7, 3."), "\(check)")
    }

    @Test("an archive alone is the environment: what it holds must be installed, in its versions")
    func archive() throws {
        let (workspace, environment) = try workspace()
        try Tool.shell("tar -czf environment.tar.gz -C .venv .", directory: workspace.directory)
        let toml = try workspace.read("envsync.toml").replacing("wheelhouse = [\"wheelhouse\"]\n", with: "")
        try workspace.write(
            "envsync.toml",
            toml.replacing(
                "[jobs.j]", with: "[[archive]]\nalias = \"environment\"\npath = \"environment.tar.gz\"\n[jobs.j]"))
        try workspace.succeed("push", "--lock")
        #expect(try workspace.drift("--env", ".venv").names == [])
        try environment.pip("uninstall -y native", in: workspace)
        try TestWheel(name: "plain-pkg", version: "1.1", files: ["plain/__init__.py": ""]).write(workspace, "more")
        try TestWheel(name: "stray", version: "0.1", files: ["stray.py": ""]).write(workspace, "more")
        try environment.pip("install --no-index --upgrade more/*.whl", in: workspace)
        let found = try workspace.drift("--env", ".venv")
        #expect(
            found.names == ["environment-missing native", "environment-extra stray", "environment-version plain-pkg"],
            "\(found)")
        // Where the archive isn't kept, nobody can tell.
        try FileManager.default.removeItem(atPath: workspace.path("environment.tar.gz"))
        try workspace.forget()
        let blind = try workspace.drift("--env", ".venv", "--remote-only")
        #expect(blind.names == [] && blind.result.stderr.contains("nothing can be compared"), "\(blind)")
    }
}
