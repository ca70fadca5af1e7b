import EnvSyncModel
import Glibc
import ObjectStore

/// Finds out which objects of a generation are there and whole, and where those that aren't can be had from.
struct ObjectSurvey: Sendable {
    /// What is to be sent, from what, in place of what.
    struct Mend: Sendable {
        let object: ObjectKey
        let source: LocalArtifact
        /// The modification time of what is damaged; `nil` if nothing is there.
        let damaged: Int64?
    }

    /// What was found.
    struct Findings: Sendable {
        var mends: [Mend] = []
        /// Neither whole in the store nor here, with what is wrong.
        var lost: [(object: ObjectKey, problem: String)] = []
        var notCompared = 0
    }

    let engine: Engine
    let connection: StoreConnection
    let concurrency: Int
    /// Download and hash each object.
    let readBack: Bool
    /// What the generation holds.
    let manifest: EnvironmentManifest
    /// Whether the generation is taken at its word; see ``ObjectStore/isVouchedFor(_:of:by:)``. If not, what others put
    /// into a `world` store is read back.
    let isVouchedFor: Bool

    private enum State: Sendable {
        case whole
        case unknown
        case absent
        case damaged(Int64, String)
    }

    /// Looks at the objects.
    ///
    /// - Throws: `RemoteFileError`, also for an object that is there and can't be read: it may be in use, and the server
    ///   may be wrong.
    func run() async throws -> Findings {
        let objects = manifest.objects
        let states = try await states(of: objects)
        var findings = Findings()
        guard states.contains(where: { if case .whole = $0.1 { false } else { true } }) else { return findings }
        let sources = await localSources()
        for (object, state) in states {
            switch state {
            case .whole: continue
            case .unknown:
                guard let source = sources[object], let agrees = try await compare(object, with: source) else {
                    findings.notCompared += 1
                    continue
                }
                if !agrees, let status = try await store.fileSystem.status(store.layout.path(of: object)) {
                    findings.mends.append(Mend(object: object, source: source, damaged: status.modified))
                }
            case .absent:
                if let source = sources[object] {
                    findings.mends.append(Mend(object: object, source: source, damaged: nil))
                } else {
                    findings.lost.append((object, "missing"))
                }
            case .damaged(let modified, let problem):
                if let source = sources[object] {
                    findings.mends.append(Mend(object: object, source: source, damaged: modified))
                } else {
                    findings.lost.append((object, problem))
                }
            }
        }
        return findings
    }

    private var store: ObjectStore { connection.store }

    private func states(of objects: [ObjectKey]) async throws -> [(ObjectKey, State)] {
        let presence = try await store.presence(of: objects, concurrency: concurrency)
        let lock = (try? engine.workspace.lock()) ?? nil
        let checksums = Dictionary(
            (lock?.artifacts ?? []).map { ($0.object, $0.hdfsChecksum) }, uniquingKeysWith: { first, _ in first })
        let mappings =
            (try? engine.state.mappings(store: engine.storeName, environment: engine.environment.text)) ?? []
        let recorded = Dictionary(mappings.map { ($0.storePath, $0) }, uniquingKeysWith: { first, _ in first })
        let examiner = ObjectExaminer(store: store, user: connection.user)
        let report = engine.report
        return try await concurrently(objects, limit: concurrency) { object in
            defer { report(.checked(object: object)) }
            switch presence[object] {
            case .absent, nil: return (object, .absent)
            case .damaged(let status):
                let problem = status.isDirectory ? "a directory" : "\(status.length) bytes in place of \(object.size)"
                return (object, .damaged(status.modified, problem))
            case .present(let status):
                let finding: ObjectExaminer.Finding
                do {
                    finding =
                        readBack
                        ? try await examiner.readBack(object)
                        : try await examiner.examine(
                            object, status, hdfsChecksum: checksums[object] ?? nil,
                            recorded: recorded[store.layout.path(of: object)], mayReadBack: !isVouchedFor)
                } catch let error as RemoteFileError
                    where readBack && (error.condition == .other || error.condition == .corrupted)
                {
                    // HDFS breaks off where a block doesn't match its checksums.
                    return (object, .damaged(status.modified, error.reason))
                }
                return switch finding {
                case .matches: (object, .whole)
                case .unknown: (object, .unknown)
                case .differs(let how): (object, .damaged(status.modified, how))
                }
            }
        }
    }

    /// The local files that can be objects, and what was built of older files and is still kept. A workspace that can't
    /// be looked through has none; that is no reason to fail, for the store may have all.
    private func localSources() async -> [ObjectKey: LocalArtifact] {
        guard let scan = try? await engine.scan() else { return [:] }
        let lock = (try? engine.workspace.lock()) ?? nil
        let kept = manifest.artifacts.filter { $0.kind == .source || $0.kind == .layer }.map { artifact in
            Artifact(
                name: artifact.name, version: artifact.version, kind: artifact.kind, digest: artifact.object.digest,
                size: artifact.object.size, leaf: artifact.object.leaf, delivery: artifact.delivery,
                origin: ArtifactOrigin(section: .listed, path: artifact.name))
        }
        let all = Lock(environment: engine.environment, artifacts: (lock?.artifacts ?? []) + kept)
        return engine.localSources(of: all, scan)
    }

    /// Compares an object with a local file of the same content; `nil` if the server's checksum can't tell.
    private func compare(_ object: ObjectKey, with source: LocalArtifact) async throws -> Bool? {
        let inspector = ArtifactInspector(workspace: engine.workspace)
        guard let descriptor = try? await OffPool.run({ try inspector.openContent(of: source, $0) }) else { return nil }
        defer { close(descriptor) }
        let content = UploadContent.file(descriptor: descriptor, size: object.size, digest: object.digest)
        return try await store.fileSystem.checksumAgrees(store.layout.path(of: object), with: content)
    }
}
