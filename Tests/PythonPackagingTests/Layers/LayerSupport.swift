import Foundation
import Testing

@testable import PythonPackaging

/// What a test needs to make wheels with Python and to look at layers.
struct LayerBench {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Runs Python; its output, or nil if it fails.
    @discardableResult
    func python(_ code: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", code] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["PYTHONDONTWRITEBYTECODE": "1"].merging(environment) { $1 }
        ) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
    }

    /// Makes a wheel from the contents of its files. A name that begins with `+` is executable, one with `@` a link.
    func wheel(
        _ name: String, _ version: String = "1.0", directory: String = ".", files: [String: String],
        compressed: Bool = true, change: String = ""
    ) throws -> String {
        let code = """
            import base64, hashlib, json, os, sys, zipfile
            name, version, directory, files, compressed = json.load(open(sys.argv[1]))
            info = f'{name}-{version}.dist-info'
            files = {k: v.encode() for k, v in files.items()}
            files.setdefault(f'{info}/METADATA', f'Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n'.encode())
            files.setdefault(f'{info}/WHEEL', b'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
            def record(k, v):
                d = base64.urlsafe_b64encode(hashlib.sha256(v).digest()).rstrip(b'=').decode()
                path = k.lstrip('+@').replace('"', '""')
                return f'"{path}",sha256={d},{len(v)}\\n'
            rows = [record(k, v) for k, v in files.items()]
            \(change.split(separator: "\n").joined(separator: "\n"))
            files[f'{info}/RECORD'] = (''.join(rows) + f'{info}/RECORD,,\\n').encode()
            os.makedirs(directory, exist_ok=True)
            path = f'{directory}/{name}-{version}-py3-none-any.whl'
            with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as z:
                for k, v in files.items():
                    i = zipfile.ZipInfo(k.lstrip('+@'))
                    i.compress_type = z.compression
                    i.external_attr = (0o120777 if k[0] == '@' else 0o100755 if k[0] == '+' else 0o100644) << 16
                    z.writestr(i, v)
            print(os.path.abspath(path))
            """
        struct Arguments: Encodable {
            var name, version, directory: String
            var files: [String: String]
            var compressed: Bool
            func encode(to encoder: any Encoder) throws {
                var list = encoder.unkeyedContainer()
                try list.encode(name)
                try list.encode(version)
                try list.encode(directory)
                try list.encode(files)
                try list.encode(compressed)
            }
        }
        let arguments = Arguments(
            name: name, version: version, directory: directory, files: files, compressed: compressed)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = scratch.path + "/arguments.json"
        try encoder.encode(arguments).write(to: URL(fileURLWithPath: json))
        return try #require(try python(code, [json])).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    struct Layer {
        var bytes: Data
        var report: WheelLayer.Report
    }

    func build(
        _ wheels: [String], to name: String = "layer.tar.gz", threads: Int = 2,
        isCancelled: @Sendable () -> Bool = { false }
    ) throws -> Layer {
        let path = scratch.path + "/" + name
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        let report = try WheelLayer.build(wheels: wheels, to: descriptor, threads: threads, isCancelled)
        return Layer(bytes: try Data(contentsOf: URL(fileURLWithPath: path)), report: report)
    }

    /// Unpacks a layer with tar(1) and returns the directory.
    func unpack(_ name: String = "layer.tar.gz") throws -> String {
        let directory = scratch.path + "/unpacked-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let code =
            "import subprocess, sys; subprocess.run(['tar', '-xzf', *sys.argv[1:2], '-C', sys.argv[2]], check=True)"
        _ = try #require(try python(code, [scratch.path + "/" + name, directory]))
        return directory
    }

    /// The error of building a layer.
    func failure(_ wheels: [String]) -> WheelError? {
        do {
            _ = try build(wheels)
            return nil
        } catch let error as WheelError {
            return error
        } catch {
            Issue.record("unexpected error \(error)")
            return nil
        }
    }
}
