import EnvSyncModel
import EnvironmentPacking
import Foundation
import SyncState

/// What scans take for the archives that envsync packs itself.
typealias PackedEntries = [ArchiveAlias: PackedEntry]

extension Engine {
    /// Packs environments with the cache that all workspaces of a user share.
    var packer: EnvironmentPacker {
        get throws(EnvSyncError) {
            var packer = try PackCache.packer()
            packer.cacheDirectory = packingCache
            return packer
        }
    }

    /// `envsync/pack` in the user's cache directory (XDG Base Directory Specification).
    static func packingCache(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") { return cache + "/envsync/pack" }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? NSHomeDirectory()
        return home + "/.cache/envsync/pack"
    }

    /// Packs the environments that aren't what is locked of them, and what is locked of them and is nowhere.
    ///
    /// - Parameter offline: the store isn't asked for what the state doesn't know.
    /// - Returns: what scans take for them; the lock is not written.
    /// - Throws: ``EnvSyncError`` with all problems of an environment; then its archive is what it was before.
    ///   `CancellationError`.
    func packArchives(offline: Bool) async throws -> PackedEntries {
        let archives = PackedArchive.all(of: workspace)
        guard !archives.isEmpty else { return [:] }
        let lock = (try? workspace.lock()) ?? nil
        guard archives.contains(where: \.isHere) else { return try await lookAtPacked(compares: false) }
        let manifestLock = packedLock()
        var entries: PackedEntries = [:]
        var holder: WorkspaceLock?
        defer { withExtendedLifetime(holder) {} }
        for archive in archives {
            let locked = archive.locked(in: lock)
            guard archive.isHere else {
                entries[archive.alias] = try await lookAtPacked(compares: false)[archive.alias]
                continue
            }
            let options = archive.options(lock: manifestLock)
            do {
                try archive.checkPlace()
                let manifest = try await describe(archive, options)
                let decision = OverlayDecision(
                    locked: locked, now: archive.contents(manifest), share: archive.packing.overlayShare)
                if decision.outcome == .current, let locked {
                    let entry = try await entryOf(locked, archive)
                    if await isComplete(entry, locked, offline: offline) {
                        entries[archive.alias] = entry
                        continue
                    }
                }
                if holder == nil {
                    holder = try await WorkspaceLock.take(
                        "archive.lock", in: workspace.stateDirectory, as: .init(role: "lock")
                    ) {
                        report(.waiting(for: $0?.description ?? "another envsync"))
                    }
                }
                entries[archive.alias] = try await pack(
                    archive, options, decision, locked, manifest: manifest, offline: offline)
            } catch {
                throw archive.error(error)
            }
        }
        return entries
    }

    /// Whether everything that is locked is here or in the store.
    private func isComplete(
        _ entry: PackedEntry, _ locked: PackedArchive.Locked, offline: Bool
    ) async -> Bool {
        if let base = entry.base, !base.isHere {
            guard await isPublished(locked.base.object, offline: offline) else { return false }
        }
        if let overlay = entry.overlay, let artifact = locked.overlay, !overlay.isHere {
            guard await isPublished(artifact.object, offline: offline) else { return false }
        }
        return true
    }

    private func pack(
        _ archive: PackedArchive, _ options: PackOptions, _ decision: OverlayDecision, _ locked: PackedArchive.Locked?,
        manifest: PackedManifest, offline: Bool
    ) async throws -> PackedEntry {
        var reason: OverlayDecision.Reason
        switch (decision.outcome, locked) {
        case (.newBase(let why), _): reason = why
        case (_, nil): reason = .first
        case (.current, let locked?):
            reason = .gone
            let wanted = decision.changes
            if !wanted.isEmpty, await isPublished(locked.base.object, offline: offline) {
                if let entry = try await packOverlay(archive, options, wanted, locked, manifest, &reason) {
                    return entry
                }
            }
        case (.baseAlone, let locked?), (.overlay, let locked?):
            reason = .unpublished
            if await isPublished(locked.base.object, offline: offline) {
                if decision.outcome == .baseAlone {
                    var entry = try await entryOf(locked, archive)
                    entry.overlay = nil
                    return entry
                }
                if let entry = try await packOverlay(archive, options, decision.changes, locked, manifest, &reason) {
                    return entry
                }
            }
        }
        return try await packBase(archive, options, reason, changes: decision.changes)
    }

    private func packBase(
        _ archive: PackedArchive, _ options: PackOptions, _ reason: OverlayDecision.Reason,
        changes: [PackedPackageChange]
    ) async throws -> PackedEntry {
        report(.packing(archive: archive.recordedPath, command: []))
        let packer = try self.packer
        let (prefix, path) = (archive.prefix, archive.path)
        let (result, isCurrent) = try await OffPool.run { cancelled in
            try archive.makeDirectory(of: path)
            let result = try packer.pack(prefix: prefix, options, to: path, cancelled: cancelled)
            return (result, packer.isCurrent(result, prefix: prefix, output: path))
        }
        // Files of two versions of a package may have been packed.
        if !isCurrent {
            let after = try await describe(archive, options)
            guard archive.contents(after) == archive.contents(result.manifest) else { throw archive.changed }
        }
        tell(result, archive)
        let piece = try await piece(archive, result, key: "archive:", isOverlay: false)
        let why = PackedHistory(base: piece.digest, reason: reason.description, changes: changes.map(\.description))
        remember { try $0.save(fingerprints: [why.record(of: archive)]) }
        // It is relative to an archive that isn't shipped any more.
        unlink(archive.overlayPath)
        return PackedEntry(base: piece)
    }

