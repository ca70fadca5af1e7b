import CurlHTTP
import Foundation
import TestServer
import Testing

@testable import WebHDFS

extension Tag {
    /// Needs a real HDFS; `ENVSYNC_TEST_WEBHDFS` holds its WebHDFS URL, and the operating system's user is its
    /// superuser.
    @Tag static var hdfs: Self
}

/// Operations on a real NameNode and DataNode.
@Suite(
    "Real HDFS", .tags(.hdfs), .enabled(if: ProcessInfo.processInfo.environment["ENVSYNC_TEST_WEBHDFS"] != nil),
    .timeLimit(.minutes(3)))
struct LiveTests {
    static func client(user: String? = nil) throws -> WebHDFSClient {
        let url = try #require(ProcessInfo.processInfo.environment["ENVSYNC_TEST_WEBHDFS"])
        let user = user ?? ProcessInfo.processInfo.environment["HDFS_SUPERUSER"] ?? NSUserName()
        return WebHDFSClient(
            namenodes: [try WebHDFSEndpoint.parse(url)], authentication: .simple(user: user), http: try HTTPClient())
    }

    /// Gives the body a fresh directory and removes it afterwards.
    static func withDirectory(_ body: (WebHDFSClient, String) async throws -> Void) async throws {
        let client = try client()
        let directory = "/tmp-webhdfs-tests-\(UInt32.random(in: 0 ... .max))"
        try await client.makeDirectory(directory, permission: 0o755)
        do {
            try await body(client, directory)
        } catch {
            _ = try? await client.delete(directory, recursive: true)
            throw error
        }
        #expect(try await client.delete(directory, recursive: true))
    }

    static let options = CreateOptions(overwrite: false, replication: 1, blockSize: 1 << 20, permission: 0o640)

