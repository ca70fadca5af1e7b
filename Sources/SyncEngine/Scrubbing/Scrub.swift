import EnvSyncModel
import ObjectStore
import SyncState

/// One look at a share of a generation's objects.
struct Scrub: Sendable {
    let engine: Engine
    let connection: StoreConnection
    let options: ScrubOptions
    let generation: GenerationName
    let manifest: EnvironmentManifest
    let lock: Lock?
    let ref: EnvironmentRef?

    var store: ObjectStore { connection.store }

    /// What was found of the objects that were looked at.
    struct Look: Sendable {
        var whole: [ObjectKey: (status: RemoteStatus, verification: Verification?)] = [:]
        /// What is missing or damaged.
        var broken: [ObjectKey: DriftFinding] = [:]
        /// What can't be told at the moment, since no DataNode with the bytes answers.
        var unread: [ObjectKey: RemoteFileError] = [:]
        var modes: [(path: String, status: RemoteStatus, wanted: UInt16)] = []
        var notCompared = 0
    }

    /// - Parameter found: what is known to be wrong with the generation itself.
    func run(_ found: [DriftFinding]) async throws -> ScrubResult {
        let mappings = self.mappings()
        let memory = ScrubMemory(engine)
        let chosen = choose(mappings, memory)
        let look = try await look(at: chosen, mappings)
        if let error = look.unread.values.first, look.unread.count == chosen.count { throw error }
        var findings = found
        for (object, error) in look.unread {
            findings.append(
                ObjectFindings(store: store).content(object, "its bytes can't be reached: \(error.reason)"))
        }
        let modes = try await mendModes(look.modes)
        findings += modes.findings
        let healing = try await heal(look.broken)
        findings += healing.unhealed.values
        remember(look, mappings)
        let wrong = Set(healing.unhealed.keys).union(look.unread.keys)
        memory.save(
            wrong: chosen.filter(wrong.contains).map(store.layout.path),
            right: chosen.filter { !wrong.contains($0) }.map(store.layout.path))
        let order = Dictionary(
            uniqueKeysWithValues: DriftFinding.Code.allCases.enumerated().map { ($0.element, $0.offset) })
        findings.sort { (order[$0.code] ?? 0, $0.subject) < (order[$1.code] ?? 0, $1.subject) }
        return ScrubResult(
            generation: generation, objects: chosen.count, notCompared: look.notCompared, healed: healing.healed.count,
            modesMended: modes.mended, findings: findings, failure: healing.failure,
            requests: store.fileSystem.requestCount)
    }

    // MARK: - Which objects

    /// What this workspace knows of the environment's objects, by their paths.
    private func mappings() -> [String: [ObjectMapping]] {
        let known = (try? engine.state.mappings(store: engine.storeName, environment: engine.environment.text)) ?? []
        return Dictionary(grouping: known, by: \.storePath)
    }

    /// What is known to be wrong, and the share that was verified the longest ago.
    private func choose(_ mappings: [String: [ObjectMapping]], _ memory: ScrubMemory) -> [ObjectKey] {
        var known: [ObjectKey] = []
        var others: [(object: ObjectKey, verifiedAt: Int64)] = []
        for object in manifest.objects {
            let path = store.layout.path(of: object)
            if memory.isWrong(path) {
                known.append(object)
            } else {
                others.append((object, mappings[path]?.map(\.verifiedAt).min() ?? 0))
            }
        }
        // Where nothing can be remembered, chance sees to it that everything gets its turn.
        if engine.state.access == .readWrite {
            others.sort { ($0.verifiedAt, $0.object.digest.hex) < ($1.verifiedAt, $1.object.digest.hex) }
        } else {
            others.shuffle()
        }
        let share = options.share.isNaN ? 0 : min(1, max(0, options.share))
        let count = max(1, Int((Double(known.count + others.count) * share).rounded(.up)))
        return known + others.prefix(count).map(\.object)
    }

    // MARK: - Looking

