/// A directory whose space quota leaves too little room.
public struct SpaceShortage: Sendable, Equatable {
    /// The directory that has the quota.
    public var directory: String
    /// The most bytes that may be under it, with all replicas.
    public var quota: Int64
    /// The bytes that are under it, with all replicas.
    public var consumed: Int64
    /// The bytes that the file needs, with all replicas. HDFS reserves whole blocks.
    public var needed: Int64
}

extension WebHDFSClient {
    /// Finds the space quota that keeps a file from being written.
    ///
    /// Hadoop 2.7 answers 201 when a space quota is exceeded and leaves an empty file, so a caller that finds fewer
    /// bytes than it sent asks here for the reason. Directories are looked at from the parent upwards, without the root,
    /// whose summary would walk the whole file system.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - length: bytes that the file should have.
    /// - Returns: `nil` if no quota is in the way, or the user may not see it.
    public func spaceShortage(for path: String, length: Int64, options: CreateOptions) async throws -> SpaceShortage? {
        let blockSize = max(1, options.blockSize)
        let (blocks, rest) = max(0, length).quotientAndRemainder(dividingBy: blockSize)
        let rounded = (blocks + (rest > 0 ? 1 : 0)).multipliedReportingOverflow(by: blockSize)
        let all = rounded.partialValue.multipliedReportingOverflow(by: Int64(max(1, options.replication)))
        let needed = rounded.overflow || all.overflow ? Int64.max : all.partialValue
        var directory = path[...]
        while let slash = directory.lastIndex(of: "/"), slash > directory.startIndex {
            directory = directory[..<slash]
            do {
                let summary = try await contentSummary(of: String(directory))
                if summary.spaceQuota >= 0, needed > summary.spaceQuota - summary.spaceConsumed {
                    return SpaceShortage(
                        directory: String(directory), quota: summary.spaceQuota, consumed: summary.spaceConsumed,
                        needed: needed)
                }
            } catch let error as WebHDFSError where error.code == .accessDenied || error.code == .notFound {
                continue
            }
        }
        return nil
    }
}
