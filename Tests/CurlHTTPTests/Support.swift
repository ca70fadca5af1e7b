import CurlHTTP
import Glibc
import Synchronization
import TestServer
import Testing

/// A client that has nothing to do with the proxies of the machine the tests run on.
func makeClient(_ change: (inout HTTPClientConfiguration) -> Void = { _ in }) throws -> HTTPClient {
    var configuration = HTTPClientConfiguration()
    configuration.usesEnvironmentProxies = false
    change(&configuration)
    return try HTTPClient(configuration: configuration)
}

/// The transfer error that an operation throws; an issue and nil if it throws none.
func transferError(
    sourceLocation: SourceLocation = #_sourceLocation, _ operation: () async throws -> HTTPResponse
) async -> HTTPTransferError? {
    do {
        let response = try await operation()
        Issue.record("no error but status \(response.status)", sourceLocation: sourceLocation)
    } catch let error as HTTPTransferError {
        return error
    } catch {
        Issue.record("not a transfer error: \(error)", sourceLocation: sourceLocation)
    }
    return nil
}

/// Remembers what an upload sent.
final class RecordingObserver: UploadObserver {
    private let state = Mutex((rewinds: 0, bytes: [UInt8](), calls: 0))

    var rewinds: Int { state.withLock { $0.rewinds } }
    var bytes: [UInt8] { state.withLock { $0.bytes } }
    var calls: Int { state.withLock { $0.calls } }

    func uploadRewound() {
        state.withLock {
            $0.rewinds += 1
            $0.bytes = []
        }
    }

    func uploadRead(_ bytes: UnsafeRawBufferPointer) {
        let copy = Array(bytes)
        state.withLock {
            $0.bytes += copy
            $0.calls += 1
        }
    }
}

/// A file without a name that goes when it is closed.
final class TemporaryFile: Sendable {
    let descriptor: Int32

    init(_ bytes: [UInt8] = []) throws {
        var path = Array("/tmp/curlhttp-test-XXXXXX".utf8CString)
        descriptor = mkstemp(&path)
        try #require(descriptor >= 0)
        unlink(&path)
        try #require(bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) } == bytes.count)
    }

    /// A file of so many zero bytes that takes no room on the disk.
    init(sparse length: Int) throws {
        var path = Array("/tmp/curlhttp-test-XXXXXX".utf8CString)
        descriptor = mkstemp(&path)
        try #require(descriptor >= 0)
        unlink(&path)
        try #require(ftruncate(descriptor, off_t(length)) == 0)
    }

    deinit { close(descriptor) }
}

/// Bytes that show when a piece is missing, doubled or in the wrong place.
func patternBytes(_ count: Int) -> [UInt8] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
}
