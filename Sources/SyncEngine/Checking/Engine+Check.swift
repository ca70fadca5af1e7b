import EnvSyncModel
import Glibc
import ObjectStore

extension Engine {
    /// Compares sources, lock, local files, the published generation and the objects in the store.
    ///
    /// It needs the configuration, the lock and the store; no state database, and with ``CheckOptions/remoteOnly`` no
    /// wheelhouse either.
    ///
    /// - Throws: ``EnvSyncError`` if it can't be told: a store that can't be reached is never in sync.
    public func check(_ options: CheckOptions = CheckOptions()) async throws -> CheckResult {
        let lock = try workspace.requiredLock()
        let scan = try await scan()
        var findings = localFindings(lock, scan, remoteOnly: options.remoteOnly)
        let connection = try connect(concurrency: options.concurrency)
        let manifest = lock.manifest
        let id = manifest.id
        let objects = manifest.objects
        let remote = try await describing("check environment \"\(environment)\"", connection) {
            async let publication = publicationFindings(id, connection)
            async let stored = objectFindings(lock, scan, objects, options, connection)
            return (try await publication, try await stored)
        }
        // A push sends what is missing unless the published generation already vouches for it.
        let isPublished = remote.0.generation?.id == id
        findings += remote.0.findings
        findings += remote.1.findings.map { finding in
            guard finding.code == .objectMissing, !isPublished else { return finding }
            return DriftFinding(
                code: finding.code, subject: finding.subject, message: finding.message, suggestion: "envsync push")
        }
        let order = Dictionary(
            uniqueKeysWithValues: DriftFinding.Code.allCases.enumerated().map { ($0.element, $0.offset) })
        findings.sort { (order[$0.code] ?? 0, $0.subject) < (order[$1.code] ?? 0, $1.subject) }
        return CheckResult(
            id: id, generation: remote.0.generation, findings: findings, objects: objects.count,
            requests: connection.store.fileSystem.requestCount,
            notCompared: remote.1.notCompared, bytesReceived: connection.store.fileSystem.bytesReceived)
    }

    private func localFindings(_ lock: Lock, _ scan: LocalScan, remoteOnly: Bool) -> [DriftFinding] {
        LockBuilder.differences(between: lock, and: scan).compactMap { difference in
            let subject = difference.origin.path.isEmpty ? difference.origin.section.rawValue : difference.origin.path
            switch difference.kind {
            case .missing:
                guard !remoteOnly else { return nil }
                return DriftFinding(
                    code: .localMissing, subject: subject, message: difference.message,
                    suggestion: "restore it; or check with --remote-only where the files aren't kept")
            case .changed, .unusable:
                return DriftFinding(
                    code: .localChanged, subject: subject, message: difference.message,
                    suggestion: "envsync lock, then envsync push")
            case .added, .removed:
                // A wheelhouse that is there but lacks a wheel looks the same where the wheels aren't kept.
                if remoteOnly, difference.kind == .removed, difference.origin.section == .wheelhouse { return nil }
                return DriftFinding(
                    code: .staleLock, subject: subject, message: difference.message,
                    suggestion: "envsync lock, then envsync push")
            }
        }
    }

    private func publicationFindings(
        _ id: ContentDigest, _ connection: StoreConnection
    ) async throws -> (findings: [DriftFinding], generation: GenerationName?) {
        let path = connection.store.layout.ref(of: environment)
        func damaged(_ reason: String, _ subject: String) -> DriftFinding {
            DriftFinding(
                code: .publicationDamaged, subject: subject, message: reason, suggestion: "envsync push --repair")
        }
        do {
            guard let ref = try await connection.store.ref(of: environment) else {
                return (
                    [
                        DriftFinding(
                            code: .notPublished, subject: path,
                            message: "the environment \"\(environment)\" was never published there",
                            suggestion: "envsync push")
                    ], nil
                )
            }
            let name = ref.generation
            guard name.id == id else {
                return (
                    [
                        DriftFinding(
                            code: .generationDiffers, subject: path,
                            message: "generation \(name.number), by \(ref.publishedBy), is the environment "
                                + "\(name.id.short)…, the lock is \(id.short)…",
                            suggestion: "envsync push, or take over the lock that was published")
                    ], name
                )
            }
            let manifest = connection.store.layout.manifest(name, of: environment)
            do {
                guard try await connection.store.generation(name, of: environment) != nil else {
                    return ([damaged("the manifest of generation \(name.number) is missing", manifest)], name)
                }
            } catch let error as RemoteFileError where error.condition == .corrupted {
                return ([damaged(error.reason, manifest)], name)
            }
            return ([], name)
        } catch let error as RemoteFileError where error.condition == .corrupted {
            return ([damaged("the ref can't be read: \(error.reason)", path)], nil)
        }
    }

