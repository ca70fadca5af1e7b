import EnvSyncModel

/// The store: where objects and environments are, and the reading half of the publish protocol.
///
/// Reading goes from the ref to the generation to the objects; writing, in ``PushSession``, the other way round. So
/// whatever a ref leads to exists, at any moment of any crash.
public struct ObjectStore: Sendable {
    /// The file system that the store is on.
    public let fileSystem: any RemoteFileSystem
    /// The paths in it.
    public let layout: StoreLayout
    /// Who may write.
    public let sharing: StoreSharing

    /// The largest generation manifest that is read: 256 MiB, some hundred thousand artifacts.
    static let manifestLimit = 256 << 20

    /// Makes a store; nothing is read or written yet.
    public init(fileSystem: any RemoteFileSystem, root: String, sharing: StoreSharing) {
        self.fileSystem = fileSystem
        layout = StoreLayout(root: root)
        self.sharing = sharing
    }

    /// The ref of an environment; `nil` if it was never published.
    ///
    /// A ref is replaced by renaming a new file over it, and a reader that opened the old one may find its blocks gone
    /// already; so a failed read is tried again twice.
    ///
    /// - Throws: ``RemoteFileError``, with `corrupted` for a ref that can't be understood.
    public func ref(of environment: EnvironmentName) async throws -> EnvironmentRef? {
        let path = layout.ref(of: environment)
        var attempt = 1
        while true {
            do {
                guard let bytes = try await fileSystem.read(path, limit: 1 << 16) else { return nil }
                return try Self.parse(path) { () throws(ManifestFormatError) in try EnvironmentRef(parsing: bytes) }
            } catch let error as RemoteFileError
                where attempt < 3 && (error.condition == .corrupted || error.condition == .other)
            {
                attempt += 1
                try await Task.sleep(for: .milliseconds(50 * attempt))
            }
        }
    }

    /// Reads a generation and checks it against the id in its name; `nil` if there is no such generation.
    ///
    /// - Throws: ``RemoteFileError``, with `corrupted` for one that isn't what its name says.
    public func generation(_ name: GenerationName, of environment: EnvironmentName) async throws -> Generation? {
        let path = layout.manifest(name, of: environment)
        guard let bytes = try await fileSystem.read(path, limit: Self.manifestLimit) else { return nil }
        return try Self.parse(path) { () throws(ManifestFormatError) in
            let generation = try Generation(parsing: bytes)
            guard generation.number == name.number, generation.manifest.id == name.id,
                generation.manifest.name == environment
            else { throw ManifestFormatError("it is another generation than its name says") }
            return generation
        }
    }

    /// Whether a generation can be taken at its word that its objects are there and whole.
    ///
    /// In a `world` store everybody can publish a manifest with a given id, and put something else where its objects
    /// should be; only one that the user published is relied on without looking.
    public func isVouchedFor(
        _ name: GenerationName, of environment: EnvironmentName, by user: String
    ) async throws -> Bool {
        guard sharing == .world else { return true }
        return try await fileSystem.status(layout.manifest(name, of: environment))?.owner == user
    }

    /// The generations of an environment, oldest first, with their files' statuses.
    public func generations(
        of environment: EnvironmentName
    ) async throws -> [(name: GenerationName, status: RemoteStatus)] {
        let entries = try await fileSystem.list(layout.directory(of: environment)) ?? []
        return entries.compactMap { entry in GenerationName(fileName: entry.name).map { ($0, entry) } }
            .sorted { $0.name < $1.name }
    }

    private static func parse<Value>(
        _ path: String, _ body: () throws(ManifestFormatError) -> Value
    ) throws(RemoteFileError) -> Value {
        do { return try body() } catch {
            throw RemoteFileError(.corrupted, operation: "read", path: path, reason: error.description)
        }
    }
}

/// What is found where an object should be.
public enum ObjectPresence: Sendable, Hashable {
    /// A file of the right size.
    case present(RemoteStatus)
    /// Nothing.
    case absent
    /// A file of another size, or a directory.
    case damaged(RemoteStatus)
}

