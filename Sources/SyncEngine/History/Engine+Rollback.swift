import EnvSyncModel
import Glibc
import ObjectStore
import ReproducibleArchive
import SyncState

extension Engine {
    /// Publishes the content of an older generation as a new one. History is not rewritten, and neither the lock nor, unless
    /// that is this content, what this workspace remembers to have published is changed: a daemon that pushes what
    /// changed since then must not undo the rollback.
    ///
    /// Every object is looked for first. What is missing or damaged is sent again if the bytes are here.
    ///
    /// - Throws: ``EnvSyncError``; `CancellationError` if the task was cancelled. In both cases nothing is published.
    public func rollback(
        to selector: GenerationSelector, _ options: RollbackOptions = RollbackOptions()
    ) async throws -> RollbackResult {
        if options.dryRun { return try await rollbackUnlocked(selector, options) }
        return try await withPushLock(.rollback) { _ in try await rollbackUnlocked(selector, options) }
    }

    private func rollbackUnlocked(
        _ selector: GenerationSelector, _ options: RollbackOptions
    ) async throws -> RollbackResult {
        let connection = try connect(concurrency: options.concurrency)
        let listing = try await describing("roll back environment \"\(environment)\"", connection) {
            try await generationListing(connection)
        }
        let target = try listing.index.find(selector)
        let generation = try await generation(target, connection, doing: "roll back to")
        let rollback = Rollback(
            engine: self, connection: connection, options: options, listing: listing, target: target,
            manifest: generation.manifest)
        return try await rollback.run()
    }
}

/// One rollback: look, send what is lost, publish.
private struct Rollback: Sendable {
    let engine: Engine
    let connection: StoreConnection
    let options: RollbackOptions
    let listing: Engine.GenerationListing
    let target: GenerationName
    let manifest: EnvironmentManifest

    private var store: ObjectStore { connection.store }
    private var environment: EnvironmentName { engine.environment }
    private var doing: String { "roll back environment \"\(environment)\" to generation \(target.number)" }

    func run() async throws -> RollbackResult {
        let objects = manifest.objects
        let changes = try await changes()
        let lock = (try? engine.workspace.lock()) ?? nil
        let locked = lock?.manifest.id
        func result(needed: Bool, _ findings: ObjectSurvey.Findings) -> RollbackResult {
            RollbackResult(
                target: target, previous: listing.index.published, isNeeded: needed, changes: changes,
                objects: objects.count, bytes: objects.reduce(0) { $0 &+ $1.size }, notCompared: findings.notCompared,
                objectsSent: findings.mends.count, bytesSent: findings.mends.reduce(0) { $0 + $1.object.size },
                isLocked: locked == target.id,
                lockGeneration: locked.flatMap { id in listing.index.names.last { $0.id == id }?.number },
                requests: store.fileSystem.requestCount)
        }
        // A damaged ref is replaced, whatever it should name.
        guard listing.ref?.generation.id != target.id else { return result(needed: false, ObjectSurvey.Findings()) }
        let findings = try await describing(doing, connection) {
            let isVouchedFor = try await store.isVouchedFor(target, of: environment, by: connection.user)
            let survey = ObjectSurvey(
                engine: engine, connection: connection, concurrency: options.concurrency, readBack: options.readBack,
                manifest: manifest, isVouchedFor: isVouchedFor)
            return try await survey.run()
        }
        if !findings.lost.isEmpty { throw lost(findings.lost) }
        var finished = result(needed: true, findings)
        engine.report(
            .planned(
                PushPlanSummary(
                    objects: objects.count, bytes: finished.bytes, objectsToSend: findings.mends.count,
                    bytesToSend: finished.bytesSent)))
        if options.dryRun { return finished }
        let outcome = try await transfer(findings.mends)
        finished.generation = outcome.generation
        if let lock, locked == target.id, outcome.current == outcome.generation {
            engine.rememberPublished(
                outcome.generation, at: Now.seconds, lock: lock, connection, fileSystem: listing.ref?.fileSystem)
        }
        finished.supersededBy = outcome.current == outcome.generation ? nil : outcome.current
        finished.overtook = await overtaken(by: outcome.generation)
        finished.requests = store.fileSystem.requestCount
        return finished
    }

    /// What changes for workers: from what is published to what is wanted.
    private func changes() async throws -> [PackageChange]? {
        guard let current = listing.index.published else { return nil }
        let after = EnvironmentContent(manifest, id: target.id)
        if current.id == target.id { return [] }
        let before = try await describing(doing, connection) { () -> Generation? in
            do { return try await store.generation(current, of: environment) } catch let error as RemoteFileError
                where error.condition == .corrupted || error.condition == .other
            {
                engine.report(
                    .warning("the manifest of generation \(current.number) can't be read: \(error.reason)"))
                return nil
            }
        }
        return before.map {
            EnvironmentComparison(from: EnvironmentContent($0.manifest, id: current.id), to: after).changes
        }
    }

