import EnvSyncModel
import Glibc
import ObjectStore

/// What is in the store, as a check sees it.
struct ObjectsLook: Sendable {
    /// Objects looked at.
    var count = 0
    var presence: [ObjectKey: ObjectPresence] = [:]
    /// What is wrong with the bytes of objects of the right size.
    var content: [ObjectKey: DriftFinding] = [:]
    /// The server's checksums of objects that hold what they should, where they were asked for.
    var verified: [ObjectKey: Verification] = [:]
    var notCompared = 0
    /// What lacks bits of its mode that the store's owner can give it.
    var narrow: [(path: String, status: RemoteStatus, wanted: UInt16)] = []
    /// What others can't pass on the way to the store, outermost first.
    var closed: [(path: String, status: RemoteStatus)] = []

    /// What is there with its size and the right bytes, as far as was looked.
    var whole: [ObjectKey: RemoteStatus] {
        var whole: [ObjectKey: RemoteStatus] = [:]
        for (object, found) in presence {
            if case .present(let status) = found, content[object] == nil { whole[object] = status }
        }
        return whole
    }
}

extension Check {
    /// Looks at objects and directories: presence, sizes and modes; with the options for it, bytes.
    func objects(_ connection: StoreConnection) async throws -> ObjectsLook {
        let store = connection.store
        let report = engine.report
        var look = ObjectsLook()
        async let closed = closedDirectories(connection)
        async let own = options.wants(.objectMode) ? store.ownDirectories(of: engine.environment) : []
        if options.wantsAny(.objectMissing, .objectSize, .objectContent, .objectMode, .mappingDiffers) {
            // A few objects are looked for one by one, unless their directories matter.
            let directories =
                options.wants(.objectMode) || objects.count > 8
                ? try await store.directories(for: objects, concurrency: options.concurrency) : nil
            look.presence = try await store.presence(
                of: objects, concurrency: options.concurrency, known: directories
            ) { report(.checked(object: $0)) }
            look.count = objects.count
            let mode = store.sharing.directoryMode
            for directory in directories ?? [] where StoreSharing.isNarrower(directory.permission, than: mode) {
                look.narrow.append((store.layout.objectDirectory(named: directory.name), directory, mode))
            }
        }
        for directory in try await own
        where StoreSharing.isNarrower(directory.status.permission, than: directory.wanted) {
            look.narrow.append(directory)
        }
        look.closed = try await closed
        var present: [(ObjectKey, RemoteStatus)] = []
        for object in objects {
            guard case .present(let status) = look.presence[object] else { continue }
            present.append((object, status))
            if status.permission & 0o444 != 0o444 {
                look.narrow.append((store.layout.path(of: object), status, 0o644))
            }
        }
        if options.deep || options.readBack, options.wantsAny(.objectContent, .mappingDiffers) {
            try await compareContent(present, connection, &look)
        }
        return look
    }

    /// The directories above the store's own that others can't pass: then YARN localises each object anew for each user
    /// (Spark `ClientDistributedCacheManager.isPublic`). As far as they can be looked at.
    private func closedDirectories(
        _ connection: StoreConnection
    ) async throws -> [(path: String, status: RemoteStatus)] {
        guard options.wants(.objectMode), connection.location.scheme != .file else { return [] }
        let store = connection.store
        let ancestors = ObjectStore.ancestors(of: store.layout.objects)
        let found = try await concurrently(ancestors, limit: options.concurrency) { path in
            do { return (path, try await store.fileSystem.status(path)) } catch let error as RemoteFileError
                where error.condition == .accessDenied
            { return (path, nil) }
        }
        return found.compactMap { path, status in
            guard let status, status.permission & 0o001 == 0 else { return nil }
            return (path, status)
        }
    }

