import Foundation
import Glibc

@testable import EnvironmentPacking

/// A temporary directory, removed with the value.
final class VenvScratch {
    let path: String

    init() throws {
        let given = NSTemporaryDirectory() + "envsync-venv-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: given, withIntermediateDirectories: true)
        path = BaseLocation.real(given) ?? given
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    func write(_ name: String, _ text: String, executable: Bool = false) throws -> String {
        try write(name, Array(text.utf8), executable: executable)
    }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8], executable: Bool = false) throws -> String {
        let place = path + "/" + name
        try FileManager.default.createDirectory(
            atPath: BaseLocation.parent(place), withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: place))
        chmod(place, executable ? 0o755 : 0o644)
        return place
    }

    func link(_ name: String, to target: String) throws {
        let place = path + "/" + name
        try FileManager.default.createDirectory(atPath: BaseLocation.parent(place), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: target)
    }
}

/// What a program printed.
struct VenvRun {
    var status: Int32
    var output: String
    var errors: String
}

func venvRun(
    _ words: [String], in directory: String = "/", environment: [String: String] = ["PATH": "/usr/bin:/bin"]
) throws -> VenvRun {
    let process = Process()
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    process.currentDirectoryURL = URL(filePath: directory)
    process.environment = environment
    let output = Pipe()
    let errors = FileManager.default.temporaryDirectory.appending(path: "venv-errors-" + UUID().uuidString)
    _ = FileManager.default.createFile(atPath: errors.path(percentEncoded: false), contents: nil)
    defer { try? FileManager.default.removeItem(at: errors) }
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return VenvRun(
        status: process.terminationStatus, output: String(decoding: printed, as: UTF8.self),
        errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
}

/// The `python3` that the tests have, without shims and links.
func realPython() throws -> String { try cachedPython.get() }

private let cachedPython = Result {
    let run = try venvRun(
        ["/usr/bin/env", "python3", "-c", "import sys; print(sys._base_executable)"],
        environment: ProcessInfo.processInfo.environment)
    return BaseLocation.real(run.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? ""
}

extension Rewritten {
    /// The bytes that a rewriting makes of a file; `nil` if it is absent.
    func applied(to bytes: [UInt8]) -> [UInt8]? {
        switch self {
        case .unchanged: return bytes
        case .absent: return nil
        case .bytes(let new): return new
        case .patched(let patches):
            var result: [UInt8] = []
            var place = 0
            for patch in patches {
                result += bytes[place..<Int(patch.range.lowerBound)]
                result += patch.bytes
                place = Int(patch.range.upperBound)
            }
            return result + bytes[place...]
        }
    }
}

/// Puts an environment into a directory as the rules say, file by file.
struct PlainAssembly {
    var rules: any EnvironmentRules
    var omitted: [String: String] = [:]

    init(_ survey: EnvironmentSurvey, _ options: PackOptions, to target: String) throws {
        rules = survey.kind == .tree ? try TreeRules(survey, options) : try VenvRules(survey, options)
        for file in survey.files {
            let path = target + "/" + String(decoding: file.path, as: UTF8.self)
            switch rules.decide(file) {
            case .omit(let reason): omitted[String(decoding: file.path, as: UTF8.self)] = reason
            case .symlink(let link): try Self.link(path, link)
            case .generated(let bytes): try Self.write(path, bytes, file.mode & 0o100 != 0)
            case .rewrite(let rewrite, let others):
                try Self.write(path, .rewritten([file.source] + others, rewrite), file.mode & 0o100 != 0)
            case .refuse(let problem): omitted[String(decoding: file.path, as: UTF8.self)] = problem.message
            case nil:
                switch file.kind {
                case .directory:
                    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                case .symlink(let link): try Self.link(path, link)
                case .regular:
                    let content = rules.withoutPrefix(file).map { PackPlan.FileContent.rewritten([file.source], $0) }
                    try Self.write(path, content ?? .file(file.source), file.mode & 0o100 != 0)
                default: break
                }
            }
        }
        for entry in rules.additions {
            let path = target + "/" + String(decoding: entry.path, as: UTF8.self)
            switch entry.kind {
            case .directory: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            case .symlink(let link): try Self.link(path, link)
            case .file(let isExecutable, let content): try Self.write(path, content, isExecutable)
            }
        }
    }

    private static func link(_ path: String, _ target: [UInt8]) throws {
        try FileManager.default.createDirectory(atPath: BaseLocation.parent(path), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: path, withDestinationPath: String(decoding: target, as: UTF8.self))
    }

    private static func write(_ path: String, _ content: PackPlan.FileContent, _ isExecutable: Bool) throws {
        switch content {
        case .generated(let bytes): try write(path, bytes, isExecutable)
        case .file(let source): try write(path, try OpenSource(source).bytes(limit: .max), isExecutable)
        case .rewritten(let sources, let rewrite):
            let open = try sources.map { try OpenSource($0) }
            if let bytes = try rewrite.rewrite(open).applied(to: try open[0].bytes(limit: .max)) {
                try write(path, bytes, isExecutable)
            }
        }
    }

    private static func write(_ path: String, _ bytes: [UInt8], _ isExecutable: Bool) throws {
        try FileManager.default.createDirectory(atPath: BaseLocation.parent(path), withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: path))
        chmod(path, isExecutable ? 0o755 : 0o644)
    }
}
