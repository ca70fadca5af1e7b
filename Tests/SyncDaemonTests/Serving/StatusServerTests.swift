import EnvSyncModel
import Foundation
import Glibc
import SyncDaemon
import Testing

@Suite struct StatusServerTests {
    private func serve<Result: Sendable>(
        _ control: SaidControl = SaidControl(), _ body: (Int) async throws -> Result
    ) async throws -> Result {
        let server = try StatusServer(address: "127.0.0.1:0", control: control, logger: quiet)
        let port = try #require(Int(try server.listen().split(separator: ":").last ?? ""))
        return try await beside({ try await server.run() }) { try await body(port) }
    }

    private func ask(_ port: Int, _ line: String, host: String? = nil) async throws -> String {
        let client = try RawClient(port: port)
        try client.send("\(line) HTTP/1.1\r\nHost: \(host ?? "127.0.0.1:\(port)")\r\nConnection: close\r\n\r\n")
        return await client.readAll()
    }

    @Test(arguments: [
        "0.0.0.0:9464", "192.168.1.2:80", "[::]:80", "example.org:80", ":9464", "*:80", "127.0.0.1", "127.1:80",
        "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:http", "[::1:80", "[fe80::1]:80", "128.0.0.1:0", "",
    ])
    func onlyThisMachineIsServed(address: String) {
        let error = #expect(throws: EnvSyncError.self) {
            try StatusServer(address: address, control: SaidControl(), logger: quiet)
        }
        #expect(error?.code == .configuration && error?.suggestion != nil)
    }

    @Test(arguments: ["127.0.0.1:0", "localhost:0", "LOCALHOST:0", "127.3.2.1:0"])
    func loopbackIsServed(address: String) throws {
        let url = try StatusServer(address: address, control: SaidControl(), logger: quiet).listen()
        #expect(url.hasPrefix("http://127."))
    }

    @Test func aPortThatIsTakenIsNamed() async throws {
        try await serve { port in
            let error = #expect(throws: EnvSyncError.self) {
                try StatusServer(address: "127.0.0.1:\(port)", control: SaidControl(), logger: quiet).listen()
            }
            #expect(error?.message == "the status page can't be served at 127.0.0.1:\(port)")
            #expect(error?.reason == "Address already in use")
        }
    }

    @Test(arguments: [
        ("localhost:PORT", 200), ("LOCALHOST:PORT", 200), ("127.0.0.1:PORT", 200), ("[::1]:PORT", 200),
        ("evil.example:PORT", 421), ("localhost", 421), ("localhost:1", 421), ("127.0.0.1.evil.example:PORT", 421),
        ("localhost:PORT.evil.example", 421), ("", 421),
    ])
    func otherNamesOfThisMachineAreNotServed(host: String, status: Int) async throws {
        try await serve { port in
            for path in ["/", "/metrics", "/healthz"] {
                let answer = try await ask(port, "GET \(path)", host: host.replacing("PORT", with: "\(port)"))
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer.prefix(200))")
            }
        }
    }

    @Test func everyAnswerKeepsOtherSitesOut() async throws {
        try await serve { port in
            for path in ["/", "/workspaces/0", "/workspaces/1", "/nowhere", "/healthz", "/readyz", "/metrics"] {
                let answer = try await ask(port, "GET \(path)")
                for field in [
                    "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer",
                    "Content-Security-Policy: default-src 'none'", "frame-ancestors 'none'", "Cache-Control: no-store",
                ] { #expect(answer.contains(field), "\(path): \(field)") }
                #expect(!answer.contains("Access-Control-Allow"))
            }
            let first = try await ask(port, "GET /"), second = try await ask(port, "GET /")
            let nonce = /'nonce-([0-9a-f]+)'/
            let one = try #require(first.firstMatch(of: nonce)?.1), two = try #require(second.firstMatch(of: nonce)?.1)
            #expect(one != two && one.count > 20)
            #expect(first.contains("<script nonce=\"\(one)\">") && first.contains("<style nonce=\"\(one)\">"))
        }
    }

    @Test(arguments: ["POST /", "PUT /metrics", "DELETE /workspaces/0", "OPTIONS /", "TRACE /"])
    func nothingCanBeChanged(line: String) async throws {
        let control = SaidControl()
        try await serve(control) { port in
            let answer = try await ask(port, line)
            #expect(answer.hasPrefix("HTTP/1.1 405 ") && answer.contains("Allow: GET, HEAD\r\n"))
        }
        #expect(control.stops == 0)
    }

    @Test func headIsGetWithoutABody() async throws {
        try await serve { port in
            let head = try await ask(port, "HEAD /healthz")
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n") && head.hasSuffix("\r\n\r\n"))
        }
    }

    @Test(arguments: [
        ("/workspaces/0", 200), ("/workspaces/1", 404), ("/workspaces/", 404), ("/workspaces/-1", 404),
        ("/workspaces/00000000000000000000001", 404), ("/workspaces/0/", 404), ("/workspaces/%30", 404),
        ("/../etc/passwd", 404), ("//", 404),
    ])
    func thereAreThesePages(path: String, status: Int) async throws {
        try await serve { port in
            let answer = try await ask(port, "GET \(path)")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    @Test func readyMeansThatEveryWorkspaceWasLookedAt() async throws {
        let control = SaidControl(
            .sample([
                .sample("/work/a") { $0.counters.examinations = 1 }, .sample("/work/b") { $0.phase = .starting },
            ]))
        try await serve(control) { port in
            var answer = try await ask(port, "GET /readyz")
            #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("not looked at yet: \"/work/b\""))
            control.say { $0.workspaces[1].phase = .examining }
            answer = try await ask(port, "GET /readyz")
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
            control.say {
                $0.workspaces[1].phase = .idle
                $0.workspaces[1].counters.examinations = 1
            }
            #expect(try await ask(port, "GET /readyz").hasPrefix("HTTP/1.1 200 "))
            // What can't be published was looked at all the same.
            control.say { $0.workspaces[1].phase = .blocked }
            #expect(try await ask(port, "GET /readyz").hasPrefix("HTTP/1.1 200 "))
            #expect(try await ask(port, "GET /healthz").hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func aDaemonThatHangsIsNotHealthy() async throws {
        let server = try StatusServer(address: "127.0.0.1:0", control: HangingControl(), logger: quiet)
        let port = try #require(Int(try server.listen().split(separator: ":").last ?? ""))
        try await beside({ try await server.run() }) {
            let answer = try await ask(port, "GET /healthz")
            #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("the daemon does not answer"))
        }
    }

    @Test func clientsThatSayNothingDontKeepOthersOut() async throws {
        try await serve { port in
            // More than the server takes at once; they say half of a request, and no more.
            let slow = try (0..<200).map { _ in
                let client = try RawClient(port: port)
                try client.send("GET / HTTP/1.1\r\nHost:")
                return client
            }
            try await Task.sleep(for: .milliseconds(300))
            let open = try connections(to: port)
            #expect(open <= 64, "\(open) connections")
            let answer = try await ask(port, "GET /healthz")
            #expect(answer.hasPrefix("HTTP/1.1 200 "), "answered when the slow ones' time is over")
            let late = await slow[0].readAll()
            #expect(late.hasPrefix("HTTP/1.1 408 "), "\(late)")
            withExtendedLifetime(slow) {}
        }
    }

    @Test func aConnectionServesManyRequests() async throws {
        try await serve { port in
            let client = try RawClient(port: port)
            let request = "GET /healthz HTTP/1.1\r\nHost: localhost:\(port)\r\n"
            // Two at once, the second in two pieces.
            try client.send(request + "\r\n" + request)
            try await Task.sleep(for: .milliseconds(50))
            try client.send("Connection: close\r\n\r\n")
            let answers = await client.readAll().components(separatedBy: "HTTP/1.1 200 OK")
            #expect(answers.count == 3 && answers[1].hasSuffix("\r\n\r\nok\n") && answers[2].hasSuffix("\r\n\r\nok\n"))
        }
    }

    /// How many connections to the port the server has accepted, which then have an inode, as proc(5) has it.
    private func connections(to port: Int) throws -> Int {
        let hex = String(port, radix: 16, uppercase: true)
        let suffix = ":" + String(repeating: "0", count: 4 - hex.count) + hex
        return try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).split(separator: "\n").count { line in
            let fields = line.split(separator: " ")
            return fields.count > 9 && fields[1].hasSuffix(suffix) && fields[3] != "0A" && fields[9] != "0"
        }
    }
}

/// A daemon that never says anything, and isn't impressed by cancellation.
private struct HangingControl: DaemonControl {
    func status() async -> DaemonStatus {
        // Nobody waits for this any more when the test has ended.
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + 12) { continuation.resume(returning: .sample()) }
        }
    }

    func detail(of directory: String) async -> WorkspaceDetail? { nil }
    func wait(for directory: String) async -> WaitOutcome { WaitOutcome(isInSync: false) }
    func reload() async -> ReloadOutcome { ReloadOutcome() }
    func stop() async {}
}
