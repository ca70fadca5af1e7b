import EnvSyncModel

/// What the file system says of a file: equal fingerprints mean that the file need not be read again.
public struct FileFingerprint: Sendable, Hashable {
    /// The path, as it was given; the engine gives absolute ones.
    public var path: String
    /// `st_dev`.
    public var device: UInt64
    /// `st_ino`.
    public var inode: UInt64
    /// The size in bytes.
    public var size: Int64
    /// `st_mtim`, in nanoseconds since 1970-01-01 UTC.
    public var modified: Int64
    /// `st_ctim`, in nanoseconds since 1970-01-01 UTC.
    public var changed: Int64

    /// Makes a fingerprint from the fields of `stat(2)`.
    public init(path: String, device: UInt64, inode: UInt64, size: Int64, modified: Int64, changed: Int64) {
        self.path = path
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.changed = changed
    }
}

/// What reading a file once found out.
public struct FingerprintRecord: Sendable, Hashable {
    /// The file as it was when it was read.
    public var fingerprint: FileFingerprint
    /// The SHA-256 of its bytes.
    public var digest: ContentDigest
    /// What looking inside it found (kind, name, version …), in the engine's own JSON; opaque here.
    public var inspection: String
    /// When it was read, in nanoseconds since 1970-01-01 UTC of this machine's clock.
    ///
    /// A file whose times are within the clock's granularity of this moment may have changed afterwards without showing
    /// it, so the engine does not rely on such a record.
    public var hashedAt: Int64

    /// Makes a record.
    public init(fingerprint: FileFingerprint, digest: ContentDigest, inspection: String, hashedAt: Int64) {
        self.fingerprint = fingerprint
        self.digest = digest
        self.inspection = inspection
        self.hashedAt = hashedAt
    }
}

/// Which object in a store holds a local file's bytes, and how that was made sure of.
public struct ObjectMapping: Sendable, Hashable {
    /// How the object's bytes were compared with the local ones.
    public struct Verification: RawRepresentable, Hashable, Sendable {
        /// A stable word.
        public let rawValue: String

        /// Makes a verification from its word.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The store's own file checksum equals the one computed while sending.
        public static let checksum = Verification(rawValue: "checksum")
        /// The object was read back and hashed.
        public static let readback = Verification(rawValue: "readback")
        /// Only its size was compared: it was there already, under a path that is its SHA-256.
        public static let size = Verification(rawValue: "size")
    }

    /// The store, as ``StoreLocation`` describes itself.
    public var store: String
    /// The environment's name.
    public var environment: String
    /// The local file, relative to the workspace where it is inside.
    public var localPath: String
    /// The SHA-256 of the bytes.
    public var digest: ContentDigest
    /// The object's path in the store.
    public var storePath: String
    /// The size in bytes.
    public var size: Int64
    /// The algorithm of ``checksum``, for example `MD5-of-0MD5-of-512CRC32C`.
    public var checksumAlgorithm: String?
    /// The store's file checksum, in hexadecimal.
    public var checksum: String?
    /// How the bytes were compared.
    public var verification: Verification
    /// The object's modification time in the store, in milliseconds since 1970-01-01 UTC.
    public var remoteModified: Int64?
    /// When it was verified, in seconds since 1970-01-01 UTC.
    public var verifiedAt: Int64

    /// Makes a mapping.
    public init(
        store: String, environment: String, localPath: String, digest: ContentDigest, storePath: String, size: Int64,
        checksumAlgorithm: String? = nil, checksum: String? = nil, verification: Verification,
        remoteModified: Int64? = nil, verifiedAt: Int64
    ) {
        self.store = store
        self.environment = environment
        self.localPath = localPath
        self.digest = digest
        self.storePath = storePath
        self.size = size
        self.checksumAlgorithm = checksumAlgorithm
        self.checksum = checksum
        self.verification = verification
        self.remoteModified = remoteModified
        self.verifiedAt = verifiedAt
    }
}
