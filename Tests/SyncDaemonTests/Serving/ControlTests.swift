import EnvSyncModel
import Foundation
import Glibc
import SyncDaemon
import Testing

@Suite struct ControlTests {
    let scratch: Scratch
    let path: String

    init() throws {
        scratch = try Scratch()
        path = scratch.path + "/run/daemon.sock"
    }

    private func serve<Result: Sendable>(
        _ control: SaidControl, _ body: (ControlClient) async throws -> Result
    ) async throws -> Result {
        let server = ControlServer(socketPath: path, control: control, logger: quiet)
        try server.listen()
        return try await beside({ try await server.run() }) { try await body(ControlClient(socketPath: path)) }
    }

    @Test func everyDocumentGoesThereAndBack() async throws {
        var status = DaemonStatus.sample()
        status.workspaces[0].problem = .init(code: "unreachable", message: "ä", reason: "\u{1}\"", since: 12.5)
        status.workspaces[0].counters.lag.observe(3.2)
        let control = SaidControl(status, outcome: WaitOutcome(isInSync: true, generation: 7))
        try await serve(control) { client in
            #expect(try await client.status() == status)
            #expect(try await client.wait(for: "/work/etl") == WaitOutcome(isInSync: true, generation: 7))
            #expect(try await client.reload() == ReloadOutcome(added: ["/work/new"], removed: ["/work/old"]))
            try await client.stop()
            #expect(control.stops == 1)
        }
        #expect(access(path, F_OK) != 0, "the socket goes with the server")
    }

