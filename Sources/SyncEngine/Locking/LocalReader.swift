import EnvSyncModel
import Glibc
import ObjectStore
import SyncState
import Synchronization

/// Looks into local items, reading only those that changed since they were last read.
final class LocalReader: Sendable {
    let inspector: ArtifactInspector
    private let state: StateDatabase
    private let known: [String: FingerprintRecord]
    private let jobs: Int
    private let report: EventSink
    private let fresh = Mutex((records: [FingerprintRecord](), bytes: Int64(0)))

    /// A fingerprint taken less than this after the last change of a file is not relied on: the change may have come
    /// after the reading without another time stamp to show it. FAT and some network file systems count in 2 s.
    private static let granularity: Int64 = 2_000_000_000

    /// - Parameters:
    ///   - jobs: files read at once.
    ///   - report: told of each file that has to be read.
    init(_ workspace: Workspace, state: StateDatabase, jobs: Int = 2, report: @escaping EventSink) {
        inspector = ArtifactInspector(workspace: workspace)
        self.state = state
        self.jobs = jobs
        self.report = report
        known = (try? state.fingerprints()) ?? [:]
    }

    /// Bytes read; what was known by its fingerprint was not.
    var bytesRead: Int64 { fresh.withLock { $0.bytes } }

    /// Looks into the items.
    ///
    /// - Returns: for each, in their order, what it is, or the problem with it.
    func read(_ items: [LocalItem]) async throws -> [Result<LocalArtifact, LocalProblem>] {
        var results = [Result<LocalArtifact, LocalProblem>?](repeating: nil, count: items.count)
        var pending: [Int] = []
        for (index, item) in items.enumerated() {
            if let record = known[item.fingerprintKey], let inspection = Inspection(text: record.inspection),
                isRelied(on: record, inspection, for: item)
            {
                results[index] = .success(LocalArtifact(item: item, digest: record.digest, inspection: inspection))
            } else {
                pending.append(index)
            }
        }
        let inspector = self.inspector
        let report = self.report
        let outcomes = try await concurrently(pending, limit: jobs) { index in
            let item = items[index]
            report(.reading(path: item.origin.path))
            return (index, try await OffPool.run { cancelled in try inspector.inspect(item, cancelled) })
        }
        for (index, outcome) in outcomes {
            switch outcome {
            case .failure(let problem): results[index] = .failure(problem)
            case .success(let read):
                results[index] = .success(read.artifact)
                remember(read.record)
            }
        }
        return results.compactMap { $0 }
    }

    /// What is remembered under a key of its own, such as a layer's.
    func record(_ key: String) -> FingerprintRecord? { known[key] }

    /// Keeps a record for the next time.
    func remember(_ record: FingerprintRecord) {
        fresh.withLock { fresh in
            fresh.records.append(record)
            fresh.bytes += record.fingerprint.size
        }
    }

    /// The files that were seen to have one of these digests and are still what they were then.
    ///
    /// - Parameter prefix: of the keys, which ends before the path.
    func files(with digests: Set<ContentDigest>, prefix: String) -> [(path: String, digest: ContentDigest)] {
        known.compactMap { key, record in
            guard digests.contains(record.digest), key.hasPrefix(prefix) else { return nil }
            let path = String(key.dropFirst(prefix.count))
            guard var now = try? LocalFile.fingerprint(path) else { return nil }
            now.path = key
            // Whether it can be relied on is decided by whoever reads it: a young file is hashed again.
            guard now == record.fingerprint else { return nil }
            return (path, record.digest)
        }
        .sorted { $0.path < $1.path }
    }

    /// Writes what was read to the state.
    func save() {
        let records = fresh.withLock { fresh in
            defer { fresh.records = [] }
            return fresh.records
        }
        if !records.isEmpty { try? state.save(fingerprints: records) }
    }

    private func isRelied(on record: FingerprintRecord, _ inspection: Inspection, for item: LocalItem) -> Bool {
        if case .source(let source) = item.role {
            guard let tree = try? inspector.tree(source, at: item.path) else { return false }
            return tree.signature == inspection.signature && Self.isOld(tree.lastChange, record.hashedAt)
        }
        guard var now = try? LocalFile.fingerprint(item.path) else { return false }
        now.path = item.fingerprintKey
        return now == record.fingerprint && Self.isOld(max(now.modified, now.changed), record.hashedAt)
    }

    private static func isOld(_ change: Int64, _ hashed: Int64) -> Bool { change < hashed - granularity }
}
