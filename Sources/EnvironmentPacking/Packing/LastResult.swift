import Crypto
import Foundation

/// What came of packing an environment to a place, and of what: if nothing of that changed, nothing needs to be done.
struct LastResult {
    var survey: [UInt8]
    var options: [UInt8]
    /// Files and directories outside of the environment that the archive depends on.
    var outside: [SourceFile]
    /// Directories there in which a new file would be packed, too.
    var watched: [WatchedDirectory]
    var output: SourceFile
    var result: PackResult

    private static let magic = Array("envsync pack 2\n".utf8)

    init(
        survey: [UInt8], options: [UInt8], outside: [SourceFile], watched: [WatchedDirectory], output: SourceFile,
        result: PackResult
    ) {
        self.survey = survey
        self.options = options
        self.outside = outside
        self.watched = watched
        self.output = output
        self.result = result
    }

    /// - Parameter wanted: the survey that it must be of; the rest isn't looked at otherwise.
    init?(readingFrom path: String, of wanted: [UInt8]) {
        guard let bytes = SmallFile.read(path, limit: 1 << 28), bytes.starts(with: Self.magic), bytes.count > 47,
            bytes.suffix(32).elementsEqual(SHA256.hash(data: bytes.dropLast(32)))
        else { return nil }
        var reader = BinaryReader(bytes)
        reader.position = Self.magic.count
        do {
            survey = try reader.counted()
            guard survey == wanted else { return nil }
            options = try reader.counted()
            outside = try (0..<(try reader.integer())).map { _ in
                SourceFile(path: try reader.counted(), fingerprint: try reader.fingerprint())
            }
            watched = try (0..<(try reader.integer())).map { _ in
                WatchedDirectory(
                    path: try reader.counted(), hasModulesOnly: try reader.integer() != 0, state: try reader.counted())
            }
            output = SourceFile(path: try reader.counted(), fingerprint: try reader.fingerprint())
            let decoder = JSONDecoder()
            result = PackResult(
                size: Int64(bitPattern: try reader.integer()), sha256: try reader.counted(),
                manifest: try decoder.decode(EnvironmentManifest.self, from: Data(try reader.counted())),
                wasUnchanged: true, entries: Int(try reader.integer()),
                omissions: try (0..<(try reader.integer())).map { _ in
                    .init(path: try reader.counted(), reason: String(decoding: try reader.counted(), as: UTF8.self))
                },
                problems: try (0..<(try reader.integer())).map { _ in try Self.problem(&reader) },
                notes: try (0..<(try reader.integer())).map { _ in
                    String(decoding: try reader.counted(), as: UTF8.self)
                }, bytesRead: 0, bytesReused: 0, bytesCompressed: 0)
        } catch { return nil }
    }

    /// - Parameter manifest: the result's, encoded.
    func write(_ manifest: [UInt8], to path: String) throws {
        var bytes = Self.magic
        bytes.append(counted: survey)
        bytes.append(counted: options)
        bytes.append(integer: UInt64(outside.count))
        for file in outside {
            bytes.append(counted: file.path)
            bytes.append(fingerprint: file.fingerprint)
        }
        bytes.append(integer: UInt64(watched.count))
        for directory in watched {
            bytes.append(counted: directory.path)
            bytes.append(integer: directory.hasModulesOnly ? 1 : 0)
            bytes.append(counted: directory.state)
        }
        bytes.append(counted: output.path)
        bytes.append(fingerprint: output.fingerprint)
        bytes.append(integer: UInt64(bitPattern: result.size))
        bytes.append(counted: result.sha256)
        bytes.append(counted: manifest)
        bytes.append(integer: UInt64(result.entries))
        bytes.append(integer: UInt64(result.omissions.count))
        for omission in result.omissions {
            bytes.append(counted: omission.path)
            bytes.append(counted: omission.reason.utf8)
        }
        bytes.append(integer: UInt64(result.problems.count))
        for problem in result.problems {
            for text in [problem.code.rawValue, problem.package ?? "", problem.message, problem.advice] {
                bytes.append(counted: text.utf8)
            }
            bytes.append(integer: UInt64(problem.count))
            bytes.append(integer: UInt64(problem.paths.count))
            for path in problem.paths { bytes.append(counted: path) }
        }
        bytes.append(integer: UInt64(result.notes.count))
        for note in result.notes { bytes.append(counted: note.utf8) }
        bytes.append(contentsOf: SHA256.hash(data: bytes))
        try SmallFile.write(bytes, to: path)
    }

    private static func problem(_ reader: inout BinaryReader) throws -> PackProblem {
        let texts = try (0..<4).map { _ in String(decoding: try reader.counted(), as: UTF8.self) }
        guard let code = PackProblem.Code(rawValue: texts[0]) else { throw BinaryReader.Ended() }
        let count = Int(try reader.integer())
        let paths = try (0..<(try reader.integer())).map { _ in try reader.counted() }
        return PackProblem(
            code: code, package: texts[1].isEmpty ? nil : texts[1], paths: paths, count: count, message: texts[2],
            advice: texts[3])
    }
}

extension PackOptions {
    /// SHA-256 of all that decides the bytes, and which problems stop the packing.
    var digest: [UInt8] {
        var bytes = Array("options 1".utf8)
        let texts = [
            format.rawValue, withPython ? "with python" : "", bytecode.rawValue, editable.rawValue, destination ?? "",
            targetPython ?? "", workspace ?? "", lock?.name ?? "", lock?.id ?? "",
            tolerated.map(\.rawValue).sorted().joined(separator: " "),
        ]
        for text in texts { bytes.append(counted: text.utf8) }
        for filter in filters {
            bytes.append(filter.isExclusion ? 1 : 0)
            bytes.append(counted: filter.pattern.utf8)
        }
        return Array(SHA256.hash(data: bytes))
    }
}

extension EnvironmentManifest {
    /// As it is in the archive: the same for the same manifest.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [0x0A]
    }
}
