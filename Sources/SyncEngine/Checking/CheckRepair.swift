import EnvSyncModel
import ObjectStore
import SyncState

/// Does away with what a check found, as far as that takes nothing from anybody: it never publishes over a generation that
/// this workspace doesn't know, and never touches the lock, local files or an installed environment.
struct CheckRepair: Sendable {
    let check: Check
    let first: Check.Look

    private var engine: Engine { check.engine }
    private var options: CheckOptions { check.options }

    /// What was done, by what it was done about.
    private struct Deeds {
        var modes: [String: UInt16] = [:]
        var published: GenerationName?
        var sent = false
        /// Objects whose row in the state was wrong, and whose bytes turned out to be wrong, too.
        var resent: Set<String> = []
        var state = false
        var requests = 0
    }

    /// Mends, and looks again: what is left is what the second look finds.
    ///
    /// - Throws: ``EnvSyncError`` if the store stops answering. What it refuses is told, and stays a finding.
    func run() async throws -> CheckResult {
        var deeds = Deeds()
        if let connection = check.connection {
            try await describing("mend environment \"\(engine.environment)\"", connection) {
                try await mendModes(connection, &deeds)
                let examined = try await examineMapped(connection)
                try await send(connection, examined, &deeds)
                try await correctState(connection, examined, &deeds)
            }
        }
        let second = try await check.look()
        let left = Set(second.findings.map { Key($0) })
        let fixed = first.findings.compactMap { finding -> FixedFinding? in
            guard !left.contains(Key(finding)), let action = action(finding, deeds) else { return nil }
            return FixedFinding(finding: finding, action: action)
        }
        return check.result(of: second, fixed: fixed, moreRequests: deeds.requests)
    }

    /// What a finding is about: its message may be another the second time.
    private struct Key: Hashable {
        let code: DriftFinding.Code
        let subject: String

        init(_ finding: DriftFinding) {
            code = finding.code
            subject = finding.subject
        }
    }

    private func action(_ finding: DriftFinding, _ deeds: Deeds) -> String? {
        switch finding.code {
        case .objectMode:
            deeds.modes[finding.subject].map { "its mode was set to \(String($0, radix: 8))" }
        case .objectMissing: deeds.sent ? "it was sent" : nil
        case .objectSize, .objectContent: deeds.sent ? "it was sent again and replaced" : nil
        case .notPublished, .generationDiffers, .publicationDamaged:
            deeds.published.map { "generation \($0.number) was published" }
        case .mappingDiffers:
            deeds.resent.contains(finding.subject)
                ? "it was sent again and replaced" : deeds.state ? "the state was corrected" : nil
        case .staleLock, .localChanged, .localMissing, .environmentMissing, .environmentExtra, .environmentVersion,
            .environmentChanged, .superseded, .argumentsOutdated:
            nil
        }
    }

    private func found(_ codes: DriftFinding.Code...) -> [DriftFinding] {
        first.findings.filter { codes.contains($0.code) }
    }

    // MARK: - Modes

    private func mendModes(_ connection: StoreConnection, _ deeds: inout Deeds) async throws {
        guard options.wants(.objectMode) else { return }
        for (path, status, wanted) in first.objects.narrow {
            let mode = status.permission | wanted
            do {
                try await connection.store.fileSystem.setPermission(path, mode: mode)
                deeds.modes[path] = mode
            } catch let error as RemoteFileError where error.condition == .accessDenied {
                warn("the mode of \(QuotedText.shown(path)) can't be changed: \(error.reason)")
            } catch let error as RemoteFileError where error.condition == .notFound {
                // Removed meanwhile; the second look tells.
                continue
            }
        }
    }

    private func warn(_ message: String) { engine.report(.warning(message)) }

    // MARK: - Objects and the publication

    private func send(
        _ connection: StoreConnection, _ examined: [ObjectKey: ObjectExaminer.Finding], _ deeds: inout Deeds
    ) async throws {
        let unpublished = found(.notPublished, .generationDiffers, .publicationDamaged)
        let differing = Set(examined.filter { $0.value.isDifference }.map(\.key))
        let broken = self.broken(connection).union(differing)
        guard !unpublished.isEmpty || !broken.isEmpty else { return }
        guard !check.isStale else {
            warn("nothing is sent: \(Workspace.lockFileName) is older than its sources; run envsync lock first")
            return
        }
        if !unpublished.isEmpty, first.publication.mayPublish {
            try await publish(&deeds)
        } else if !unpublished.isEmpty {
            warn(
                "nothing is published: what is published is not known to be this workspace's; "
                    + "envsync push publishes the lock nevertheless")
        }
        // What is published and can't be sent whole is mended piece by piece.
        if !deeds.sent, !broken.isEmpty { try await mend(broken, connection, &deeds) }
        if deeds.sent { deeds.resent = Set(differing.map(connection.store.layout.path)) }
    }

    /// The objects that are missing or damaged, and looked for.
    private func broken(_ connection: StoreConnection) -> Set<ObjectKey> {
        let paths = Set(found(.objectMissing, .objectSize, .objectContent).map(\.subject))
        guard !paths.isEmpty else { return [] }
        return Set(check.objects.filter { paths.contains(connection.store.layout.path(of: $0)) })
    }

    private func pushOptions() -> PushOptions {
        var push = PushOptions()
        push.repair = true
        push.readBack = options.readBack
        push.concurrency = min(options.concurrency, push.concurrency)
        return push
    }

