import EnvSyncModel
import EnvironmentPacking
import PythonPackaging

/// How an environment that envsync packs is shipped, and why that way; for `explain`.
public struct PackedArchiveReport: Sendable {
    /// The overlay that is locked.
    public struct Overlay: Sendable {
        /// Its SHA-256.
        public let digest: ContentDigest
        /// Its size in bytes.
        public let size: Int64
        /// Its size as a share of the archive's.
        public let share: Double
        /// The packages in it, and what the archive has of each.
        public let packages: [PackedPackageChange]
    }

    /// The archive's alias.
    public let alias: ArchiveAlias
    /// The environment's directory, as configured.
    public let prefix: String
    /// What is locked; `nil`: nothing yet.
    public let archive: Artifact?
    /// When it was packed, in seconds since 1970-01-01 UTC, if it was on this machine.
    public let packedAt: Int64?
    /// Why it was packed anew, and not as an overlay, if it was on this machine.
    public let reason: String?
    /// What was other than in the archive before it.
    public let changes: [String]
    /// Whether it is known to be in the store.
    public let isPublished: Bool
    /// What is shipped besides the archive.
    public let overlay: Overlay?
    /// How large an overlay may become, as a share of the archive's size.
    public let limit: Double
    /// What `lock` would do now, as a sentence part; `nil`: nothing, or the environment isn't on this machine.
    public let pending: String?
}

/// A package of an environment that envsync packs, as it is locked; for `explain`.
public struct PackedPackageReport: Sendable {
    /// As its manager normalizes it.
    public let name: String
    /// As the package spells it.
    public let version: String
    /// conda: the build string; `nil` of a Python package.
    public let build: String?
    /// The archive's alias.
    public let archive: ArchiveAlias
    /// Whether workers get it from the overlay, and not from the archive itself.
    public let isInOverlay: Bool
    /// The version in the archive that the overlay's hides.
    public let hidden: String?
}

extension Engine {
    /// The packages of a name that packed environments hold, by the lock.
    ///
    /// - Parameter name: in any spelling.
    public func packedPackages(named name: String) -> [PackedPackageReport] {
        let name = PythonNames.normalize(name)
        let lock = (try? workspace.lock()) ?? nil
        return PackedArchive.all(of: workspace).flatMap { archive -> [PackedPackageReport] in
            guard let locked = archive.locked(in: lock), let contents = locked.contents else { return [] }
            func named(_ packages: [PackedPackage]) -> [PackedPackage] {
                packages.filter { PythonNames.normalize($0.name) == name }
            }
            let before = named(locked.base.contents?.packages ?? [])
            let changed = Set(locked.overlay?.contents?.packages.map(\.key) ?? [])
            return named(contents.packages).map { package in
                PackedPackageReport(
                    name: package.name, version: package.version, build: package.build, archive: archive.alias,
                    isInOverlay: changed.contains(package.key),
                    hidden: changed.contains(package.key) ? before.first { $0.key == package.key }?.version : nil)
            }
        }
    }

    /// Tells for each environment that envsync packs what is shipped of it, and why.
    ///
    /// - Throws: ``EnvSyncError`` for one that can't be packed.
    public func explainArchives() async throws -> [PackedArchiveReport] {
        let lock = (try? workspace.lock()) ?? nil
        let manifestLock = packedLock()
        var reports: [PackedArchiveReport] = []
        for archive in PackedArchive.all(of: workspace) {
            let locked = archive.locked(in: lock)
            var pending: String?
            if archive.isHere {
                do {
                    let manifest = try await describe(archive, archive.options(lock: manifestLock))
                    let decision = OverlayDecision(
                        locked: locked, now: archive.contents(manifest), share: archive.packing.overlayShare)
                    pending = await self.pending(decision, locked)
                } catch {
                    throw archive.error(error)
                }
            }
            reports.append(await report(archive, locked, pending: pending))
        }
        return reports
    }

    private func report(
        _ archive: PackedArchive, _ locked: PackedArchive.Locked?, pending: String?
    ) async -> PackedArchiveReport {
        let record = (try? state.fingerprint(PackedHistory.key(of: archive))) ?? nil
        let history = PackedHistory(record).flatMap { $0.base == locked?.base.digest ? $0 : nil }
        var overlay: PackedArchiveReport.Overlay?
        if let locked, let artifact = locked.overlay {
            let before = Dictionary(grouping: locked.base.contents?.packages ?? [], by: \.key)
            let packages = (artifact.contents?.packages ?? []).map { package in
                PackedPackageChange(
                    name: package.name, before: before[package.key]?.first?.version, after: package.version)
            }
            overlay = PackedArchiveReport.Overlay(
                digest: artifact.digest, size: artifact.size,
                share: Double(artifact.size) / Double(max(1, locked.base.size)), packages: packages)
        }
        var isPublished = false
        if let locked { isPublished = await self.isPublished(locked.base.object, offline: true) }
        return PackedArchiveReport(
            alias: archive.alias, prefix: archive.packing.prefix, archive: locked?.base,
            packedAt: history.map { $0.packedAt / 1_000_000_000 }, reason: history?.reason,
            changes: history?.changes ?? [], isPublished: isPublished, overlay: overlay,
            limit: archive.packing.overlayShare, pending: pending)
    }

    /// What `lock` would do, as far as it shows without packing.
    private func pending(_ decision: OverlayDecision, _ locked: PackedArchive.Locked?) async -> String? {
        let changes = decision.changes.map(\.description)
        let shown =
            changes.prefix(10).joined(separator: ", ") + (changes.count > 10 ? " and \(changes.count - 10) more" : "")
        switch decision.outcome {
        case .current: return nil
        case .baseAlone: return "drop the overlay: the environment is again what the archive holds"
        case .newBase(let reason):
            return "pack a new archive: \(reason)" + (changes.isEmpty ? "" : " (\(shown))")
        case .overlay:
            if let locked, await !isPublished(locked.base.object, offline: true) {
                return "pack a new archive, or an overlay if the store has the locked one: \(shown)"
            }
            return "pack an overlay: \(shown)"
        }
    }
}
