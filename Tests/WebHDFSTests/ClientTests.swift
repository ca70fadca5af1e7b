import CurlHTTP
import Glibc
import Synchronization
import TestServer
import Testing

@testable import WebHDFS

func openDirectory() -> Int32 { open("/", O_RDONLY | O_CLOEXEC) }
func closeDescriptor(_ descriptor: Int32) { close(descriptor) }

@Suite("Client against servers that misbehave", .timeLimit(.minutes(1)))
struct ClientTests {
    static let standby = Support.remoteException(
        "StandbyException", "Operation category READ is not supported in state standby")

    @Test func standbyThenActive() async throws {
        let standby = try TestServer { try $0.respond(status: 403, body: Self.standby) }
        let active = try TestServer { try $0.respond(body: Support.fileStatus(length: 3)) }
        defer { [standby, active].forEach { $0.stop() } }
        let client = try Support.client(standby, active)
        #expect(try await client.status(of: "/f")?.length == 3)
        #expect(client.activeNamenode?.port == active.port)
        // The active one is remembered.
        #expect(try await client.status(of: "/f")?.length == 3)
        #expect(standby.requests.count == 1)
        #expect(active.requests.count == 2)
        // And left when it is no longer there.
        active.stop()
        await #expect(throws: WebHDFSError.self) { try await client.status(of: "/f") }
        #expect(standby.requests.count > 1)
    }

    @Test func deadNameNodeThenLiveOne() async throws {
        let dead = try TestServer { _ in }
        dead.stop()
        let live = try TestServer { try $0.respond(body: Support.fileStatus(length: 3)) }
        defer { live.stop() }
        let client = try Support.client(dead, live)
        #expect(try await client.status(of: "/f")?.length == 3)
    }

    @Test func deadNameNodeIsReportedInTime() async throws {
        let dead = try TestServer { _ in }
        dead.stop()
        let error = await #expect(throws: WebHDFSError.self) { try await Support.client(dead).status(of: "/f") }
        #expect(error?.code == .connectionFailed)
        #expect(error?.attempts == RetryPolicy.default.maximumAttempts)
        #expect(error?.endpoint == "127.0.0.1:\(dead.port)")
        #expect(error?.underlying?.code == .couldNotConnect)
    }

    @Test func noNameNode() async throws {
        let client = WebHDFSClient(namenodes: [], http: try HTTPClient())
        let error = await #expect(throws: WebHDFSError.self) { try await client.status(of: "/f") }
        #expect(error?.code == .illegalArgument)
    }