    @Test func onlyTheOwnerCanReachIt() async throws {
        try await serve(SaidControl()) { _ in
            var status = stat()
            #expect(
                lstat(path, &status) == 0 && status.st_mode & 0o7777 == 0o600 && status.st_mode & S_IFMT == S_IFSOCK)
            #expect(lstat(scratch.path + "/run", &status) == 0 && status.st_mode & 0o7777 == 0o700)
            #expect(lstat(path + ".lock", &status) == 0 && status.st_mode & 0o7777 == 0o600)
        }
    }

    @Test(arguments: [0o770, 0o707, 0o1777])
    func aDirectoryThatOthersCanWriteIsRefused(mode: Int) throws {
        mkdir(scratch.path + "/run", 0o700)
        chmod(scratch.path + "/run", mode_t(mode))
        let error = try #require(throws: EnvSyncError.self) {
            try ControlServer(socketPath: path, control: SaidControl(), logger: quiet).listen()
        }
        #expect(error.message == "the control socket is not safe in \(scratch.path)/run")
        #expect(error.reason?.contains("others may write in it: its mode is \(String(mode, radix: 8))") == true)
        #expect(access(path, F_OK) != 0)
    }

    @Test(.enabled(if: geteuid() == 0, "only the superuser can give a directory away"))
    func aDirectoryOfSomebodyElseIsRefused() throws {
        mkdir(scratch.path + "/run", 0o700)
        chown(scratch.path + "/run", 65_534, 65_534)
        let error = try #require(throws: EnvSyncError.self) {
            try ControlServer(socketPath: path, control: SaidControl(), logger: quiet).listen()
        }
        #expect(error.reason == "it belongs to user 65534, and this is user 0")
    }

    @Test func theSocketOfADaemonThatIsGoneIsReplaced() async throws {
        mkdir(scratch.path + "/run", 0o700)
        // What kill -9 leaves: a socket that nobody listens on.
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(status == 0)
        close(descriptor)
        await #expect(throws: EnvSyncError.self) { try await ControlClient(socketPath: path).status() }
        let version = try await serve(SaidControl()) { try await $0.status().version }
        #expect(version == "0.4.0")
    }

    @Test func aDaemonThatLivesIsNotReplaced() async throws {
        try await serve(SaidControl()) { client in
            let error = try #require(throws: EnvSyncError.self) {
                try ControlServer(socketPath: path, control: SaidControl(), logger: quiet).listen()
            }
            #expect(error.message == "a daemon answers at \(path) already, process \(getpid())")
            #expect(try await client.status().version == "0.4.0")
        }
    }

    @Test func aFileThatIsNoSocketIsLeftAlone() throws {
        mkdir(scratch.path + "/run", 0o700)
        try "precious".write(toFile: path, atomically: false, encoding: .utf8)
        let error = try #require(throws: EnvSyncError.self) {
            try ControlServer(socketPath: path, control: SaidControl(), logger: quiet).listen()
        }
        #expect(error.reason == "something that is no socket is there")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test func aPathThatNoSocketCanHaveIsNamed() async throws {
        let long = scratch.path + "/" + String(repeating: "d", count: 108)
        let ofServer = try #require(throws: EnvSyncError.self) {
            try ControlServer(socketPath: long, control: SaidControl(), logger: quiet).listen()
        }
        #expect(ofServer.reason == "it has \(long.utf8.count) bytes, and a socket's path may have 107")
        await #expect(throws: EnvSyncError.self) { try await ControlClient(socketPath: long).status() }
        let longest = scratch.path + "/" + String(repeating: "d", count: 106 - scratch.path.utf8.count)
        try ControlServer(socketPath: longest, control: SaidControl(), logger: quiet).listen()
    }

    @Test func withoutADaemonTheErrorSaysHowToStartOne() async throws {
        let error = try await #require(throws: EnvSyncError.self) { try await ControlClient(socketPath: path).status() }
        #expect(error.message == "no daemon answers at \(path)")
        #expect(error.suggestion == "envsync daemon start")
        #expect(ControlClient.isNoDaemon(error))
    }

    // MARK: - Waiting

    @Test func waitingHoldsUpNobody() async throws {
        let control = SaidControl()
        try await serve(control) { client in
            async let waited = client.wait(for: "/work/etl")
            try await holdsSoon { control.waiting == 1 }
            for _ in 0..<20 { #expect(try await client.status().version == "0.4.0") }
            control.finishWaiting(WaitOutcome(isInSync: true, generation: 3))
            #expect(try await waited.generation == 3)
        }
    }

    @Test func waitingEndsWithItsTime() async throws {
        let control = SaidControl()
        try await serve(control) { client in
            let outcome = try await client.wait(for: "/work/etl", timeout: .milliseconds(300))
            #expect(!outcome.isInSync && outcome.problem?.code == WaitRequest.timeoutCode)
            #expect(outcome.problem?.message == "not in sync within 0.3 s")
            try await holdsSoon { control.cancelled == 1 && control.waiting == 0 }
        }
    }

    @Test func waitingEndsWithTheClient() async throws {
        let control = SaidControl()
        try await serve(control) { client in
            let task = Task { try await client.wait(for: "/work/etl") }
            try await holdsSoon { control.waiting == 1 }
            task.cancel()
            try await holdsSoon { control.cancelled == 1 && control.waiting == 0 }
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test func waitingEndsWithTheServer() async throws {
        let control = SaidControl()
        let server = ControlServer(socketPath: path, control: control, logger: quiet)
        let task = Task { try await server.run() }
        try await holdsSoon { access(path, F_OK) == 0 }
        async let waited = ControlClient(socketPath: path).wait(for: "/work/etl")
        try await holdsSoon { control.waiting == 1 }
        task.cancel()
        try await task.value
        #expect(control.cancelled == 1)
        // Whether the client gets the answer or loses the connection, it doesn't wait any more.
        _ = try? await waited
    }

    @Test func aWorkspaceThatIsNotServedIsNamed() async throws {
        try await serve(SaidControl()) { client in
            let error = try await #require(throws: EnvSyncError.self) { try await client.wait(for: "/work/other") }
            #expect(error.message == "the daemon doesn't serve /work/other")
            #expect(error.reason == "it serves /work/etl")
        }
    }

    // MARK: - Requests that are not understood

    @Test(arguments: [
        ("GET /v2/status HTTP/1.1\r\nHost: x\r\n\r\n", 404, "there is no /v2/status"),
        ("POST /v1/status HTTP/1.1\r\nHost: x\r\n\r\n", 405, "/v1/status takes GET, not POST"),
        ("GET /v1/stop HTTP/1.1\r\nHost: x\r\n\r\n", 405, "/v1/stop takes POST, not GET"),
        ("POST /v1/wait HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{a}", 400, "no JSON object"),
        (
            "POST /v1/wait HTTP/1.1\r\nHost: x\r\nContent-Length: 36\r\n\r\n{\"schemaVersion\":2,\"directory\":\"/a\"}",
            400,
            "schemaVersion 2 is not known"
        ),
        (
            "POST /v1/wait HTTP/1.1\r\nHost: x\r\nContent-Length: 35\r\n\r\n{\"schemaVersion\":1,\"directory\":\"a\"}",
            400,
            "the body is not {"
        ),
        ("POST /v1/wait HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413, "more than 65536 bytes"),
        ("POST /v1/wait HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 501, "Content-Length"),
        ("GET / HTTP/1.1\r\n\r\n", 400, "exactly one Host"),
        ("GET / HTTP/2\r\nHost: x\r\n\r\n", 505, "only HTTP/1.1"),
        ("\u{16}\u{3}\u{1}\r\n\r\n", 400, "control characters"),
        ("GET / HTTP/1.1\r\nHost: x\r\n a: b\r\n\r\n", 400, "NAME: VALUE"),
        ("GET /" + String(repeating: "a", count: 20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431, "16384 bytes"),
        (
            "GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "a: b\r\n", count: 64) + "\r\n", 431,
            "64 header fields"
        ),
    ])
    func whatIsNotUnderstoodIsAnsweredInJSON(request: String, status: Int, message: String) async throws {
        try await serve(SaidControl()) { client in
            let raw = try RawClient(unix: path)
            try raw.send(request.replacing("Host: x", with: "Connection: close\r\nHost: x"))
            let answer = await raw.readAll()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            let body = try #require(answer.split(separator: "\r\n\r\n", maxSplits: 1).last)
            let json = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
            let error = try #require(json?["error"] as? [String: Any])
            #expect((error["message"] as? String)?.contains(message) == true, "\(error)")
            #expect(json?["schemaVersion"] as? Int == 1)
            #expect(try await client.status().version == "0.4.0")
        }
    }

    @Test func anAnswerThatIsNotUnderstoodIsNoSuccess() async throws {
        struct Odd: Sendable { var status: Int, body: String, says: String }
        for odd in [
            Odd(status: 200, body: #"{"schemaVersion":9}"#, says: "its answers have schemaVersion 9"),
            Odd(status: 502, body: "no", says: "HTTP status 502"),
        ] {
            let server = try UnixReplies(path: scratch.path + "/odd.sock", status: odd.status, body: odd.body)
            defer { server.stop() }
            let error = try await #require(throws: EnvSyncError.self) {
                try await ControlClient(socketPath: scratch.path + "/odd.sock").status()
            }
            #expect(error.reason == odd.says)
        }
    }
}
