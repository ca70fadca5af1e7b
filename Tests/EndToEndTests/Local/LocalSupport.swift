import Foundation
import Glibc
import Testing

extension Tag {
    /// Needs nothing but this machine: stores are directories.
    @Tag static var local: Self
}

extension TestWorkspace {
    /// Runs envsync with these words.
    ///
    /// - Parameters:
    ///   - prefix: a command that runs envsync, for example `setpriv … --`.
    ///   - binary: the envsync to run.
    ///   - folder: where to run it; the workspace if not given.
    func run(
        _ words: [String], through prefix: [String] = [], binary: String = Tool.envsync, in folder: String? = nil,
        environment more: [String: String] = [:], timeout: Duration = .seconds(120)
    ) throws -> CommandResult {
        try begin(words, through: prefix, binary: binary, in: folder, environment: more).wait(timeout: timeout)
    }

    /// Starts envsync with these words.
    func begin(
        _ words: [String], through prefix: [String] = [], binary: String = Tool.envsync, in folder: String? = nil,
        environment more: [String: String] = [:]
    ) throws -> RunningCommand {
        let all = prefix + [binary] + words
        return try RunningCommand(
            all[0], Array(all.dropFirst()), environment: Local.environment(environment.merging(more) { $1 }),
            directory: folder ?? directory)
    }

    /// Runs a shell script in the workspace; `$ENVSYNC` is the binary.
    func script(
        _ text: String, shell: String = "/bin/sh", environment more: [String: String] = [:],
        timeout: Duration = .seconds(120)
    ) throws -> CommandResult {
        var all = Local.environment(environment.merging(more) { $1 })
        all["ENVSYNC"] = Tool.envsync
        return try RunningCommand(shell, ["-c", text], environment: all, directory: directory).wait(timeout: timeout)
    }

    /// Writes `envsync.toml` with an environment of that name; `more` is what else it says.
    func configure(_ more: String = "", store: String? = nil, name: String = "etl") throws {
        let store = store.map { "[store]\nurl = \"\($0)\"\n" } ?? ""
        // Top-level keys can't follow a table, so `more` comes right after the environment's name.
        try write("envsync.toml", "\(store)[environment]\nname = \"\(name)\"\n\(more)\n")
    }

    /// Makes a workspace with some modules, files, a wheel and a source directory, for one local job `j`.
    static func typical(store: String? = nil) throws -> TestWorkspace {
        let workspace = try TestWorkspace()
        try workspace.write("helper.py", "VALUE = 1\n")
        try workspace.write("conf/app.yaml", "a: 1\n")
        try workspace.write("main.py", "print('main')\n")
        try workspace.write("src/own/__init__.py", "VERSION = '7'\n")
        try workspace.write("src/own/deep/__init__.py", "DEEP = True\n")
        try workspace.wheel("six-1.17.0-py2.py3-none-any.whl", ["six.py": "__version__ = '1.17.0'\n"])
        try workspace.configure(
            """
            wheelhouse = ["wheelhouse"]
            py-files = ["helper.py"]
            files = ["conf/app.yaml"]
            [[source]]
            path = "src/own"
            [jobs.j]
            main = "main.py"
            master = "local[2]"
            """, store: store)
        return workspace
    }

    /// The embedded store.
    var store: String { path(".envsync/store") }

    /// Makes a sound pure wheel in `wheelhouse` (or in another folder): METADATA, WHEEL and RECORD fit the files. The same
    /// files give the same bytes.
    func wheel(_ fileName: String, _ files: [String: String], folder: String = "wheelhouse", pure: Bool = true) throws {
        let parts = fileName.split(separator: "-").map(String.init)
        let job: [String: Any] = [
            "path": path("\(folder)/\(fileName)"), "name": parts[0], "version": parts[1], "files": files, "pure": pure,
            "tag": parts[2...].joined(separator: "-").replacingOccurrences(of: ".whl", with: ""),
        ]
        try FileManager.default.createDirectory(atPath: path(folder), withIntermediateDirectories: true)
        try Local.python(
            """
            import base64, hashlib, json, sys, zipfile
            job = json.loads(sys.argv[1])
            info = f"{job['name']}-{job['version']}.dist-info"
            files = dict(job["files"])
            files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\\nName: {job['name']}\\nVersion: {job['version']}\\n"
            files[f"{info}/WHEEL"] = (
                "Wheel-Version: 1.0\\nGenerator: test\\n"
                f"Root-Is-Purelib: {'true' if job['pure'] else 'false'}\\nTag: {job['tag']}\\n")
            record = ""
            with zipfile.ZipFile(job["path"], "w", zipfile.ZIP_DEFLATED) as wheel:
                for name, text in sorted(files.items()):
                    data = text.encode()
                    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                    record += f"{name},sha256={digest},{len(data)}\\n"
                    wheel.writestr(zipfile.ZipInfo(name), data)
                wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD"), record + f"{info}/RECORD,,\\n")
            """, [String(decoding: try JSONSerialization.data(withJSONObject: job), as: UTF8.self)])
    }