    private func look(at objects: [ObjectKey], _ mappings: [String: [ObjectMapping]]) async throws -> Look {
        let report = engine.report
        let words = ObjectFindings(store: store)
        var look = Look()
        let directories = try await store.directories(for: objects, concurrency: options.concurrency)
        let presence = try await store.presence(of: objects, concurrency: options.concurrency, known: directories)
        let names = Set(objects.flatMap { [$0.digest.hex, String($0.digest.hex.prefix(2))] })
        let mode = store.sharing.directoryMode
        for directory in directories
        where names.contains(directory.name) && StoreSharing.isNarrower(directory.permission, than: mode) {
            look.modes.append((store.layout.objectDirectory(named: directory.name), directory, mode))
        }
        var present: [(ObjectKey, RemoteStatus)] = []
        for object in objects {
            if let finding = words.finding(object, presence[object]) {
                look.broken[object] = finding
                report(.checked(object: object))
            } else if case .present(let status) = presence[object] {
                present.append((object, status))
                if status.permission & 0o444 != 0o444 {
                    look.modes.append((store.layout.path(of: object), status, 0o644))
                }
            }
        }
        let expected = Dictionary(
            (lock?.artifacts ?? []).map { ($0.object, $0.hdfsChecksum) }, uniquingKeysWith: { first, _ in first })
        let examiner = ObjectExaminer(store: store, user: connection.user)
        let results = try await concurrently(present, limit: options.concurrency) { object, status in
            defer { report(.checked(object: object)) }
            do {
                let recorded = mappings[store.layout.path(of: object)]?.first { $0.verification == .checksum }
                let finding = try await examiner.examine(
                    object, status, hdfsChecksum: expected[object] ?? nil, recorded: recorded, mayReadBack: false)
                return (object, status, Result<ObjectExaminer.Finding, RemoteFileError>.success(finding))
            } catch let error as RemoteFileError
                where [.dataNodeUnreachable, .notFound, .corrupted, .other].contains(error.condition)
            {
                return (object, status, .failure(error))
            }
        }
        for (object, status, result) in results {
            switch result {
            case .success(.matches(let verification)): look.whole[object] = (status, verification)
            case .success(.unknown):
                look.whole[object] = (status, nil)
                look.notCompared += 1
            case .success(.differs(let how)): look.broken[object] = words.content(object, how)
            case .failure(let error) where error.condition == .notFound:
                // It vanished meanwhile.
                look.broken[object] = words.finding(object, .absent)
            // Whether it is damaged shows when it can be read again; it is not replaced on a guess.
            case .failure(let error): look.unread[object] = error
            }
        }
        return look
    }

    private func mendModes(
        _ narrow: [(path: String, status: RemoteStatus, wanted: UInt16)]
    ) async throws -> (mended: Int, findings: [DriftFinding]) {
        var mended = 0
        var findings: [DriftFinding] = []
        for (path, status, wanted) in narrow {
            do {
                guard options.heals else { throw RemoteFileError(.accessDenied, operation: "", path: path, reason: "") }
                try await store.fileSystem.setPermission(path, mode: status.permission | wanted)
                mended += 1
            } catch let error as RemoteFileError where error.condition == .accessDenied {
                findings.append(ObjectFindings(store: store).mode(path, status, wanted: wanted))
            } catch let error as RemoteFileError where error.condition == .notFound {
                continue
            }
        }
        return (mended, findings)
    }

    // MARK: - The end

    /// Enters in the state what was verified, and when.
    private func remember(_ look: Look, _ mappings: [String: [ObjectMapping]]) {
        let now = Now.seconds
        let artifacts = Dictionary(grouping: lock?.artifacts ?? [], by: \.object)
        var verified: [ObjectMapping] = []
        for (object, found) in look.whole {
            let path = store.layout.path(of: object)
            var known = mappings[path] ?? []
            if known.isEmpty {
                known = (artifacts[object] ?? []).map { artifact in
                    ObjectMapping(
                        store: engine.storeName, environment: engine.environment.text, localPath: artifact.origin.path,
                        digest: artifact.digest, storePath: path, size: artifact.size, verification: .size,
                        verifiedAt: now)
                }
            }
            for var mapping in known {
                mapping.verifiedAt = now
                if let verification = found.verification {
                    mapping.checksumAlgorithm = verification.algorithm
                    mapping.checksum = verification.checksum
                    mapping.verification = verification.method == .checksum ? .checksum : .readback
                    mapping.remoteModified = found.status.modified
                }
                verified.append(mapping)
            }
        }
        engine.remember { try $0.save(mappings: verified) }
    }
}

/// Which objects the last looks found wrong, so that they are looked at again until they are right.
private struct ScrubMemory {
    private let engine: Engine
    private let prefix: String
    private let wrong: Set<String>

    init(_ engine: Engine) {
        self.engine = engine
        let prefix = "scrub:\(engine.storeName)\u{1F}"
        self.prefix = prefix
        let records = (try? engine.state.fingerprints()) ?? [:]
        wrong = Set(
            records.filter { $0.key.hasPrefix(prefix) && $0.value.inspection == "wrong" }
                .map { String($0.key.dropFirst(prefix.count)) })
    }

    func isWrong(_ path: String) -> Bool { wrong.contains(path) }

    /// Writes what differs.
    func save(wrong found: [String], right: [String]) {
        let changes =
            found.filter { !wrong.contains($0) }.map { ($0, "wrong") }
            + right.filter(wrong.contains).map { ($0, "right") }
        guard !changes.isEmpty else { return }
        engine.remember { state in
            try state.save(
                fingerprints: changes.map { path, word in
                    FingerprintRecord(
                        fingerprint: FileFingerprint(
                            path: prefix + path, device: 0, inode: 0, size: 0, modified: 0, changed: 0),
                        digest: .of([]), inspection: word, hashedAt: Now.nanoseconds)
                })
        }
    }
}
