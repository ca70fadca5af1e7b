import EnvSyncModel
import Foundation
import Glibc

/// What envsync makes itself, the zip of a source directory or a layer of wheels: built once for each content and kept under
/// `.envsync/build` until the next change.
struct BuiltFile: ~Copyable {
    let size: Int64
    let digests: LocalFile.Digests
    private let descriptor: Int32

    deinit { close(descriptor) }

    /// An open descriptor that the caller closes.
    func takeDescriptor() throws -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else {
            throw LocalFileError(cause: .unreadable, path: "", reason: String(cString: strerror(errno)))
        }
        return copy
    }

    /// Where what has that content is kept.
    ///
    /// - Parameter suffix: without the dot, for people who look into the directory.
    static func path(of digest: ContentDigest, suffix: String, stateDirectory: String) -> String {
        "\(stateDirectory)/build/\(digest.hex).\(suffix)"
    }

    /// Builds. Where the workspace can't be written to, it is built in the temporary directory and not kept.
    ///
    /// - Parameter write: writes to the descriptor; tells the size and the SHA-256 of what it wrote.
    static func build(
        suffix: String, stateDirectory: String, _ cancelled: OffPool.CancellationCheck,
        write: (Int32) throws -> (size: Int64, sha256: [UInt8])
    ) throws -> BuiltFile {
        let directory = stateDirectory + "/build"
        mkdir(stateDirectory, 0o755)
        mkdir(directory, 0o755)
        var template = Array("\(directory)/building-XXXXXX".utf8CString)
        var descriptor = mkstemp(&template)
        let isKept = descriptor >= 0
        if !isKept {
            template = Array("\(FileManager.default.temporaryDirectory.path)/envsync-XXXXXX".utf8CString)
            descriptor = mkstemp(&template)
        }
        let temporary = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard descriptor >= 0 else {
            throw LocalFileError(cause: .unreadable, path: temporary, reason: String(cString: strerror(errno)))
        }
        do {
            let written = try write(descriptor)
            let file = try LocalFile(opening: temporary)
            let digests = try file.digests(cancelled)
            guard ContentDigest(bytes: written.sha256) == digests.sha256, file.fingerprint.size == written.size else {
                throw LocalFileError(cause: .changed, path: temporary, reason: "it changed while it was being built")
            }
            if isKept {
                keepOnly(
                    path(of: digests.sha256, suffix: suffix, stateDirectory: stateDirectory), temporary: temporary,
                    directory: directory)
            } else {
                unlink(temporary)
            }
            return BuiltFile(size: written.size, digests: digests, descriptor: descriptor)
        } catch {
            unlink(temporary)
            close(descriptor)
            throw error
        }
    }

    /// Renames the new file into place and removes those that were not used for a day.
    private static func keepOnly(_ final: String, temporary: String, directory: String) {
        if rename(temporary, final) != 0 { unlink(temporary) }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else { return }
        for name in names {
            var info = stat()
            let path = "\(directory)/\(name)"
            if stat(path, &info) == 0, Int64(info.st_mtim.tv_sec) < Now.seconds - 86400 { unlink(path) }
        }
    }
}