    /// Makes a zip of these entries, in this order, names and all.
    func zip(_ name: String, _ entries: [(String, String)]) throws {
        let pairs = entries.map { [$0.0, $0.1] }
        try FileManager.default.createDirectory(
            atPath: (path(name) as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Local.python(
            """
            import json, sys, zipfile
            with zipfile.ZipFile(sys.argv[1], "w") as archive:
                for name, text in json.loads(sys.argv[2]):
                    archive.writestr(name, text)
            """, [path(name), String(decoding: try JSONSerialization.data(withJSONObject: pairs), as: UTF8.self)])
    }
}

/// Helpers for tests that need nothing but this machine.
enum Local {
    /// This process's environment without what would steer envsync.
    static func environment(_ more: [String: String] = [:]) -> [String: String] {
        var all = ProcessInfo.processInfo.environment
        for name in ["HADOOP_CONF_DIR", "HADOOP_USER_NAME", "NO_COLOR", "CI"] { all[name] = nil }
        return all.merging(more) { $1 }
    }

    /// Runs a Python program; throws unless it succeeds.
    @discardableResult
    static func python(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:]
    ) throws -> String {
        let result = try Tool.run(
            "/usr/bin/env", ["python3", "-c", program] + arguments, environment: environment)
        guard result.status == 0 else { throw ToolError(description: "python: \(result)") }
        return result.stdout
    }

    /// All paths below a directory, relative to it, sorted; directories end in a slash.
    static func tree(_ directory: String) -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: directory) else { return [] }
        return walk.compactMap { $0 as? String }.map { Tool.isDirectory("\(directory)/\($0)") ? $0 + "/" : $0 }.sorted()
    }

    /// The objects in a store: `<sha256>/<leaf>`.
    static func objects(_ store: String) -> [String] {
        tree(store + "/objects").filter { !$0.hasSuffix("/") }
    }

    /// What is left in a store's staging directory.
    static func staging(_ store: String) -> [String] { tree(store + "/staging") }

    /// The names in one directory, without the cost of a walk.
    static func names(_ directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func chmod(_ path: String, _ mode: mode_t) throws {
        guard Glibc.chmod(path, mode) == 0 else { throw ToolError(description: "chmod \(path): \(errno)") }
    }

    /// Changes one byte of a file in place and gives it its old modification time back.
    static func flipByte(_ path: String, at offset: Int64) throws {
        let descriptor = open(path, O_RDWR)
        guard descriptor >= 0 else { throw ToolError(description: "open \(path): \(errno)") }
        defer { close(descriptor) }
        var info = stat()
        var byte: UInt8 = 0
        guard fstat(descriptor, &info) == 0, pread(descriptor, &byte, 1, off_t(offset)) == 1 else {
            throw ToolError(description: "read \(path): \(errno)")
        }
        byte ^= 0x20
        let times = [info.st_atim, info.st_mtim]
        guard pwrite(descriptor, &byte, 1, off_t(offset)) == 1, futimens(descriptor, times) == 0 else {
            throw ToolError(description: "write \(path): \(errno)")
        }
    }

    /// Makes a file of that size that takes no space on the disk.
    static func sparseFile(_ path: String, size: Int64) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw ToolError(description: "open \(path): \(errno)") }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(size)) == 0 else {
            throw ToolError(description: "truncate \(path): \(errno)")
        }
    }

    /// Whether a shell command works on this machine.
    static func works(_ command: String) -> Bool {
        (try? Tool.run("/bin/sh", ["-c", command]).status) == 0
    }
}

/// Another user than the superuser, whom file permissions don't bind.
enum OtherUser {
    /// The superuser can be anybody; anybody else is bound by permissions already.
    static let isAvailable = geteuid() != 0 || Local.works("setpriv --reuid=65534 --regid=65534 --clear-groups true")

    static var prefix: [String] {
        geteuid() == 0 ? ["/usr/bin/env", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] : []
    }

    /// A copy of the binary that the user can run wherever the build directory is; it lives as long as the workspace.
    static func binary(in workspace: TestWorkspace) throws -> String {
        guard geteuid() == 0 else { return Tool.envsync }
        let copy = workspace.path(".bin/envsync")
        guard !Local.exists(copy) else { return copy }
        try FileManager.default.createDirectory(
            atPath: workspace.path(".bin"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Tool.envsync, toPath: copy)
        return copy
    }

    /// Gives everything in the workspace to the user.
    static func own(_ workspace: TestWorkspace) throws {
        guard geteuid() == 0 else { return }
        try Tool.shell("chown -R 65534:65534 '\(workspace.directory)'")
    }
}

extension TestWorkspace {
    /// Runs envsync as the other user.
    func runAsOther(_ words: String..., timeout: Duration = .seconds(60)) throws -> CommandResult {
        try run(
            words, through: OtherUser.prefix, binary: OtherUser.binary(in: self), environment: ["HOME": directory],
            timeout: timeout)
    }
}
