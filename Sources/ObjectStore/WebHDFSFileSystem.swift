import CurlHTTP
import EnvSyncModel
import WebHDFS

/// HDFS, spoken to over WebHDFS, as a store.
public struct WebHDFSFileSystem: RemoteFileSystem {
    /// The HDFS block size of what envsync writes: given explicitly, so that the file checksum can be computed while
    /// sending. The default of HDFS (hdfs-default.xml, `dfs.blocksize`).
    public static let blockSize: Int64 = 128 << 20

    /// The block size for a file of that size.
    ///
    /// While a block is written, HDFS charges a whole one to a space quota, for each replica. So a file that fits into
    /// one block gets one that is just large enough, in steps of 1 MiB, the smallest that HDFS takes by default
    /// (`dfs.namenode.fs-limits.min-block-size`). The checksum of a file of one block doesn't depend on its size.
    static func blockSize(forFileOf size: Int64) -> Int64 {
        size > blockSize ? blockSize : max(1, (size + (1 << 20) - 1) >> 20) << 20
    }

    private let client: WebHDFSClient
    private let http: HTTPClient
    private let replication: Int
    private let spark: SparkAuthority

    /// Makes a file system.
    ///
    /// - Parameter replication: of files written from now on.
    public init(client: WebHDFSClient, http: HTTPClient, replication: Int) {
        self.client = client
        self.http = http
        self.replication = replication
        spark = SparkAuthority()
    }

    /// See ``RemoteFileSystem/uploadsLinger``: a DataNode opens the file for an upload some milliseconds after it got the
    /// request, with the directories above it, whether or not the connection is still there.
    public var uploadsLinger: Bool { true }

    /// HTTP requests sent so far, counting each leg and each retry.
    public var requestCount: Int { Int(http.statistics.requests) }

    /// Response bytes received so far.
    public var bytesReceived: Int64 { Int64(http.statistics.bytesDown) }

    /// `hdfs://<authority>` as a DataNode named it when a file was written, once one was.
    public var observedAuthority: String? { spark.value }

    /// See ``RemoteFileSystem/status(_:)``.
    public func status(_ path: String) async throws -> RemoteStatus? {
        try await mapped { try await client.status(of: path).map(RemoteStatus.init) }
    }

    /// See ``RemoteFileSystem/list(_:)``.
    public func list(_ path: String) async throws -> [RemoteStatus]? {
        try await mapped { try await client.list(path)?.map(RemoteStatus.init) }
    }

    /// See ``RemoteFileSystem/makeDirectory(_:mode:)``.
    ///
    /// The mode is read back and set again where it isn't what was asked for: gateways and default ACLs may change it.
    public func makeDirectory(_ path: String, mode: UInt16) async throws {
        try await mapped {
            try await client.makeDirectory(path, permission: mode)
            if let made = try await client.status(of: path), made.permission != mode {
                try await client.setPermission(path, mode)
            }
        }
    }

    /// See ``RemoteFileSystem/upload(_:to:)``.
    public func upload(_ content: UploadContent, to path: String) async throws -> (RemoteStatus, Verification) {
        try await mapped {
            let hasher = TransferHasher(
                blockSize: Self.blockSize, bytesPerChecksum: 512, polynomial: .crc32c, progress: content.progress)
            do {
                let receipt = try await client.create(
                    path, body: content.body(observer: hasher),
                    options: CreateOptions(
                        // The path is this push's own, so what a broken attempt left there may be overwritten; a retry
                        // with overwrite=false couldn't tell its own truncated file from somebody else's.
                        overwrite: true, replication: replication, blockSize: Self.blockSize(forFileOf: content.size),
                        permission: 0o644))
                spark.observe(receipt.location)
            } catch let error as WebHDFSError where error.underlying?.code == .bodyChanged {
                throw RemoteFileError(
                    .sourceChanged, operation: "read", path: path, reason: "it became shorter while it was being sent")
            } catch let error as WebHDFSError where error.underlying?.code == .bodyUnreadable {
                throw RemoteFileError(
                    .sourceUnreadable, operation: "read", path: path, reason: error.underlying?.message ?? "read error")
            }
            let sent = hasher.finish()
            guard sent.digest == content.digest, sent.length == content.size else {
                throw RemoteFileError(
                    .sourceChanged, operation: "read", path: path,
                    reason: "its bytes now have the SHA-256 \(sent.digest.short)…, not \(content.digest.short)…")
            }
            guard let stored = try await client.status(of: path) else {
                throw RemoteFileError(
                    .corrupted, operation: "CREATE", path: path,
                    reason: "the server said 201, but there is no such file")
            }
            guard let proof = try await verify(stored, path: path, holds: content, computed: sent.checksum) else {
                if stored.length < content.size, let quota = try await exceededSpaceQuota(above: path) { throw quota }
                throw RemoteFileError(
                    .corrupted, operation: "CREATE", path: path,
                    reason: "the server said 201, but holds \(stored.length) of \(content.size) bytes or other bytes")
            }
            return (RemoteStatus(stored), proof)
        }
    }

