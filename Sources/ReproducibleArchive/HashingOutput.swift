internal import Crypto
import Glibc

/// Writes to a descriptor in large blocks and hashes what it writes.
final class HashingOutput {
    private(set) var size: Int64 = 0
    private let descriptor: Int32
    private var hash = SHA256()
    private var buffer: [UInt8] = []

    private static let blockSize = 256 << 10

    init(descriptor: Int32) {
        self.descriptor = descriptor
        buffer.reserveCapacity(Self.blockSize)
    }

    func write(_ bytes: [UInt8]) throws {
        try unsafe bytes.withUnsafeBytes { try unsafe write($0) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        size += Int64(bytes.count)
        if buffer.count + bytes.count > Self.blockSize { try flush() }
        if bytes.count >= Self.blockSize {
            try unsafe emit(bytes)
        } else {
            unsafe buffer.append(contentsOf: bytes)
        }
    }

    func finish() throws -> (size: Int64, sha256: [UInt8]) {
        try flush()
        return (size, Array(hash.finalize()))
    }

    private func flush() throws {
        guard !buffer.isEmpty else { return }
        try unsafe buffer.withUnsafeBytes { try unsafe emit($0) }
        buffer.removeAll(keepingCapacity: true)
    }

    private func emit(_ bytes: UnsafeRawBufferPointer) throws {
        unsafe hash.update(bufferPointer: bytes)
        var rest = unsafe PendingBytes(bytes)
        while !rest.isEmpty {
            let count = unsafe Glibc.write(descriptor, rest.bytes.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                let code: ArchiveError.Code = errno == ENOSPC || errno == EDQUOT ? .noSpace : .writeFailed
                throw ArchiveError(
                    code: code, path: "the archive being written", message: "cannot write: \(systemMessage(errno))")
            }
            rest.removeFirst(count)
        }
    }
}
