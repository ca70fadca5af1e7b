import Foundation

@testable import EnvironmentPacking

/// The machine's own Python, and what the tests have it make.
enum LocalPython {
    static let path = "/usr/bin/python3"

    struct Failure: Error {
        let status: Int32
    }

    /// Runs a program with arguments; returns what it prints.
    static func run(_ program: String, _ arguments: [String] = [], seed: String = "random") throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = ["-c", program] + arguments
        process.environment = ["PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus) }
        return [UInt8](bytes)
    }

    /// Its version, with the magic number that it tells itself.
    static let version: PythonBytecode? = {
        let program =
            "import sys, importlib.util as u; print(sys.version_info[1], u.MAGIC_NUMBER[0] + u.MAGIC_NUMBER[1] * 256)"
        guard let output = try? run(program) else { return nil }
        let words = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let minor = Int(words[0]), let magic = UInt16(words[1]) else { return nil }
        return PythonBytecode(minor: minor, magic: magic)
    }()

    /// Whether it is there, and of a version whose code we can rewrite.
    static var isUsable: Bool { version?.layout != nil }

    /// Some modules of its standard library: those with the most different kinds of constants, and plain ones.
    static let modules = [
        "os", "ast", "inspect", "typing", "dataclasses", "datetime", "decimal", "tokenize", "argparse", "enum", "pydoc",
        "collections/__init__", "statistics", "difflib", "textwrap", "locale", "html/entities", "json/decoder",
        "email/header",
        "encodings/idna", "unittest/mock", "asyncio/base_events", "concurrent/futures/process", "http/client", "this",
    ]

    /// Where a module's source is, as a Python expression of `name`.
    static let source = "import os, sys; lib = os.path.dirname(os.__file__)\n"
}

/// A directory that is deleted in the end.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "bytecode-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path + "/" + name)))
    }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> OpenSource {
        try Data(bytes).write(to: URL(filePath: path + "/" + name))
        return try open(name)
    }

    func open(_ name: String) throws -> OpenSource {
        var status = stat()
        let full = path + "/" + name
        guard stat(full, &status) == 0 else { throw LocalPython.Failure(status: errno) }
        let fingerprint = SourceFile.Fingerprint(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec),
            changed: Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec))
        return try OpenSource(SourceFile(path: Array(full.utf8), fingerprint: fingerprint))
    }
}

/// The canonical form of marshal data.
func canonical(_ code: [UInt8], _ python: PythonBytecode, name: String = "lib/x.py") throws -> [UInt8]? {
    guard let layout = python.layout else { return nil }
    return code.withUnsafeBytes { MarshalCanonicalForm.make($0, layout: layout, fileName: Array(name.utf8)) }
}