    /// See ``RemoteFileSystem/rename(_:to:replacing:)``.
    public func rename(_ path: String, to destination: String, replacing: Bool) async throws {
        try await mapped { try await client.rename(path, to: destination, mode: replacing ? .replace : .noReplace) }
    }

    /// See ``RemoteFileSystem/delete(_:recursive:)``.
    public func delete(_ path: String, recursive: Bool) async throws -> Bool {
        try await mapped { try await client.delete(path, recursive: recursive) }
    }

    /// See ``RemoteFileSystem/read(_:limit:)``.
    public func read(_ path: String, limit: Int) async throws -> [UInt8]? {
        do { return try await mapped { try await client.open(path, limit: limit) } } catch let error as RemoteFileError
            where error.condition == .notFound
        { return nil }
    }

    /// See ``RemoteFileSystem/verify(_:holds:)``.
    public func verify(_ path: String, holds content: UploadContent) async throws -> Verification? {
        try await mapped {
            guard let stored = try await client.status(of: path) else { return nil }
            return try await verify(stored, path: path, holds: content, computed: nil)
        }
    }

    /// See ``RemoteFileSystem/checksumAgrees(_:with:)``.
    public func checksumAgrees(_ path: String, with content: UploadContent) async throws -> Bool? {
        try await mapped {
            guard let stored = try await client.status(of: path), stored.isFile, stored.length == content.size else {
                return false
            }
            return switch try await compare(stored, path: path, with: content, computed: nil).0 {
            case .equal: true
            case .different: false
            case .notComparable: nil
            }
        }
    }

    /// See ``RemoteFileSystem/checksum(_:)``.
    public func checksum(_ path: String) async throws -> Verification? {
        try await mapped {
            guard let stored = try await client.status(of: path), stored.isChecksumComparable else { return nil }
            let remote = try await client.checksum(of: path)
            guard let checksum = remote.checksum else { return nil }
            return Verification(method: .checksum, algorithm: remote.algorithm, checksum: checksum.md5Hex)
        }
    }

    /// See ``RemoteFileSystem/digest(_:)``.
    public func digest(_ path: String) async throws -> ContentDigest {
        try await mapped {
            let hasher = TransferHasher(blockSize: Self.blockSize, bytesPerChecksum: 512, polynomial: .crc32c)
            try await client.open(path) { hasher.update($0) }
            return hasher.finish().digest
        }
    }

    /// See ``RemoteFileSystem/setPermission(_:mode:)``.
    public func setPermission(_ path: String, mode: UInt16) async throws {
        try await mapped { try await client.setPermission(path, mode) }
    }

    /// Says whether a space quota explains a file that was cut short.
    ///
    /// Hadoop 2.7 answers 201 to an upload that runs into a space quota and leaves a truncated file (seen live: the
    /// error comes when the stream is closed, and is swallowed), so the reason has to be looked for.
    private func exceededSpaceQuota(above path: String) async throws -> RemoteFileError? {
        for directory in ObjectStore.ancestors(of: path).reversed() {
            guard let summary = try? await client.contentSummary(of: directory) else { continue }
            let free = summary.spaceQuota - summary.spaceConsumed
            if summary.spaceQuota > 0, free < Self.blockSize * Int64(replication) {
                return RemoteFileError(
                    .spaceQuota, operation: "CREATE", path: directory,
                    reason: "\(summary.spaceConsumed) of the \(summary.spaceQuota) bytes of its space quota are used, "
                        + "and a new block needs \(Self.blockSize) bytes for each replica")
            }
        }
        return nil
    }

