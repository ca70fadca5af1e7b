import CurlHTTP
import Foundation
import Glibc
import Synchronization
import Testing

@Suite struct UnixSocketTests {
    private let path: String

    init() throws {
        var directory = Array((NSTemporaryDirectory() + "/curlhttp-XXXXXX").utf8CString)
        path = String(cString: try #require(mkdtemp(&directory))) + "/s"
    }

    private func clean() { try? FileManager.default.removeItem(atPath: String(path.dropLast(2))) }

    @Test func requestsGoToTheSocketWhateverTheURL() async throws {
        defer { clean() }
        let server = try UnixEcho(path: path)
        defer { server.stop() }
        let client = try makeClient {
            $0.unixSocketPath = path
            // There is no such proxy, and it would not be asked.
            $0.usesEnvironmentProxies = true
        }
        defer { client.shutdown() }
        let get = try await client.send(HTTPRequest(url: "http://nowhere.invalid:99/v1/status?a=b"))
        #expect(get.status == 200)
        #expect(get.text.hasPrefix("GET /v1/status?a=b HTTP/1.1\r\nHost: nowhere.invalid:99\r\n"))
        let body = patternBytes(100_000)
        let post = try await client.send(
            HTTPRequest(.post, url: "http://nowhere.invalid:99/v1/wait", body: .bytes(body)))
        #expect(Array(post.body.suffix(body.count)) == body)
        #expect(server.connections == 1, "a connection to the socket is kept alive, too")
    }

    @Test func withoutAServerNobodyIsConnected() async throws {
        defer { clean() }
        let client = try makeClient { $0.unixSocketPath = path }
        defer { client.shutdown() }
        let missing = try #require(
            await transferError { try await client.send(HTTPRequest(url: "http://localhost/")) })
        #expect(missing.code == .couldNotConnect)
        let server = try UnixEcho(path: path)
        server.stop()
        let refused = try #require(
            await transferError { try await client.send(HTTPRequest(url: "http://localhost/")) })
        #expect(refused.code == .couldNotConnect)
    }

    @Test func aPathThatIsTooLongIsRefused() async throws {
        defer { clean() }
        let client = try makeClient { $0.unixSocketPath = path + String(repeating: "x", count: 108) }
        defer { client.shutdown() }
        #expect(await transferError { try await client.send(HTTPRequest(url: "http://localhost/")) } != nil)
    }
}

/// Answers each request on a Unix-domain socket with the request itself; one connection at a time.
private final class UnixEcho: Sendable {
    private let listener: Int32
    private let count = Mutex(0)

    var connections: Int { count.withLock { $0 } }

    init(path: String) throws {
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        try #require(isBound && listen(listener, 8) == 0)
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                count.withLock { $0 += 1 }
                Self.answer(connection)
                close(connection)
            }
        }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private static func answer(_ connection: Int32) {
        var text: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 65_536)
        while true {
            let read = recv(connection, &space, space.count, 0)
            guard read > 0 else { return }
            text += space[..<read]
            guard let end = text.firstRange(of: Array("\r\n\r\n".utf8))?.lowerBound else { continue }
            let lines = String(decoding: text[..<end], as: UTF8.self).lowercased().split(separator: "\r\n")
            let line = lines.first { $0.hasPrefix("content-length:") }
            let length = line.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
            guard text.count == end + 4 + length else { continue }
            let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: \(text.count)\r\n\r\n".utf8) + text
            guard send(connection, answer, answer.count, Int32(MSG_NOSIGNAL)) == answer.count else { return }
            text = []
        }
    }
}
