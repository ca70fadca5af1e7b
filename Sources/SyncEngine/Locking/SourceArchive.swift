import EnvSyncModel
import Foundation
import Glibc
import ReproducibleArchive

/// The zip of a source directory, built once for each content and kept under `.envsync/build` until the next change.
struct SourceArchive: ~Copyable {
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

    /// Where the zip with that content is kept.
    static func path(of digest: ContentDigest, stateDirectory: String) -> String {
        "\(stateDirectory)/build/\(digest.hex).zip"
    }

    /// Builds the zip. Where the workspace can't be written to, it is built in the temporary directory and not kept.
    static func build(
        _ tree: ArtifactInspector.Tree, stateDirectory: String, _ cancelled: OffPool.CancellationCheck
    ) throws -> SourceArchive {
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
            let prefix = tree.prefix.isEmpty ? "" : tree.prefix + "/"
            let zip = ReproducibleZip(entries: tree.files.map { (prefix + $0.relativePath, $0.absolutePath) })
            let written = try zip.write(toDescriptor: descriptor)
            let file = try LocalFile(opening: temporary)
            let digests = try file.digests(cancelled)
            guard ContentDigest(bytes: written.sha256) == digests.sha256, file.fingerprint.size == written.size else {
                throw LocalFileError(cause: .changed, path: temporary, reason: "it changed while it was being built")
            }
            if isKept {
                keepOnly(digests.sha256, temporary: temporary, directory: directory)
            } else {
                unlink(temporary)
            }
            return SourceArchive(size: written.size, digests: digests, descriptor: descriptor)
        } catch {
            unlink(temporary)
            close(descriptor)
            throw error
        }
    }

    /// Renames the new zip into place and removes zips that were not used for a day.
    private static func keepOnly(_ digest: ContentDigest, temporary: String, directory: String) {
        let final = "\(directory)/\(digest.hex).zip"
        if rename(temporary, final) != 0 { unlink(temporary) }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else { return }
        for name in names {
            var info = stat()
            let path = "\(directory)/\(name)"
            if stat(path, &info) == 0, Int64(info.st_mtim.tv_sec) < Now.seconds - 86400 { unlink(path) }
        }
    }
}
