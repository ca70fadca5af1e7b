import CurlHTTP
import Synchronization
import TestServer
import Testing

@Suite struct FaultTests {
    @Test func refusedConnection() async throws {
        let server = try TestServer { _ in }
        let url = server.url
        server.stop()
        let client = try makeClient()
        // The listener is closed by its own thread; until then a connection may be taken and dropped.
        var error = await transferError { try await client.send(HTTPRequest(url: url)) }
        while error?.code == .connectionLost {
            error = await transferError { try await client.send(HTTPRequest(url: url)) }
        }
        #expect(error?.code == .couldNotConnect)
        #expect(error?.curlCode == 7)
    }

    @Test func unknownHost() async throws {
        // RFC 2606 keeps the name from ever existing.
        let client = try makeClient()
        let error = await transferError { try await client.send(HTTPRequest(url: "http://cluster.invalid/?_=secret")) }
        #expect(error?.code == .couldNotResolve)
        #expect(error?.url == "http://cluster.invalid/?_=REDACTED")
    }

    @Test func connectTimeout() async throws {
        // The kernel accepts into a full queue of a listener that nobody serves until the queue is full, and then
        // leaves connections unanswered.
        let listener = try SilentListener()
        let client = try makeClient { $0.connectTimeout = .milliseconds(200) }
        let error = await transferError { try await client.send(HTTPRequest(url: listener.url)) }
        #expect(error?.code == .connectTimedOut)
    }

    @Test func answerThatNeverComes() async throws {
        let server = try TestServer { exchange in
            try exchange.readBody()
            try exchange.hang()
        }
        defer { server.stop() }
        let client = try makeClient { $0.stallTimeout = .milliseconds(300) }
        for body in [nil, UploadBody.bytes([1, 2, 3])] {
            let error = await transferError { try await client.send(HTTPRequest(.put, url: server.url, body: body)) }
            #expect(error?.code == .stalled)
            #expect(error?.bytesSent == body?.length ?? 0)
        }
    }

    @Test func bodyThatNobodyTakes() async throws {
        let server = try TestServer { exchange in
            while !exchange.isServerStopping { try exchange.pause(.milliseconds(20)) }
        }
        defer { server.stop() }
        let file = try TemporaryFile(sparse: 64 << 20)
        let client = try makeClient { $0.stallTimeout = .milliseconds(300) }
        let body = UploadBody(descriptor: file.descriptor, length: 64 << 20)
        let error = await transferError { try await client.send(HTTPRequest(.put, url: server.url, body: body)) }
        #expect(error?.code == .stalled)
    }

    /// The whole takes longer than the time allowed without progress, but it never stands still that long.
    @Test func slowAnswerIsNoStall() async throws {
        let server = try TestServer { exchange in
            try exchange.sendHead(status: 200, contentLength: 20)
            for _ in 0..<20 {
                try exchange.pause(.milliseconds(100))
                try exchange.send("x")
            }
        }
        defer { server.stop() }
        let client = try makeClient { $0.stallTimeout = .seconds(1) }
        let response = try await client.send(HTTPRequest(url: server.url))
        #expect(response.text == String(repeating: "x", count: 20))
    }

    @Test(arguments: [true, false])
    func connectionLostWithinTheBody(byReset: Bool) async throws {
        let server = try TestServer { exchange in
            try exchange.respond(body: "0123456789", contentLength: 1000)
            if byReset { exchange.reset() } else { exchange.closeConnection() }
        }
        defer { server.stop() }
        let client = try makeClient()
        let error = await transferError { try await client.send(HTTPRequest(url: server.url)) }
        #expect(error?.code == .connectionLost)
    }

    @Test(arguments: [true, false])
    func connectionLostBeforeTheAnswer(byReset: Bool) async throws {
        let server = try TestServer { exchange in
            try exchange.readBody()
            if byReset { exchange.reset() } else { exchange.closeConnection() }
        }
        defer { server.stop() }
        let client = try makeClient()
        let error = await transferError {
            try await client.send(HTTPRequest(.put, url: server.url, body: .bytes([1])))
        }
        #expect(error?.code == .connectionLost)
        #expect(error?.bytesSent == 1)
        #expect(server.requests.count == 1)
    }

    @Test func answerThatIsNoHTTP() async throws {
        let server = try TestServer { exchange in
            try exchange.send("SSH-2.0-OpenSSH_9.2\r\n")
            exchange.closeConnection()
        }
        defer { server.stop() }
        let client = try makeClient()
        let error = await transferError { try await client.send(HTTPRequest(url: server.url)) }
        #expect(error?.code == .invalidResponse)
    }

    @Test func responseWithinAndBeyondTheLimit() async throws {
        let server = try TestServer { try $0.respond(body: [UInt8](repeating: 1, count: 100_000)) }
        defer { server.stop() }
        let client = try makeClient()
        let response = try await client.send(HTTPRequest(url: server.url, responseLimit: 100_000))
        #expect(response.body.count == 100_000)
        let error = await transferError {
            try await client.send(HTTPRequest(url: server.url, responseLimit: 99_999))
        }
        #expect(error?.code == .responseTooLarge)
    }

    @Test func endlessHeaderIsRefused() async throws {
        let server = try TestServer { exchange in
            try exchange.send("HTTP/1.1 200 OK\r\n")
            while true { try exchange.send("X-More: \(String(repeating: "x", count: 1000))\r\n") }
        }
        defer { server.stop() }
        let client = try makeClient()
        let error = await transferError { try await client.send(HTTPRequest(url: server.url)) }
        #expect(error?.code == .responseTooLarge)
    }

    /// Without a ticket SPNEGO cannot begin, and the refusal is the answer.
    @Test func negotiateWithoutATicket() async throws {
        let server = try TestServer { exchange in
            try exchange.respond(status: 401, headers: [("WWW-Authenticate", "Negotiate")], body: "no")
        }
        defer { server.stop() }
        let client = try makeClient()
        let response = try await client.send(HTTPRequest(url: server.url, credentials: .negotiate))
        #expect(response.status == 401)
        #expect(response.text == "no")
        #expect(server.requests.allSatisfy { $0.header("Authorization") == nil })
    }

    @Test func secretsStayOutOfErrors() async throws {
        let server = try TestServer { $0.closeConnection() }
        defer { server.stop() }
        let client = try makeClient()
        let query = "op=OPEN&user.name=ana&delegation=s3cret&%5F=s3cret"
        let url = "http://ana:s3cret@127.0.0.1:\(server.port)/f?\(query)"
        let plain = await transferError { try await client.send(HTTPRequest(url: url)) }
        #expect(plain?.url == "\(server.url)/f?op=OPEN&user.name=ana&delegation=REDACTED&%5F=REDACTED")
        let sensitive = await transferError { try await client.send(HTTPRequest(url: url, isSensitive: true)) }
        #expect(sensitive?.url == "\(server.url)/f?REDACTED")
        for error in [plain, sensitive] { #expect("\(try #require(error))".contains("s3cret") == false) }
    }
}