    private func objectFindings(
        _ lock: Lock, _ scan: LocalScan, _ objects: [ObjectKey], _ options: CheckOptions, _ connection: StoreConnection
    ) async throws -> (findings: [DriftFinding], notCompared: Int) {
        let store = connection.store
        let report = self.report
        let directories = try await store.directories(for: objects, concurrency: options.concurrency)
        let presence = try await store.presence(
            of: objects, concurrency: options.concurrency, known: directories
        ) { report(.checked(object: $0)) }
        var findings = modeFindings(of: directories, store)
        for directory in try await store.ownDirectories(of: environment)
        where StoreSharing.isNarrower(directory.status.permission, than: directory.wanted) {
            findings.append(
                modeFinding(directory.path, directory.status, wanted: String(directory.wanted, radix: 8)))
        }
        var whole: [(ObjectKey, RemoteStatus)] = []
        for object in objects {
            let path = store.layout.path(of: object)
            switch presence[object] {
            case .present(let status):
                whole.append((object, status))
                if status.permission & 0o444 != 0o444 {
                    findings.append(modeFinding(path, status, wanted: "644"))
                }
            case .damaged(let status):
                findings.append(
                    DriftFinding(
                        code: .objectSize, subject: path,
                        message: status.isDirectory
                            ? "it is a directory" : "it has \(status.length) bytes, not \(object.size)",
                        suggestion: "envsync push --repair"))
            case .absent, nil:
                findings.append(
                    DriftFinding(
                        code: .objectMissing, subject: path, message: "the object is not in the store",
                        suggestion: "envsync push --repair"))
            }
        }
        guard options.deep || options.readBack else { return (findings, 0) }
        let content = try await contentFindings(lock, scan, whole, options, connection)
        return (findings + content.findings, content.notCompared)
    }

    private func contentFindings(
        _ lock: Lock, _ scan: LocalScan, _ objects: [(ObjectKey, RemoteStatus)], _ options: CheckOptions,
        _ connection: StoreConnection
    ) async throws -> (findings: [DriftFinding], notCompared: Int) {
        let expected = Dictionary(
            lock.artifacts.map { ($0.object, $0.hdfsChecksum) }, uniquingKeysWith: { first, _ in first })
        let mappings = (try? state.mappings(store: storeName, environment: environment.text)) ?? []
        let recorded = Dictionary(mappings.map { ($0.storePath, $0) }, uniquingKeysWith: { first, _ in first })
        let examiner = ObjectExaminer(store: connection.store, user: connection.user)
        let sources = scan.sources(for: lock)
        let found = try await concurrently(objects, limit: options.concurrency) { object, status in
            do {
                if options.readBack { return (object, try await examiner.readBack(object)) }
                let finding = try await examiner.examine(
                    object, status, hdfsChecksum: expected[object] ?? nil,
                    recorded: recorded[connection.store.layout.path(of: object)], mayReadBack: false)
                guard case .unknown = finding, let source = sources[object] else { return (object, finding) }
                return (object, try await compare(object, with: source, connection) ?? finding)
            } catch let error as RemoteFileError
                where options.readBack && (error.condition == .other || error.condition == .corrupted)
            {
                // HDFS breaks off where a block doesn't match its checksums.
                return (object, .differs("it can't be read to its end: \(error.reason)"))
            }
        }
        var findings: [DriftFinding] = []
        var notCompared = 0
        for (object, finding) in found {
            switch finding {
            case .matches: continue
            case .unknown(let reason):
                if notCompared == 0 {
                    report(.warning("not all objects can be compared without downloading; use --read-back: \(reason)"))
                }
                notCompared += 1
            case .differs(let how):
                findings.append(
                    DriftFinding(
                        code: .objectContent, subject: connection.store.layout.path(of: object),
                        message: "it holds other bytes than its name says: \(how)",
                        suggestion: options.readBack ? "envsync push --repair --read-back" : "envsync push --repair"))
            }
        }
        return (findings, notCompared)
    }

    /// Compares an object with the local file it was made from, by a checksum with the parameters that the server's has;
    /// `nil` if that can't tell.
    private func compare(
        _ object: ObjectKey, with source: LocalArtifact, _ connection: StoreConnection
    ) async throws -> ObjectExaminer.Finding? {
        let inspector = ArtifactInspector(workspace: workspace)
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

    /// Directories that others can't pass keep YARN from localising objects once for all users
    /// (Spark `ClientDistributedCacheManager.isPublic`); those that the users of a shared store can't write to keep
    /// them from pushing.
    private func modeFindings(of directories: [RemoteStatus], _ store: ObjectStore) -> [DriftFinding] {
        let mode = store.sharing.directoryMode
        return directories.filter { StoreSharing.isNarrower($0.permission, than: mode) }.map { directory in
            modeFinding(
                store.layout.objectDirectory(named: directory.name), directory,
                wanted: String(mode, radix: 8))
        }
    }

    private func modeFinding(_ path: String, _ status: RemoteStatus, wanted: String) -> DriftFinding {
        DriftFinding(
            code: .objectMode, subject: path,
            message:
                "its mode is \(String(status.permission, radix: 8)); \(wanted) lets those use it whom store.sharing names",
            suggestion: "envsync push --repair, or hdfs dfs -chmod \(wanted) \(path)")
    }
}
