import EnvSyncModel
import Foundation
import Glibc

/// Copies of layers, unpacked under `.envsync/unpacked`, for a driver or a local master that runs on this machine: Spark
/// unpacks archives for executors only.
struct UnpackedLayers {
    let workspace: Workspace

    private var directory: String { workspace.stateDirectory + "/unpacked" }

    /// Where a layer is, or would be, unpacked.
    func path(of digest: ContentDigest) -> String { "\(directory)/\(digest.hex)" }

    /// The layers that are unpacked already.
    func present(_ digests: [ContentDigest]) -> [ContentDigest: String] {
        var present: [ContentDigest: String] = [:]
        for digest in digests where access(path(of: digest), F_OK) == 0 { present[digest] = path(of: digest) }
        return present
    }

    /// Unpacks a layer from an open descriptor, unless it is there; closes the descriptor.
    ///
    /// It is unpacked beside its place and renamed, so that what is there is whole.
    ///
    /// - Throws: ``EnvSyncError``.
    func unpack(_ digest: ContentDigest, named name: String, from descriptor: Int32) throws {
        let input = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let final = path(of: digest)
        guard access(final, F_OK) != 0 else { return }
        let temporary = "\(directory)/.unpacking-\(getpid())-\(digest.hex.prefix(12))"
        func failure(_ reason: String) -> EnvSyncError {
            EnvSyncError(
                .system, "cannot unpack \(name) for the driver on this machine", reason: reason,
                suggestion: "make \(QuotedText.visible(directory)) writable, or free some space")
        }
        do {
            try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
            let tar = Process()
            tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            tar.arguments = ["tar", "-xzf", "-", "-C", temporary, "--no-same-owner"]
            tar.standardInput = input
            tar.standardOutput = FileHandle.standardError
            try tar.run()
            tar.waitUntilExit()
            guard tar.terminationStatus == 0 else { throw failure("tar ended with exit code \(tar.terminationStatus)") }
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw error as? EnvSyncError ?? failure(error.localizedDescription)
        }
        // Another process may have been quicker.
        if rename(temporary, final) != 0 {
            let code = errno
            try? FileManager.default.removeItem(atPath: temporary)
            guard access(final, F_OK) == 0 else { throw failure(String(cString: strerror(code))) }
        }
    }

    /// Removes what was not used for a week and is not among these.
    func clean(keeping digests: Set<ContentDigest>) {
        let kept = Set(digests.map(\.hex))
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] where !kept.contains(name) {
            var info = stat()
            let path = "\(directory)/\(name)"
            if stat(path, &info) == 0, Int64(info.st_mtim.tv_sec) < Now.seconds - 7 * 86400 {
                try? FileManager.default.removeItem(atPath: path)
            }
        }
    }
}
