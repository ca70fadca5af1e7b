import EnvSyncModel
import PythonPackaging
import SyncState

/// How `lock` gets wheels.
public struct LockOptions: Sendable, Hashable {
    /// Only tell whether the lock is what the local files are; write nothing.
    public var checkOnly = false
    /// Fetch nothing from an index.
    public var offline = false

    /// The defaults: write, and fetch what is missing.
    public init() {}
}

/// What `lock` did.
public struct LockResult: Sendable, Hashable {
    /// The lock as the local files are now.
    public let lock: Lock
    /// Whether the file on disk differs from it, or differed before it was written.
    public let wasStale: Bool
    /// How, for humans.
    public let differences: [LockDifference]
    /// Bytes of local files that were read; the others were known by their fingerprints.
    public let bytesRead: Int64
}

extension Engine {
    /// Looks at all local files and writes `envsync.lock` if it isn't what they are. Archives that are older than their
    /// inputs are made first.
    ///
    /// - Throws: ``EnvSyncError``.
    public func lock(_ options: LockOptions = LockOptions()) async throws -> LockResult {
        if !options.checkOnly { try await makeArchives() }
        let packed = options.checkOnly ? nil : try await packArchives(offline: options.offline)
        let scan = try await scan(
            search: options.offline || options.checkOnly ? .caches : .indexes, looksAtInputs: options.checkOnly,
            packed: packed)
        let known = try? workspace.lock()
        if options.checkOnly, let known, !canBuildAtOnce(scan) {
            // Where wheels aren't kept, as in CI, or layers would have to be built, the lock is compared with the sources.
            let unusable = scan.problems.filter { $0.kind != .missing }
            if !unusable.isEmpty { throw LockBuilder.error(unusable) }
            let differences = LockBuilder.differences(between: known, and: scan).filter { $0.kind != .missing }
            return LockResult(
                lock: known, wasStale: !differences.isEmpty, differences: differences, bytesRead: scan.bytesRead)
        }
        let lock = try await lock(scan)
        let isStale = try write(lock, checkOnly: options.checkOnly)
        return LockResult(
            lock: lock, wasStale: isStale || !scan.staleArchives.isEmpty,
            differences: known.map { LockBuilder.differences(between: $0, and: scan) } ?? [], bytesRead: scan.bytesRead)
    }

    /// Whether everything that a lock is made of is known.
    private func canBuildAtOnce(_ scan: LocalScan) -> Bool {
        guard !scan.problems.contains(where: { $0.kind == .missing && $0.origin.section == .lockfile }) else {
            return false
        }
        return scan.layers.allSatisfy { ((try? state.fingerprint($0.item.fingerprintKey)) ?? nil) != nil }
    }

    /// Looks at all local files.
    ///
    /// - Parameter packed: what the archives are that envsync packs itself; `nil`: what the lock says.
    func scan(
        search: LocalScan.Search = .known, looksAtInputs: Bool = true, packed: PackedEntries? = nil
    ) async throws -> LocalScan {
        let reader = LocalReader(workspace, state: state, report: report)
        let entries: PackedEntries
        if let packed { entries = packed } else { entries = try await lookAtPacked(compares: looksAtInputs) }
        return try await LocalScan.run(
            workspace, reader: reader, packed: entries, search: search, looksAtInputs: looksAtInputs, report: report)
    }

    /// The lock that a scan makes; builds the layers that were not built before.
    func lock(_ scan: LocalScan) async throws -> Lock {
        if !scan.problems.isEmpty { throw LockBuilder.error(scan.problems) }
        return try LockBuilder.lock(scan, layers: try await layers(of: scan), of: workspace)
    }

    /// Writes the lock if the file says something else.
    ///
    /// - Returns: whether it did.
    func write(_ lock: Lock, checkOnly: Bool = false) throws(EnvSyncError) -> Bool {
        let bytes = Array(lock.text.utf8)
        do {
            let isStale = try LocalFile.readAll(workspace.lockPath, limit: 256 << 20) != bytes
            if isStale, !checkOnly { try LocalFile.replace(workspace.lockPath, with: bytes) }
            return isStale
        } catch {
            throw EnvSyncError(.lock, "cannot write \(Workspace.lockFileName)", reason: error.reason)
        }
    }

    /// The layers of a scan with their digests. What was built before is known by the digests of its wheels.
    private func layers(of scan: LocalScan) async throws -> [LocalArtifact] {
        guard !scan.layers.isEmpty else { return [] }
        let known = (try? state.fingerprints()) ?? [:]
        let inspector = ArtifactInspector(workspace: workspace)
        var layers: [LocalArtifact] = []
        var records: [FingerprintRecord] = []
        // One after the other: a single one keeps all cores busy.
        for plan in scan.layers {
            let key = plan.item.fingerprintKey
            if let record = known[key], var inspection = Inspection(text: record.inspection) {
                inspection.name = plan.name
                inspection.version = plan.version
                layers.append(LocalArtifact(item: plan.item, digest: record.digest, inspection: inspection))
                continue
            }
            report(.building(layer: plan.name))
            let record = try await build(plan, inspector)
            records.append(record.record)
            layers.append(record.artifact)
            for warning in record.warnings { report(.warning(warning)) }
        }
        if !records.isEmpty { remember { try $0.save(fingerprints: records) } }
        return layers
    }

    private func build(
        _ plan: LayerPlan, _ inspector: ArtifactInspector
    ) async throws -> (artifact: LocalArtifact, record: FingerprintRecord, warnings: [String]) {
        do {
            return try await OffPool.run { cancelled in
                var warnings: [String] = []
                let built = try inspector.build(plan, cancelled) { report in
                    warnings = report.warnings.map { "\(plan.name): \($0)" }
                    warnings += report.conflicts.map { conflict in
                        "\(plan.name): \(conflict.winner) and \(conflict.loser) both bring "
                            + "\(QuotedText.visible(conflict.path)), with different content; that of \(conflict.winner) is taken"
                    }
                }
                var inspection = Inspection(
                    kind: .layer, name: plan.name, version: plan.version, size: built.size,
                    hdfsChecksum: built.digests.hdfsChecksum)
                inspection.fileExtension = "tar.gz"
                let item = plan.item
                let fingerprint = FileFingerprint(
                    path: item.fingerprintKey, device: 0, inode: 0, size: built.size, modified: 0, changed: 0)
                return (
                    LocalArtifact(item: item, digest: built.digests.sha256, inspection: inspection),
                    FingerprintRecord(
                        fingerprint: fingerprint, digest: built.digests.sha256, inspection: inspection.text,
                        hashedAt: Now.nanoseconds), warnings
                )
            }
        } catch let error as WheelError {
            let entry = error.entry.map { " (\(QuotedText.visible($0)))" } ?? ""
            throw EnvSyncError(
                .artifact, "cannot build \(plan.name): \(QuotedText.visible(error.path)): \(error.message)\(entry)",
                suggestion: "download or build the wheel again", consequence: "nothing was changed")
        } catch let error as LocalFileError {
            throw EnvSyncError(
                .artifact, "cannot build \(plan.name): \(QuotedText.visible(error.path)): \(error.reason)",
                suggestion: "free some space, or make .envsync/build writable", consequence: "nothing was changed")
        }
    }
}