    /// A push of everything, as a user would do it.
    private func publish(_ deeds: inout Deeds) async throws {
        do {
            let result = try await engine.push(pushOptions())
            deeds.requests += result.requests
            deeds.sent = true
            if result.published { deeds.published = result.generation }
        } catch let error as EnvSyncError where error.code != .unreachable { warnUnmended(error) }
    }

    /// Sends objects alone: what their generation is, and whether it is the newest, stays as it is. One that can't be sent
    /// keeps no other from being sent.
    private func mend(
        _ broken: Set<ObjectKey>, _ connection: StoreConnection, _ deeds: inout Deeds
    ) async throws {
        let sources = engine.localSources(of: check.lock, check.scan)
        let here = broken.filter { sources[$0] != nil }
        for object in broken.subtracting(here).sorted(by: { $0.relativePath < $1.relativePath }) {
            let origin = check.lock.artifacts.first { $0.object == object }?.origin.path ?? object.leaf.text
            warn("\(QuotedText.visible(origin)) can't be sent again: its bytes are not on this machine")
        }
        guard !here.isEmpty else { return }
        let check = check
        let engine = engine
        let ref = first.publication.ref
        var chosen = pushOptions()
        func push(_ objects: Set<ObjectKey>) async throws {
            chosen.only = objects
            let push = Push(
                engine: engine, connection: connection, options: chosen, lock: check.lock,
                manifest: check.lock.manifest, id: check.id, ref: ref, isVouchedFor: false, scan: check.scan)
            _ = try await engine.withPushLock(chosen.origin) { _ in try await push.run() }
            deeds.sent = true
        }
        do { try await push(here) } catch let error as EnvSyncError where error.code != .unreachable {
            let isOfOne = [.artifact, .changedWhileReading, .verification].contains(error.code)
            guard isOfOne, here.count > 1 else { return warnUnmended(error) }
            for object in here.sorted(by: { $0.relativePath < $1.relativePath }) {
                do { try await push([object]) } catch let error as EnvSyncError where error.code != .unreachable {
                    warnUnmended(error)
                }
            }
        }
    }

    private func warnUnmended(_ error: EnvSyncError) {
        warn("not mended: \(error.message)\(error.reason.map { ": \($0)" } ?? "")")
    }

    // MARK: - The state

    /// Looks at the bytes of objects that were written again since the state knew them.
    private func examineMapped(_ connection: StoreConnection) async throws -> [ObjectKey: ObjectExaminer.Finding] {
        let expected = Dictionary(
            check.lock.artifacts.map { ($0.object, $0.hdfsChecksum) }, uniquingKeysWith: { first, _ in first })
        let examiner = ObjectExaminer(store: connection.store, user: connection.user)
        let whole = first.objects.whole
        let mayReadBack = options.readBack
        // A row that is of no object may be in the place of one.
        let origins = Set(first.wrongMappings.filter { $0.object == nil }.map(\.mapping.localPath))
        let displaced = check.lock.artifacts.filter { origins.contains($0.origin.path) }.map(\.object)
        let objects = Set(first.wrongMappings.compactMap(\.object) + displaced).compactMap { object in
            whole[object].map { (object, $0) }
        }
        let found = try await concurrently(objects, limit: options.concurrency) { object, status in
            let finding = try await examiner.examine(
                object, status, hdfsChecksum: expected[object] ?? nil, mayReadBack: mayReadBack)
            return (object, finding)
        }
        return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    /// Replaces rows that are not so by what is so now.
    private func correctState(
        _ connection: StoreConnection, _ examined: [ObjectKey: ObjectExaminer.Finding], _ deeds: inout Deeds
    ) async throws {
        if let vanished = first.publication.vanished, options.wants(.mappingDiffers) {
            engine.remember { state in
                // A push may have published meanwhile.
                let now = try state.publication(store: engine.storeName, environment: engine.environment.text)
                guard now == vanished else { return }
                try state.removePublication(store: engine.storeName, environment: engine.environment.text)
            }
            deeds.state = true
        }
        // Of an object with wrong bytes the row is the only witness, until the bytes are right.
        let corrected = first.wrongMappings.filter { row in
            row.object.map { !(examined[$0]?.isDifference ?? true) } ?? true
        }
        guard !corrected.isEmpty else { return }
        let wrong = Set(corrected.map(\.mapping))
        var rows = check.mappings().filter { !wrong.contains($0) }
        var mapped = Set(rows.map { [$0.localPath, $0.storePath] })
        let origins = Set(wrong.map(\.localPath))
        for artifact in check.lock.artifacts where origins.contains(artifact.origin.path) {
            let path = connection.store.layout.path(of: artifact.object)
            guard mapped.insert([artifact.origin.path, path]).inserted else { continue }
            var mapping = ObjectMapping(
                store: engine.storeName, environment: engine.environment.text, localPath: artifact.origin.path,
                digest: artifact.digest, storePath: path, size: artifact.size, verification: .size,
                verifiedAt: Now.seconds)
            if case .matches(let verification)? = examined[artifact.object] {
                mapping.checksumAlgorithm = verification.algorithm
                mapping.checksum = verification.checksum
                mapping.verification = verification.method == .checksum ? .checksum : .readback
                mapping.remoteModified = first.objects.whole[artifact.object]?.modified
            }
            rows.append(mapping)
        }
        let kept = rows
        engine.remember { state in
            try state.replaceMappings(store: engine.storeName, environment: engine.environment.text, with: kept)
        }
        deeds.state = true
    }
}

extension ObjectExaminer.Finding {
    fileprivate var isDifference: Bool { if case .differs = self { true } else { false } }
}
