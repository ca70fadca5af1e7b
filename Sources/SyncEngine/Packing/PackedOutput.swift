import EnvSyncModel
import EnvironmentPacking
import Glibc
import ReproducibleArchive
import SyncState

/// The file that is going to be written: one that envsync made is overwritten, somebody else's is not.
struct PackedOutput: Sendable {
    let path: String
    /// Of the packer; what is remembered is kept there.
    let cacheDirectory: String

    /// - Throws: ``EnvSyncError`` if the file is there and envsync didn't make it.
    func check(_ cancelled: () throws -> Void) throws {
        var info = stat()
        guard lstat(path, &info) == 0 else { return }
        let name = QuotedText.visible(path)
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw EnvSyncError(
                .system, "\(name) is there already, and it is no regular file",
                suggestion: "name another file with -o", consequence: "nothing was changed")
        }
        guard info.st_size > 0 else { return }
        if let now = try? LocalFile.fingerprint(path),
            let known = (try? LocalFile.readAll(recordPath, limit: 1 << 12)) ?? nil, known == Self.words(now)
        {
            return
        }
        guard try !isMade(cancelled) else { return }
        throw EnvSyncError(
            .system, "\(name) is there already, and envsync didn't make it",
            suggestion: "add --force to overwrite it, or name another file with -o", consequence: "nothing was changed")
    }

    /// Notes that the file as it is now was made by envsync; without that, it would have to be read to know.
    func remember() {
        guard let now = try? LocalFile.fingerprint(path) else { return }
        mkdir(cacheDirectory + "/outputs", 0o700)
        try? LocalFile.replace(recordPath, with: Self.words(now), mode: 0o600)
    }

    /// Whether an archive has envsync's manifest at its end.
    private func isMade(_ cancelled: () throws -> Void) throws -> Bool {
        var isMade = false
        var count = 0
        do {
            try ArchiveReader.scan(path: path) { entry in
                count += 1
                if count % 256 == 0 { try cancelled() }
                if entry.name == EnvironmentPacking.EnvironmentManifest.path { isMade = true }
                return .continue
            }
        } catch is ArchiveError {
            return false
        }
        return isMade
    }

    private var recordPath: String { cacheDirectory + "/outputs/" + ContentDigest.of(Array(path.utf8)).hex }

    private static func words(_ file: FileFingerprint) -> [UInt8] {
        Array("\(file.path)\n\(file.device) \(file.inode) \(file.size) \(file.modified) \(file.changed)\n".utf8)
    }
}
