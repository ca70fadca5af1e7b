import CurlHTTP
import Glibc
import TestServer
import Testing

@Suite struct UploadTests {
    @Test func partOfAFileIsSent() async throws {
        let server = try TestServer { exchange in
            try exchange.readBody()
            try exchange.respond(status: 201)
        }
        defer { server.stop() }
        let client = try makeClient()
        let bytes = patternBytes(5_000_000)
        let file = try TemporaryFile(bytes)
        let observer = RecordingObserver()
        let body = UploadBody(descriptor: file.descriptor, offset: 1234, length: 4_000_000, observer: observer)
        let response = try await client.send(HTTPRequest(.put, url: server.url, body: body))

        #expect(response.status == 201)
        #expect(server.requests.first?.body == Array(bytes[1234..<4_001_234]))
        #expect(observer.bytes == Array(bytes[1234..<4_001_234]))
        #expect(observer.rewinds == 1)
        #expect(client.statistics.bytesUp == 4_000_000)
    }

    @Test func emptyFileIsSent() async throws {
        let server = try TestServer { _ in }
        defer { server.stop() }
        let file = try TemporaryFile()
        let body = UploadBody(descriptor: file.descriptor, length: 0)
        let response = try await makeClient().send(HTTPRequest(.put, url: server.url, body: body))
        #expect(response.status == 200)
        #expect(server.requests.first?.header("Content-Length") == "0")
    }

    /// The server takes the second request on the kept-alive connection and hangs up; libcurl sends it again.
    @Test func bodyIsRewoundWhenAConnectionWasDead() async throws {
        let server = try TestServer { exchange in
            try exchange.readBody()
            if exchange.index == 1 { exchange.closeConnection() }
        }
        defer { server.stop() }
        let client = try makeClient()
        _ = try await client.send(HTTPRequest(url: server.url))
        let bytes = patternBytes(200_000)
        let file = try TemporaryFile(bytes)
        let observer = RecordingObserver()
        let body = UploadBody(descriptor: file.descriptor, length: 200_000, observer: observer)
        let response = try await client.send(HTTPRequest(.put, url: server.url, body: body))

        #expect(response.status == 200)
        #expect(server.requests.map(\.connection) == [1, 1, 2])
        #expect(server.requests.last?.body == bytes)
        #expect(observer.rewinds == 2)
        #expect(observer.bytes == bytes)
    }

    @Test func unrepeatableRequestIsNotRepeated() async throws {
        let server = try TestServer { exchange in
            try exchange.readBody()
            if exchange.index == 1 { exchange.closeConnection() }
        }
        defer { server.stop() }
        let client = try makeClient()
        _ = try await client.send(HTTPRequest(url: server.url))
        let error = await transferError {
            try await client.send(HTTPRequest(.put, url: server.url, isRepeatable: false))
        }
        #expect(error?.code == .connectionLost)
        #expect(server.requests.count == 2)
    }

    /// As a DataNode does it: `100 Continue` first, then a refusal, and the rest of the body is not read.
    @Test(arguments: [0, 100_000])
    func earlyRefusalIsReturned(readBefore: Int) async throws {
        let server = try TestServer { exchange in
            try exchange.sendContinue()
            try exchange.readBody(atMost: readBefore)
            try exchange.respond(status: 403, headers: [("Connection", "close")], body: "denied")
            // The client stops sending, and closes.
            try? exchange.hang()
        }
        defer { server.stop() }
        let file = try TemporaryFile(sparse: 64 << 20)
        let body = UploadBody(descriptor: file.descriptor, length: 64 << 20)
        let client = try makeClient()
        let response = try await client.send(HTTPRequest(.put, url: server.url, body: body))
        #expect(response.status == 403)
        #expect(response.text == "denied")
        #expect(client.statistics.bytesUp < 64 << 20)
    }

    /// A refusal with unread data behind it, which makes the kernel reset the connection right after the answer. What
    /// libcurl sees first, the answer or the reset, is chance; hence the repetitions.
    @Test(arguments: [0, 200_000])
    func earlyRefusalFollowedByAResetIsReturned(readBefore: Int) async throws {
        let server = try TestServer { exchange in
            try exchange.sendContinue()
            try exchange.readBody(atMost: readBefore)
            try exchange.respondWithoutReading(status: 403, headers: [("X-Reason", "r")], body: "denied")
        }
        defer { server.stop() }
        let file = try TemporaryFile(sparse: 64 << 20)
        let client = try makeClient()
        let request = HTTPRequest(
            .put, url: server.url, body: UploadBody(descriptor: file.descriptor, length: 64 << 20))
        for _ in 0..<200 {
            let response = try await client.send(request)
            #expect(response.status == 403)
            #expect(response.headers["x-reason"] == "r")
            #expect(response.text == "denied")
        }
    }

    @Test func shrunkenFileIsRefused() async throws {
        let server = try TestServer { try $0.readBody() }
        defer { server.stop() }
        let file = try TemporaryFile(patternBytes(1_000_000))
        let body = UploadBody(descriptor: file.descriptor, length: 1_000_001)
        let client = try makeClient()
        let error = await transferError { try await client.send(HTTPRequest(.put, url: server.url, body: body)) }
        #expect(error?.code == .bodyChanged)
        #expect(error?.message == "the file to send ended after 1000000 of 1000001 bytes")
    }

    @Test func fileTruncatedWhileItIsSentIsRefused() async throws {
        let length = 64 << 20
        let file = try TemporaryFile(sparse: length)
        let server = try TestServer { exchange in
            try exchange.readBody(atMost: 1 << 20)
            ftruncate(file.descriptor, 0)
            try exchange.readBody()
        }
        defer { server.stop() }
        let body = UploadBody(descriptor: file.descriptor, length: Int64(length))
        let client = try makeClient()
        let error = await transferError { try await client.send(HTTPRequest(.put, url: server.url, body: body)) }
        #expect(error?.code == .bodyChanged)
        #expect(try #require(error).bytesSent < length)
    }

    @Test func unreadableFileIsReported() async throws {
        let server = try TestServer { try $0.readBody() }
        defer { server.stop() }
        // A directory can be opened for reading, but not read.
        let directory = open("/", O_RDONLY | O_CLOEXEC)
        defer { close(directory) }
        let body = UploadBody(descriptor: directory, length: 10)
        let client = try makeClient()
        let error = await transferError { try await client.send(HTTPRequest(.put, url: server.url, body: body)) }
        #expect(error?.code == .bodyUnreadable)
        #expect(error?.message == "cannot read the file to send: Is a directory")
    }
}
