import Crypto
import EnvSyncModel
import Foundation
import Glibc
import Synchronization

/// A directory of this machine as a store: the embedded default, and what `file://` names.
///
/// Blocking calls run on threads of their own (see ``BlockingIO``), never on Swift's cooperative pool. Files are synced
/// to disk before they are renamed into place, and so is the directory afterwards.
public struct LocalFileSystem: RemoteFileSystem {
    /// Makes a file system.
    public init() {}

    /// See ``RemoteFileSystem/uploadsLinger``.
    public var uploadsLinger: Bool { false }

    /// Always 0: there is no server.
    public var requestCount: Int { 0 }

    /// Always 0: nothing is downloaded.
    public var bytesReceived: Int64 { 0 }

    /// Always `nil`: jobs name it by `file:` alone.
    public var observedAuthority: String? { nil }

    /// See ``RemoteFileSystem/status(_:)``.
    public func status(_ path: String) async throws -> RemoteStatus? {
        try await BlockingIO.run { _ in try Self.status(path, name: "") }
    }

    /// See ``RemoteFileSystem/list(_:)``.
    public func list(_ path: String) async throws -> [RemoteStatus]? {
        try await BlockingIO.run { _ in
            guard let directory = opendir(path) else {
                if errno == ENOENT { return nil }
                throw Self.failure("opendir", path, errno)
            }
            defer { closedir(directory) }
            var entries: [RemoteStatus] = []
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                guard name != ".", name != ".." else { continue }
                if let status = try Self.status(path + "/" + name, name: name) { entries.append(status) }
            }
            return entries
        }
    }

    /// See ``RemoteFileSystem/makeDirectory(_:mode:)``.
    public func makeDirectory(_ path: String, mode: UInt16) async throws {
        try await BlockingIO.run { _ in
            // The process's umask has no say in what others may do with a store. A chmod afterwards would leave a
            // directory that nobody else can pass if this process is killed in between.
            let code = Self.umaskLock.withLock { _ -> Int32 in
                let old = umask(0)
                defer { umask(old) }
                return mkdir(path, mode_t(mode)) == 0 ? 0 : errno
            }
            if code == EEXIST, let status = try Self.status(path, name: ""), status.isDirectory { return }
            guard code == 0 else { throw Self.failure("mkdir", path, code) }
            // Where a default ACL took bits away.
            guard let made = try Self.status(path, name: ""), made.permission & mode != mode else { return }
            guard chmod(path, mode_t(mode)) == 0 else { throw Self.failure("chmod", path, errno) }
        }
    }

    /// See ``RemoteFileSystem/upload(_:to:)``. The file is synced, then read back and hashed.
    public func upload(_ content: UploadContent, to path: String) async throws -> (RemoteStatus, Verification) {
        try await BlockingIO.run { flag in
            let output = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard output >= 0 else { throw Self.failure("open", path, errno) }
            defer { close(output) }
            do {
                let sent = try Self.copy(content, to: output, path: path, flag)
                guard sent == content.digest else {
                    throw RemoteFileError(
                        .sourceChanged, operation: "read", path: path,
                        reason: "its bytes now have the SHA-256 \(sent.short)…, not \(content.digest.short)…")
                }
                guard fchmod(output, 0o644) == 0 else { throw Self.failure("chmod", path, errno) }
                guard fsync(output) == 0 else { throw Self.failure("fsync", path, errno) }
                let stored = try Self.hash(output, path: path, flag)
                guard stored == content.digest else {
                    throw RemoteFileError(
                        .corrupted, operation: "read back", path: path,
                        reason: "its bytes have the SHA-256 \(stored.short)…, not \(content.digest.short)…")
                }
                guard let status = try Self.status(path, name: "") else { throw Self.failure("stat", path, ENOENT) }
                return (status, Verification(method: .readBack, algorithm: "SHA-256", checksum: stored.hex))
            } catch {
                unlink(path)
                throw error
            }
        }
    }

    /// See ``RemoteFileSystem/rename(_:to:replacing:)``.
    public func rename(_ path: String, to destination: String, replacing: Bool) async throws {
        try await BlockingIO.run { _ in
            if replacing {
                guard Glibc.rename(path, destination) == 0 else { throw Self.failure("rename", destination, errno) }
            } else {
                // rename(2) would replace silently; a hard link fails if the name is taken, atomically.
                if link(path, destination) == 0 {
                    unlink(path)
                } else {
                    let code = errno
                    guard code == EPERM || code == EOPNOTSUPP || code == ENOSYS || code == EMLINK else {
                        throw Self.failure("link", destination, code)
                    }
                    // A file system without hard links (FAT, some FUSE): looking first is the best there is.
                    guard access(destination, F_OK) != 0 else { throw Self.failure("rename", destination, EEXIST) }
                    guard Glibc.rename(path, destination) == 0 else { throw Self.failure("rename", destination, errno) }
                }
            }
            try Self.syncDirectory(of: destination)
        }
    }

    /// See ``RemoteFileSystem/delete(_:recursive:)``.
    public func delete(_ path: String, recursive: Bool) async throws -> Bool {
        try await BlockingIO.run { _ in
            if unlink(path) == 0 || (errno == EISDIR && rmdir(path) == 0) { return true }
            if errno == ENOENT { return false }
            guard recursive else { throw Self.failure("unlink", path, errno) }
            do { try FileManager.default.removeItem(atPath: path) } catch {
                throw RemoteFileError(.other, operation: "remove", path: path, reason: error.localizedDescription)
            }
            return true
        }
    }

    /// See ``RemoteFileSystem/read(_:limit:)``.
    public func read(_ path: String, limit: Int) async throws -> [UInt8]? {
        try await BlockingIO.run { flag in
            let input = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard input >= 0 else {
                if errno == ENOENT { return nil }
                throw Self.failure("open", path, errno)
            }
            defer { close(input) }
            var bytes: [UInt8] = []
            try Self.forEachChunk(of: input, path: path, flag) { chunk in
                guard bytes.count + chunk.count <= limit else {
                    throw RemoteFileError(
                        .other, operation: "read", path: path, reason: "it is larger than \(limit) bytes")
                }
                bytes.append(contentsOf: chunk)
            }
            return bytes
        }
    }

    /// See ``RemoteFileSystem/verify(_:holds:)``.
    public func verify(_ path: String, holds content: UploadContent) async throws -> Verification? {
        let stored = try await digest(path)
        guard stored == content.digest else { return nil }
        return Verification(method: .readBack, algorithm: "SHA-256", checksum: stored.hex)
    }

    /// See ``RemoteFileSystem/checksumAgrees(_:with:)``.
    public func checksumAgrees(_ path: String, with content: UploadContent) async throws -> Bool? {
        try await digest(path) == content.digest
    }

    /// See ``RemoteFileSystem/checksum(_:)``: the SHA-256.
    public func checksum(_ path: String) async throws -> Verification? {
        let stored = try await digest(path)
        return Verification(method: .readBack, algorithm: "SHA-256", checksum: stored.hex)
    }

    /// See ``RemoteFileSystem/digest(_:)``.
    public func digest(_ path: String) async throws -> ContentDigest {
        try await BlockingIO.run { flag in
            let input = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard input >= 0 else { throw Self.failure("open", path, errno) }
            defer { close(input) }
            return try Self.hash(input, path: path, flag)
        }
    }

    /// See ``RemoteFileSystem/setPermission(_:mode:)``.
    public func setPermission(_ path: String, mode: UInt16) async throws {
        try await BlockingIO.run { _ in
            guard chmod(path, mode_t(mode)) == 0 else { throw Self.failure("chmod", path, errno) }
        }
    }
}

