import EnvSyncModel
import Glibc
import ObjectStore
import ReproducibleArchive
import SyncState
import Synchronization

/// One push that has something to do: plan, transfer, verify, publish.
struct Push: Sendable {
    let engine: Engine
    let connection: StoreConnection
    let options: PushOptions
    let lock: Lock
    let manifest: EnvironmentManifest
    let id: ContentDigest
    let ref: EnvironmentRef?
    /// Whether what the ref leads to can be taken to be there; see ``ObjectStore/isVouchedFor(_:of:by:)``.
    let isVouchedFor: Bool
    let scan: LocalScan

    var store: ObjectStore { connection.store }
    var environment: EnvironmentName { manifest.name }
    private var doing: String {
        options.only == nil
            ? "publish environment \"\(environment)\"" : "mend objects of environment \"\(environment)\""
    }

    /// What is known of an object in the store when all is done.
    struct Placed: Sendable {
        var modified: Int64
        var verification: Verification?
    }

    /// What has to be sent, and what is there already.
    struct Plan: Sendable {
        var toSend: [ObjectKey] = []
        var placed: [ObjectKey: Placed] = [:]
        /// Of those to send, the ones that replace something damaged, with its modification time.
        var damaged: [ObjectKey: Int64] = [:]
        var newest: GenerationName?
        /// Whether the ref names this environment, and, as far as was looked, leads to it.
        var isCurrent = false
    }

    /// Counts what is done, for the message of a push that fails in the middle.
    private final class Tally: Sendable {
        private let counts = Mutex((objects: 0, sent: 0, bytes: Int64(0), repaired: 0))

        func add(_ stored: StoredObject, size: Int64) {
            counts.withLock {
                $0.objects += 1
                $0.sent += stored.wasSent ? 1 : 0
                $0.bytes += stored.wasSent ? size : 0
                $0.repaired += stored.replacedDamaged ? 1 : 0
            }
        }

        var value: (objects: Int, sent: Int, bytes: Int64, repaired: Int) { counts.withLock { $0 } }
    }

    /// The objects that this push is about.
    var objects: [ObjectKey] {
        guard let only = options.only else { return manifest.objects }
        return manifest.objects.filter(only.contains)
    }

    func run() async throws -> PushResult {
        let objects = self.objects
        let plan = try await describing(doing, connection) { try await makePlan(objects) }
        let bytesToSend = plan.toSend.reduce(0) { $0 + $1.size }
        let sources = try self.sources(for: plan)
        engine.report(
            .planned(
                PushPlanSummary(
                    objects: objects.count, bytes: objects.reduce(0) { $0 + $1.size },
                    objectsToSend: plan.toSend.count, bytesToSend: bytesToSend)))
        let isCurrent = plan.isCurrent
        if options.dryRun || (plan.toSend.isEmpty && isCurrent) {
            if !options.dryRun { rememberMappings(plan.placed) }
            return result(
                objects, published: false, generation: isCurrent ? ref?.generation : nil, superseded: nil,
                sent: options.dryRun ? (plan.toSend.count, bytesToSend, plan.damaged.count) : (0, 0, 0))
        }
        return try await transfer(plan, sources, objects: objects)
    }

    private func result(
        _ objects: [ObjectKey], published: Bool, generation: GenerationName?, superseded: GenerationName?,
        sent: (Int, Int64, Int)
    ) -> PushResult {
        PushResult(
            id: id, generation: generation, supersededBy: superseded, published: published, objects: objects.count,
            bytes: objects.reduce(0) { $0 + $1.size }, objectsSent: sent.0, bytesSent: sent.1, objectsRepaired: sent.2,
            requests: store.fileSystem.requestCount)
    }

    // MARK: - Transfer

    private func transfer(
        _ plan: Plan, _ sources: [ObjectKey: LocalArtifact], objects: [ObjectKey]
    ) async throws -> PushResult {
        let pushID = PushID.make()
        let started = Now.seconds
        var record = PushRecord(
            id: pushID, store: engine.storeName, environment: environment.text, startedAt: Now.milliseconds,
            origin: options.origin)
        engine.remember { try $0.begin(record) }
        let session = PushSession(store: store, id: pushID, knownFileSystem: ref?.fileSystem)
        let tally = Tally()
        do {
            let outcome = try await send(plan, sources, session, tally, at: started)
            await Engine.inFiveSeconds {
                try? await session.finish()
                await engine.removeStagingOfDeadPushes(session)
            }
            var placed = plan.placed
            for (object, stored) in outcome.stored {
                placed[object] = Placed(modified: stored.status.modified, verification: stored.verification)
            }
            let counts = tally.value
            record.outcome = .done
            record.finishedAt = Now.milliseconds
            record.objectsSent = counts.sent
            record.bytesSent = counts.bytes
            record.generation = outcome.published?.generation.number ?? ref?.generation.number
            engine.remember { try $0.finish(record) }
            await engine.rememberClosedDirectory(connection)
            rememberMappings(placed)
            let generation = outcome.published?.generation ?? ref?.generation
            let isNewest = outcome.published.map { $0.current == $0.generation } ?? (generation?.id == id)
            if let generation, isNewest {
                engine.rememberPublished(generation, at: started, lock: lock, connection, fileSystem: ref?.fileSystem)
            }
            let superseded = outcome.published.flatMap { $0.current == $0.generation ? nil : $0.current }
            return result(
                objects, published: outcome.published != nil, generation: generation, superseded: superseded,
                sent: (counts.sent, counts.bytes, counts.repaired))
        } catch {
            let isClean = await Engine.inFiveSeconds { (try? await session.abandon()) != nil }
            let counts = tally.value
            record.outcome = error is CancellationError ? .cancelled : .failed
            // What this push could not remove, the next one will.
            record.finishedAt = isClean ? Now.milliseconds : nil
            record.objectsSent = counts.sent
            record.bytesSent = counts.bytes
            record.message = (error as? EnvSyncError)?.message
            engine.remember { try $0.finish(record) }
            throw explained(error, already: plan.placed.count + counts.objects, of: objects.count)
        }
    }

