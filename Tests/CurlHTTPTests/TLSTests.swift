import CurlHTTP
import Foundation
import TestServer
import Testing

@Suite struct TLSTests {
    @Test func certificateIsVerified() async throws {
        let server = try OpenSSLServer()
        defer { server.stop() }
        let request = HTTPRequest(url: server.url)

        let distrusting = try makeClient()
        let error = await transferError { try await distrusting.send(request) }
        #expect(error?.code == .tlsFailed)
        // CURLE_PEER_FAILED_VERIFICATION
        #expect(error?.curlCode == 60)

        let trusting = try makeClient { $0.certificateAuthorityFile = server.authorityFile }
        let response = try await trusting.send(request)
        #expect(response.status == 200)
        #expect(response.text.contains("s_server"))

        // The certificate names the address and not this name for it.
        let misnamed = HTTPRequest(url: server.url.replacing("127.0.0.1", with: "localhost"))
        let mismatch = await transferError { try await trusting.send(misnamed) }
        #expect(mismatch?.code == .tlsFailed)
    }

    @Test func missingAuthorityFileIsReported() async throws {
        let server = try OpenSSLServer()
        defer { server.stop() }
        let client = try makeClient { $0.certificateAuthorityFile = "/nonexistent/ca.pem" }
        let error = await transferError { try await client.send(HTTPRequest(url: server.url)) }
        #expect(error?.code == .tlsFailed)
        // CURLE_SSL_CACERT_BADFILE
        #expect(error?.curlCode == 77)
    }

    @Test func unansweredHandshakeIsAConnectTimeout() async throws {
        // It waits for the end of a request head, which a TLS greeting hasn't.
        let server = try TestServer { _ in }
        defer { server.stop() }
        let client = try makeClient { $0.connectTimeout = .milliseconds(300) }
        let url = server.url.replacing("http:", with: "https:")
        let error = await transferError { try await client.send(HTTPRequest(url: url)) }
        #expect(error?.code == .connectTimedOut)
    }
}
