import EnvSyncModel
import Foundation
import Glibc

/// Copies of layers, unpacked under `.envsync/unpacked`, for a driver or a local master that runs on this machine: Spark
/// unpacks archives for executors only.
struct UnpackedLayers {
    let workspace: Workspace

    private var directory: String { workspace.stateDirectory + "/unpacked" }

    /// Where a layer is, or would be, unpacked: under its leaf, which is unique per content, without the suffix.
    func path(of layer: PublishedArtifact) -> String { "\(directory)/\(name(of: layer))" }

    private func name(of layer: PublishedArtifact) -> String {
        let leaf = layer.object.leaf.text
        return leaf.hasSuffix(".tar.gz") ? String(leaf.dropLast(7)) : leaf
    }

    /// The layers that are unpacked already.
    func present(_ layers: [PublishedArtifact]) -> [ContentDigest: String] {
        var present: [ContentDigest: String] = [:]
        for layer in layers where access(path(of: layer), F_OK) == 0 { present[layer.object.digest] = path(of: layer) }
        return present
    }

    /// Unpacks a layer from an open descriptor, unless it is there; closes the descriptor.
    ///
    /// It is unpacked beside its place and renamed, so that what is there is whole.
    ///
    /// - Throws: ``EnvSyncError``.
    func unpack(_ layer: PublishedArtifact, from descriptor: Int32) throws {
        let input = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let final = path(of: layer)
        guard access(final, F_OK) != 0 else { return }
        let temporary = "\(directory)/.unpacking-\(getpid())-\(layer.object.digest.short)"
        func failure(_ reason: String) -> EnvSyncError {
            EnvSyncError(
                .system, "cannot unpack \(layer.name) for the driver on this machine", reason: reason,
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
    func clean(keeping layers: [PublishedArtifact]) {
        let kept = Set(layers.map { self.name(of: $0) })
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] where !kept.contains(name) {
            var info = stat()
            let path = "\(directory)/\(name)"
            if stat(path, &info) == 0, Int64(info.st_mtim.tv_sec) < Now.seconds - 7 * 86400 {
                try? FileManager.default.removeItem(atPath: path)
            }
        }
    }
}