    static func code(_ body: () async throws -> Void) async -> WebHDFSError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? WebHDFSError)?.code
        }
    }

    @Test func directories() async throws {
        try await Self.withDirectory { client, root in
            try await client.makeDirectory("\(root)/a/b", permission: 0o1777)
            #expect(try await client.status(of: "\(root)/a/b")?.permission == 0o1777)
            try await client.makeDirectory("\(root)/a/b", permission: 0o700)
            let status = try #require(try await client.status(of: "\(root)/a/b"))
            #expect(status.permission == 0o1777, "an existing directory keeps its mode")
            #expect(status.isDirectory && status.fileId != nil)
            try await client.setPermission("\(root)/a/b", 0o750)
            #expect(try await client.status(of: "\(root)/a/b")?.permission == 0o750)

            _ = try await client.create("\(root)/a/f", body: .bytes([1]), options: Self.options)
            #expect(await Self.code { try await client.makeDirectory("\(root)/a/f") } == .alreadyExists)
            #expect(await Self.code { try await client.makeDirectory("\(root)/a/f/g") } == .parentNotDirectory)
            #expect(try await client.list("\(root)/a")?.map(\.name) == ["b", "f"])
            #expect(try await client.list("\(root)/a/f")?.map(\.name) == [""])
            #expect(try await client.list("\(root)/none") == nil)
            #expect(try await client.status(of: "\(root)/none") == nil)
            #expect(try await client.status(of: "/")?.isDirectory == true)

            #expect(await Self.code { try await client.delete("\(root)/a") } == .directoryNotEmpty)
            #expect(try await client.delete("\(root)/a", recursive: true))
            #expect(try await !client.delete("\(root)/a", recursive: true))
        }
    }

    @Test func files() async throws {
        try await Self.withDirectory { client, root in
            let data = FileChecksumTests.pattern(3_000_000)
            let receipt = try await client.create("\(root)/f", body: .bytes(data), options: Self.options)
            #expect(receipt.location?.hasPrefix("hdfs://") == true)
            #expect(receipt.location?.hasSuffix("\(root)/f") == true)
            let status = try #require(try await client.status(of: "\(root)/f"))
            #expect(status.length == 3_000_000 && status.blockSize == 1 << 20 && status.isFile)
            #expect(status.permission == 0o640 && status.replication == 1)
            #expect(try await client.open("\(root)/f", limit: 4 << 20) == data)
            #expect(
                try await client.open("\(root)/f", offset: 1_048_570, length: 20, limit: 20)
                    == Array(data[1_048_570..<1_048_590]))
            #expect(try await client.open("\(root)/f", offset: 2_999_990, limit: 100) == Array(data[2_999_990...]))
            #expect(await Self.code { _ = try await client.open("\(root)/f", limit: 1000) } == .tooLarge)
            #expect(await Self.code { _ = try await client.open("\(root)/none", limit: 1) } == .notFound)
            #expect(await Self.code { _ = try await client.open(root, limit: 1) } == .isDirectory)
            #expect(await Self.code { _ = try await client.checksum(of: "\(root)/none") } == .notFound)
            #expect(await Self.code { _ = try await client.checksum(of: root) } == .isDirectory)

            #expect(try await client.setReplication("\(root)/f", 2))
            #expect(try await !client.setReplication("\(root)/none", 2))
            let after = try #require(try await client.status(of: "\(root)/f"))
            #expect(after.replication == 2)
            #expect(after.modificationTime == status.modificationTime)
            #expect(try await client.setReplication("\(root)/f", 1))

            _ = try await client.create("\(root)/empty", body: .bytes([]), options: Self.options)
            #expect(try await client.open("\(root)/empty", limit: 10) == [])
            let summary = try await client.contentSummary(of: root)
            #expect(summary.fileCount == 2 && summary.directoryCount == 1 && summary.length == 3_000_000)
            #expect(try await client.homeDirectory().hasPrefix("/user/"))
        }
    }

    @Test func creationThatFails() async throws {
        try await Self.withDirectory { client, root in
            let create = { (path: String, options: CreateOptions) in
                _ = try await client.create(path, body: .bytes([1, 2, 3]), options: options)
            }
            try await create("\(root)/f", Self.options)
            #expect(await Self.code { try await create("\(root)/f", Self.options) } == .alreadyExists)
            #expect(await Self.code { try await create("\(root)/f/g", Self.options) } == .parentNotDirectory)
            #expect(await Self.code { try await create("\(root)/a:b", Self.options) } == .invalidPath)
            var options = Self.options
            options.blockSize = 512
            #expect(await Self.code { try await create("\(root)/g", options) } == .illegalArgument)
            options = Self.options
            options.replication = 1000
            #expect(await Self.code { try await create("\(root)/g", options) } == .illegalArgument)
            options = Self.options
            options.overwrite = true
            #expect(await Self.code { try await create(root, options) } == .alreadyExists)
            try await create("\(root)/f", options)

            let ana = try Self.client(user: "ana")
            let denied = await #expect(throws: WebHDFSError.self) {
                try await ana.create("\(root)/h", body: .bytes([1]), options: Self.options)
            }
            #expect(denied?.code == .accessDenied)
            #expect(denied?.serverMessage?.contains("user=ana, access=WRITE") == true)
            #expect(await Self.code { _ = try await ana.open("\(root)/f", limit: 1) } == .accessDenied)
            #expect(await Self.code { try await ana.makeDirectory("\(root)/d") } == .accessDenied)
            #expect(await Self.code { try await ana.delete("\(root)/f") } == .accessDenied)
        }
    }

    /// A body of several megabytes for a file that is there: the refusal is read although the upload is under way.
    @Test func refusalDuringUpload() async throws {
        try await Self.withDirectory { client, root in
            _ = try await client.create("\(root)/f", body: .bytes([1]), options: Self.options)
            let data = [UInt8](repeating: 1, count: 40 << 20)
            let code = await Self.code {
                _ = try await client.create("\(root)/f", body: .bytes(data), options: Self.options)
            }
            #expect(code == .alreadyExists)
            #expect(try await client.status(of: "\(root)/f")?.length == 1)
        }
    }

    @Test func renaming() async throws {
        try await Self.withDirectory { client, root in
            for (name, byte) in [("a", UInt8(1)), ("b", 2), ("c", 3)] {
                _ = try await client.create("\(root)/\(name)", body: .bytes([byte]), options: Self.options)
            }
            try await client.makeDirectory("\(root)/d")
            let before = try #require(try await client.status(of: "\(root)/a"))

            let rename = { (source: String, destination: String, mode: RenameMode) in
                await Self.code {
                    try await client.rename("\(root)/\(source)", to: "\(root)/\(destination)", mode: mode)
                }
            }
            #expect(await rename("a", "b", .noReplace) == .alreadyExists)
            #expect(await rename("a", "d", .noReplace) == .alreadyExists)
            #expect(await rename("none", "x", .noReplace) == .notFound)
            #expect(await rename("a", "none/x", .noReplace) == .notFound)
            #expect(await rename("a", "b", .plain) == .refused)
            #expect(await rename("none", "x", .plain) == .refused)
            #expect(await rename("a", "x+y z;é", .noReplace) == nil)
            let after = try #require(try await client.status(of: "\(root)/x+y z;é"))
            #expect(after.fileId == before.fileId)
            #expect(after.modificationTime == before.modificationTime)
            #expect(await rename("b", "c", .replace) == nil)
            #expect(try await client.open("\(root)/c", limit: 10) == [2])
            #expect(await rename("c", "d", .plain) == nil)
            #expect(try await client.status(of: "\(root)/d/c")?.length == 1, "moved into the directory")
        }
    }

    @Test(arguments: ["a+b-1.0+cu118.whl", "with space", "a;b", "a&b=c", "a#b?c", "é-😀", "quote'\"$(x)`", "a,b[1]{2}*"])
    func hostileNames(name: String) async throws {
        try await Self.withDirectory { client, root in
            _ = try await client.create("\(root)/\(name)", body: .bytes([1, 2]), options: Self.options)
            #expect(try await client.status(of: "\(root)/\(name)")?.length == 2)
            #expect(try await client.list(root)?.map(\.name) == [name])
            #expect(try await client.open("\(root)/\(name)", limit: 2) == [1, 2])
            try await client.rename("\(root)/\(name)", to: "\(root)/x\(name)")
            #expect(try await client.list(root)?.map(\.name) == ["x\(name)"])
        }
    }

    /// The builder's result is the server's, byte for byte.
    @Test(arguments: [0, 1, 511, 512, 513, 1 << 20, 1 << 20 + 1, 2 << 20 + 5, 4 << 20 + 7])
    func checksum(size: Int) async throws {
        try await Self.withDirectory { client, root in
            let data = FileChecksumTests.pattern(size)
            _ = try await client.create("\(root)/f", body: .bytes(data), options: Self.options)
            let remote = try await client.checksum(of: "\(root)/f")
            let local = FileChecksumTests.checksum(data, blockSize: 1 << 20)
            #expect(remote.algorithm == local.algorithm)
            #expect(remote.significantBytes == local.bytes)
            #expect(remote.bytes == local.bytes + "00000000")
            #expect(local.compared(to: remote) == .equal)
        }
    }

    @Test func fileOfADescriptor() async throws {
        try await Self.withDirectory { client, root in
            let url = FileManager.default.temporaryDirectory.appendingPathComponent("webhdfs-\(UUID())")
            let data = FileChecksumTests.pattern(5 << 20)
            try Data(data).write(to: url)
            defer { try? FileManager.default.removeItem(at: url) }
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            let observer = Observer()
            _ = try await client.create(
                "\(root)/part",
                body: UploadBody(
                    descriptor: handle.fileDescriptor, offset: 1000, length: 3_000_000, observer: observer),
                options: Self.options)
            #expect(observer.bytes == Array(data[1000..<3_001_000]))
            let local = FileChecksumTests.checksum(observer.bytes)
            #expect(local.matches(try await client.checksum(of: "\(root)/part")))
        }
    }

    @Test func manyAtOnceAndAListingInOneRequest() async throws {
        try await Self.withDirectory { client, root in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<24 {
                    group.addTask {
                        _ = try await client.create(
                            "\(root)/\(index)", body: .bytes([UInt8(index)]), options: Self.options)
                    }
                }
                try await group.waitForAll()
            }
            let before = client.http.statistics.requests
            #expect(try await client.list(root)?.count == 24)
            #expect(client.http.statistics.requests == before + 1)
        }
    }

    /// 2.7 has no LISTSTATUS_BATCH: it is asked for once, and listing works all the same.
    @Test func batchListing() async throws {
        try await Self.withDirectory { client, root in
            for index in 0..<3 { try await client.makeDirectory("\(root)/\(index)") }
            let eager = WebHDFSClient(
                namenodes: client.namenodes, authentication: client.authentication,
                configuration: WebHDFSConfiguration(batchListingThreshold: 0), http: client.http)
            for _ in 0..<3 { #expect(try await eager.list(root)?.map(\.name) == ["0", "1", "2"]) }
        }
    }

    /// A client that breaks off leaves a shorter file that looks complete, and a 201 of somebody in between would hide
    /// it: length and checksum tell.
    @Test func truncatedUploadIsFoundByItsChecksum() async throws {
        try await Self.withDirectory { client, root in
            let data = FileChecksumTests.pattern(1_000_000)
            _ = try await client.create("\(root)/f", body: .bytes(Array(data[..<300_000])), options: Self.options)
            #expect(try await client.status(of: "\(root)/f")?.length == 300_000)
            let remote = try await client.checksum(of: "\(root)/f")
            #expect(FileChecksumTests.checksum(data).compared(to: remote) == .different)
        }
    }
}
