import EnvSyncModel

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
    /// Looks at all local files and writes `envsync.lock` if it isn't what they are.
    ///
    /// - Parameter checkOnly: only tell; write nothing.
    /// - Throws: ``EnvSyncError``.
    public func lock(checkOnly: Bool = false) async throws -> LockResult {
        let scan = try await LocalScan.run(workspace, state: state, report: report)
        let lock = try LockBuilder.lock(scan, of: workspace)
        let known = try? workspace.lock()
        let text = lock.text
        let isStale: Bool
        do {
            isStale = try LocalFile.readAll(workspace.lockPath, limit: 256 << 20).map { $0 != Array(text.utf8) } ?? true
            if isStale, !checkOnly { try LocalFile.replace(workspace.lockPath, with: Array(text.utf8)) }
        } catch {
            throw EnvSyncError(.lock, "cannot write \(Workspace.lockFileName)", reason: error.reason)
        }
        return LockResult(
            lock: lock, wasStale: isStale,
            differences: known.map { LockBuilder.differences(between: $0, and: scan) } ?? [], bytesRead: scan.bytesRead)
    }
}
