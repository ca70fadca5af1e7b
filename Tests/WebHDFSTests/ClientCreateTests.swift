import CurlHTTP
import TestServer
import Testing

@testable import WebHDFS

@Suite("CREATE against servers that misbehave", .timeLimit(.minutes(1)))
struct ClientCreateTests {
    static let data = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    static let options = CreateOptions(overwrite: false, replication: 2, blockSize: 1 << 20, permission: 0o640)

    static func dataNode(location: String = "hdfs://nn:8020/f") throws -> TestServer {
        try TestServer { exchange in
            try exchange.readBody()
            try exchange.respond(status: 201, headers: [("Location", location), ("Connection", "close")])
        }
    }

    @Test func twoLegs() async throws {
        let dataNode = try Self.dataNode()
        let nameNode = try TestServer { try $0.redirect(to: dataNode, extra: "&delegation=SECRET") }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let observer = Observer()
        let receipt = try await Support.client(nameNode).create(
            "/d/a+b c.whl", body: .bytes(Self.data, observer: observer), options: Self.options)
        #expect(
            receipt == CreateReceipt(location: "hdfs://nn:8020/f", datanode: "127.0.0.1:\(dataNode.port)", attempts: 1))

        let first = try #require(nameNode.requests.first)
        #expect(nameNode.requests.count == 1)
        #expect(first.method == "PUT")
        #expect(first.path == "/webhdfs/v1/d/a%2Bb%20c.whl")
        #expect(first.header("X-XSRF-HEADER") != nil)
        #expect(first.header("Content-Length") == "0")
        #expect(first.header("Expect") == nil)
        let query = Dictionary(uniqueKeysWithValues: first.query.map { ($0.name, $0.value) })
        #expect(
            query == [
                "op": "CREATE", "user.name": "ana", "overwrite": "false", "permission": "640", "replication": "2",
                "blocksize": "1048576",
            ])

        let second = try #require(dataNode.requests.first)
        #expect(second.target == first.target + "&delegation=SECRET")
        #expect(second.header("Content-Type") == "application/octet-stream")
        #expect(second.header("X-XSRF-HEADER") != nil)
        #expect(second.header("Authorization") == nil)
        #expect(second.body == Self.data)
        #expect(observer.bytes == Self.data)
    }

    @Test func locationInJSON() async throws {
        let dataNode = try Self.dataNode()
        let nameNode = try TestServer { exchange in
            try exchange.respond(body: #"{"Location":"\#(dataNode.url)/webhdfs/v1/f?op=CREATE"}"#)
        }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let receipt = try await Support.client(nameNode).create("/f", body: .bytes(Self.data))
        #expect(receipt.isConfirmed)
        #expect(dataNode.requests.first?.body == Self.data)
    }

    /// HttpFS redirects to itself with data=true and wants a content type there (HttpFSServer, CheckUploadContentTypeFilter).
    @Test func httpFS() async throws {
        let server = try TestServer { exchange in
            if exchange.queryValue("data") == "true" {
                guard exchange.header("Content-Type") == "application/octet-stream" else {
                    return try exchange.respond(status: 400, body: "Data upload requests must have content-type")
                }
                try exchange.readBody()
                try exchange.respond(
                    status: 201, headers: [("Location", "http://httpfs/webhdfs/v1/f")], body: #"{"Location":"x"}"#)
            } else {
                try exchange.respond(
                    status: 307,
                    headers: [("Location", "http://\(exchange.header("Host") ?? "")\(exchange.target)&data=true")])
            }
        }
        defer { server.stop() }
        let receipt = try await Support.client(server).create("/f", body: .bytes(Self.data))
        #expect(receipt.location == nil)
        #expect(server.requests.map(\.body.count) == [0, Self.data.count])
    }

    @Test func deadDataNodeIsExcluded() async throws {
        let dead = try Support.deadPort()
        let dataNode = try Self.dataNode()
        let nameNode = try TestServer { exchange in
            if exchange.queryValue("excludedatanodes") == "127.0.0.1%3A\(dead)" {
                try exchange.redirect(to: dataNode)
            } else {
                try exchange.respond(status: 307, headers: [("Location", "http://127.0.0.1:\(dead)/f?op=CREATE")])
            }
        }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let receipt = try await Support.client(nameNode).create("/f", body: .bytes(Self.data))
        #expect(receipt.attempts == 2)
        #expect(receipt.isConfirmed)
        #expect(dataNode.requests.map(\.body) == [Self.data])
    }

    /// What NameNode 2.7.4 does with an exclusion that names no DataNode it knows.
    @Test func nameNodeThatStumblesOverExclusions() async throws {
        let dead = try Support.deadPort()
        let dataNode = try Self.dataNode()
        let plain = Counter()
        let nameNode = try TestServer { exchange in
            if exchange.queryValue("excludedatanodes") != nil {
                try exchange.respond(
                    status: 500, body: Support.remoteException("NullPointerException", "node is null"))
            } else if plain.next() < 3 {
                try exchange.respond(status: 307, headers: [("Location", "http://127.0.0.1:\(dead)/f?op=CREATE")])
            } else {
                try exchange.redirect(to: dataNode)
            }
        }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let receipt = try await Support.client(nameNode).create("/f", body: .bytes(Self.data))
        #expect(receipt.isConfirmed)
    }

    @Test func allDataNodesDead() async throws {
        let dead = try Support.deadPort()
        let nameNode = try TestServer { exchange in
            try exchange.respond(
                status: 307, headers: [("Location", "http://127.0.0.1:\(dead)/f?op=CREATE&delegation=SECRET")])
        }
        defer { nameNode.stop() }
        let log = LogRecorder()
        let error = await #expect(throws: WebHDFSError.self) {
            try await Support.client(nameNode, log: log).create("/f", body: .bytes(Self.data))
        }
        #expect(error?.code == .connectionFailed)
        #expect(error?.leg == .datanode)
        #expect(error?.attempts == RetryPolicy.default.maximumDataNodeAttempts)
        #expect(error?.description.contains("DataNode 127.0.0.1:\(dead)") == true)
        #expect(log.text.contains("CREATE"))
        for text in [log.text, "\(error as Any)", "\(error?.description ?? "")"] { #expect(!text.contains("SECRET")) }
    }

    @Test func uploadThatBreaksIsStartedOver() async throws {
        let calls = Counter()
        let dataNode = try TestServer { exchange in
            if calls.next() == 0 {
                try exchange.readBody(atMost: 1000)
                exchange.reset()
            } else {
                try exchange.readBody()
                try exchange.respond(status: 201)
            }
        }
        let nameNode = try TestServer { try $0.redirect(to: dataNode) }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let observer = Observer()
        let data = [UInt8](repeating: 7, count: 20 << 20)
        let receipt = try await Support.client(nameNode).create(
            "/f", body: .bytes(data, observer: observer), options: CreateOptions(overwrite: true))
        #expect(receipt.attempts == 2)
        #expect(observer.rewinds >= 2)
        #expect(observer.bytes == data)
        #expect(dataNode.requests.last?.body == data)
    }

    /// The reply is lost after the file was written; looking finds it, and nothing is sent twice.
    @Test(arguments: [(100_000, true), (5, false)])
    func lostReply(length: Int, succeeds: Bool) async throws {
        let dataNode = try TestServer { exchange in
            try exchange.readBody()
            exchange.closeConnection()
        }
        let nameNode = try TestServer { exchange in
            if exchange.operation == "GETFILESTATUS" {
                try exchange.respond(body: Support.fileStatus(length: length))
            } else {
                try exchange.redirect(to: dataNode)
            }
        }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let client = try Support.client(nameNode)
        if succeeds {
            let receipt = try await client.create("/f", body: .bytes(Self.data), options: Self.options)
            #expect(!receipt.isConfirmed)
        } else {
            let error = await #expect(throws: WebHDFSError.self) {
                try await client.create("/f", body: .bytes(Self.data), options: Self.options)
            }
            #expect(error?.code == .outcomeUnknown)
            #expect(error?.serverMessage?.contains("5 bytes is there instead of 100000") == true)
        }
        #expect(dataNode.requests.count == 1)
    }

    /// With overwrite the upload is simply repeated.
    @Test func lostReplyWithOverwrite() async throws {
        let calls = Counter()
        let dataNode = try TestServer { exchange in
            try exchange.readBody()
            if calls.next() == 0 { exchange.closeConnection() } else { try exchange.respond(status: 201) }
        }
        let nameNode = try TestServer { try $0.redirect(to: dataNode) }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let receipt = try await Support.client(nameNode).create(
            "/f", body: .bytes(Self.data), options: CreateOptions(overwrite: true))
        #expect(receipt.isConfirmed)
        #expect(dataNode.requests.count == 2)
        #expect(nameNode.requests.allSatisfy { $0.query.contains { $0 == ("op", "CREATE") } })
    }

    /// A reply that is lost in the first leg leaves nothing to look for.
    @Test func existingFileIsNotTakenForOurs() async throws {
        let calls = Counter()
        let dataNode = try TestServer { exchange in
            try exchange.respondWithoutReading(
                status: 403, body: Support.remoteException("FileAlreadyExistsException", "/f already exists"))
        }
        let nameNode = try TestServer { exchange in
            if exchange.operation == "GETFILESTATUS" {
                try exchange.respond(body: Support.fileStatus(length: 3))
            } else if calls.next() == 0 {
                exchange.closeConnection()
            } else {
                try exchange.redirect(to: dataNode)
            }
        }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let error = await #expect(throws: WebHDFSError.self) {
            try await Support.client(nameNode).create("/f", body: .bytes([1, 2, 3]), options: Self.options)
        }
        #expect(error?.code == .alreadyExists)
    }

    /// A server may claim success and have less: that is for the caller to find out, with the checksum.
    @Test func claimOfSuccessIsPassedOn() async throws {
        let dataNode = try TestServer { exchange in
            try exchange.readBody(atMost: 10)
            try exchange.respondWithoutReading(status: 201)
        }
        let nameNode = try TestServer { try $0.redirect(to: dataNode) }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let receipt = try await Support.client(nameNode).create("/f", body: .bytes([UInt8](repeating: 1, count: 100)))
        #expect(receipt.isConfirmed)
    }

    @Test(arguments: [
        ("AccessControlException", WebHDFSError.Code.accessDenied), ("FileAlreadyExistsException", .alreadyExists),
        ("NSQuotaExceededException", .namespaceQuota), ("DSQuotaExceededException", .spaceQuota),
    ])
    func finalErrorsOfTheDataNode(exception: String, code: WebHDFSError.Code) async throws {
        let dataNode = try TestServer { exchange in
            try exchange.readBody()
            try exchange.respond(status: 403, body: Support.remoteException(exception, "no, token=SECRET"))
        }
        let nameNode = try TestServer { try $0.redirect(to: dataNode) }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let error = await #expect(throws: WebHDFSError.self) {
            try await Support.client(nameNode).create("/f", body: .bytes(Self.data))
        }
        #expect(error?.code == code)
        #expect(error?.exception == exception)
        #expect(error?.attempts == 1)
        #expect(error?.description.contains("SECRET") == false)
        #expect(dataNode.requests.count == 1)
    }

    @Test func safeModeEndsInAnError() async throws {
        let dataNode = try TestServer { exchange in
            try exchange.readBody()
            try exchange.respond(
                status: 403,
                body: Support.remoteException("RemoteException", "Cannot create /f. Name node is in safe mode."))
        }
        let nameNode = try TestServer { try $0.redirect(to: dataNode) }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let error = await #expect(throws: WebHDFSError.self) {
            try await Support.client(nameNode).create("/f", body: .bytes(Self.data))
        }
        #expect(error?.code == .safeMode)
        #expect(error?.attempts == Support.impatient.maximumAttempts)
        // The DataNode is not to blame.
        #expect(nameNode.requests.allSatisfy { $0.query.allSatisfy { $0.name != "excludedatanodes" } })
    }

    @Test func changedFileIsFinal() async throws {
        let dataNode = try TestServer { try $0.readBody() }
        let nameNode = try TestServer { try $0.redirect(to: dataNode) }
        defer { [dataNode, nameNode].forEach { $0.stop() } }
        let error = await #expect(throws: WebHDFSError.self) {
            // Nothing can be read from a directory's descriptor.
            let descriptor = openDirectory()
            defer { closeDescriptor(descriptor) }
            return try await Support.client(nameNode).create("/f", body: UploadBody(descriptor: descriptor, length: 10))
        }
        #expect(error?.code == .uploadSource)
        #expect(error?.attempts == 1)
    }

    @Test(arguments: ["http://127.0.0.1:1/", "ftp://h/SECRET", "SECRET", "https://u:SECRET@h/"])
    func unusableLocations(location: String) async throws {
        let nameNode = try TestServer { exchange in
            try exchange.respond(status: location.hasPrefix("http:") ? 302 : 307, headers: [("Location", location)])
        }
        defer { nameNode.stop() }
        let log = LogRecorder()
        let error = await #expect(throws: WebHDFSError.self) {
            try await Support.client(nameNode, log: log).create("/f", body: .bytes(Self.data))
        }
        #expect(error?.code == .badResponse)
        #expect(error?.attempts == 1)
        #expect("\(error as Any)\(log.text)".contains("SECRET") == false)
    }

    @Test func cancellation() async throws {
        let started = Counter()
        let nameNode = try TestServer { exchange in
            _ = started.next()
            try exchange.hang()
        }
        defer { nameNode.stop() }
        let client = try Support.client(nameNode)
        let task = Task { try await client.create("/f", body: .bytes(Self.data)) }
        while started.count == 0 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
