import Foundation
import Testing

@testable import EnvironmentPacking

/// A directory that is removed when the fixture goes.
final class CondaDirectory {
    let path: String

    init(_ name: String = "environment") throws {
        let root = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
        path = "\(root)/conda-\(UUID().uuidString)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }

    func write(_ relative: String, _ bytes: [UInt8], executable: Bool = false) throws {
        let file = "\(path)/\(relative)"
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: executable ? 0o755 : 0o644], ofItemAtPath: file)
    }
    func write(_ relative: String, _ text: String, executable: Bool = false) throws {
        try write(relative, Array(text.utf8), executable: executable)
    }
    func link(_ relative: String, _ target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(path)/\(relative)", withDestinationPath: target)
    }

    /// What the survey gives for it.
    func survey(givenPrefix: String? = nil) throws -> EnvironmentSurvey {
        var files: [SurveyedFile] = []
        for case let relative as String in FileManager.default.enumerator(atPath: path) ?? .init() {
            var status = stat()
            guard lstat("\(path)/\(relative)", &status) == 0 else { throw POSIXError(.EIO) }
            let kind: SurveyedFile.Kind =
                switch status.st_mode & S_IFMT {
                case S_IFDIR: .directory
                case S_IFLNK:
                    .symlink(
                        target: Array(
                            try FileManager.default.destinationOfSymbolicLink(atPath: "\(path)/\(relative)").utf8))
                case S_IFREG: .regular
                default: .special("a device")
                }
            let print = SourceFile.Fingerprint(
                device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
                modified: Int64(status.st_mtim.tv_sec), changed: Int64(status.st_ctim.tv_sec))
            files.append(
                SurveyedFile(
                    path: Array(relative.utf8), kind: kind, mode: UInt32(status.st_mode),
                    source: SourceFile(path: Array("\(path)/\(relative)".utf8), fingerprint: print)))
        }
        files.sort { $0.path.lexicographicallyPrecedes($1.path) }
        return EnvironmentSurvey(
            kind: .conda, prefix: path, givenPrefix: givenPrefix ?? path, python: "3.11",
            sitePackages: ["lib/python3.11/site-packages"], configuration: [:], files: files, digest: [])
    }

    /// The bytes of every file as the archive has them, `nil` for what is left out, by path; links as `-> target`.
    func packed(_ options: PackOptions = PackOptions()) throws -> [String: [UInt8]] {
        let survey = try survey()
        return try Self.packed(survey, try CondaRules(survey, options))
    }

    static func packed(_ survey: EnvironmentSurvey, _ rules: CondaRules) throws -> [String: [UInt8]] {
        var packed: [String: [UInt8]] = [:]
        for entry in rules.additions {
            if case .file(_, .generated(let bytes)) = entry.kind {
                packed[String(decoding: entry.path, as: UTF8.self)] = bytes
            }
        }
        for file in survey.files {
            let path = String(decoding: file.path, as: UTF8.self)
            switch rules.decide(file) {
            case .omit, .refuse: continue
            case .symlink(let target): packed[path] = Array("-> ".utf8) + target
            case .generated(let bytes): packed[path] = bytes
            case .rewrite(let rewrite, _):
                let source = try OpenSource(file.source)
                let bytes = try source.bytes(limit: 1 << 30)
                switch try rewrite.rewrite([source]) {
                case .unchanged: packed[path] = bytes
                case .absent: continue
                case .bytes(let bytes): packed[path] = bytes
                case .patched(let patches): packed[path] = patched(bytes, patches)
                }
            case nil:
                switch file.kind {
                case .regular: packed[path] = try OpenSource(file.source).bytes(limit: 1 << 30)
                case .symlink(let target): packed[path] = Array("-> ".utf8) + target
                default: continue
                }
            }
        }
        return packed
    }

    static func patched(_ bytes: [UInt8], _ patches: [Rewritten.Patch]) -> [UInt8] {
        var bytes = bytes
        for patch in patches.reversed() {
            bytes.replaceSubrange(Int(patch.range.lowerBound)..<Int(patch.range.upperBound), with: patch.bytes)
        }
        return bytes
    }

    /// Unpacks what was packed.
    func unpack(_ packed: [String: [UInt8]], executable: (String) -> Bool) throws {
        for (name, bytes) in packed.sorted(by: { $0.key < $1.key }) {
            let arrow = Array("-> ".utf8)
            if bytes.starts(with: arrow) {
                let directory = ("\(path)/\(name)" as NSString).deletingLastPathComponent
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
                try link(name, String(decoding: bytes.dropFirst(3), as: UTF8.self))
            } else {
                try write(name, bytes, executable: executable(name))
            }
        }
    }
}

/// Runs a program; its output, with its errors.
func condaRun(_ arguments: [String], environment: [String: String]? = nil) throws -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    if let environment { process.environment = environment }
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
}
