import EnvSyncModel
import EnvironmentPacking
import SyncState

extension Engine {
    /// What the archives that envsync packs are, by the lock; writes nothing.
    ///
    /// - Parameter compares: whether environments that are on this machine are compared with it.
    func lookAtPacked(compares: Bool) async throws -> PackedEntries {
        let archives = PackedArchive.all(of: workspace)
        guard !archives.isEmpty else { return [:] }
        let lock = (try? workspace.lock()) ?? nil
        let manifestLock = compares ? packedLock() : nil
        var entries: PackedEntries = [:]
        for archive in archives {
            let locked = archive.locked(in: lock)
            var entry = PackedEntry()
            if let locked { entry = try await entryOf(locked, archive) }
            if compares, archive.isHere {
                do {
                    let manifest = try await describe(archive, archive.options(lock: manifestLock))
                    let decision = OverlayDecision(
                        locked: locked, now: archive.contents(manifest), share: archive.packing.overlayShare)
                    entry.stale = archive.difference(decision, recorded: archive.recordedPath)
                } catch {
                    entry.problem = try archive.problem(error)
                }
            } else if locked == nil, !archive.isHere {
                entry.problem = LocalProblem(
                    kind: .missing, origin: ArtifactOrigin(section: .archive, path: archive.recordedPath),
                    path: archive.packing.prefix, message: "there is no such environment, and none is locked",
                    suggestion: "make it, or correct prefix in \(workspace.configurationFile)")
            }
            entries[archive.alias] = entry
        }
        return entries
    }

    /// What is locked, and which of its files are here.
    func entryOf(_ locked: PackedArchive.Locked, _ archive: PackedArchive) async throws -> PackedEntry {
        var entry = PackedEntry()
        entry.base = try await piece(locked.base, archive, archive.path, role: .archive(archive.alias))
        if let overlay = locked.overlay {
            entry.overlay = try await piece(overlay, archive, archive.overlayPath, role: .overlay(archive.alias))
        }
        return entry
    }

    private func piece(
        _ artifact: Artifact, _ archive: PackedArchive, _ path: String, role: LocalItem.Role
    ) async throws -> PackedEntry.Piece {
        let found = try await inspection(LocalItem(role: role, path: path, origin: artifact.origin, jobs: []), artifact)
        var piece = archive.piece(artifact, isHere: found != nil)
        // Where its interpreter leads to, nobody but the archive knows.
        piece.inspection.obstacles = found?.obstacles ?? []
        return piece
    }

    /// What was found in a file if it is that artifact. It is read only if its fingerprint isn't known: whoever sends it
    /// looks again.
    private func inspection(_ item: LocalItem, _ artifact: Artifact) async throws -> Inspection? {
        let key = item.fingerprintKey
        guard var now = try? LocalFile.fingerprint(item.path), now.size == artifact.size else { return nil }
        now.path = key
        if let known = (try? state.fingerprint(key)) ?? nil, known.fingerprint == now,
            let inspection = Inspection(text: known.inspection)
        {
            return known.digest == artifact.digest ? inspection : nil
        }
        report(.reading(path: artifact.origin.path))
        let inspector = ArtifactInspector(workspace: workspace)
        guard case .success(let read) = try await OffPool.run({ try inspector.inspect(item, $0) }) else { return nil }
        remember { try $0.save(fingerprints: [read.record]) }
        return read.artifact.digest == artifact.digest ? read.artifact.inspection : nil
    }

    func describe(_ archive: PackedArchive, _ options: PackOptions) async throws -> PackedManifest {
        let packer = try self.packer
        let prefix = archive.prefix
        return try await OffPool.run { cancelled in
            try packer.describe(prefix: prefix, options, cancelled: cancelled)
        }
    }

    /// Whether the store has an object: as the state remembers it, or else as the store says.
    func isPublished(_ object: ObjectKey, offline: Bool) async -> Bool {
        let known = (try? state.mappings(store: storeName, environment: environment.text)) ?? []
        let isKnown = known.contains {
            $0.digest == object.digest && $0.size == object.size && $0.storePath.hasSuffix("/" + object.relativePath)
        }
        if isKnown { return true }
        guard !offline, let connection = try? connect(concurrency: 4) else { return false }
        return await Self.inFiveSeconds {
            guard let presence = try? await connection.store.presence(of: [object], concurrency: 1),
                case .present? = presence[object]
            else { return false }
            return true
        }
    }

    /// What the environment was installed from: the lockfile, by the packages that it wants. Where they can't be told, by
    /// its bytes.
    func packedLock() -> PackedManifest.Lock? {
        guard let lockfile = workspace.configuration.lockfile else { return nil }
        let name = lockfile.path.split(separator: "/").last.map(String.init) ?? lockfile.path
        if let request = (try? LockfileRequest.read(workspace)) ?? nil {
            return PackedManifest.Lock(name: name, id: request.packagesID.hex)
        }
        let path = Workspace.absolutePath(workspace.resolve(lockfile.path))
        guard let bytes = (try? LocalFile.readAll(path, limit: 64 << 20)) ?? nil else { return nil }
        return PackedManifest.Lock(name: name, id: ContentDigest.of(bytes).hex)
    }
}

extension LockfileRequest {
    /// The SHA-256 of the names and versions that the target gets, whatever else the lockfile says.
    var packagesID: ContentDigest {
        let packages = selection.choices.map(\.package) + required + directories
        let lines = Set(packages.map { "\($0.name)==\($0.version ?? "")\n" })
        return ContentDigest.of(Array(lines.sorted().joined().utf8))
    }
}
