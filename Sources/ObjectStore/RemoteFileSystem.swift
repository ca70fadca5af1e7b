import EnvSyncModel

/// What a file system says about a path.
public struct RemoteStatus: Sendable, Hashable {
    /// The last component; empty where the path itself was asked for.
    public var name: String
    /// Whether it is a directory.
    public var isDirectory: Bool
    /// Bytes; 0 for a directory.
    public var length: Int64
    /// The permission bits, with the sticky bit: `0o644`, `0o1777`.
    public var permission: UInt16
    /// Milliseconds since 1970-01-01 UTC.
    public var modified: Int64
    /// The owner's name.
    public var owner: String
    /// The group's name.
    public var group: String

    /// Makes a status.
    public init(
        name: String, isDirectory: Bool, length: Int64, permission: UInt16, modified: Int64, owner: String,
        group: String
    ) {
        self.name = name
        self.isDirectory = isDirectory
        self.length = length
        self.permission = permission
        self.modified = modified
        self.owner = owner
        self.group = group
    }
}

/// Bytes to store, with what they must turn out to be.
public struct UploadContent: Sendable {
    enum Source: Sendable {
        case bytes([UInt8])
        case descriptor(Int32)
    }

    let source: Source
    /// The number of bytes.
    public let size: Int64
    /// Their SHA-256.
    public let digest: ContentDigest
    /// Called with the number of bytes just sent, from any thread; a negative number takes back what a retry sends again.
    let progress: @Sendable (Int64) -> Void

    /// Bytes in memory; for manifests and refs.
    public static func bytes(_ bytes: [UInt8]) -> UploadContent {
        UploadContent(source: .bytes(bytes), size: Int64(bytes.count), digest: .of(bytes), progress: { _ in })
    }

    /// An open file, read from its start with `pread`; the caller keeps it open until the upload has returned.
    ///
    /// - Parameter progress: called with the number of bytes just sent, from any thread; a negative number takes back
    ///   what a retry sends again.
    public static func file(
        descriptor: Int32, size: Int64, digest: ContentDigest, progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) -> UploadContent {
        UploadContent(source: .descriptor(descriptor), size: size, digest: digest, progress: progress)
    }
}

/// How a stored file was found to be what was sent.
public struct Verification: Sendable, Hashable {
    /// By what means.
    public enum Method: String, Sendable {
        /// The server's file checksum equals the one computed from the local bytes.
        case checksum
        /// The file was read back and hashed.
        case readBack = "readback"
    }

    /// By what means.
    public var method: Method
    /// For ``Method/checksum``, the server's algorithm, for example `MD5-of-0MD5-of-512CRC32C`; else `SHA-256`.
    public var algorithm: String
    /// The checksum in hexadecimal.
    public var checksum: String

    /// Makes a verification.
    public init(method: Method, algorithm: String, checksum: String) {
        self.method = method
        self.algorithm = algorithm
        self.checksum = checksum
    }
}

/// A failed operation on a store's file system.
public struct RemoteFileError: Error, Sendable {
    /// What went wrong, as far as callers act on it; the list can grow.
    public struct Condition: Hashable, Sendable {
        let word: String

        /// There is a file already.
        public static let alreadyExists = Condition(word: "alreadyExists")
        /// There is no such file or directory.
        public static let notFound = Condition(word: "notFound")
        /// The user may not do this.
        public static let accessDenied = Condition(word: "accessDenied")
        /// Something else is in an object's place, and the user may not replace it.
        public static let occupied = Condition(word: "occupied")
        /// The server wants to know who the user is.
        public static let authenticationRequired = Condition(word: "authenticationRequired")
        /// No space is left.
        public static let noSpace = Condition(word: "noSpace")
        /// A quota on the number of names is used up.
        public static let nameQuota = Condition(word: "nameQuota")
        /// A quota on space is used up.
        public static let spaceQuota = Condition(word: "spaceQuota")
        /// The NameNode is in safe mode.
        public static let safeMode = Condition(word: "safeMode")
        /// Nobody answers.
        public static let unreachable = Condition(word: "unreachable")
        /// The NameNode answers, but no DataNode that it named does.
        public static let dataNodeUnreachable = Condition(word: "dataNodeUnreachable")
        /// The bytes sent are not the bytes that were promised: the local file changed.
        public static let sourceChanged = Condition(word: "sourceChanged")
        /// The local file cannot be read.
        public static let sourceUnreadable = Condition(word: "sourceUnreadable")
        /// What is stored is not what was sent.
        public static let corrupted = Condition(word: "corrupted")
        /// A path that the file system can't have.
        public static let invalidPath = Condition(word: "invalidPath")
        /// Anything else.
        public static let other = Condition(word: "other")
    }

