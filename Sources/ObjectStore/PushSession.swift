import EnvSyncModel
import Synchronization

/// How an object came to be in the store.
public struct StoredObject: Sendable {
    /// Its status at its final path.
    public var status: RemoteStatus
    /// How it was verified.
    public var verification: Verification
    /// Whether this push put it there, or found that somebody else had.
    public var wasSent: Bool
    /// Whether a damaged file was replaced.
    public var replacedDamaged: Bool
}

/// One push: a staging directory, and the writing half of the publish protocol.
///
/// Each object is staged, verified and renamed into place without overwriting. No lock is held: two pushers of one
/// object both succeed, since the second finds the first one's bytes and verifies them.
public final class PushSession: Sendable {
    /// Identifies the push and names its staging directory.
    public let id: String

    let store: ObjectStore
    let knownFileSystem: String?
    private let directories: DirectoryMaker
    private let counter = Atomic(0)

    /// Makes a session; nothing is written before ``prepare()``.
    ///
    /// - Parameters:
    ///   - id: a name that nobody else uses, of `[A-Za-z0-9-]`.
    ///   - knownFileSystem: what the last ref says of ``EnvironmentRef/fileSystem``.
    public init(store: ObjectStore, id: String, knownFileSystem: String?) {
        self.store = store
        self.id = id
        self.knownFileSystem = knownFileSystem
        directories = DirectoryMaker(fileSystem: store.fileSystem)
    }

    var stagingDirectory: String { "\(store.layout.staging)/\(id)" }

    /// Makes what is missing of the store's own directories, and this push's staging directory.
    public func prepare() async throws {
        let layout = store.layout
        let mode = store.sharing.directoryMode
        let present = try await rootEntries()
        for directory in [layout.objects, layout.environments, layout.staging] {
            guard let entry = present[String(directory.dropFirst(layout.root.count + 1))] else {
                try await directories.ensure(directory, mode: mode)
                continue
            }
            guard entry.isDirectory else {
                throw RemoteFileError(
                    .other, operation: "LISTSTATUS", path: directory,
                    reason: "there is a file where a directory is needed")
            }
            // `store.sharing` was widened since; only the directory's owner can follow that.
            if StoreSharing.isNarrower(entry.permission, than: mode) {
                do { try await store.fileSystem.setPermission(directory, mode: entry.permission | mode) } catch let
                    error as RemoteFileError where error.condition == .accessDenied
                {}
            }
        }
        try await store.fileSystem.makeDirectory(stagingDirectory, mode: 0o755)
    }

