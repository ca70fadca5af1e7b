import CurlHTTP
import Glibc
import Synchronization
import TestServer
import Testing

@Suite struct CancellationTests {
    /// Runs a request in a task of its own that is cancelled as soon as the server says so.
    private func cancelled(
        _ client: HTTPClient, _ request: HTTPRequest, when ready: AsyncStream<Void>
    ) async -> Result<HTTPResponse, any Error> {
        let task = Task { try await client.send(request) }
        for await _ in ready { break }
        task.cancel()
        return await task.result
    }

    @Test func whileWaitingForTheAnswer() async throws {
        let (ready, signal) = AsyncStream.makeStream(of: Void.self)
        let server = try TestServer { exchange in
            guard exchange.path == "/hang" else { return }
            signal.yield()
            try exchange.hang()
        }
        defer { server.stop() }
        let client = try makeClient()
        let result = await cancelled(client, HTTPRequest(url: server.url + "/hang"), when: ready)
        #expect(throws: CancellationError.self) { try result.get() }
        // The client goes on working.
        #expect(try await client.send(HTTPRequest(url: server.url)).status == 200)
    }

    @Test func whileUploadingLeavesTheDescriptorAlone() async throws {
        let (ready, signal) = AsyncStream.makeStream(of: Void.self)
        let server = try TestServer { exchange in
            guard exchange.method == "PUT" else { return }
            try exchange.readBody(atMost: 1 << 20)
            signal.yield()
            while !exchange.isServerStopping { try exchange.readBody(atMost: 1 << 16) }
        }
        defer { server.stop() }
        let client = try makeClient()
        let length = 1 << 40
        let file = try TemporaryFile(sparse: length)
        let observer = CountingObserver()
        let body = UploadBody(descriptor: file.descriptor, length: Int64(length), observer: observer)
        let result = await cancelled(client, HTTPRequest(.put, url: server.url, body: body), when: ready)
        #expect(throws: CancellationError.self) { try result.get() }
        let count = observer.count
        #expect(count > 0)
        // Two more requests, so that the loop has had its turns.
        for _ in 0..<2 { _ = try await client.send(HTTPRequest(url: server.url)) }
        #expect(observer.count == count)
    }

    @Test func whileWaitingForAConnection() async throws {
        let (ready, signal) = AsyncStream.makeStream(of: Void.self)
        let server = try TestServer { exchange in
            signal.yield()
            try exchange.hang()
        }
        defer { server.stop() }
        let client = try makeClient { $0.maximumConnectionsPerHost = 1 }
        let url = server.url
        let first = Task { try await client.send(HTTPRequest(url: url)) }
        for await _ in ready { break }
        let second = Task { try await client.send(HTTPRequest(url: url)) }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(server.requests.count == 1)
    }

    @Test func beforeTheStart() async throws {
        let server = try TestServer { _ in }
        defer { server.stop() }
        let client = try makeClient()
        let url = server.url
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await client.send(HTTPRequest(url: url))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(client.statistics.requests == 0)
    }

    /// Cancels at whatever moment it happens to be; each request must end exactly once, with an answer or cancelled.
    @Test func atAnyMoment() async throws {
        let server = try TestServer { try $0.respond(body: $0.readBody()) }
        defer { server.stop() }
        let client = try makeClient { $0.maximumConnectionsPerHost = 4 }
        let url = server.url
        for round in 0..<200 {
            let task = Task {
                try await client.send(HTTPRequest(.put, url: url, body: .bytes([UInt8](repeating: 1, count: 5000))))
            }
            for _ in 0..<(round % 20) { await Task.yield() }
            if round % 3 == 0 { try await Task.sleep(for: .microseconds(round * 5)) }
            task.cancel()
            switch await task.result {
            case .success(let response): #expect(response.body.count == 5000)
            case .failure(let error): #expect(error is CancellationError)
            }
        }
        #expect(try await client.send(HTTPRequest(url: url)).status == 200)
    }

    @Test func shutdownEndsEverything() async throws {
        let (ready, signal) = AsyncStream.makeStream(of: Void.self)
        let server = try TestServer { exchange in
            signal.yield()
            try exchange.hang()
        }
        defer { server.stop() }
        let client = try makeClient()
        let url = server.url
        let running = Task { try await client.send(HTTPRequest(url: url)) }
        for await _ in ready { break }
        client.shutdown()
        let error = await transferError { try await running.value }
        #expect(error?.code == .clientShutDown)
        let later = await transferError { try await client.send(HTTPRequest(url: url)) }
        #expect(later?.code == .clientShutDown)
        client.shutdown()
    }
}

private final class CountingObserver: UploadObserver {
    private let calls = Atomic<Int>(0)
    var count: Int { calls.load(ordering: .relaxed) }
    func uploadRewound() {}
    func uploadRead(_ bytes: UnsafeRawBufferPointer) { calls.wrappingAdd(1, ordering: .relaxed) }
}