    private func send(
        _ plan: Plan, _ sources: [ObjectKey: LocalArtifact], _ session: PushSession, _ tally: Tally, at time: Int64
    ) async throws -> (stored: [(ObjectKey, StoredObject)], published: PublishOutcome?) {
        try await describing(doing, connection) {
            try await session.prepare()
            let isCurrent = plan.isCurrent
            // Staged while objects are still under way: nothing refers to staged files, and closing a file in HDFS
            // takes a good part of a second that this hides.
            async let staged: PushSession.StagedGeneration? =
                isCurrent
                ? nil
                : session.stageGeneration(manifest, id: id, after: plan.newest, by: connection.user, at: time)
            // Long transfers first, so that none of them is left over at the end.
            let order = plan.toSend.sorted { ($0.size, $1.digest.hex) > ($1.size, $0.digest.hex) }
            let stored = try await concurrently(order, limit: options.concurrency) { object in
                guard let source = sources[object] else { throw missing(object) }
                let stored = try await put(object, from: source, replacing: plan.damaged[object], session)
                tally.add(stored, size: object.size)
                engine.report(.stored(object: object, wasSent: stored.wasSent))
                return (object, stored)
            }
            guard let generation = try await staged else { return (stored, nil) }
            engine.report(.publishing(number: (plan.newest?.number ?? 0) + 1))
            return (stored, try await session.publish(generation, by: connection.user, at: time))
        }
    }

    private func put(
        _ object: ObjectKey, from source: LocalArtifact, replacing damaged: Int64?, _ session: PushSession,
        isBuiltAnew: Bool = false
    ) async throws -> StoredObject {
        let report = engine.report
        let inspector = ArtifactInspector(workspace: engine.workspace)
        let path = QuotedText.visible(source.item.origin.path)
        let descriptor: Int32
        do { descriptor = try await OffPool.run { try inspector.openContent(of: source, $0) } } catch let error
            as LocalFileError
        {
            throw EnvSyncError(.artifact, "cannot \(doing): \(path): \(error.reason)", suggestion: "envsync lock")
        } catch let error as ArchiveError {
            throw EnvSyncError(.artifact, "cannot \(doing): \(path): \(error.message)", suggestion: "envsync lock")
        }
        defer { close(descriptor) }
        let content = UploadContent.file(descriptor: descriptor, size: object.size, digest: object.digest) {
            report(.sent(bytes: $0))
        }
        do {
            return try await session.put(object, content: content, replacing: damaged)
        } catch let error as RemoteFileError
            where error.condition == .sourceChanged || error.condition == .sourceUnreadable
        {
            let changed = error.condition == .sourceChanged
            // It may be the zip kept in .envsync/build that was damaged, and not the directory that changed.
            if changed, !isBuiltAnew, inspector.discardBuild(of: source) {
                return try await put(object, from: source, replacing: damaged, session, isBuiltAnew: true)
            }
            throw EnvSyncError(
                changed ? .changedWhileReading : .artifact,
                "cannot \(doing): \(path) " + (changed ? "changed while it was being sent" : "cannot be read"),
                reason: error.reason,
                suggestion: "let whatever writes it finish, then run envsync lock and envsync push")
        }
    }

    // MARK: - The end

    private func explained(_ error: any Error, already: Int, of total: Int) -> any Error {
        guard var error = error as? EnvSyncError, error.consequence == nil, options.only == nil else { return error }
        error.consequence =
            "nothing was published"
            + (already > 0
                ? "; \(already) of \(total) objects are already in the store and will not be sent again" : "")
        return error
    }

    private func rememberMappings(_ placed: [ObjectKey: Placed]) {
        engine.remember { state in
            let now = Now.seconds
            try state.save(
                mappings: lock.artifacts.compactMap { artifact in
                    guard let place = placed[artifact.object], let verification = place.verification else { return nil }
                    return ObjectMapping(
                        store: engine.storeName, environment: environment.text, localPath: artifact.origin.path,
                        digest: artifact.digest, storePath: store.layout.path(of: artifact.object), size: artifact.size,
                        checksumAlgorithm: verification.algorithm, checksum: verification.checksum,
                        verification: verification.method == .checksum ? .checksum : .readback,
                        remoteModified: place.modified, verifiedAt: now)
                })
        }
    }
}

/// Names of pushes: sortable by time, different for every push on every machine.
enum PushID {
    static func make() -> String {
        var time = time_t(Now.seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let date = "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))"
        let clock = "\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))"
        return "\(date)T\(clock)Z-" + String(UInt64.random(in: .min ... .max), radix: 36)
    }
}