    private func compareContent(
        _ present: [(ObjectKey, RemoteStatus)], _ connection: StoreConnection, _ look: inout ObjectsLook
    ) async throws {
        let options = options
        let engine = engine
        let words = ObjectFindings(store: connection.store)
        let expected = Dictionary(
            lock.artifacts.map { ($0.object, $0.hdfsChecksum) }, uniquingKeysWith: { first, _ in first })
        let recorded = Dictionary(mappings().map { ($0.storePath, $0) }, uniquingKeysWith: { first, _ in first })
        let examiner = ObjectExaminer(store: connection.store, user: connection.user)
        let sources = scan.sources(for: lock)
        let found = try await concurrently(present, limit: options.concurrency) { object, status in
            do {
                if options.readBack { return (object, try await examiner.readBack(object)) }
                let finding = try await examiner.examine(
                    object, status, hdfsChecksum: expected[object] ?? nil,
                    recorded: recorded[connection.store.layout.path(of: object)], mayReadBack: false)
                guard case .unknown = finding, let source = sources[object] else { return (object, finding) }
                return (object, try await Self.compare(object, with: source, connection, engine) ?? finding)
            } catch let error as RemoteFileError
                where options.readBack && (error.condition == .other || error.condition == .corrupted)
            {
                // HDFS breaks off where a block doesn't match its checksums.
                return (object, .differs("it can't be read to its end: \(error.reason)"))
            }
        }
        for (object, finding) in found {
            switch finding {
            case .matches(let verification): look.verified[object] = verification
            case .unknown(let reason):
                if look.notCompared == 0 {
                    engine.report(
                        .warning("not all objects can be compared without downloading; use --read-back: \(reason)"))
                }
                look.notCompared += 1
            case .differs(let how):
                let plain = words.content(object, how)
                look.content[object] = DriftFinding(
                    code: plain.code, subject: plain.subject, message: plain.message,
                    suggestion: options.readBack ? "envsync push --repair --read-back" : plain.suggestion)
            }
        }
    }

    /// Compares an object with the local file it was made from, by a checksum with the parameters that the server's has;
    /// `nil` if that can't tell.
    private static func compare(
        _ object: ObjectKey, with source: LocalArtifact, _ connection: StoreConnection, _ engine: Engine
    ) async throws -> ObjectExaminer.Finding? {
        let inspector = ArtifactInspector(workspace: engine.workspace)
        guard let descriptor = try? await OffPool.run({ try inspector.openContent(of: source, $0) }) else { return nil }
        defer { close(descriptor) }
        let content = UploadContent.file(descriptor: descriptor, size: object.size, digest: object.digest)
        let path = connection.store.layout.path(of: object)
        return switch try await connection.store.fileSystem.checksumAgrees(path, with: content) {
        case true?: .matches(Verification(method: .checksum, algorithm: "", checksum: ""))
        case false?: .differs("the server's checksum is not that of the local file")
        case nil: nil
        }
    }

    // MARK: - Findings

    /// What to tell of objects and directories.
    func objectFindings(_ look: Look, _ connection: StoreConnection) -> [DriftFinding] {
        let words = ObjectFindings(store: connection.store)
        let isPublished = look.publication.ref?.generation.id == id
        var findings = look.objects.narrow.map { words.mode($0.path, $0.status, wanted: $0.wanted) }
        findings += look.objects.closed.map { closed in
            DriftFinding(
                code: .objectMode, subject: closed.path,
                message: "its mode is \(String(closed.status.permission, radix: 8)); others can't pass it, "
                    + "so YARN can't share what is below",
                suggestion: "hdfs dfs -chmod o+x \(closed.path), by \(closed.status.owner), who owns it; "
                    + "or set store.url to another directory")
        }
        guard look.objects.count > 0 else { return findings }
        for object in objects {
            if let finding = look.objects.content[object] {
                findings.append(finding)
            } else if let finding = words.finding(object, look.objects.presence[object]) {
                // A push sends what is missing unless the published generation already vouches for it.
                let isSentAnyway = finding.code == .objectMissing && !isPublished
                findings.append(
                    isSentAnyway
                        ? DriftFinding(
                            code: finding.code, subject: finding.subject, message: finding.message,
                            suggestion: "envsync push") : finding)
            }
        }
        return findings
    }
}
