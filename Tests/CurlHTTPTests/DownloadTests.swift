import CurlHTTP
import Synchronization
import TestServer
import Testing

@Suite struct DownloadTests {
    private struct SinkFull: Error {}

    @Test func bodyGoesToTheSink() async throws {
        let bytes = patternBytes(3_000_000)
        let server = try TestServer { try $0.respond(body: bytes) }
        defer { server.stop() }
        let box = ReceivedBytes()
        let client = try makeClient()
        let response = try await client.download(HTTPRequest(url: server.url, responseLimit: 10)) { box.append($0) }
        #expect(response.status == 200)
        #expect(response.body.isEmpty)
        #expect(box.bytes == bytes)
        #expect(client.statistics.bytesDown == 3_000_000)
    }

    @Test func errorBodyGoesToTheResponse() async throws {
        let server = try TestServer { try $0.respond(status: 404, body: "not there") }
        defer { server.stop() }
        let box = ReceivedBytes()
        let response = try await makeClient().download(HTTPRequest(url: server.url)) { box.append($0) }
        #expect(response.status == 404)
        #expect(response.text == "not there")
        #expect(box.bytes.isEmpty)
    }

    @Test func throwingSinkEndsTheTransfer() async throws {
        let server = try TestServer { try $0.respond(body: [UInt8](repeating: 0, count: 10_000_000)) }
        defer { server.stop() }
        let client = try makeClient()
        let error = await transferError {
            try await client.download(HTTPRequest(url: server.url)) { _ in throw SinkFull() }
        }
        #expect(error?.code == .sinkFailed)
        #expect(error?.cause is SinkFull)
    }
}

/// What a sink got.
private final class ReceivedBytes: Sendable {
    private let state = Mutex<[UInt8]>([])
    var bytes: [UInt8] { state.withLock { $0 } }
    func append(_ piece: UnsafeRawBufferPointer) {
        let copy = Array(piece)
        state.withLock { $0 += copy }
    }
}
