import EnvSyncModel
import ObjectStore
import SyncState

extension Engine {
    /// Verifies a share of the published objects, those first that were verified the longest ago, and sends again what is
    /// missing or damaged and still here.
    ///
    /// Presence, size, mode and the server's checksum are looked at; no object is downloaded. What was found wrong is looked
    /// at again each time until it is right. Of an environment that somebody else published since, the generation that this
    /// workspace published last is looked at.
    ///
    /// - Throws: ``EnvSyncError`` if the store can't be asked. What can't be healed is a finding, and no error.
    public func scrub(_ options: ScrubOptions = ScrubOptions()) async throws -> ScrubResult {
        let connection = try connect(concurrency: options.concurrency)
        let lock = (try? workspace.lock()) ?? nil
        return try await describing("verify the objects of environment \"\(environment)\"", connection) {
            let target = try await scrubTarget(lock, connection)
            guard let manifest = target.manifest, let generation = target.generation else {
                return ScrubResult(
                    generation: nil, objects: 0, notCompared: 0, healed: 0, modesMended: 0, findings: target.findings,
                    failure: nil, requests: connection.store.fileSystem.requestCount)
            }
            let scrub = Scrub(
                engine: self, connection: connection, options: options, generation: generation, manifest: manifest,
                lock: lock, ref: target.ref)
            return try await scrub.run(target.findings)
        }
    }

    private struct ScrubTarget {
        var ref: EnvironmentRef?
        var generation: GenerationName?
        var manifest: EnvironmentManifest?
        var findings: [DriftFinding] = []
    }

    /// What is to be looked at. The lock has what the manifest of its environment lists, so that is not read.
    private func scrubTarget(_ lock: Lock?, _ connection: StoreConnection) async throws -> ScrubTarget {
        let store = connection.store
        var target = ScrubTarget()
        func damaged(_ path: String, _ reason: String) -> DriftFinding {
            DriftFinding(
                code: .publicationDamaged, subject: path, message: reason, suggestion: "envsync push --repair")
        }
        do { target.ref = try await store.ref(of: environment) } catch let error as RemoteFileError
            where error.condition == .corrupted
        {
            target.findings.append(
                damaged(store.layout.ref(of: environment), "the ref can't be read: \(error.reason)"))
        }
        let locked = lock?.manifest
        let lockedID = locked?.id
        if let ref = target.ref, let locked, ref.generation.id == lockedID {
            target.generation = ref.generation
            target.manifest = locked
            let path = store.layout.manifest(ref.generation, of: environment)
            let length = try await store.fileSystem.status(path)?.length
            if length != ref.manifestSize {
                let what = length.map { "has \($0) bytes, not \(ref.manifestSize)" } ?? "is missing"
                target.findings.append(damaged(path, "the manifest of generation \(ref.generation.number) \(what)"))
            }
            return target
        }
        guard let known = (try? state.publication(store: storeName, environment: environment.text)) ?? nil else {
            return target
        }
        let name = GenerationName(number: known.generation, id: known.id)
        if let locked, name.id == lockedID {
            target.generation = name
            target.manifest = locked
            return target
        }
        do {
            guard let generation = try await store.generation(name, of: environment) else { return target }
            target.generation = name
            target.manifest = generation.manifest
        } catch let error as RemoteFileError where error.condition == .corrupted {
            target.findings.append(damaged(error.path, error.reason))
        }
        return target
    }
}