    private func lost(_ objects: [(object: ObjectKey, problem: String)]) -> EnvSyncError {
        let names = Dictionary(manifest.artifacts.map { ($0.object, $0) }, uniquingKeysWith: { first, _ in first })
        let lines = objects.prefix(20).map { lost in
            let artifact = names[lost.object]
            let version = artifact?.version.map { " " + QuotedText.shown($0) } ?? ""
            let name = artifact.map { QuotedText.shown($0.name) + version } ?? lost.object.leaf.text
            return "\n  \(name): \(store.layout.path(of: lost.object)): \(lost.problem)"
        }
        let more = objects.count > 20 ? "\n  and \(objects.count - 20) more" : ""
        let those = objects.count == 1 ? "1 of its objects is" : "\(objects.count) of its objects are"
        return EnvSyncError(
            .verification,
            "cannot \(doing): \(those) neither whole in the store nor here:\(lines.joined())\(more)",
            suggestion:
                "check out the files that generation \(target.number) was made of, or choose another; "
                + "envsync log shows them",
            consequence: "nothing was published")
    }

    // MARK: - Publishing

    private func transfer(_ mends: [ObjectSurvey.Mend]) async throws -> PublishOutcome {
        let pushID = PushID.make()
        let time = Now.seconds
        var record = PushRecord(
            id: pushID, store: engine.storeName, environment: environment.text, startedAt: Now.milliseconds,
            origin: .rollback)
        engine.remember { try $0.begin(record) }
        let session = PushSession(store: store, id: pushID, knownFileSystem: listing.ref?.fileSystem)
        do {
            let outcome = try await describing(doing, connection) {
                try await session.prepare()
                let sent = try await concurrently(mends, limit: options.concurrency) { try await put($0, session) }
                rememberSent(sent)
                record.objectsSent = sent.count { $0.stored.wasSent }
                record.bytesSent = sent.reduce(0) { $0 + ($1.stored.wasSent ? $1.mend.object.size : 0) }
                let staged = try await session.stageGeneration(
                    manifest, id: target.id, after: listing.index.names.last, by: connection.user, at: time)
                engine.report(.publishing(number: (listing.index.names.last?.number ?? 0) + 1))
                return try await session.publish(staged, by: connection.user, at: time)
            }
            await Engine.inFiveSeconds {
                try? await session.finish()
                await engine.removeStagingOfDeadPushes(session)
            }
            record.outcome = .done
            record.finishedAt = Now.milliseconds
            record.generation = outcome.generation.number
            engine.remember { try $0.finish(record) }
            return outcome
        } catch {
            let isClean = await Engine.inFiveSeconds { (try? await session.abandon()) != nil }
            record.outcome = error is CancellationError ? .cancelled : .failed
            // What could not be removed, the next push will remove.
            record.finishedAt = isClean ? Now.milliseconds : nil
            record.message = (error as? EnvSyncError)?.message
            engine.remember { try $0.finish(record) }
            guard var explained = error as? EnvSyncError, explained.consequence == nil else { throw error }
            explained.consequence = "nothing was published"
            throw explained
        }
    }

    private func put(
        _ mend: ObjectSurvey.Mend, _ session: PushSession
    ) async throws -> (mend: ObjectSurvey.Mend, stored: StoredObject) {
        let report = engine.report
        let inspector = ArtifactInspector(workspace: engine.workspace)
        let path = QuotedText.visible(mend.source.item.origin.path)
        func unusable(_ reason: String) -> EnvSyncError {
            EnvSyncError(
                .artifact, "cannot \(doing): \(path) can't be sent again", reason: reason,
                suggestion: "let whatever writes it finish, then run the same command again")
        }
        let descriptor: Int32
        do {
            descriptor = try await OffPool.run { try inspector.openContent(of: mend.source, $0) }
        } catch let error as LocalFileError { throw unusable(error.reason) } catch let error as ArchiveError {
            throw unusable(error.message)
        }
        defer { close(descriptor) }
        let content = UploadContent.file(
            descriptor: descriptor, size: mend.object.size, digest: mend.object.digest
        ) { report(.sent(bytes: $0)) }
        do {
            let stored = try await session.put(mend.object, content: content, replacing: mend.damaged)
            report(.stored(object: mend.object, wasSent: stored.wasSent))
            return (mend, stored)
        } catch let error as RemoteFileError
            where error.condition == .sourceChanged || error.condition == .sourceUnreadable
        { throw unusable(error.reason) }
    }

    /// What the state says of objects that were sent anew is corrected; it says nothing of others.
    private func rememberSent(_ sent: [(mend: ObjectSurvey.Mend, stored: StoredObject)]) {
        guard !sent.isEmpty else { return }
        let stored = Dictionary(
            sent.map { (store.layout.path(of: $0.mend.object), $0.stored) }, uniquingKeysWith: { first, _ in first })
        engine.remember { state in
            let known = try state.mappings(store: engine.storeName, environment: environment.text)
            try state.save(
                mappings: known.compactMap { mapping in
                    guard let stored = stored[mapping.storePath] else { return nil }
                    var mapping = mapping
                    mapping.checksumAlgorithm = stored.verification.algorithm
                    mapping.checksum = stored.verification.checksum
                    mapping.verification = stored.verification.method == .checksum ? .checksum : .readback
                    mapping.remoteModified = stored.status.modified
                    mapping.verifiedAt = Now.seconds
                    return mapping
                })
        }
    }

    /// What others published between the look and the end, and is not what jobs get now. Only the message depends on it.
    private func overtaken(by generation: GenerationName) async -> [GenerationName] {
        guard let now = try? await store.generations(of: environment).map(\.name) else { return [] }
        let known = Set(listing.index.names)
        return now.filter { !known.contains($0) && $0 < generation }
    }
}
