/// Whether a walk over an archive's entries goes on.
public enum WalkDecision: Sendable {
    /// Visit the next entry.
    case `continue`
    /// Visit no more entries.
    case stop
}

/// Safe reading of zip files in one call. ``ZipArchive`` offers random access.
public struct ZipReader {
    /// The entries of a zip file, in the order of its table of contents.
    /// - Throws: ``ArchiveError`` as ``ZipArchive/init(path:)`` does.
    public static func entries(ofFileAt path: String) throws -> [ZipEntryInfo] {
        try ZipArchive(path: path).entries
    }

    /// Visits the entries in the order their data is stored.
    /// - Parameters:
    ///   - path: the zip file.
    ///   - body: is given an entry and a function that returns its decompressed contents, or throws when they have
    ///     more bytes than its argument allows or fail their checksum.
    /// - Throws: ``ArchiveError`` as ``ZipArchive/init(path:)`` does, and whatever `body` throws.
    public static func walk(
        path: String, _ body: (ZipEntryInfo, (Int) throws -> [UInt8]) throws -> WalkDecision
    ) throws {
        let archive = try ZipArchive(path: path)
        for index in archive.storedOrder {
            let decision = try body(archive.entries[index]) { try archive.contents(ofEntryAt: index, limit: $0) }
            if decision == .stop { return }
        }
    }
}
