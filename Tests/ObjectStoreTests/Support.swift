import EnvSyncModel
import Foundation
import Glibc
import Synchronization

@testable import ObjectStore

/// A directory that is removed when the test lets go of it.
final class TemporaryDirectory: Sendable {
    let path = NSTemporaryDirectory() + "/envsync-store-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The process "died": thrown by ``DyingFileSystem`` for everything from one operation on.
struct Died: Error {}

/// A real directory whose client dies at the n-th operation: nothing that comes later happens.
///
/// With `afterEffect`, that operation still takes effect and only its reply is lost, as when a process is killed after
/// the server has done what it asked for.
final class DyingFileSystem: RemoteFileSystem {
    private let base = LocalFileSystem()
    private let fatal: Int
    private let afterEffect: Bool
    private let count = Atomic(0)

    init(diesAt fatal: Int, afterEffect: Bool) {
        self.fatal = fatal
        self.afterEffect = afterEffect
    }

    /// Operations asked for so far.
    var operations: Int { count.load(ordering: .relaxed) }

    private func guarded<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        let number = count.add(1, ordering: .relaxed).newValue
        if number > fatal || (number == fatal && !afterEffect) { throw Died() }
        let result = try await body()
        if number == fatal { throw Died() }
        return result
    }

    func status(_ path: String) async throws -> RemoteStatus? { try await guarded { try await base.status(path) } }
    func list(_ path: String) async throws -> [RemoteStatus]? { try await guarded { try await base.list(path) } }
    func makeDirectory(_ path: String, mode: UInt16) async throws {
        try await guarded { try await base.makeDirectory(path, mode: mode) }
    }
    func upload(_ content: UploadContent, to path: String) async throws -> (RemoteStatus, Verification) {
        try await guarded { try await base.upload(content, to: path) }
    }
    func rename(_ path: String, to destination: String, replacing: Bool) async throws {
        try await guarded { try await base.rename(path, to: destination, replacing: replacing) }
    }
    func delete(_ path: String, recursive: Bool) async throws -> Bool {
        try await guarded { try await base.delete(path, recursive: recursive) }
    }
    func read(_ path: String, limit: Int) async throws -> [UInt8]? {
        try await guarded { try await base.read(path, limit: limit) }
    }
    func verify(_ path: String, holds content: UploadContent) async throws -> Verification? {
        try await guarded { try await base.verify(path, holds: content) }
    }
    func checksumAgrees(_ path: String, with content: UploadContent) async throws -> Bool? {
        try await guarded { try await base.checksumAgrees(path, with: content) }
    }
    var uploadsLinger: Bool { base.uploadsLinger }
    func checksum(_ path: String) async throws -> Verification? { try await guarded { try await base.checksum(path) } }
    func digest(_ path: String) async throws -> ContentDigest { try await guarded { try await base.digest(path) } }
    func setPermission(_ path: String, mode: UInt16) async throws {
        try await guarded { try await base.setPermission(path, mode: mode) }
    }
    var requestCount: Int { operations }
    var bytesReceived: Int64 { 0 }
    var observedAuthority: String? { nil }
}

/// A small environment whose objects hold the given texts.
struct Sample {
    let manifest: EnvironmentManifest
    let contents: [ObjectKey: UploadContent]

    init(_ texts: [String], name: String = "etl") throws {
        var contents: [ObjectKey: UploadContent] = [:]
        let artifacts = try texts.enumerated().map { index, text in
            let content = UploadContent.bytes(Array(text.utf8))
            let artifact = Artifact(
                name: "file\(index)", kind: .file, digest: content.digest, size: content.size,
                leaf: try LeafName("file\(index).txt"), delivery: .file,
                origin: ArtifactOrigin(section: .listed, path: "file\(index).txt"))
            contents[artifact.object] = content
            return artifact
        }
        manifest = EnvironmentManifest(name: try EnvironmentName(name), artifacts: artifacts)
        self.contents = contents
    }

    /// Pushes as the engine does: objects first, then the generation.
    @discardableResult
    func push(_ fileSystem: any RemoteFileSystem, root: String, by user: String = "ana") async throws -> PublishOutcome
    {
        let store = ObjectStore(fileSystem: fileSystem, root: root, sharing: .private)
        let session = PushSession(store: store, id: UUID().uuidString, knownFileSystem: nil)
        let newest = try await store.generations(of: manifest.name).last?.name
        try await session.prepare()
        _ = try await concurrently(manifest.objects, limit: 4) { object in
            try await session.put(object, content: contents[object] ?? .bytes([]))
        }
        let staged = try await session.stageGeneration(manifest, id: manifest.id, after: newest, by: user, at: 1)
        let outcome = try await session.publish(staged, by: user, at: 1)
        try await session.finish()
        return outcome
    }
}

/// What must hold at any moment: a ref leads to a manifest that is what its name says, and that to whole objects.
func expectWhole(_ root: String, _ environment: EnvironmentName) async throws -> GenerationName? {
    let store = ObjectStore(fileSystem: LocalFileSystem(), root: root, sharing: .private)
    guard let ref = try await store.ref(of: environment) else { return nil }
    guard let generation = try await store.generation(ref.generation, of: environment) else {
        throw RemoteFileError(.notFound, operation: "read", path: ref.generation.description, reason: "a dangling ref")
    }
    for object in generation.manifest.objects {
        let digest = try await store.fileSystem.digest(store.layout.path(of: object))
        guard digest == object.digest else {
            throw RemoteFileError(
                .corrupted, operation: "read", path: object.relativePath, reason: "not what it should be")
        }
    }
    return ref.generation
}
