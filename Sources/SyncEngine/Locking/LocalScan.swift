import EnvSyncModel
import ObjectStore
import SyncState

/// What the workspace's local files are now, reading only those that changed since they were last read.
struct LocalScan: Sendable {
    /// The items whose content is known, in the order of ``Discovery``.
    let artifacts: [LocalArtifact]
    /// What can't be shipped, and why.
    let problems: [LocalProblem]
    /// Bytes read; what was known by its fingerprint was not.
    let bytesRead: Int64

    /// The artifacts that can be objects, by the objects they are.
    var sources: [ObjectKey: LocalArtifact] {
        var sources: [ObjectKey: LocalArtifact] = [:]
        for artifact in artifacts {
            guard let locked = try? LockBuilder.artifact(artifact) else { continue }
            sources[locked.object] = artifact
        }
        return sources
    }

    /// A fingerprint taken less than this after the last change of a file is not relied on: the change may have come
    /// after the reading without another time stamp to show it. FAT and some network file systems count in 2 s.
    private static let granularity: Int64 = 2_000_000_000

    /// Scans the workspace.
    ///
    /// - Parameters:
    ///   - jobs: files read at once.
    ///   - report: told of each file that has to be read.
    static func run(
        _ workspace: Workspace, state: StateDatabase, jobs: Int = 2, report: @escaping EventSink
    ) async throws -> LocalScan {
        let (items, problems) = try Discovery(workspace: workspace).items()
        let known = (try? state.fingerprints()) ?? [:]
        let inspector = ArtifactInspector(workspace: workspace)
        var artifacts = [LocalArtifact?](repeating: nil, count: items.count)
        var pending: [Int] = []
        for (index, item) in items.enumerated() {
            if let record = known[item.fingerprintKey], let inspection = Inspection(text: record.inspection),
                isRelied(on: record, inspection, for: item, inspector)
            {
                artifacts[index] = LocalArtifact(item: item, digest: record.digest, inspection: inspection)
            } else {
                pending.append(index)
            }
        }
        let outcomes = try await concurrently(pending, limit: jobs) { index in
            let item = items[index]
            report(.reading(path: item.origin.path))
            return (index, try await OffPool.run { cancelled in try inspector.inspect(item, cancelled) })
        }
        var found = problems
        var records: [FingerprintRecord] = []
        var bytesRead: Int64 = 0
        for (index, outcome) in outcomes {
            switch outcome {
            case .failure(let problem): found.append(problem)
            case .success(let read):
                artifacts[index] = read.artifact
                records.append(read.record)
                bytesRead += read.record.fingerprint.size
            }
        }
        if !records.isEmpty { try? state.save(fingerprints: records) }
        return LocalScan(artifacts: artifacts.compactMap { $0 }, problems: found, bytesRead: bytesRead)
    }

    private static func isRelied(
        on record: FingerprintRecord, _ inspection: Inspection, for item: LocalItem, _ inspector: ArtifactInspector
    ) -> Bool {
        if case .source(let source) = item.role {
            guard let tree = try? inspector.tree(source, at: item.path) else { return false }
            return tree.signature == inspection.signature && isOld(tree.lastChange, record.hashedAt)
        }
        guard var now = try? LocalFile.fingerprint(item.path) else { return false }
        now.path = item.fingerprintKey
        return now == record.fingerprint && isOld(max(now.modified, now.changed), record.hashedAt)
    }

    private static func isOld(_ change: Int64, _ hashed: Int64) -> Bool { change < hashed - granularity }
}
