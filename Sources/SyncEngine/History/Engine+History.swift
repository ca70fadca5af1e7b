import EnvSyncModel
import ObjectStore
import SyncState

extension Engine {
    /// The newest generations, newest first, and what each of them changed.
    ///
    /// It costs the listing, the ref, and one read for each generation that the cache doesn't know, and one for the
    /// generation before the last of them.
    ///
    /// - Parameters:
    ///   - limit: how many. Default 20.
    ///   - cache: what was read before; to be kept by callers that ask more than once.
    /// - Returns: the entries; empty if nothing was ever published. Generations whose manifests are damaged or missing are
    ///   among them, see ``HistoryEntry/problem``.
    /// - Throws: ``EnvSyncError`` if the store can't be asked.
    public func history(limit: Int = 20, cache: GenerationCache? = nil) async throws -> [HistoryEntry] {
        let connection = try connect(concurrency: 16)
        return try await describing("list the generations of environment \"\(environment)\"", connection) {
            let listing = try await generationListing(connection)
            let shown = Array(listing.index.names.suffix(max(0, limit)).reversed())
            let reader = HistoryReader(
                store: connection.store, storeName: storeName, environment: environment, cache: cache)
            let readings = try await reader.read(shown, listing.index)
            let locked = (try? workspace.lock())?.manifest.id
            let newestLocked = locked.flatMap { id in listing.index.names.last { $0.id == id } }
            let origins = PushOrigins(self)
            return zip(shown, readings).map { name, reading in
                let status = listing.statuses[name]
                let publishedAt = reading.publishedAt ?? (status?.modified ?? 0) / 1000
                return HistoryEntry(
                    generation: name, publishedAt: publishedAt,
                    publishedBy: reading.publishedBy ?? status?.owner ?? "",
                    objects: reading.objects, bytes: reading.bytes, changes: reading.changes,
                    previous: listing.index.before(name),
                    sameContentAs: listing.index.names.last { $0.id == name.id && $0.number < name.number }?.number,
                    isPublished: name == listing.index.published, isLocked: name == newestLocked,
                    origin: reading.publishedAt.flatMap { origins.origin(of: name, publishedAt: $0) },
                    problem: reading.problem)
            }
        }
    }

    /// The generations of the environment in the store, and which of them is published.
    struct GenerationListing: Sendable {
        let index: GenerationIndex
        let ref: EnvironmentRef?
        let statuses: [GenerationName: RemoteStatus]
    }

    /// Lists the generations and reads the ref.
    func generationListing(_ connection: StoreConnection) async throws -> GenerationListing {
        async let listed = connection.store.generations(of: environment)
        var ref: EnvironmentRef?
        var isDamaged = false
        do { ref = try await connection.store.ref(of: environment) } catch let error as RemoteFileError
            where error.condition == .corrupted
        {
            report(
                .warning("the ref of \"\(environment)\" can't be read; taking the newest generation: \(error.reason)"))
            isDamaged = true
        }
        let statuses = Dictionary(try await listed.map { ($0.name, $0.status) }, uniquingKeysWith: { $1 })
        var names = Array(statuses.keys)
        // Published since the listing was made, or its manifest is missing.
        if let name = ref?.generation, statuses[name] == nil { names.append(name) }
        names.sort()
        return GenerationListing(
            index: GenerationIndex(
                environment: environment, storeName: storeName, names: names,
                published: isDamaged ? names.last : ref?.generation),
            ref: ref, statuses: statuses)
    }
}

/// Reads manifests as far as nobody knows what they say.
private struct HistoryReader: Sendable {
    struct Reading: Sendable {
        var publishedAt: Int64?
        var publishedBy: String?
        var objects = 0
        var bytes: Int64 = 0
        var changes: [PackageChange]?
        var problem: String?
    }

    let store: ObjectStore
    let storeName: String
    let environment: EnvironmentName
    let cache: GenerationCache?

