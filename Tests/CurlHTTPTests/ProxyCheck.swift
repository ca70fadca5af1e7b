import CurlHTTP
import Glibc
import TestServer
import Testing

/// What the proxy test does in its own process.
enum ProxyCheck {
    static func run() async throws {
        let proxy = try TestServer { try $0.respond(body: "by proxy") }
        let server = try TestServer { try $0.respond(body: "direct") }
        for name in ["all_proxy", "ALL_PROXY", "NO_PROXY"] { unsetenv(name) }
        setenv("http_proxy", proxy.url, 1)
        setenv("no_proxy", "127.0.0.1", 1)
        let client = try HTTPClient()
        // RFC 2606 keeps the name from ever existing.
        let distant = HTTPRequest(url: "http://cluster.invalid/x")
        let proxied = try await client.send(distant)
        try #require(proxied.text == "by proxy")
        try #require(proxy.requests.map(\.target) == ["http://cluster.invalid/x"])
        let direct = try await client.send(HTTPRequest(url: server.url))
        try #require(direct.text == "direct")

        let error = await transferError { try await makeClient().send(distant) }
        try #require(error?.code == .couldNotResolve)
    }
}
