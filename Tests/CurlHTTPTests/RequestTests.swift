import CurlHTTP
import TestServer
import Testing

@Suite struct RequestTests {
    @Test func getSendsURLAndHeadersAsTheyAre() async throws {
        let server = try TestServer { try $0.respond(headers: [("X-A", "1"), ("x-a", "2")], body: "hello") }
        defer { server.stop() }
        let response = try await makeClient().send(
            HTTPRequest(url: server.url + "/a/../b%2Fc?x=%2B&y", headers: ["X-B": "b", "X-Empty": "", "x-b": " c"]))

        #expect(response.status == 200)
        #expect(response.isSuccess)
        #expect(response.text == "hello")
        #expect(response.headers["x-A"] == "1")
        #expect(response.headers.values(for: "X-a") == ["1", "2"])
        let request = try #require(server.requests.first)
        #expect(request.method == "GET")
        #expect(request.target == "/a/../b%2Fc?x=%2B&y")
        #expect(request.headers.filter { $0.name.lowercased() == "x-b" }.map(\.value) == ["b", "c"])
        #expect(request.header("X-Empty") == "")
        #expect(request.header("User-Agent") == "envsync")
        #expect(request.header("Content-Length") == nil)
    }

    @Test(arguments: [HTTPMethod.get, .put, .post, .delete])
    func methodWithoutBody(_ method: HTTPMethod) async throws {
        let server = try TestServer { try $0.respond(status: 404, body: "no") }
        defer { server.stop() }
        let response = try await makeClient().send(HTTPRequest(method, url: server.url))

        #expect(response.status == 404)
        #expect(response.text == "no")
        let request = try #require(server.requests.first)
        #expect(request.method == method.rawValue)
        #expect(request.header("Content-Length") == (method == .put || method == .post ? "0" : nil))
        #expect(request.header("Expect") == nil)
    }

    @Test(arguments: [HTTPMethod.put, .post, .delete])
    func smallBody(_ method: HTTPMethod) async throws {
        let server = try TestServer { try $0.respond(status: 201, body: $0.readBody()) }
        defer { server.stop() }
        let response = try await makeClient().send(HTTPRequest(method, url: server.url, body: .bytes([1, 2, 3])))

        #expect(response.status == 201)
        #expect(response.body == [1, 2, 3])
        let request = try #require(server.requests.first)
        #expect(request.method == method.rawValue)
        #expect(request.header("Content-Length") == "3")
        #expect(request.header("Expect") == nil)
        #expect(request.header("Transfer-Encoding") == nil)
    }

    @Test func namedExpectIsSent() async throws {
        let server = try TestServer { exchange in
            try exchange.sendContinue()
            try exchange.respond(body: exchange.readBody())
        }
        defer { server.stop() }
        let response = try await makeClient().send(
            HTTPRequest(.put, url: server.url, headers: ["Expect": "100-continue"], body: .bytes([7])))
        #expect(response.body == [7])
        #expect(server.requests.first?.header("Expect") == "100-continue")
    }

    @Test func interimAnswersAreNotSeen() async throws {
        let server = try TestServer { exchange in
            try exchange.send("HTTP/1.1 100 Continue\r\nX-Interim: yes\r\n\r\n")
            try exchange.readBody()
            try exchange.respond(status: 201, headers: [("Location", "hdfs://nn:8020/f")])
        }
        defer { server.stop() }
        let response = try await makeClient().send(HTTPRequest(.put, url: server.url, body: .bytes([1])))
        #expect(response.status == 201)
        #expect(response.headers["X-Interim"] == nil)
        #expect(response.headers["location"] == "hdfs://nn:8020/f")
    }

    @Test func redirectIsReturned() async throws {
        let server = try TestServer { try $0.respond(status: 307, headers: [("Location", "http://127.0.0.1:1/x")]) }
        defer { server.stop() }
        let response = try await makeClient().send(HTTPRequest(.put, url: server.url))
        #expect(response.status == 307)
        #expect(response.headers["Location"] == "http://127.0.0.1:1/x")
        #expect(server.requests.count == 1)
    }

    @Test func chunkedBodyIsJoined() async throws {
        let server = try TestServer { try $0.respond(chunks: [[1], [2, 3], [4]]) }
        defer { server.stop() }
        let response = try await makeClient().send(HTTPRequest(url: server.url))
        #expect(response.body == [1, 2, 3, 4])
    }

    @Test func connectionsAreUsedAgain() async throws {
        let server = try TestServer { try $0.respond(body: "x") }
        defer { server.stop() }
        let client = try makeClient()
        for _ in 0..<20 { _ = try await client.send(HTTPRequest(url: server.url)) }
        #expect(server.connectionCount == 1)
        #expect(client.statistics == HTTPStatistics(requests: 20, bytesUp: 0, bytesDown: 20, connectionsOpened: 1))
    }

    @Test func manyAtOnceShareTheAllowedConnections() async throws {
        let server = try TestServer { try $0.respond(body: $0.readBody()) }
        defer { server.stop() }
        let client = try makeClient { $0.maximumConnectionsPerHost = 8 }
        let bodies = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            for number in 0..<64 {
                group.addTask {
                    let body = [UInt8](repeating: UInt8(number), count: 100_000 + number)
                    let request = HTTPRequest(.put, url: "\(server.url)/\(number)", body: .bytes(body))
                    return (number, try await client.send(request).body)
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(bodies.count == 64)
        for (number, body) in bodies {
            #expect(body == [UInt8](repeating: UInt8(number), count: 100_000 + number))
        }
        #expect(server.connectionCount <= 8)
        #expect(client.statistics.requests == 64)
        #expect(client.statistics.connectionsOpened == server.connectionCount)
    }

    @Test(arguments: [
        "file:///etc/passwd", "ftp://127.0.0.1/x", "127.0.0.1/x", "", "http:/x", "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/\0", "http://127.0.0.1/ä",
    ])
    func badURLIsRefused(_ url: String) async throws {
        let client = try makeClient()
        let error = await transferError { try await client.send(HTTPRequest(url: url)) }
        #expect(error?.code == .invalidRequest)
        #expect(client.statistics.requests == 0)
    }

    @Test(arguments: [("X-A", "a\r\nX-B: b"), ("X-A", "a\0"), ("X A", "a"), ("", "a"), ("X:", "a")])
    func badHeaderIsRefused(name: String, value: String) async throws {
        let client = try makeClient()
        let request = HTTPRequest(url: "http://127.0.0.1:1/", headers: HTTPHeaders([(name: name, value: value)]))
        let error = await transferError { try await client.send(request) }
        #expect(error?.code == .invalidRequest)
    }

    @Test func environmentProxyIsUsedExceptForNoProxy() async throws {
        // In a process of its own, because the environment belongs to all of a process's threads.
        await #expect(processExitsWith: .success) { try await ProxyCheck.run() }
    }
}