    /// - Returns: `nil` with a reason if it has to be a new archive.
    private func packOverlay(
        _ archive: PackedArchive, _ options: PackOptions, _ changes: [PackedPackageChange],
        _ locked: PackedArchive.Locked, _ manifest: PackedManifest, _ reason: inout OverlayDecision.Reason
    ) async throws -> PackedEntry? {
        report(.packing(archive: PackedArchive.overlayName(of: archive.alias), command: []))
        let packer = try self.packer
        let (prefix, path) = (archive.prefix, archive.overlayPath)
        var overlayOptions = options
        overlayOptions.format = .tarGz
        let chosen = overlayOptions
        let names = changes.map(\.name)
        let result: PackResult
        do {
            result = try await OffPool.run { cancelled in
                try archive.makeDirectory(of: path)
                return try packer.packOverlay(prefix: prefix, chosen, packages: names, to: path, cancelled: cancelled)
            }
        } catch let error as PackError where !error.isOfChange {
            reason = .obstacle(error.message ?? error.problems.first?.message ?? "their files don't fit")
            return nil
        }
        // What is recorded must be what was packed.
        let after = archive.contents(try await describe(archive, options))
        guard after == archive.contents(manifest) else { throw archive.changed }
        let share = Double(result.size) / Double(max(1, locked.base.size))
        guard share <= archive.packing.overlayShare else {
            reason = .tooLarge(size: result.size, share: share, limit: archive.packing.overlayShare)
            unlink(path)
            return nil
        }
        tell(result, archive)
        var piece = try await piece(archive, result, key: "overlay:", isOverlay: true)
        let wanted = Set(names)
        piece.contents = PackedContents(
            python: after.python, packages: after.packages.filter { wanted.contains($0.name) })
        piece.inspection.packages = piece.contents?.requirements ?? []
        var entry = try await entryOf(PackedArchive.Locked(base: locked.base, overlay: nil), archive)
        entry.overlay = piece
        return entry
    }

    private func tell(_ result: PackResult, _ archive: PackedArchive) {
        for note in result.notes { report(.warning("\(archive.packing.prefix): \(note)")) }
        for problem in result.problems { report(.warning("\(archive.packing.prefix): \(PackedArchive.text(problem))")) }
    }

    /// What was packed, as a scan takes it; what a later scan finds is remembered.
    private func piece(
        _ archive: PackedArchive, _ result: PackResult, key: String, isOverlay: Bool
    ) async throws -> PackedEntry.Piece {
        let path = isOverlay ? archive.overlayPath : archive.path
        let (fingerprint, digests, hashedAt) = try await digests(of: path, key: key, packed: result)
        let leaf = path.split(separator: "/").last.map(String.init) ?? path
        let suffix = isOverlay ? "tar.gz" : archive.options(lock: nil).format.rawValue
        let spelling = leaf.lowercased().hasSuffix(".tgz") ? "tgz" : suffix
        var inspection = Inspection(
            kind: isOverlay ? .layer : .archive,
            name: isOverlay
                ? PackedArchive.overlayName(of: archive.alias)
                : leaf.lowercased().hasSuffix("." + spelling) ? String(leaf.dropLast(spelling.utf8.count + 1)) : leaf,
            fileExtension: suffix, size: result.size, hdfsChecksum: digests.hdfsChecksum)
        if !isOverlay {
            let manifest = result.manifest
            inspection.interpreter = manifest.interpreter.path
            inspection.obstacles = manifest.interpreter.isIncluded ? [] : [manifest.interpreter.base].compactMap { $0 }
            inspection.python = manifest.python
            inspection.packages = archive.contents(manifest).requirements
        }
        var record = fingerprint
        record.path = key + path
        let found = FingerprintRecord(
            fingerprint: record, digest: digests.sha256, inspection: inspection.text, hashedAt: hashedAt)
        remember { try $0.save(fingerprints: [found]) }
        return PackedEntry.Piece(
            path: path, digest: digests.sha256, inspection: inspection, contents: archive.contents(result.manifest),
            isHere: true)
    }

    /// What is known of a file that was just packed, or found to be what it should be: then it isn't read.
    private func digests(
        of path: String, key: String, packed: PackResult
    ) async throws -> (FileFingerprint, LocalFile.Digests, Int64) {
        let wanted = ContentDigest(bytes: packed.sha256)
        if let known = (try? state.fingerprint(key + path)) ?? nil, known.digest == wanted,
            let inspection = Inspection(text: known.inspection), var now = try? LocalFile.fingerprint(path)
        {
            let fingerprint = now
            now.path = key + path
            if now == known.fingerprint {
                return (
                    fingerprint, LocalFile.Digests(sha256: known.digest, hdfsChecksum: inspection.hdfsChecksum),
                    known.hashedAt
                )
            }
        }
        let hashedAt = Now.nanoseconds
        let (fingerprint, digests) = try await OffPool.run { cancelled in
            let file = try LocalFile(opening: path)
            return (file.fingerprint, try file.digests(cancelled))
        }
        guard digests.sha256 == wanted else {
            throw EnvSyncError(
                .changedWhileReading, "\(QuotedText.visible(path)) changed after it was packed",
                suggestion: "let whatever writes it finish, then run the same command again",
                consequence: "nothing was changed")
        }
        return (fingerprint, digests, hashedAt)
    }
}
