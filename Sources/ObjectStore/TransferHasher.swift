import Crypto
import EnvSyncModel
import Synchronization
import WebHDFS

/// Hashes bytes on their way out: the SHA-256 that names the object, and the checksum that HDFS will compute of it.
final class TransferHasher: Sendable {
    private struct State {
        var sha256 = SHA256()
        var length: Int64 = 0
    }

    private let state = Mutex(State())
    /// Not Sendable itself; used only while `state` is locked. (Inside the Mutex the compiler can't tell that `update`
    /// keeps no reference to the bytes.)
    private nonisolated(unsafe) let checksum: FileChecksumBuilder
    private let progress: @Sendable (Int64) -> Void

    init(
        blockSize: Int64, bytesPerChecksum: Int, polynomial: ChecksumPolynomial,
        progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) {
        self.progress = progress
        checksum = FileChecksumBuilder(
            blockSize: blockSize, bytesPerChecksum: bytesPerChecksum, polynomial: polynomial)
    }

    func reset() {
        let taken = state.withLock { state in
            defer { state = State() }
            checksum.reset()
            return state.length
        }
        if taken > 0 { progress(-taken) }
    }

    func update(_ bytes: UnsafeRawBufferPointer) {
        state.withLock {
            $0.sha256.update(bufferPointer: bytes)
            $0.length += Int64(bytes.count)
            checksum.update(bytes)
        }
        progress(Int64(bytes.count))
    }

    /// The results; call once, when all bytes were seen.
    func finish() -> (digest: ContentDigest, length: Int64, checksum: FileChecksum) {
        state.withLock { (ContentDigest($0.sha256.finalize()), $0.length, checksum.finalize()) }
    }
}
