import Foundation
import Testing

@testable import ReproducibleArchive

/// A directory that is removed when released.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/envsync-archive-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file, making the directories on the way, and returns its path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        let parent = (file as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path + "/" + name, withDestinationPath: target)
    }
}

/// Runs a program found on PATH; its standard output, or nil when it fails.
func run(_ arguments: [String], in directory: String? = nil, input: String = "") throws -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
    let output = Pipe()
    let standardInput = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = standardInput
    try process.run()
    standardInput.fileHandleForWriting.write(Data(input.utf8))
    try standardInput.fileHandleForWriting.close()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
}

/// Whether a program is on PATH and runs.
func isAvailable(_ program: String) -> Bool {
    (try? run([program, "--version"])) != nil
}

/// Runs the closure and returns the code of the error it throws.
func archiveErrorCode(_ body: () throws -> Void) -> ArchiveError.Code? {
    do {
        try body()
        return nil
    } catch let error as ArchiveError {
        return error.code
    } catch {
        Issue.record("unexpected error \(error)")
        return nil
    }
}

/// Writes a zip file byte by byte, so that every field can be wrong.
struct RawZip {
    struct Entry {
        var name: [UInt8]
        var localName: [UInt8]?
        var contents: [UInt8] = []
        /// Overrides what `contents` implies.
        var size: Int?
        var crc: UInt32?
        var flags = 0
        var method = 0
        var mode: UInt32 = 0o100644
        var offset: Int?

        init(_ name: String, _ contents: String = "") {
            self.name = Array(name.utf8)
            self.contents = Array(contents.utf8)
        }

        init(bytes name: [UInt8]) { self.name = name }

        func with(_ change: (inout Entry) -> Void) -> Entry {
            var copy = self
            change(&copy)
            return copy
        }
    }

    var entries: [Entry]
    var prefix: [UInt8] = []
    var comment: [UInt8] = []

    var bytes: [UInt8] {
        var result = prefix
        var central: [UInt8] = []
        for entry in entries {
            let offset = entry.offset ?? result.count - prefix.count
            let crc = entry.crc ?? entry.contents.withUnsafeBytes { crc32($0) }
            var common: [UInt8] = []
            common.append(little: UInt16(20))
            common.append(little: UInt16(entry.flags))
            common.append(little: UInt16(entry.method))
            common.append(little: UInt32(0x0021_0000))
            common.append(little: crc)
            common.append(little: UInt32(entry.contents.count))
            common.append(little: UInt32(entry.size ?? entry.contents.count))
            central += [0x50, 0x4B, 1, 2, 20, 3] + common
            central.append(little: UInt16(entry.name.count))
            central += [UInt8](repeating: 0, count: 8)
            central.append(little: entry.mode << 16)
            central.append(little: UInt32(offset))
            central += entry.name
            if entry.offset == nil {
                let localName = entry.localName ?? entry.name
                result += [0x50, 0x4B, 3, 4] + common
                result.append(little: UInt16(localName.count))
                result += [0, 0] + localName + entry.contents
            }
        }
        let start = result.count - prefix.count
        result += central + [0x50, 0x4B, 5, 6, 0, 0, 0, 0]
        result.append(little: UInt16(entries.count))
        result.append(little: UInt16(entries.count))
        result.append(little: UInt32(central.count))
        result.append(little: UInt32(start))
        result.append(little: UInt16(comment.count))
        return result + comment
    }
}
