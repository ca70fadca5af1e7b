import EnvSyncModel
import Foundation
import Testing

@testable import SyncEngine

@Suite("Configuration: the file")
struct ConfigurationFileTests {
    /// A directory that is removed after the body.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.path + "/envsync-configuration-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path + "/sub", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func write(_ bytes: some Sequence<UInt8>, _ path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    private func error(_ directory: String) throws -> EnvSyncError {
        try #require(throws: EnvSyncError.self) { _ = try ConfigurationReader.read(directory: directory) }
    }

    private static let valid = "[environment]\nname = \"e\"\n"

    @Test func ownFileGoesFirst() throws {
        try withDirectory { directory in
            try write("[tool.envsync.environment]\nname = \"p\"\n".utf8, directory + "/pyproject.toml")
            var read = try ConfigurationReader.read(directory: directory)
            #expect(read.configuration.environment.text == "p")
            #expect(read.path == directory + "/pyproject.toml")
            try write(Self.valid.utf8, directory + "/envsync.toml")
            read = try ConfigurationReader.read(directory: directory)
            #expect(read.configuration.environment.text == "e")
            #expect(read.path == directory + "/envsync.toml")
        }
    }

    @Test func missing() throws {
        try withDirectory { directory in
            let directory = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path
            var failure = try error(directory)
            #expect(failure.message.contains("no envsync.toml in \(directory)"))
            #expect(failure.suggestion == "run `envsync init`")
            try write("[project]\n".utf8, directory + "/pyproject.toml")
            failure = try error(directory)
            #expect(failure.message.contains("pyproject.toml has no [tool.envsync]"))
            try write(Self.valid.utf8, directory + "/envsync.toml")
            failure = try error(directory + "/sub")
            #expect(failure.message.contains("but there is one in \(directory)"))
            #expect(failure.suggestion?.contains("envsync init") == true)
            #expect(try error(directory + "/nowhere").message.contains("there is no directory"))
        }
    }

    @Test func anErrorNamesTheWholePath() throws {
        try withDirectory { directory in
            try write("[environment]\nname = 1\n".utf8, directory + "/envsync.toml")
            #expect(try error(directory).message.hasPrefix("\(directory)/envsync.toml:2:1: "))
        }
    }

    @Test func notUTF8() throws {
        try withDirectory { directory in
            try write(Array("# é\n# é".utf8) + [0xE9, 0x0A], directory + "/envsync.toml")
            #expect(try error(directory).message == "\(directory)/envsync.toml:2:4: not UTF-8")
        }
    }

    @Test(.timeLimit(.minutes(1))) func unusableFiles() throws {
        try withDirectory { directory in
            let path = directory + "/envsync.toml"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            #expect(try error(directory).message == "cannot read \(path): it is a directory")
            try FileManager.default.removeItem(atPath: path)

            #expect(mkfifo(path, 0o600) == 0)
            #expect(try error(directory).message == "cannot read \(path): it is not a regular file")
            try FileManager.default.removeItem(atPath: path)

            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "gone")
            #expect(try error(directory).message == "cannot read \(path): it is a symbolic link to nothing")
            try FileManager.default.removeItem(atPath: path)

            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "envsync.toml")
            #expect(try error(directory).message.hasPrefix("cannot read \(path): Too many levels of symbolic links"))
            try FileManager.default.removeItem(atPath: path)

            try write(Array(Self.valid.utf8) + Array(repeating: 0x0A, count: ConfigurationReader.maximumSize), path)
            #expect(try error(directory).message.contains("larger than"))
        }
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser can read everything")) func unreadable() throws {
        try withDirectory { directory in
            try write(Self.valid.utf8, directory + "/envsync.toml")
            #expect(chmod(directory + "/envsync.toml", 0) == 0)
            #expect(try error(directory).message.contains("Permission denied"))
        }
    }
}
