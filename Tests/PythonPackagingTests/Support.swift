import Crypto
import Foundation
import Testing

@testable import PythonPackaging
@testable import ReproducibleArchive

/// A directory that is removed when released.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/envsync-wheels-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// The code of the error the closure throws.
func wheelErrorCode(_ body: () throws -> Void) -> WheelError.Code? {
    do {
        try body()
        return nil
    } catch let error as WheelError {
        return error.code
    } catch {
        Issue.record("unexpected error \(error)")
        return nil
    }
}

/// A wheel made in the test, sound unless told otherwise.
struct TinyWheel {
    var fileName = "tiny_pkg-1.0-py3-none-any.whl"
    var distInfo = "tiny_pkg-1.0.dist-info"
    var files: [String: String] = ["tiny_pkg/__init__.py": "VALUE = 1\n"]
    var wheel: String? = "Wheel-Version: 1.0\nGenerator: by hand (1)\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    var metadata: String? =
        "Metadata-Version: 2.1\nName: Tiny.Pkg\nVersion: 1.0\nRequires-Python: >=3.8\n\nVersion: body\n"
    /// Changes the lines of a correct RECORD.
    var record: ([String]) -> [String]? = { $0 }
    /// Appended to RECORD's lines.
    var lineEnd = "\n"

    /// Writes the wheel and returns its path. The archive has entries for directories only when asked to.
    func write(
        to scratch: Scratch, directoryEntries: Bool = false, patch: (inout [UInt8]) -> Void = { _ in }
    ) throws
        -> String
    {
        var contents = files
        contents[distInfo + "/WHEEL"] = wheel
        contents[distInfo + "/METADATA"] = metadata
        var lines = contents.keys.sorted().map { name in
            let digest = Data(SHA256.hash(data: Data((contents[name] ?? "").utf8))).base64EncodedString()
            let hash = digest.map { ["+": "-", "/": "_", "=": ""][$0] ?? String($0) }.joined()
            return "\(Self.quoted(name)),sha256=\(hash),\(contents[name]?.utf8.count ?? 0)"
        }
        lines.append("\(Self.quoted(distInfo + "/RECORD")),,")
        if let changed = record(lines) {
            contents[distInfo + "/RECORD"] = changed.map { $0 + lineEnd }.joined()
        }
        var entries: [(name: String, path: String)] = []
        for (index, (name, text)) in contents.sorted(by: { $0.key < $1.key }).enumerated() {
            let path = scratch.path + "/content-\(index)"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            entries.append((name, path))
        }
        var bytes = try Self.zip(entries, directoryEntries: directoryEntries, scratch)
        patch(&bytes)
        let path = scratch.path + "/" + fileName
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    private static func quoted(_ field: String) -> String {
        guard field.contains(where: { ",\"\n".contains($0) }) else { return field }
        return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }

    private static func zip(
        _ entries: [(name: String, path: String)], directoryEntries: Bool, _ scratch: Scratch
    ) throws -> [UInt8] {
        let path = scratch.path + "/zip"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        try ReproducibleZip(entries: entries, writesDirectories: directoryEntries).write(toDescriptor: descriptor)
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}

extension [UInt8] {
    /// Replaces every occurrence by something of the same length.
    mutating func replace(_ old: String, by new: String) {
        let old = Array<UInt8>(old.utf8)
        let new = Array<UInt8>(new.utf8)
        precondition(old.count == new.count)
        for start in 0...(count - old.count) where self[start..<start + old.count].elementsEqual(old) {
            replaceSubrange(start..<start + old.count, with: new)
        }
    }
}
