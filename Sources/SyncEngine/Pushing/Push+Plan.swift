import EnvSyncModel
import ObjectStore
import SyncState

extension Push {
    /// Finds out what has to be sent. Objects that the published generation lists are there, by the publish protocol,
    /// and are not looked for; `repair` looks at everything.
    func makePlan(_ objects: [ObjectKey]) async throws -> Plan {
        var plan = Plan()
        let publishes = options.only == nil
        async let generations = publishes ? store.generations(of: environment) : []
        let listed = options.repair ? [] : try await listedObjects()
        let candidates = objects.filter { !listed.contains($0) }
        let mends = options.repair && !options.dryRun
        if mends { try await mendDirectories(objects) }
        let presence = try await store.presence(of: candidates, concurrency: options.concurrency)
        var present: [(ObjectKey, RemoteStatus)] = []
        for object in candidates {
            switch presence[object] {
            case .present(let status):
                present.append((object, status))
                if mends, status.permission & 0o444 != 0o444 { try await mend(store.layout.path(of: object), 0o644) }
            case .damaged(let status):
                plan.damaged[object] = status.modified
                plan.toSend.append(object)
            case .absent, nil: plan.toSend.append(object)
            }
        }
        let seen = Dictionary(present, uniquingKeysWith: { first, _ in first })
        for (object, placed) in try await examined(present) {
            if let placed {
                plan.placed[object] = placed
            } else {
                plan.damaged[object] = seen[object]?.modified
                plan.toSend.append(object)
            }
        }
        plan.newest = try await generations.last?.name
        plan.isCurrent = ref?.generation.id == id || !publishes
        if publishes, plan.isCurrent, options.repair, let ref { plan.isCurrent = try await isIntact(ref.generation) }
        return plan
    }

    private func isIntact(_ generation: GenerationName) async throws -> Bool {
        do { return try await store.generation(generation, of: environment) != nil } catch let error as RemoteFileError
            where error.condition == .corrupted
        { return false }
    }

    /// Gives the store's directories the modes that `store.sharing` wants, where they lack some of their bits.
    private func mendDirectories(_ objects: [ObjectKey]) async throws {
        for directory in try await store.ownDirectories(of: environment)
        where StoreSharing.isNarrower(directory.status.permission, than: directory.wanted) {
            try await mend(directory.path, directory.status.permission | directory.wanted)
        }
        let mode = store.sharing.directoryMode
        for directory in try await store.directories(for: objects, concurrency: options.concurrency)
        where StoreSharing.isNarrower(directory.permission, than: mode) {
            try await mend(store.layout.objectDirectory(named: directory.name), directory.permission | mode)
        }
    }

    /// What belongs to somebody else can't be mended; `check` tells of it.
    private func mend(_ path: String, _ mode: UInt16) async throws {
        do { try await store.fileSystem.setPermission(path, mode: mode) } catch let error as RemoteFileError
            where error.condition == .accessDenied
        { engine.report(.warning("the mode of \(QuotedText.shown(path)) can't be changed: \(error.reason)")) }
    }

    private func listedObjects() async throws -> Set<ObjectKey> {
        guard let ref, isVouchedFor else { return [] }
        do {
            guard let generation = try await store.generation(ref.generation, of: environment) else {
                engine.report(
                    .warning("the manifest of generation \(ref.generation.number) is missing; looking at every object"))
                return []
            }
            return Set(generation.manifest.objects)
        } catch let error as RemoteFileError where error.condition == .corrupted {
            engine.report(
                .warning(
                    "the manifest of generation \(ref.generation.number) is damaged; looking at every object: \(error.reason)"
                ))
            return []
        }
    }

    /// Makes sure that objects found in the store, which no generation of this environment vouches for, hold what
    /// their names say; `nil` for those that don't.
    private func examined(_ present: [(ObjectKey, RemoteStatus)]) async throws -> [(ObjectKey, Placed?)] {
        guard !present.isEmpty else { return [] }
        let verified = options.repair ? [:] : verifiedBefore()
        let expected = Dictionary(
            lock.artifacts.map { ($0.object, $0.hdfsChecksum) }, uniquingKeysWith: { first, _ in first })
        let examiner = ObjectExaminer(store: store, user: connection.user)
        return try await concurrently(present, limit: options.concurrency) { object, status in
            if let known = verified[store.layout.path(of: object)], known.size == object.size,
                known.remoteModified == status.modified
            {
                return (object, Placed(modified: status.modified, verification: nil))
            }
            do {
                let finding =
                    options.repair && options.readBack
                    ? try await examiner.readBack(object)
                    : try await examiner.examine(object, status, hdfsChecksum: expected[object] ?? nil)
                switch finding {
                case .matches(let verification):
                    return (object, Placed(modified: status.modified, verification: verification))
                case .differs, .unknown: return (object, nil)
                }
            } catch let error as RemoteFileError
                where options.repair && options.readBack
                && (error.condition == .other || error.condition == .corrupted)
            {
                // It can't be read to its end. In any other case this is an error: what is replaced gets a new
                // modification time, which breaks the applications that run with it, and the server may be wrong.
                return (object, nil)
            }
        }
    }