    @Test(arguments: [("RetriableException", 2), ("AccessControlException", 1)])
    func retriesWhatCanBeRetried(exception: String, attempts: Int) async throws {
        let calls = Counter()
        let server = try TestServer { exchange in
            if calls.next() == 0 {
                try exchange.respond(status: 403, body: Support.remoteException(exception))
            } else {
                try exchange.respond(body: #"{"boolean":true}"#)
            }
        }
        defer { server.stop() }
        let client = try Support.client(server)
        if attempts == 2 {
            try await client.makeDirectory("/d", permission: 0o1777)
        } else {
            await #expect(throws: WebHDFSError.self) { try await client.makeDirectory("/d") }
        }
        #expect(server.requests.count == attempts)
    }

    @Test func safeModeThatEnds() async throws {
        let calls = Counter()
        let server = try TestServer { exchange in
            if calls.next() == 0 {
                try exchange.respond(status: 403, body: Support.remoteException("SafeModeException"))
            } else {
                try exchange.respond(body: #"{"boolean":true}"#)
            }
        }
        defer { server.stop() }
        try await Support.client(server).makeDirectory("/d")
        #expect(server.requests.count == 2)
    }

    @Test(arguments: [
        (401, "<html><title>Authentication required</title></html>", WebHDFSError.Code.authenticationRequired),
        (403, "<html>Forbidden</html>", .badResponse), (500, "", .badResponse),
        (200, "<html>Sign in</html>", .badResponse),
        (200, "", .badResponse), (200, #"{"FileStatus":{}}"#, .badResponse), (302, "", .badResponse),
        (404, "<html><title>Not Found</title></html>", .badResponse), (204, "", .badResponse),
    ])
    func answersThatAreNoWebHDFS(status: Int, body: String, code: WebHDFSError.Code) async throws {
        let server = try TestServer { try $0.respond(status: status, body: body) }
        defer { server.stop() }
        let error = await #expect(throws: WebHDFSError.self) { try await Support.client(server).status(of: "/f") }
        #expect(error?.code == code)
        #expect(error?.attempts == 1)
        #expect(error?.status == status)
    }

    @Test(arguments: ["relative", "/a//b", "/a/../b", "/a/"])
    func invalidPathsAreNotSent(path: String) async throws {
        let server = try TestServer { _ in }
        defer { server.stop() }
        let client = try Support.client(server)
        let error = await #expect(throws: WebHDFSError.self) { try await client.delete(path) }
        #expect(error?.code == .invalidPath)
        let rename = await #expect(throws: WebHDFSError.self) { try await client.rename("/a", to: path) }
        #expect(rename?.code == .invalidPath)
        #expect(server.requests.isEmpty)
    }

    @Test func requestsOfSimpleOperations() async throws {
        let server = try TestServer { exchange in
            switch exchange.operation {
            case "GETHOMEDIRECTORY": try exchange.respond(body: #"{"Path":"/user/ana"}"#)
            case "SETPERMISSION": try exchange.respond()
            case "SETREPLICATION": try exchange.respond(body: #"{"boolean":false}"#)
            default: try exchange.respond(body: #"{"boolean":true}"#)
            }
        }
        defer { server.stop() }
        let client = try Support.client(server)
        #expect(try await client.homeDirectory() == "/user/ana")
        try await client.setPermission("/f", 0o644)
        #expect(try await !client.setReplication("/f", 10))
        #expect(try await client.delete("/d", recursive: true))
        try await client.makeDirectory("/d", permission: 0o775)
        #expect(
            server.requests.map { "\($0.method) \($0.target)" } == [
                "GET /webhdfs/v1/?op=GETHOMEDIRECTORY&user.name=ana",
                "PUT /webhdfs/v1/f?op=SETPERMISSION&permission=644&user.name=ana",
                "PUT /webhdfs/v1/f?op=SETREPLICATION&replication=10&user.name=ana",
                "DELETE /webhdfs/v1/d?op=DELETE&recursive=true&user.name=ana",
                "PUT /webhdfs/v1/d?op=MKDIRS&permission=775&user.name=ana",
            ])
        #expect(client.http.statistics.requests == 5)
    }

    @Test func falseAnswerToMakeDirectory() async throws {
        let server = try TestServer { try $0.respond(body: #"{"boolean":false}"#) }
        defer { server.stop() }
        let error = await #expect(throws: WebHDFSError.self) { try await Support.client(server).makeDirectory("/d") }
        #expect(error?.code == .refused)
    }

    @Test func deleteWithALostReply() async throws {
        let calls = Counter()
        let server = try TestServer { exchange in
            if calls.next() == 0 {
                exchange.closeConnection()
            } else {
                try exchange.respond(body: #"{"boolean":false}"#)
            }
        }
        defer { server.stop() }
        let client = try Support.client(server)
        #expect(try await client.delete("/f"))
        #expect(try await !client.delete("/f"))
    }

    @Test func tokensAreSentAndNeverShown() async throws {
        let server = try TestServer { exchange in
            let token = exchange.queryValue("delegation") ?? ""
            try exchange.respond(
                status: 403, body: Support.remoteException("InvalidToken", "bad delegation=\(token) here"))
        }
        defer { server.stop() }
        let log = LogRecorder()
        let client = try Support.client(server, authentication: .delegationToken("T0K/N+x"), log: log)
        let error = await #expect(throws: WebHDFSError.self) { try await client.status(of: "/f") }
        #expect(error?.code == .invalidToken)
        #expect(server.requests.first?.query.contains { $0 == ("delegation", "T0K%2FN%2Bx") } == true)
        #expect(server.requests.first?.query.contains { $0.name == "user.name" } == false)
        server.stop()
        let failure = await #expect(throws: WebHDFSError.self) { try await client.status(of: "/f") }
        for text in [log.text, "\(error as Any)", "\(failure as Any)", "\(client.authentication)"] {
            #expect(!text.contains("T0K"))
        }
    }
}