    func read(_ shown: [GenerationName], _ index: GenerationIndex) async throws -> [Reading] {
        var known: [GenerationName: GenerationSummary] = [:]
        var wanted = Set<GenerationName>()
        for name in shown {
            let previous = index.before(name)
            known[name] = cache?.summary(key(name, previous))
            guard known[name] == nil else { continue }
            wanted.insert(name)
            if let previous { wanted.insert(previous) }
        }
        let read = try await manifests(wanted.sorted(by: >))
        return shown.map { name in
            if let summary = known[name] {
                return Reading(
                    publishedAt: summary.publishedAt, publishedBy: summary.publishedBy, objects: summary.objects,
                    bytes: summary.bytes, changes: summary.changes)
            }
            return reading(name, after: index.before(name), read)
        }
    }

    private func reading(
        _ name: GenerationName, after previous: GenerationName?, _ read: [GenerationName: Manifest]
    ) -> Reading {
        guard case .whole(let generation)? = read[name] else {
            if case .unreadable(let error)? = read[name] { return Reading(problem: error.reason) }
            return Reading(problem: "its manifest is missing")
        }
        let objects = generation.manifest.objects
        var reading = Reading(
            publishedAt: generation.publishedAt, publishedBy: generation.publishedBy, objects: objects.count,
            bytes: objects.reduce(0) { $0 &+ $1.size })
        let before: EnvironmentContent
        if let previous {
            guard case .whole(let older)? = read[previous] else { return reading }
            before = EnvironmentContent(older.manifest, id: previous.id)
        } else {
            before = .empty
        }
        let after = EnvironmentContent(generation.manifest, id: name.id)
        let changes = EnvironmentComparison(from: before, to: after).changes
        reading.changes = changes
        cache?.save(
            GenerationSummary(
                publishedAt: generation.publishedAt, publishedBy: generation.publishedBy, objects: reading.objects,
                bytes: reading.bytes, changes: changes), for: key(name, previous))
        return reading
    }

    private func key(_ name: GenerationName, _ previous: GenerationName?) -> GenerationCache.Key {
        GenerationCache.Key(store: storeName, generation: name, previous: previous)
    }

    private enum Manifest: Sendable {
        case whole(Generation)
        case missing
        case unreadable(RemoteFileError)
    }

    /// - Throws: what keeps all of them from being read; what is wrong with some of them is told of those.
    private func manifests(_ names: [GenerationName]) async throws -> [GenerationName: Manifest] {
        let found = try await concurrently(names, limit: 8) { name -> (GenerationName, Manifest) in
            do {
                return (name, try await store.generation(name, of: environment).map { .whole($0) } ?? .missing)
            } catch let error as RemoteFileError
                where [.corrupted, .other, .accessDenied, .dataNodeUnreachable].contains(error.condition)
            {
                return (name, .unreadable(error))
            }
        }
        if let (_, first) = found.first, case .unreadable(let error) = first, error.condition == .dataNodeUnreachable,
            found.allSatisfy({ if case .unreadable = $0.1 { true } else { false } })
        {
            throw error
        }
        return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }
}

/// How this workspace published generations, by its journal.
private struct PushOrigins {
    private let records: [Int: [PushRecord]]

    init(_ engine: Engine) {
        let pushes = (try? engine.state.recentPushes(limit: 1000)) ?? []
        let own = pushes.filter {
            $0.store == engine.storeName && $0.environment == engine.environment.text && $0.outcome == .done
        }
        records = Dictionary(grouping: own.filter { $0.generation != nil }) { $0.generation ?? 0 }
    }

    /// A record has the number and no id, and a push that only mended an object has one too; but a generation's time is
    /// when its push began.
    func origin(of name: GenerationName, publishedAt: Int64) -> PushRecord.Origin? {
        records[name.number]?.first { abs($0.startedAt / 1000 - publishedAt) <= 1 }?.origin
    }
}
