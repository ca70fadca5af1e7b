import Crypto
import EnvSyncModel
import Foundation
import Glibc

/// The caches of pip and uv, as far as they keep whole wheels: pip keeps each download under a name that tells nothing,
/// and both keep the wheels they built. What uv unpacked is no wheel any more.
struct ToolCaches {
    /// A file, or a part of one, that may be a wheel.
    struct Candidate: Sendable, Hashable {
        let path: String
        /// Where the wheel begins; 0 if the file is nothing else.
        let offset: Int64
        /// Its length in bytes.
        let size: Int64
        /// Whether the file holds something besides, so that the wheel has to be taken out.
        let isWrapped: Bool
    }

    private let directories: [String]

    /// At most this many files are looked at.
    private static let limit = 200_000

    /// - Parameter environment: the process's environment variables.
    init(environment: [String: String]) {
        let home = environment["HOME"] ?? "/"
        func directory(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let base = directory("XDG_CACHE_HOME") ?? home + "/.cache"
        let pip = directory("PIP_CACHE_DIR") ?? base + "/pip"
        let uv = directory("UV_CACHE_DIR") ?? base + "/uv"
        directories = [pip + "/http-v2", pip + "/http", pip + "/wheels", uv]
    }

    /// What may be a wheel: what begins like a zip file.
    ///
    /// - Parameter sizes: only wheels of these sizes, in bytes; `nil` is any size.
    func candidates(ofSizes sizes: Set<Int64>?) -> [Candidate] {
        var found: [Candidate] = []
        var pending = directories
        var seen = 0
        while let directory = pending.popLast(), seen < Self.limit {
            guard let stream = opendir(directory) else { continue }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
                guard bytes != [0x2E], bytes != [0x2E, 0x2E], let name = String(validating: bytes, as: UTF8.self) else {
                    continue
                }
                let path = "\(directory)/\(name)"
                var info = stat()
                // Links are not followed: uv's cache links directories to each other.
                guard lstat(path, &info) == 0 else { continue }
                seen += 1
                if info.st_mode & S_IFMT == S_IFDIR {
                    // uv's archives are unpacked wheels: many files, no wheel.
                    if !name.hasPrefix("archive-v") { pending.append(path) }
                } else if info.st_mode & S_IFMT == S_IFREG, info.st_size > 100,
                    let candidate = Self.candidate(path, size: Int64(info.st_size)),
                    sizes?.contains(candidate.size) ?? true
                {
                    found.append(candidate)
                }
            }
        }
        return found.sorted { $0.path < $1.path }
    }

    private static func candidate(_ path: String, size: Int64) -> Candidate? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var head = [UInt8](repeating: 0, count: 40)
        let count = head.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count == head.count else { return nil }
        let zip: [UInt8] = [0x50, 0x4B, 3, 4]
        if head.starts(with: zip) { return Candidate(path: path, offset: 0, size: size, isWrapped: false) }
        guard let body = cachedBody(head), body.offset + body.size <= size,
            head[Int(body.offset)...].starts(with: zip)
        else { return nil }
        return Candidate(path: path, offset: body.offset, size: body.size, isWrapped: true)
    }

    /// Where the body of a response begins in a cache file of pip before 23.3, the pip of Debian 12: `cc=4,` and a MessagePack
    /// map whose first entry is the response, whose first entry is its body (CacheControl's `serialize.py`).
    private static func cachedBody(_ head: [UInt8]) -> (offset: Int64, size: Int64)? {
        let start = Array("cc=4,".utf8) + [0x82, 0xA8] + Array("response".utf8)
        let body = [0xA4] + Array("body".utf8)
        let map = start.count
        guard head.starts(with: start), head[map] & 0xF0 == 0x80, head[(map + 1)...].starts(with: body) else {
            return nil
        }
        let header = map + 1 + body.count
        // Binary data with a length of 16 or 32 bits.
        let digits = head[header] == 0xC6 ? 4 : head[header] == 0xC5 ? 2 : 0
        guard digits > 0 else { return nil }
        let size = head[(header + 1)..<(header + 1 + digits)].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        return (Int64(header + 1 + digits), size)
    }
}

extension ToolCaches.Candidate {
    /// The SHA-256 of the wheel; `nil` if it can't be read.
    func digest(_ cancelled: OffPool.CancellationCheck) throws -> ContentDigest? {
        var sha256 = SHA256()
        guard try copy(cancelled, to: { sha256.update(bufferPointer: $0) }) else { return nil }
        return ContentDigest(sha256.finalize())
    }

    /// Writes the wheel to a file of its own, whole or not at all.
    func extract(to path: String, _ cancelled: OffPool.CancellationCheck) throws -> Bool {
        let temporary = "\(path).new-\(getpid())"
        let output = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard output >= 0 else { return false }
        defer { close(output) }
        var isWhole = true
        do {
            let isRead = try copy(cancelled) { chunk in
                var rest = chunk
                while isWhole, !rest.isEmpty {
                    let count = write(output, rest.baseAddress, rest.count)
                    if count < 0, errno == EINTR { continue }
                    if count <= 0 { isWhole = false } else { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
                }
            }
            if isRead, isWhole, rename(temporary, path) == 0 { return true }
        } catch {
            unlink(temporary)
            throw error
        }
        unlink(temporary)
        return false
    }

    private func copy(
        _ cancelled: OffPool.CancellationCheck, to sink: (UnsafeRawBufferPointer) -> Void
    ) throws -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        var position = offset
        while position < offset + size {
            try cancelled()
            let wanted = Int(min(Int64(buffer.count), offset + size - position))
            let count = pread(descriptor, buffer.baseAddress, wanted, off_t(position))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sink(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            position += Int64(count)
        }
        return true
    }
}