    /// What is in the root, by name. The root is made if it is missing; its ancestors are made with mode 755.
    private func rootEntries() async throws -> [String: RemoteStatus] {
        let root = store.layout.root
        if let entries = try await store.fileSystem.list(root) {
            return Dictionary(entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
        for ancestor in ObjectStore.ancestors(of: root).dropFirst() {
            try await directories.ensure(ancestor, mode: 0o755)
        }
        try await directories.ensure(root, mode: store.sharing.directoryMode)
        return [:]
    }

    /// Stages, verifies and publishes one object.
    ///
    /// - Parameter damaged: the modification time of a file at the final path that was found damaged, in a way that the
    ///   server's checksum may not show. It is replaced unless it has changed since.
    /// - Throws: ``RemoteFileError``. Whatever happens, the final path holds nothing, or whole and verified bytes.
    public func put(
        _ object: ObjectKey, content: UploadContent, replacing damaged: Int64? = nil
    ) async throws -> StoredObject {
        let layout = store.layout
        let mode = store.sharing.directoryMode
        async let ready: Void = makeObjectDirectories(
            layout.shard(of: object), layout.directory(of: object), mode: mode)
        let staged = try await stage(content)
        try await ready
        let final = layout.path(of: object)
        do {
            try await store.fileSystem.rename(staged.path, to: final, replacing: false)
            return StoredObject(
                status: staged.status, verification: staged.verification, wasSent: true, replacedDamaged: false)
        } catch let error as RemoteFileError
            where error.condition == .alreadyExists || error.condition == .accessDenied
        {
            // HDFS looks at permissions before it looks whether there is a file.
            let found = try await store.fileSystem.status(final)
            if let found, damaged == nil || found.modified != damaged,
                let verification = try await verify(found, object, content, pusher: staged.status.owner)
            {
                _ = try await store.fileSystem.delete(staged.path, recursive: false)
                return StoredObject(status: found, verification: verification, wasSent: false, replacedDamaged: false)
            }
            guard error.condition == .alreadyExists else { throw refusal(error, final, found) }
            // What is there isn't the object: nobody can be using it rightly, so it may be replaced. A directory can't
            // be renamed over.
            do {
                if let found, found.isDirectory { _ = try await store.fileSystem.delete(final, recursive: true) }
                try await store.fileSystem.rename(staged.path, to: final, replacing: true)
            } catch let error as RemoteFileError where error.condition == .accessDenied {
                throw refusal(error, final, found)
            }
            return StoredObject(
                status: staged.status, verification: staged.verification, wasSent: true, replacedDamaged: true)
        }
    }

    /// What a refused rename into an object's place means to the user, who never sees the staging path.
    private func refusal(_ error: RemoteFileError, _ final: String, _ found: RemoteStatus?) -> RemoteFileError {
        guard let found else {
            return RemoteFileError(.accessDenied, operation: error.operation, path: final, reason: error.reason)
        }
        return RemoteFileError(
            .occupied, operation: error.operation, path: final, reason: "it is \(found.owner)'s; \(error.reason)")
    }

    /// Compares what somebody else has put in an object's place with the content; `nil` if it is something else.
    ///
    /// In a `world` store it is read back: everybody can make a file with a given CRC, nobody one with a given SHA-256.
    private func verify(
        _ found: RemoteStatus, _ object: ObjectKey, _ content: UploadContent, pusher: String
    ) async throws -> Verification? {
        guard !found.isDirectory, found.length == object.size else { return nil }
        let path = store.layout.path(of: object)
        guard store.sharing == .world, found.owner != pusher else {
            return try await store.fileSystem.verify(path, holds: content)
        }
        let digest = try await store.fileSystem.digest(path)
        guard digest == object.digest else { return nil }
        return Verification(method: .readBack, algorithm: "SHA-256", checksum: digest.hex)
    }

    private func makeObjectDirectories(_ shard: String, _ directory: String, mode: UInt16) async throws {
        try await directories.ensure(shard, mode: mode)
        try await directories.ensure(directory, mode: mode)
    }

    struct Staged: Sendable {
        let path: String
        let status: RemoteStatus
        let verification: Verification
    }

    /// Uploads to a fresh name in the staging directory.
    func stage(_ content: UploadContent) async throws -> Staged {
        let number = counter.add(1, ordering: .relaxed).newValue
        let path = "\(stagingDirectory)/\(number).part"
        let (status, verification) = try await store.fileSystem.upload(content, to: path)
        return Staged(path: path, status: status, verification: verification)
    }

    func ensureEnvironmentDirectory(_ environment: EnvironmentName) async throws {
        try await directories.ensure(store.layout.directory(of: environment), mode: store.sharing.environmentMode)
    }

    /// Writes, verifies and removes a small file, as a push would, and leaves nothing but the store's own directories.
    ///
    /// - Throws: ``RemoteFileError``.
    public func rehearse() async throws -> Verification {
        try await prepare()
        do {
            let staged = try await stage(.bytes(Array("envsync doctor\n".utf8)))
            try await finish()
            return staged.verification
        } catch {
            try? await finish()
            throw error
        }
    }

    /// Removes the staging directory with whatever is left in it.
    public func finish() async throws {
        _ = try await store.fileSystem.delete(stagingDirectory, recursive: true)
    }

    /// Removes the staging directory after uploads were broken off, which may make their files, and the directory with
    /// them, after it was removed. It is looked for until it stays away.
    public func abandon() async throws {
        try await finish()
        guard store.fileSystem.uploadsLinger else { return }
        var pause = Duration.milliseconds(100)
        while pause < .seconds(1) {
            try await Task.sleep(for: pause)
            // Found again: its other files may be under way too.
            pause =
                try await store.fileSystem.delete(stagingDirectory, recursive: true) ? .milliseconds(100) : pause * 3
        }
    }

    /// Removes the staging directory that another push, known to be dead, left behind.
    public func removeStaging(of deadPush: String) async throws {
        _ = try await store.fileSystem.delete("\(store.layout.staging)/\(deadPush)", recursive: true)
    }
}

/// Makes directories once each, however many tasks ask.
private actor DirectoryMaker {
    private let fileSystem: any RemoteFileSystem
    private var made: Set<String> = []
    /// Not kept when they are done: a task holds on to kilobytes, and a push may make ten thousand directories.
    private var underWay: [String: Task<Void, any Error>] = [:]

    init(fileSystem: any RemoteFileSystem) { self.fileSystem = fileSystem }

    /// Makes a directory unless it is there; one that is there is left as it is.
    func ensure(_ path: String, mode: UInt16) async throws {
        if made.contains(path) { return }
        if let task = underWay[path] { return try await task.value }
        let task = Task { [fileSystem] in
            if let status = try await fileSystem.status(path) {
                guard status.isDirectory else {
                    throw RemoteFileError(
                        .other, operation: "MKDIRS", path: path, reason: "there is a file where a directory is needed")
                }
                return
            }
            try await fileSystem.makeDirectory(path, mode: mode)
        }
        underWay[path] = task
        defer { underWay[path] = nil }
        try await task.value
        made.insert(path)
    }
}
