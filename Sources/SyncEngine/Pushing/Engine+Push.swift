import EnvSyncModel
import Glibc
import ObjectStore
import SyncState

extension Engine {
    /// Makes the store hold what the lock says, and publishes it.
    ///
    /// Pushes of one workspace go one after the other: each finds what the one before has done.
    ///
    /// - Throws: ``EnvSyncError``; `CancellationError` if the task was cancelled. In both cases nothing is published,
    ///   and the objects that are in place already stay, whole and verified.
    public func push(_ options: PushOptions = PushOptions()) async throws -> PushResult {
        guard !options.dryRun else { return try await pushAlone(options) }
        return try await withPushLock(options.origin) { waitedFor in
            var result = try await pushAlone(options)
            result.waitedFor = waitedFor
            return result
        }
    }

    private func pushAlone(_ options: PushOptions) async throws -> PushResult {
        if options.lockFirst { try await makeArchives() }
        let packed = options.lockFirst ? try await packArchives(offline: options.offline) : nil
        let scan = try await scan(
            search: options.lockFirst ? (options.offline ? .caches : .indexes) : .known,
            looksAtInputs: !options.lockFirst, packed: packed)
        let lock = try await currentLock(scan, lockFirst: options.lockFirst)
        let connection = try connect(concurrency: options.concurrency)
        let doing = "publish environment \"\(environment)\""
        let manifest = lock.manifest
        let id = manifest.id
        let ref = try await describing(doing, connection) {
            do { return try await connection.store.ref(of: environment) } catch let error as RemoteFileError
                where error.condition == .corrupted
            {
                report(.warning("the ref of \"\(environment)\" can't be read and will be replaced: \(error.reason)"))
                return nil
            }
        }
        let isVouchedFor = try await describing(doing, connection) {
            guard let ref else { return false }
            return try await connection.store.isVouchedFor(ref.generation, of: environment, by: connection.user)
        }
        if let ref, ref.generation.id == id, isVouchedFor, !options.repair {
            let before = publishedBefore(ref)
            rememberPublished(ref.generation, at: ref.publishedAt, lock: lock, connection, fileSystem: ref.fileSystem)
            if !options.dryRun {
                let session = PushSession(store: connection.store, id: PushID.make(), knownFileSystem: nil)
                await Self.inFiveSeconds { await removeStagingOfDeadPushes(session) }
            }
            let objects = manifest.objects
            return PushResult(
                id: id, generation: ref.generation, supersededBy: nil, published: false, objects: objects.count,
                bytes: objects.reduce(0) { $0 + $1.size }, objectsSent: 0, bytesSent: 0, objectsRepaired: 0,
                requests: connection.store.fileSystem.requestCount, publishedBefore: before)
        }
        let push = Push(
            engine: self, connection: connection, options: options, lock: lock, manifest: manifest, id: id, ref: ref,
            isVouchedFor: isVouchedFor, scan: scan)
        var result = try await push.run()
        if !result.published, let ref, ref.generation == result.generation {
            result.publishedBefore = publishedBefore(ref)
        }
        return result
    }

    /// The push in this workspace's journal that published what a ref names.
    private func publishedBefore(_ ref: EnvironmentRef) -> PushRecord? {
        ((try? state.recentPushes(limit: 100)) ?? []).first { push in
            // A number alone doesn't tell: a store may have been emptied, and numbers begin anew.
            push.outcome == .done && push.store == storeName && push.environment == environment.text
                && push.generation == ref.generation.number && abs(push.startedAt / 1000 - ref.publishedAt) <= 1
        }
    }

    /// The lock to push: it must be what the local files are, as far as they are there.
    ///
    /// Files that are missing locally are no obstacle here: the store may have them.
    private func currentLock(_ scan: LocalScan, lockFirst: Bool) async throws -> Lock {
        if lockFirst {
            let lock = try await lock(scan)
            _ = try write(lock)
            return lock
        }
        let lock = try workspace.requiredLock()
        let differences = LockBuilder.differences(between: lock, and: scan).filter { $0.kind != .missing }
        if !differences.isEmpty {
            let shown = differences.prefix(10).map { "\n  " + $0.message }.joined()
            let more = differences.count > 10 ? "\n  and \(differences.count - 10) more" : ""
            throw EnvSyncError(
                .staleLock, "\(Workspace.lockFileName) is older than its sources:\(shown)\(more)",
                suggestion: "envsync lock, then envsync push (or both at once: envsync push --lock)",
                consequence: "nothing was sent")
        }
        return lock
    }

    /// Records which generation holds the lock's environment, and, where nothing better is known, where its objects are.
    func rememberPublished(
        _ generation: GenerationName, at time: Int64, lock: Lock, _ connection: StoreConnection, fileSystem: String?
    ) {
        remember { state in
            let sparkBase = connection.sparkBase(known: fileSystem)
            let known = try state.publication(store: storeName, environment: environment.text)
            let wanted = Publication(
                store: storeName, environment: environment.text, id: generation.id, generation: generation.number,
                publishedAt: time, sparkBase: sparkBase)
            guard known != wanted else { return }
            try state.setPublication(wanted)
            let mapped = Dictionary(
                try state.mappings(store: storeName, environment: environment.text).map { ($0.storePath, $0) },
                uniquingKeysWith: { first, _ in first })
            let layout = connection.store.layout
            try state.replaceMappings(
                store: storeName, environment: environment.text,
                with: lock.artifacts.map { artifact in
                    let path = layout.path(of: artifact.object)
                    let old = mapped[path]
                    return ObjectMapping(
                        store: storeName, environment: environment.text, localPath: artifact.origin.path,
                        digest: artifact.digest, storePath: path, size: artifact.size,
                        checksumAlgorithm: old?.checksumAlgorithm, checksum: old?.checksum,
                        verification: old?.verification ?? .size, remoteModified: old?.remoteModified,
                        verifiedAt: old?.verifiedAt ?? time)
                })
        }
    }

    /// Removes what pushes from this workspace that died, or could not clean up, left in the staging directory. It costs
    /// no request where there were none. Failing to is no failure of a push: staged files are never referred to.
    func removeStagingOfDeadPushes(_ session: PushSession) async {
        for push in (try? state.unfinishedPushes()) ?? [] where push.store == storeName && !push.process.isRunning {
            guard (try? await session.removeStaging(of: push.id)) != nil else { continue }
            var ended = push
            if ended.outcome == .running { ended.outcome = .interrupted }
            ended.finishedAt = Now.milliseconds
            remember { try $0.finish(ended) }
        }
    }

    /// Does what nothing depends on: in a task of its own, since this one may be cancelled, and for five seconds at most,
    /// since the server may be gone.
    static func inFiveSeconds<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async -> Value {
        let work = Task { await body() }
        let limit = Task {
            try await Task.sleep(for: .seconds(5))
            work.cancel()
        }
        defer { limit.cancel() }
        return await work.value
    }
}