    /// What went wrong.
    public var condition: Condition
    /// The operation, in the file system's own terms, for example `CREATE` or `rename`.
    public var operation: String
    /// The path it was about.
    public var path: String
    /// Why, in the server's or the operating system's own words; free of secrets.
    public var reason: String

    /// Makes an error.
    public init(_ condition: Condition, operation: String, path: String, reason: String) {
        self.condition = condition
        self.operation = operation
        self.path = path
        self.reason = reason
    }
}

/// The few operations that a store needs of a file system. Paths are absolute and `/`-separated.
///
/// Failures are ``RemoteFileError``; a cancelled task throws `CancellationError`.
public protocol RemoteFileSystem: Sendable {
    /// The status of a path; `nil` if there is nothing.
    func status(_ path: String) async throws -> RemoteStatus?

    /// The entries of a directory in any order; `nil` if there is nothing.
    func list(_ path: String) async throws -> [RemoteStatus]?

    /// Makes one directory with exactly this mode; its parent exists. One that is there already is left as it is.
    func makeDirectory(_ path: String, mode: UInt16) async throws

    /// Writes a new file, mode 644, at a path that nobody else uses, and proves that it holds exactly the content.
    ///
    /// - Returns: its status and how it was verified.
    /// - Throws: ``RemoteFileError`` with `sourceChanged` if the bytes read do not have the promised digest, and
    ///   `corrupted` if the stored bytes are not those that were sent.
    func upload(_ content: UploadContent, to path: String) async throws -> (RemoteStatus, Verification)

    /// Moves a file within the file system, atomically.
    ///
    /// - Parameter replacing: whether an existing file at the destination is replaced; if not, it is an error
    ///   (`alreadyExists`).
    func rename(_ path: String, to destination: String, replacing: Bool) async throws

    /// Removes a file, or a directory and all below it; `false` if there is nothing.
    func delete(_ path: String, recursive: Bool) async throws -> Bool

    /// Reads a whole small file; `nil` if there is nothing.
    ///
    /// - Parameter limit: more bytes than this are an error.
    func read(_ path: String, limit: Int) async throws -> [UInt8]?

    /// Checks that a file holds the content, without downloading where the server can checksum it.
    ///
    /// - Returns: `nil` if it holds something else.
    func verify(_ path: String, holds content: UploadContent) async throws -> Verification?

    /// Whether the server's checksum of a file is that of the content; `nil` if the server gives none that can tell.
    /// Nothing is downloaded.
    func checksumAgrees(_ path: String, with content: UploadContent) async throws -> Bool?

    /// The server's checksum of a file, without downloading it; `nil` if it gives none that identifies the bytes.
    func checksum(_ path: String) async throws -> Verification?

    /// Reads a file back and hashes it.
    func digest(_ path: String) async throws -> ContentDigest

    /// Sets the mode of a file or directory that envsync made.
    func setPermission(_ path: String, mode: UInt16) async throws

    /// Whether a cancelled upload may still make its file after the call has thrown: the server may have taken the
    /// request over and only then begin with it.
    var uploadsLinger: Bool { get }

    /// Requests sent to a server so far; 0 for a local directory.
    var requestCount: Int { get }

    /// Bytes of file content received from a server so far.
    var bytesReceived: Int64 { get }

    /// The scheme and authority that jobs use for this file system, for example `hdfs://ns1`, once an answer of the
    /// server told it; `nil` until then, and for a local directory.
    var observedAuthority: String? { get }
}