    /// Compares a stored file with content: by size, then by the server's checksum, or by reading it back where that
    /// checksum says nothing about the bytes (erasure coding, encryption zones, unknown algorithms).
    private func verify(
        _ stored: FileStatus, path: String, holds content: UploadContent, computed: FileChecksum?
    ) async throws -> Verification? {
        guard stored.isFile, stored.length == content.size else { return nil }
        let (comparison, remote) = try await compare(stored, path: path, with: content, computed: computed)
        switch comparison {
        case .equal:
            return Verification(
                method: .checksum, algorithm: remote?.algorithm ?? "", checksum: remote?.checksum?.md5Hex ?? "")
        case .different: return nil
        case .notComparable: break
        }
        let hasher = TransferHasher(blockSize: Self.blockSize, bytesPerChecksum: 512, polynomial: .crc32c)
        try await client.open(path) { hasher.update($0) }
        guard hasher.finish().digest == content.digest else { return nil }
        return Verification(method: .readBack, algorithm: "SHA-256", checksum: content.digest.hex)
    }

    /// Compares checksums, with whatever parameters the server uses.
    private func compare(
        _ stored: FileStatus, path: String, with content: UploadContent, computed: FileChecksum?
    ) async throws -> (FileChecksum.Comparison, RemoteFileChecksum?) {
        guard stored.isChecksumComparable else { return (.notComparable, nil) }
        let remote = try await client.checksum(of: path)
        var comparison = computed?.compared(to: remote) ?? .notComparable
        if comparison == .notComparable, case .md5md5(_, let bytesPerChecksum, let polynomial) = remote.kind {
            // An empty file on the server has no parameters, and holds something else than content that has some.
            guard bytesPerChecksum > 0 || content.size == 0 else { return (.different, remote) }
            // This server uses other parameters than those assumed while sending, or nothing was sent.
            let local = try await content.checksum(
                blockSize: stored.blockSize, bytesPerChecksum: max(1, Int(bytesPerChecksum)), polynomial: polynomial)
            comparison = local.compared(to: remote)
        }
        return (comparison, remote)
    }
}

extension FileStatus {
    /// Checksums of erasure-coded files depend on the cell layout, and those in encryption zones are over ciphertext
    /// (Hadoop `BlockChecksumHelper`, "Transparent Encryption in HDFS").
    fileprivate var isChecksumComparable: Bool { !isEncrypted && !isErasureCoded }
}

extension RemoteStatus {
    fileprivate init(_ status: FileStatus) {
        self.init(
            name: status.name, isDirectory: status.isDirectory, length: status.length,
            permission: status.permission, modified: status.modificationTime, owner: status.owner, group: status.group)
    }
}

extension UploadContent {
    fileprivate func body(observer: any UploadObserver) -> UploadBody {
        switch source {
        case .bytes(let bytes): UploadBody.bytes(bytes, observer: observer)
        case .descriptor(let descriptor): UploadBody(descriptor: descriptor, length: size, observer: observer)
        }
    }

    /// Computes the checksum that HDFS would give this content with other parameters than those assumed while sending.
    fileprivate func checksum(
        blockSize: Int64, bytesPerChecksum: Int, polynomial: ChecksumPolynomial
    ) async throws -> FileChecksum {
        try await BlockingIO.run { flag in
            let hasher = TransferHasher(
                blockSize: blockSize, bytesPerChecksum: bytesPerChecksum, polynomial: polynomial)
            switch source {
            case .bytes(let bytes): bytes.withUnsafeBytes { hasher.update($0) }
            case .descriptor(let descriptor):
                try LocalFileSystem.forEachChunk(of: descriptor, path: "", isSource: true, flag) { hasher.update($0) }
            }
            let result = hasher.finish()
            guard result.digest == digest else {
                throw RemoteFileError(
                    .sourceChanged, operation: "read", path: "",
                    reason: "its bytes changed while they were being verified")
            }
            return result.checksum
        }
    }
}