extension LocalFileSystem {
    /// The umask is the process's, not the thread's.
    private static let umaskLock = Mutex(())

    private static func status(_ path: String, name: String) throws -> RemoteStatus? {
        var info = stat()
        guard stat(path, &info) == 0 else {
            if errno == ENOENT { return nil }
            throw failure("stat", path, errno)
        }
        let isDirectory = info.st_mode & S_IFMT == S_IFDIR
        return RemoteStatus(
            name: name, isDirectory: isDirectory, length: isDirectory ? 0 : Int64(info.st_size),
            permission: UInt16(info.st_mode & 0o7777),
            modified: Int64(info.st_mtim.tv_sec) * 1000 + Int64(info.st_mtim.tv_nsec) / 1_000_000,
            owner: accountName(user: info.st_uid), group: String(info.st_gid))
    }

    private static func accountName(user: uid_t) -> String {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getpwuid_r(user, &record, &buffer, buffer.count, &found) == 0, found != nil, let name = record.pw_name
        else {
            return String(user)
        }
        return String(cString: name)
    }

    /// Copies the content and returns the SHA-256 of what was read.
    private static func copy(
        _ content: UploadContent, to output: Int32, path: String, _ flag: CancellationFlag
    ) throws -> ContentDigest {
        var sha256 = SHA256()
        var written: Int64 = 0
        func put(_ chunk: UnsafeRawBufferPointer) throws {
            sha256.update(bufferPointer: chunk)
            var rest = chunk
            while !rest.isEmpty {
                let count = pwrite(output, rest.baseAddress, rest.count, off_t(written))
                guard count > 0 else {
                    if errno == EINTR { continue }
                    throw failure("write", path, errno)
                }
                written += Int64(count)
                content.progress(Int64(count))
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
        switch content.source {
        case .bytes(let bytes): try bytes.withUnsafeBytes(put)
        case .descriptor(let input): try forEachChunk(of: input, path: path, isSource: true, flag, put)
        }
        guard written == content.size else {
            throw RemoteFileError(
                .sourceChanged, operation: "read", path: path,
                reason: "it has \(written) bytes now, not \(content.size)")
        }
        return ContentDigest(sha256.finalize())
    }

    private static func hash(_ descriptor: Int32, path: String, _ flag: CancellationFlag) throws -> ContentDigest {
        var sha256 = SHA256()
        try forEachChunk(of: descriptor, path: path, flag) { sha256.update(bufferPointer: $0) }
        return ContentDigest(sha256.finalize())
    }

    static func forEachChunk(
        of descriptor: Int32, path: String, isSource: Bool = false, _ flag: CancellationFlag,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        var offset: off_t = 0
        while true {
            try flag.check()
            let count = pread(descriptor, buffer.baseAddress, buffer.count, offset)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                let code = errno
                if isSource {
                    throw RemoteFileError(
                        .sourceUnreadable, operation: "read", path: path, reason: String(cString: strerror(code)))
                }
                throw failure("read", path, code)
            }
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += off_t(count)
        }
    }

    private static func syncDirectory(of path: String) throws {
        let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        let descriptor = open(parent.isEmpty ? "/" : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", parent, errno) }
        defer { close(descriptor) }
        // Some file systems can't sync a directory and say EINVAL; there is nothing better to do there.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure("fsync", parent, errno) }
    }

    private static func failure(_ operation: String, _ path: String, _ code: Int32) -> RemoteFileError {
        let condition: RemoteFileError.Condition
        switch code {
        case ENOENT, ENOTDIR: condition = .notFound
        case EEXIST, ENOTEMPTY: condition = .alreadyExists
        case EACCES, EPERM, EROFS: condition = .accessDenied
        case ENOSPC: condition = .noSpace
        case EDQUOT: condition = .spaceQuota
        case ENAMETOOLONG, EILSEQ: condition = .invalidPath
        default: condition = .other
        }
        return RemoteFileError(condition, operation: operation, path: path, reason: String(cString: strerror(code)))
    }
}
