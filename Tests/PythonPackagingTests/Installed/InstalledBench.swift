import Foundation
import Glibc
import Testing

@testable import PythonPackaging

/// A real virtual environment: made by `python3 -m venv`, with wheels and an editable project that its own pip installed.
struct InstalledBench {
    let scratch: Scratch
    var prefix: String { scratch.path + "/venv" }

    /// Made once, since it takes some seconds; tests work on copies.
    private static let template = Result { try makeTemplate() }

    private struct Template: Sendable {
        let directory: String
        let python: String
    }

    private struct Failure: Error, CustomStringConvertible { let description: String }

    init() throws {
        scratch = try Scratch()
        let made = try Self.template.get()
        try Self.shell("cp -a '\(made.directory)/venv' '\(scratch.path)/'")
    }

    /// The minor version of the Python that made it.
    static var python: String { get throws { try template.get().python } }

    private static func makeTemplate() throws -> Template {
        let directory = NSTemporaryDirectory() + "/envsync-venv-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        atexit_b { try? FileManager.default.removeItem(atPath: directory) }
        let program = directory + "/make.py"
        try Data(Self.program.utf8).write(to: URL(fileURLWithPath: program))
        let python = try shell("cd '\(directory)' && python3 make.py")
        return Template(directory: directory, python: python.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Prints the minor version of Python; everything else goes to standard error.
    private static let program = """
        import base64, hashlib, os, subprocess, sys, zipfile
        def wheel(path, name, version, files):
            info = f"{name}-{version}.dist-info"
            files = {
                **files, f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n\\nWords.\\n",
                f"{info}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}
            record = ""
            with zipfile.ZipFile(path, "w") as z:
                for key, text in files.items():
                    data = text.encode()
                    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                    record += f"{key},sha256={digest},{len(data)}\\n"
                    z.writestr(key, data)
                z.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\\n")
        if __name__ == "__main__":
            os.mkdir("wheels")
            scripts = {"alpha-1.0.dist-info/entry_points.txt": "[console_scripts]\\nalpha-run = alpha:main\\n"}
            wheel("wheels/alpha-1.0-py3-none-any.whl", "alpha", "1.0", {
                "alpha/__init__.py": "def main(): pass\\n", "alpha/deep/données.txt": "é" * 70000,
                "alpha-1.0.data/data/share/alpha.cfg": "a = 1\\n", "alpha-1.0.data/scripts/alpha.sh": "#!/bin/sh\\n",
                **scripts})
            wheel("wheels/Beta_Pkg-2.0.0+local.1-py3-none-any.whl", "Beta_Pkg", "2.0.0+local.1",
                {f"beta/m{i}.py": f"N = {i}\\n" for i in range(300)})
            os.mkdir("own")
            with open("own/pyproject.toml", "w") as f:
                f.write('[build-system]\\nrequires = []\\nbuild-backend = "backend"\\nbackend-path = ["."]\\n')
            with open("own/backend.py", "w") as f:
                f.write("import sys; sys.path.insert(0, %r)\\nfrom make import wheel\\n" % os.getcwd())
                f.write("def build_editable(directory, *_):\\n    name = 'own_code-0.1-py3-none-any.whl'\\n")
                f.write("    wheel(f'{directory}/{name}', 'own_code', '0.1', {'own_code.pth': %r})\\n    return name\\n"
                    % (os.getcwd() + "/own"))
            run = lambda *words: subprocess.run(words, check=True, stdout=sys.stderr)
            run(sys.executable, "-m", "venv", "venv")
            pip = ["venv/bin/python", "-m", "pip", "--disable-pip-version-check", "-q", "install", "--no-index"]
            run(*pip, *(f"wheels/{name}" for name in os.listdir("wheels")))
            run(*pip, "--no-build-isolation", "-e", "./own")
            # Each test copies it, and these are most of its files.
            run(*pip[:5], "uninstall", "-y", "setuptools", "pip")
            print("%d.%d" % sys.version_info[:2])
        """

    /// Runs a shell command; its output.
    @discardableResult
    static func shell(_ command: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: "failed: \(command)") }
        return String(decoding: data, as: UTF8.self)
    }

    var sitePackages: String { get throws { "\(prefix)/lib/python\(try Self.python)/site-packages" } }

    func site(_ name: String) throws -> String { "\(try sitePackages)/\(name)" }

    func write(_ path: String, _ text: String) throws {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    func read() throws -> InstalledEnvironment { try InstalledEnvironment.read(prefix: prefix) }

    /// What verifying a package finds: kind and path of each difference.
    func differences(_ name: String) throws -> [String] {
        let environment = try read()
        let package = try #require(environment.packages(named: name).first)
        return try package.verify(in: environment).differences.map { "\($0.kind) \($0.path)" }
    }

    /// Replaces the RECORD of `alpha` by these lines and those that pass.
    func record(adding lines: [String], keeping isKept: (Substring) -> Bool = { _ in true }) throws {
        let path = try site("alpha-1.0.dist-info/RECORD")
        let old = try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline)
            .filter(isKept)
        try write(path, (old.map(String.init) + lines).joined(separator: "\n") + "\n")
    }
}

/// `atexit` takes no closure; the directories to remove are kept here.
private func atexit_b(_ body: @escaping @Sendable () -> Void) {
    ExitWork.shared.add(body)
}

private final class ExitWork: @unchecked Sendable {
    static let shared = ExitWork()
    private let lock = NSLock()
    private var bodies: [@Sendable () -> Void] = []

    private init() { atexit { ExitWork.shared.run() } }

    func add(_ body: @escaping @Sendable () -> Void) { lock.withLock { bodies.append(body) } }
    private func run() { lock.withLock { bodies }.forEach { $0() } }
}