    private func verifiedBefore() -> [String: ObjectMapping] {
        let mappings = (try? engine.state.mappings(store: engine.storeName, environment: environment.text)) ?? []
        return Dictionary(
            mappings.filter { $0.verification != .size }.map { ($0.storePath, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The local files of the objects to send.
    ///
    /// - Throws: ``EnvSyncError`` if one of them isn't there: nothing was sent then.
    func sources(for plan: Plan) throws -> [ObjectKey: LocalArtifact] {
        // What was built of sources that are gone can mend the store; what is published anew has its sources.
        let sources = options.repair ? engine.localSources(of: lock, scan) : scan.sources(for: lock)
        for object in plan.toSend where sources[object] == nil { throw missing(object) }
        return sources
    }

    func missing(_ object: ObjectKey) -> EnvSyncError {
        let artifact = lock.artifacts.first { $0.object == object }
        let path = artifact.map { QuotedText.visible($0.origin.path) } ?? object.leaf.text
        return EnvSyncError(
            .artifact, "cannot publish environment \"\(manifest.name)\": \(path) is neither here nor in the store",
            suggestion: "restore the file (SHA-256 \(object.digest)), or run envsync lock without it",
            consequence: "nothing was published")
    }
}

/// Compares an object in the store with what its name says it is, without local bytes.
struct ObjectExaminer: Sendable {
    enum Finding: Sendable {
        case matches(Verification)
        case differs(String)
        /// Only reading it back can tell, and that was not wanted.
        case unknown(String)
    }

    let store: ObjectStore
    let user: String

    /// Whether a server's checksum of an object was computed as a lock's `hdfs-checksum` is: over chunks of 512 bytes with
    /// CRC-32C, and over blocks of 128 MiB or, for what fits into one of them, over a single block of any size.
    private static func isComparable(_ algorithm: String, size: Int64) -> Bool {
        let blockSize = HDFSParameters.blockSize
        if size == 0 { return algorithm == "MD5-of-0MD5-of-0CRC32" }
        let crcsPerBlock = size > blockSize ? blockSize / Int64(HDFSParameters.bytesPerChecksum) : 0
        return algorithm == "MD5-of-\(crcsPerBlock)MD5-of-\(HDFSParameters.bytesPerChecksum)CRC32C"
    }

    /// Compares by the server's checksum, and by reading back where that can't tell.
    ///
    /// In a `world` store, what somebody else put there is always read back: everybody can make a file with a given
    /// CRC, nobody one with a given SHA-256.
    ///
    /// - Parameters:
    ///   - recorded: what this workspace recorded when it verified the object; used where the server's checksum is of
    ///     another kind than the lock's, as with DataNodes that checksum in other chunks.
    ///   - mayReadBack: if not, the server's checksum alone decides, or nothing does; for `check --deep`, which
    ///     looks for damage and downloads nothing.
    func examine(
        _ object: ObjectKey, _ status: RemoteStatus, hdfsChecksum: String?, recorded: ObjectMapping? = nil,
        mayReadBack: Bool = true
    ) async throws -> Finding {
        let path = store.layout.path(of: object)
        let mayBeForged = mayReadBack && store.sharing == .world && status.owner != user
        var reason = "the server gives no checksum of it"
        if !mayBeForged, let checksum = try await store.fileSystem.checksum(path) {
            if checksum.method == .readBack {
                return checksum.checksum == object.digest.hex
                    ? .matches(checksum) : .differs("its SHA-256 is \(checksum.checksum.prefix(12))…")
            }
            if let hdfsChecksum, Self.isComparable(checksum.algorithm, size: object.size) {
                return checksum.checksum == hdfsChecksum
                    ? .matches(checksum)
                    : .differs("the server's checksum is \(checksum.checksum), not \(hdfsChecksum)")
            }
            if let recorded, recorded.verification == .checksum, recorded.checksumAlgorithm == checksum.algorithm,
                let expected = recorded.checksum
            {
                return checksum.checksum == expected
                    ? .matches(checksum)
                    : .differs("the server's checksum is \(checksum.checksum), not \(expected) as when it was verified")
            }
            reason = "the server's checksum is of another kind (\(checksum.algorithm))"
        }
        return mayReadBack ? try await readBack(object) : .unknown(reason)
    }

    /// Downloads the object and hashes it.
    func readBack(_ object: ObjectKey) async throws -> Finding {
        let digest = try await store.fileSystem.digest(store.layout.path(of: object))
        guard digest == object.digest else { return .differs("its SHA-256 is \(digest.short)…") }
        return .matches(Verification(method: .readBack, algorithm: "SHA-256", checksum: digest.hex))
    }
}
