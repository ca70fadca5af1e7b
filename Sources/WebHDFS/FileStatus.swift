/// What a NameNode knows about one file or directory (GETFILESTATUS, LISTSTATUS; JsonUtil.toJsonString).
public struct FileStatus: Sendable, Equatable {
    /// The kinds of things a path can be.
    public enum Kind: Sendable, Hashable {
        /// A regular file.
        case file
        /// A directory.
        case directory
        /// A symbolic link; HDFS has them disabled by default.
        case symlink
    }

    /// The last component of the path in a listing; empty in the answer about a single path.
    public var name: String
    /// What it is.
    public var kind: Kind
    /// Length in bytes. The last block of a file that is being written counts as 0 until it is committed.
    public var length: Int64
    /// The preferred block size in bytes; 0 for a directory.
    public var blockSize: Int64
    /// The permission bits with the sticky bit, such as `0o1777`.
    public var permission: UInt16
    /// The owning user.
    public var owner: String
    /// The owning group.
    public var group: String
    /// Milliseconds since 1970.
    public var modificationTime: Int64
    /// The inode number; HttpFS does not tell it.
    public var fileId: Int64?
    /// The wanted number of replicas; 0 for a directory.
    public var replication: Int
    /// Whether the bytes lie in an encryption zone, so that the server's checksum is one of the ciphertext.
    public var isEncrypted: Bool
    /// Whether the file is erasure coded, so that the server's checksum depends on the cell layout.
    public var isErasureCoded: Bool
    /// Whether access control lists apply besides the permission bits.
    public var hasACL: Bool

    /// A status from its parts.
    public init(
        name: String = "",
        kind: Kind,
        length: Int64 = 0,
        blockSize: Int64 = 0,
        permission: UInt16,
        owner: String = "",
        group: String = "",
        modificationTime: Int64 = 0,
        fileId: Int64? = nil,
        replication: Int = 0,
        isEncrypted: Bool = false,
        isErasureCoded: Bool = false,
        hasACL: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.length = length
        self.blockSize = blockSize
        self.permission = permission
        self.owner = owner
        self.group = group
        self.modificationTime = modificationTime
        self.fileId = fileId
        self.replication = replication
        self.isEncrypted = isEncrypted
        self.isErasureCoded = isErasureCoded
        self.hasACL = hasACL
    }

    /// Whether it is a directory.
    public var isDirectory: Bool { kind == .directory }
    /// Whether it is a regular file.
    public var isFile: Bool { kind == .file }
}

/// How much lies under a path (GETCONTENTSUMMARY).
public struct ContentSummary: Sendable, Equatable {
    /// Directories, the path itself included.
    public var directoryCount: Int64
    /// Files.
    public var fileCount: Int64
    /// Bytes of all files, one replica of each.
    public var length: Int64
    /// The most names that may be under the path, or -1.
    public var quota: Int64
    /// Bytes with all replicas.
    public var spaceConsumed: Int64
    /// The most bytes with all replicas, or -1.
    public var spaceQuota: Int64

    /// A summary from its parts.
    public init(
        directoryCount: Int64, fileCount: Int64, length: Int64, quota: Int64 = -1, spaceConsumed: Int64,
        spaceQuota: Int64 = -1
    ) {
        self.directoryCount = directoryCount
        self.fileCount = fileCount
        self.length = length
        self.quota = quota
        self.spaceConsumed = spaceConsumed
        self.spaceQuota = spaceQuota
    }
}
