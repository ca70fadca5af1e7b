import TestServer
import Testing

@testable import WebHDFS

@Suite("Listings and checksums", .timeLimit(.minutes(1)))
struct ClientListingTests {
    // MARK: - Listing

    @Test func largeListingsSwitchToBatches() async throws {
        let entry = { @Sendable (name: Int) in #"{"length":0,"pathSuffix":"\#(name)","permission":"644","type":"FILE"}"#
        }
        let server = try TestServer { exchange in
            if exchange.operation == "LISTSTATUS" {
                let all = (1...3).map(entry).joined(separator: ",")
                return try exchange.respond(body: #"{"FileStatuses":{"FileStatus":[\#(all)]}}"#)
            }
            let next = (exchange.queryValue("startAfter").flatMap { Int($0) } ?? 0) + 1
            try exchange.respond(
                body: #"{"DirectoryListing":{"partialListing":{"FileStatuses":{"FileStatus":[\#(entry(next))]}},"#
                    + #""remainingEntries":\#(3 - next)}}"#)
        }
        defer { server.stop() }
        let client = try Support.client(server) { $0.batchListingThreshold = 2 }
        for _ in 0..<2 { #expect(try await client.list("/d")?.map(\.name) == ["1", "2", "3"]) }
        #expect(
            server.requests.compactMap { $0.query.first?.value } == ["LISTSTATUS"]
                + Array(repeating: "LISTSTATUS_BATCH", count: 3))
    }

    @Test func serverWithoutBatchesIsAskedOnce() async throws {
        let server = try TestServer { exchange in
            if exchange.operation == "LISTSTATUS_BATCH" {
                return try exchange.respond(
                    status: 400,
                    body: Support.remoteException("IllegalArgumentException", "No enum constant x.LISTSTATUS_BATCH"))
            }
            try exchange.respond(
                body: #"{"FileStatuses":{"FileStatus":[{"length":0,"permission":"644","type":"FILE"}]}}"#)
        }
        defer { server.stop() }
        let client = try Support.client(server) { $0.batchListingThreshold = 0 }
        for _ in 0..<4 { #expect(try await client.list("/d")?.count == 1) }
        #expect(
            server.requests.compactMap { $0.query.first?.value }
                == ["LISTSTATUS", "LISTSTATUS_BATCH", "LISTSTATUS", "LISTSTATUS", "LISTSTATUS"])
    }

    @Test func missingDirectoryIsNil() async throws {
        let server = try TestServer { try $0.respond(status: 404, body: Support.notFound) }
        defer { server.stop() }
        let client = try Support.client(server)
        #expect(try await client.list("/d") == nil)
        #expect(try await client.status(of: "/d") == nil)
        let error = await #expect(throws: WebHDFSError.self) { try await client.checksum(of: "/d") }
        #expect(error?.code == .notFound)
    }

    @Test func listingHasALimit() async throws {
        let server = try TestServer { try $0.respond(body: String(repeating: "x", count: 2000)) }
        defer { server.stop() }
        let client = try Support.client(server) { $0.listingLimit = 1000 }
        let error = await #expect(throws: WebHDFSError.self) { try await client.list("/d") }
        #expect(error?.code == .tooLarge)
        #expect(error?.attempts == 1)
    }

    // MARK: - Checksum

    static let checksumAnswer =
        #"{"FileChecksum":{"algorithm":"MD5-of-0MD5-of-512CRC32C","bytes":"000002000000000000000000"#
        + #"27c076e4987344253650d3335a5d08ce00000000","length":28}}"#

    @Test(arguments: [true, false])
    func checksum(isRedirected: Bool) async throws {
        let dataNode = try TestServer { try $0.respond(body: Self.checksumAnswer) }
        let nameNode = try TestServer { exchange in
            if isRedirected {
                try exchange.redirect(to: dataNode)
            } else {
                try exchange.respond(body: Self.checksumAnswer)
            }
        }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let remote = try await Support.client(nameNode).checksum(of: "/f")
        #expect(FileChecksumTests.checksum(Array("bar\n".utf8)).matches(remote))
        #expect(dataNode.requests.count == (isRedirected ? 1 : 0))
    }

    @Test func checksumAvoidsADeadDataNode() async throws {
        let dead = try Support.deadPort()
        let dataNode = try TestServer { try $0.respond(body: Self.checksumAnswer) }
        let nameNode = try TestServer { exchange in
            if exchange.queryValue("excludedatanodes") != nil {
                try exchange.redirect(to: dataNode)
            } else {
                try exchange.respond(status: 307, headers: [("Location", "http://127.0.0.1:\(dead)/")])
            }
        }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let remote = try await Support.client(nameNode).checksum(of: "/f")
        #expect(FileChecksumTests.checksum(Array("bar\n".utf8)).matches(remote))
        #expect(dataNode.requests.count == 1)
    }
}