extension ObjectStore {
    /// Looks for objects: presence, size and mode.
    ///
    /// Many objects are looked for by listing first, so that what is absent costs no request of its own.
    ///
    /// - Parameters:
    ///   - concurrency: requests under way at once.
    ///   - known: what ``directories(for:concurrency:)`` found just before, if it was asked.
    ///   - report: called after each object, in any order.
    public func presence(
        of objects: [ObjectKey], concurrency: Int, known: [RemoteStatus]? = nil,
        report: @escaping @Sendable (ObjectKey) -> Void = { _ in }
    ) async throws -> [ObjectKey: ObjectPresence] {
        var candidates = objects
        var found: [ObjectKey: ObjectPresence] = [:]
        var directories = known
        if directories == nil, objects.count > 8 {
            directories = try await self.directories(for: objects, concurrency: concurrency)
        }
        if let directories {
            let existing = Set(directories.map(\.name))
            candidates = []
            for object in objects {
                if existing.contains(object.digest.hex) {
                    candidates.append(object)
                } else {
                    found[object] = .absent
                    report(object)
                }
            }
        }
        let statuses = try await concurrently(candidates, limit: concurrency) { object in
            let status = try await fileSystem.status(layout.path(of: object))
            report(object)
            return (object, status)
        }
        for (object, status) in statuses {
            guard let status else {
                found[object] = .absent
                continue
            }
            let isWhole = !status.isDirectory && status.length == object.size
            found[object] = isWhole ? .present(status) : .damaged(status)
        }
        return found
    }

    /// The store's own directories on the way to objects, as far as they exist: the shards (named by two digits) and
    /// the directories in them (named by a SHA-256). Costs a request for each shard, not for each object.
    public func directories(for objects: [ObjectKey], concurrency: Int) async throws -> [RemoteStatus] {
        let wanted = Set(objects.map { String($0.digest.hex.prefix(2)) })
        guard let entries = try await fileSystem.list(layout.objects) else { return [] }
        let shards = entries.filter { $0.isDirectory && wanted.contains($0.name) }
        let lists = try await concurrently(shards, limit: concurrency) { shard in
            try await fileSystem.list("\(layout.objects)/\(shard.name)") ?? []
        }
        return shards + lists.joined().filter(\.isDirectory)
    }

    /// The store's directories besides those of objects, as far as they exist, with the modes that ``sharing`` wants.
    public func ownDirectories(
        of environment: EnvironmentName
    ) async throws -> [(path: String, status: RemoteStatus, wanted: UInt16)] {
        let names = ["objects", "environments", "staging"]
        var found = (try await fileSystem.list(layout.root) ?? []).filter { names.contains($0.name) }.map { entry in
            (path: "\(layout.root)/\(entry.name)", status: entry, wanted: sharing.directoryMode)
        }
        let directory = layout.directory(of: environment)
        if let status = try await fileSystem.status(directory) {
            found.append((directory, status, sharing.environmentMode))
        }
        return found
    }

    /// The directories above an object, up to and including `/`, outermost first.
    public static func ancestors(of path: String) -> [String] {
        var result = ["/"]
        var current = ""
        for component in path.split(separator: "/").dropLast() {
            current += "/" + component
            result.append(current)
        }
        return result
    }
}

/// Runs `body` for each element, at most `limit` at a time; the first error cancels the rest and is thrown.
public func concurrently<Element: Sendable, Result: Sendable>(
    _ elements: [Element], limit: Int, _ body: @escaping @Sendable (Element) async throws -> Result
) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        var results = [Result?](repeating: nil, count: elements.count)
        var next = 0
        func add() {
            guard next < elements.count else { return }
            let index = next
            let element = elements[index]
            next += 1
            group.addTask { (index, try await body(element)) }
        }
        for _ in 0..<max(1, limit) { add() }
        while let (index, result) = try await group.next() {
            results[index] = result
            add()
        }
        return results.compactMap { $0 }
    }
}
