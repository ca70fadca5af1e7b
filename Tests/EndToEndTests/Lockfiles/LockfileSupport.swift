import Foundation
import Glibc
import Testing

extension Tag {
    /// Gets packages from a package index.
    @Tag static var index: Self
}

/// The package tools and the wheels that `scripts/test` prepared for tests of lockfiles.
enum TestPackages {
    private static let variables = ProcessInfo.processInfo.environment

    /// The wheels of `manifests/sixty`, and those of its `update.txt`: for CPython 3.11 on x86_64.
    static let wheels = variables["ENVSYNC_TEST_SIXTY_WHEELS"] ?? ""
    /// A directory of programs with a pip and a uv that are recent.
    static let tools = variables["ENVSYNC_TEST_PACKAGE_TOOLS"] ?? ""

    static let areAvailable = variables["ENVSYNC_TEST_PACKAGE_TOOLS"] != nil
    /// Whether this machine can load the wheels that the manifests are locked for.
    static let suitThisMachine: Bool = {
        let question = "import platform, sys; print(platform.machine(), '%d.%d' % sys.version_info[:2])"
        let python = TestSpark.pythonDirectory.isEmpty ? "python3" : TestSpark.pythonDirectory + "/python3"
        return (try? Tool.run("/usr/bin/env", [python, "-c", question]).stdout) == "x86_64 3.11\n"
    }()
    /// Whether pip reaches an index here.
    static let indexIsReachable: Bool = {
        guard areAvailable else { return false }
        let command = "'\(tools)/pip' download --quiet --no-deps --no-cache-dir --dest \"$(mktemp -d)\" six==1.17.0"
        return Local.works(command)
    }()

    /// A PATH on which these tools come first.
    static func path(_ first: String...) -> String {
        (first + [tools, variables["PATH"] ?? "/usr/bin:/bin"]).joined(separator: ":")
    }
}

/// A wheel that a test makes. The same description gives the same bytes.
struct TestWheel {
    var name: String
    var version = "1.0"
    var tag = "py3-none-any"
    /// Names and contents, also of what belongs into `.data` or `.dist-info`.
    var files: [String: String] = [:]
    var isPurelib = true
    var requiresPython: String?
    /// A file of that many bytes that don't get smaller by compression.
    var bulk: (name: String, size: Int)?

    /// How the project's name is written in file names.
    var module: String { name.replacingOccurrences(of: "-", with: "_") }
    var fileName: String { "\(module)-\(version)-\(tag).whl" }

    /// Makes the wheel in a folder of the workspace; returns its SHA-256.
    @discardableResult
    func write(_ workspace: TestWorkspace, _ folder: String = "wheelhouse") throws -> String {
        let directory = workspace.path(folder)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var job: [String: Any] = [
            "path": "\(directory)/\(fileName)", "name": name, "module": module, "version": version, "tag": tag,
            "files": files, "purelib": isPurelib,
        ]
        job["python"] = requiresPython
        if let bulk { job["bulk"] = [bulk.name, bulk.size] as [Any] }
        let text = String(decoding: try JSONSerialization.data(withJSONObject: job), as: UTF8.self)
        return try Local.python(Self.program, [text]).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static let program = """
        import base64, hashlib, json, random, sys, zipfile
        job = json.loads(sys.argv[1])
        info = f"{job['module']}-{job['version']}.dist-info"
        files = {name: text.encode() for name, text in job["files"].items()}
        if "bulk" in job:
            files[job["bulk"][0]] = random.Random(1).randbytes(job["bulk"][1])
        python = f"Requires-Python: {job['python']}\\n" if "python" in job else ""
        files[f"{info}/METADATA"] = (
            f"Metadata-Version: 2.1\\nName: {job['name']}\\nVersion: {job['version']}\\n{python}").encode()
        tags = "".join(f"Tag: {'-'.join(job['tag'].split('-')[:2])}-{each}\\n" for each in job["tag"].split("-")[2].split("."))
        files[f"{info}/WHEEL"] = (
            f"Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: {str(job['purelib']).lower()}\\n{tags}").encode()
        record = ""
        with zipfile.ZipFile(job["path"], "w", zipfile.ZIP_DEFLATED) as wheel:
            for name, data in sorted(files.items()):
                digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                record += f"{name},sha256={digest},{len(data)}\\n"
                wheel.writestr(zipfile.ZipInfo(name), data)
            wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD"), record + f"{info}/RECORD,,\\n")
        with open(job["path"], "rb") as file:
            print(hashlib.sha256(file.read()).hexdigest())
        """
}

extension TestWorkspace {
    /// A copy of a folder of `manifests`, with a store if one is given.
    static func example(_ folder: String, store: String? = nil) throws -> TestWorkspace {
        let workspace = try TestWorkspace()
        let source = "\(Tool.repository)/manifests/\(folder)"
        for name in Local.names(source) where name != ".envsync" {
            try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: workspace.path(name))
        }
        if let store {
            try workspace.write("envsync.toml", "[store]\nurl = \"\(store)\"\n\n" + workspace.read("envsync.toml"))
        }
        return workspace
    }

    /// The line of a file of `manifests/sixty` that pins a project.
    func pin(_ name: String, in file: String) throws -> String {
        let text = try String(contentsOfFile: "\(Tool.repository)/manifests/sixty/\(file)", encoding: .utf8)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name + "==") }) else {
            throw ToolError(description: "\(file) has no \(name)")
        }
        return line + "\n"
    }

    /// A workspace for a lockfile, with one local job `j`.
    static func locked(by lockfile: String, _ content: String, _ more: String = "") throws -> TestWorkspace {
        let workspace = try TestWorkspace()
        try workspace.write(lockfile, content)
        try workspace.write("main.py", "print('main')\n")
        try workspace.configure(
            """
            lockfile = "\(lockfile)"
            target = { python = "3.11", platform = "manylinux_2_28_x86_64" }
            \(more)
            [jobs.j]
            main = "main.py"
            master = "local[2]"
            """)
        return workspace
    }

    /// Puts a program in `bin` that writes its words into `called`, and then runs a shell script.
    func fakeTool(_ name: String, _ script: String = "exit 1") throws {
        try write("bin/\(name)", "#!/bin/sh\nprintf '%s\\n' \"$0 $*\" >>'\(path("called"))'\n\(script)\n")
        try Local.chmod(path("bin/\(name)"), 0o755)
    }

    /// How often a tool of `bin` was called.
    var calls: Int { ((try? read("called")) ?? "").split(separator: "\n").count }

    /// Whether nothing was locked, and nothing sent.
    var isUntouched: Bool { !Local.exists(path("envsync.lock")) && Local.objects(store).isEmpty }
}
