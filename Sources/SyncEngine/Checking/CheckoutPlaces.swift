import EnvSyncModel
import Foundation
import Glibc
import PythonPackaging

/// Where in the checkout findings belong: lines of the lock and of the configuration, and the files they are about.
struct CheckoutPlaces {
    private let workspace: Workspace
    private let root: String?
    /// The lines of `[[artifact]]` headers and the like.
    private var byDigest: [String: Int] = [:]
    private var byOrigin: [ArtifactOrigin: Int] = [:]
    private var byPackage: [String: Int] = [:]
    /// The line that names the environment.
    private var header: Int?
    private let configuration: [Substring]

    init(_ workspace: Workspace, _ lock: Lock, root: String?) {
        self.workspace = workspace
        self.root = root
        configuration = Self.lines("\(workspace.directory)/\(workspace.configurationFile)")
        readLock()
        for artifact in lock.artifacts {
            guard let line = byDigest[artifact.digest.hex] else { continue }
            byOrigin[artifact.origin] = byOrigin[artifact.origin] ?? line
            if artifact.kind == .wheel { byPackage[PythonNames.normalize(artifact.name)] = line }
        }
    }

    private static func lines(_ path: String) -> [Substring] {
        guard let bytes = (try? LocalFile.readAll(path, limit: 64 << 20)) ?? nil else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The lock was read by its own parser before; here only what tells sections apart is looked for.
    private mutating func readLock() {
        var section = (header: "", line: 0)
        for (index, line) in Self.lines(workspace.lockPath).enumerated() {
            if line.hasPrefix("[[") {
                section = (String(line), index + 1)
            } else if section.line == 0 {
                if line.hasPrefix("environment = ") { header = index + 1 }
            } else if section.header == "[[artifact]]" {
                if let value = Self.value("sha256", line) { byDigest[value] = byDigest[value] ?? section.line }
            } else if let value = Self.value("name", line) {
                byPackage[PythonNames.normalize(value)] = section.line
            }
        }
    }

    private static func value(_ key: String, _ line: Substring) -> String? {
        guard line.hasPrefix("\(key) = \""), line.hasSuffix("\"") else { return nil }
        return String(line.dropFirst(key.utf8.count + 4).dropLast())
    }

    // MARK: - Places

    private func lock(_ line: Int?) -> DriftFinding.Location {
        DriftFinding.Location(path: Workspace.lockFileName, line: line ?? header)
    }

    private func configuration(_ line: Int?) -> DriftFinding.Location {
        DriftFinding.Location(path: workspace.configurationFile, line: line)
    }

    private func configurationLine(_ isWanted: (String) -> Bool) -> Int? {
        configuration.firstIndex { isWanted($0.trimmingCharacters(in: .whitespaces)) }.map { $0 + 1 }
    }

    /// A path that is configured, relative to the workspace, if it is there and inside.
    private func inside(_ path: String) -> DriftFinding.Location? {
        let absolute = Workspace.absolutePath(workspace.resolve(path))
        guard absolute.hasPrefix(workspace.directory + "/"), access(absolute, F_OK) == 0 else { return nil }
        return DriftFinding.Location(path: String(absolute.dropFirst(workspace.directory.utf8.count + 1)))
    }

    private var lockfile: DriftFinding.Location? {
        workspace.configuration.lockfile.flatMap { inside($0.path) }
    }

    /// Where a difference between lock and local files belongs: to what the user edits, if it is here.
    func location(of difference: LockDifference) -> DriftFinding.Location {
        let origin = difference.origin
        let locked = byOrigin[origin].map { lock($0) }
        switch origin.section {
        // What envsync packs is kept where nobody looks, and is not committed.
        case .archive where origin.path.hasPrefix(".envsync/"): return locked ?? configuration(nil)
        case .overlay: return locked ?? configuration(nil)
        case .source, .listed, .main, .archive:
            return inside(origin.path) ?? locked ?? configuration(nil)
        case .wheelhouse:
            guard !origin.path.isEmpty else { return configuration(nil) }
            let places = workspace.configuration.wheelhouses.lazy.compactMap { inside("\($0)/\(origin.path)") }
            return places.first ?? locked ?? lock(nil)
        case .lockfile, .layer: return locked ?? lockfile ?? configuration(nil)
        }
    }

    /// Where any other finding belongs.
    func location(of finding: DriftFinding) -> DriftFinding.Location? {
        switch finding.code {
        case .staleLock, .localChanged, .localMissing: return lock(nil)
        case .environmentMissing, .environmentVersion, .environmentChanged:
            return byPackage[finding.subject].map { lock($0) } ?? lock(nil)
        case .environmentExtra: return lockfile ?? configuration(nil)
        case .notPublished, .generationDiffers, .superseded, .publicationDamaged: return lock(nil)
        case .mappingDiffers, .objectMissing, .objectSize, .objectContent, .objectMode:
            if let line = line(ofObjectAt: finding.subject) { return lock(line) }
            guard finding.code == .objectMode else { return lock(nil) }
            return configuration(configurationLine { $0.hasPrefix("url") } ?? configurationLine { $0 == "[store]" })
        case .argumentsOutdated:
            let headers = ["[jobs.\(finding.subject)]", "[jobs.\"\(finding.subject)\"]"]
            return configuration(
                configurationLine { line in headers.contains { line == $0 || line.hasSuffix(".\($0.dropFirst())") } })
        }
    }

    /// The line of the artifact that a path in the store belongs to, by the SHA-256 in it.
    private func line(ofObjectAt path: String) -> Int? {
        guard let root, path.hasPrefix("\(root)/objects/") else { return nil }
        let parts = path.dropFirst(root.utf8.count + 9).split(separator: "/")
        return parts.count >= 2 ? byDigest[String(parts[1])] : nil
    }
}
