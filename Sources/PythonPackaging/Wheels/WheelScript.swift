import ReproducibleArchive

/// A file of a wheel's `*.data/scripts`.
struct WheelScript {
    let archive: ZipArchive
    let index: Int
    let hash: RecordHash
    /// Of the wheel.
    let path: String

    /// Larger scripts can't be for Python.
    private static let sizeLimit = 8 << 20
    private static let firstLine = Array("#!/usr/bin/env python3".utf8)

    /// The script with the line that names its interpreter changed, if that says `#!python` or `#!pythonw` (binary
    /// distribution format, "Recommended installer features"); nil for any other file.
    func rewritten() throws -> [UInt8]? {
        let marker = Array("#!python".utf8)
        guard try archive.beginning(ofEntryAt: index, limit: marker.count) == marker else { return nil }
        let entry = archive.entries[index]
        guard entry.size <= Int64(Self.sizeLimit) else {
            throw WheelError(
                code: .notInstallable, path: path, entry: entry.name,
                message: "is too large for a Python script: \(entry.size) bytes")
        }
        let bytes = try archive.contents(ofEntryAt: index, limit: Self.sizeLimit)
        guard bytes.withUnsafeBytes({ buffer in hash.matches { $0(buffer) } }) else {
            throw WheelError(
                code: .recordMismatch, path: path, entry: entry.name,
                message: "does not have the hash that RECORD says")
        }
        // The whole line goes, as with pip: `env` could not pass on arguments.
        return Self.firstLine + bytes.drop { $0 != UInt8(ascii: "\n") }
    }
}
