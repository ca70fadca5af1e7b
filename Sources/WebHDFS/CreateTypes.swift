/// How a file is to be created. Everything is sent explicitly, because WebHDFS and HttpFS differ in their defaults.
public struct CreateOptions: Sendable, Hashable {
    /// Whether a file that is there may be replaced; no by default.
    public var overwrite: Bool
    /// The wanted number of replicas; 3 by default.
    public var replication: Int
    /// The block size in bytes; 128 MiB by default. Servers refuse less than `dfs.namenode.fs-limits.min-block-size`.
    public var blockSize: Int64
    /// The permission bits; `0o644` by default. No umask is applied.
    public var permission: UInt16

    /// Options; the defaults are those of the properties.
    public init(
        overwrite: Bool = false, replication: Int = 3, blockSize: Int64 = 128 << 20, permission: UInt16 = 0o644
    ) {
        self.overwrite = overwrite
        self.replication = replication
        self.blockSize = blockSize
        self.permission = permission
    }
}

/// What a server said about a file that was created. It is a claim, not a proof: old servers answer 201 before the
/// file is closed, even when a space quota leaves it empty (seen with 2.7.4), and a broken connection leaves a shorter
/// file behind. Compare length and checksum.
public struct CreateReceipt: Sendable, Hashable {
    /// The `hdfs://` URI in the Location of the 201 answer, if there was one. HttpFS sends none of that kind.
    public var location: String?
    /// `host:port` of the server that took the data, if its answer arrived.
    public var datanode: String?
    /// How many times the operation was tried.
    public var attempts: Int
    /// Whether the server answered 201. If not, its reply was lost and a file of the right length is there.
    public var isConfirmed: Bool

    /// A receipt from its parts.
    public init(location: String?, datanode: String?, attempts: Int = 1, isConfirmed: Bool = true) {
        self.location = location
        self.datanode = datanode
        self.attempts = attempts
        self.isConfirmed = isConfirmed
    }
}
