import EnvSyncModel
import Foundation
import Glibc
import Testing

@testable import SyncEngine

/// Scrubbing on a real HDFS: `ENVSYNC_TEST_WEBHDFS` holds its WebHDFS URL, and `HDFS_SUPERUSER` is its superuser.
@Suite(
    "Scrubbing HDFS", .enabled(if: ProcessInfo.processInfo.environment["ENVSYNC_TEST_WEBHDFS"] != nil),
    .timeLimit(.minutes(10)))
struct ScrubInHDFSTests {
    private let url = ProcessInfo.processInfo.environment["ENVSYNC_TEST_WEBHDFS"] ?? ""
    private let superuser = ProcessInfo.processInfo.environment["HDFS_SUPERUSER"] ?? NSUserName()

    /// Sends a request as a user, following redirects; throws unless the answer is a success.
    private func hdfs(
        _ method: String, _ path: String, _ query: String, as user: String? = nil, body: String? = nil
    ) throws {
        let curl = Process()
        curl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let base = "http://" + url.dropFirst("webhdfs://".count) + "/webhdfs/v1"
        curl.arguments =
            ["curl", "-sS", "-f", "-L", "-o", "/dev/null", "-X", method, "--max-time", "60"]
            + (body.map { ["--data-binary", $0, "-H", "Content-Type: application/octet-stream"] } ?? [])
            + ["\(base)\(path)?\(query)&user.name=\(user ?? superuser)"]
        try curl.run()
        curl.waitUntilExit()
        guard curl.terminationStatus == 0 else {
            throw EnvSyncError(.system, "\(method) \(path)?\(query): curl ended with \(curl.terminationStatus)")
        }
    }

    /// A published workspace of 40 small files and its store's root.
    private func published(
        user: String? = nil, sharing: String = "private", mode: String = "1777"
    ) async throws -> (EngineWorkspace, String) {
        let root = "/tmp/envsync-scrub-\(UUID().uuidString.prefix(8).lowercased())"
        try hdfs("PUT", root, "op=MKDIRS&permission=\(mode)")
        let workspace = try EngineWorkspace()
        let names = (0..<40).map { "files/f\($0).txt" }
        for name in names { try workspace.write(name, "content of \(name) in \(root)") }
        try workspace.configure(
            files: names, store: url + root,
            settings: "user = \"\(user ?? superuser)\"\nsharing = \"\(sharing)\"")
        try await workspace.push()
        return (workspace, root)
    }

    private func all(_ workspace: EngineWorkspace, share: Double = 1) async throws -> ScrubResult {
        var options = ScrubOptions()
        options.share = share
        return try await workspace.engine().scrub(options)
    }

    private func path(_ workspace: EngineWorkspace, _ name: String) throws -> String {
        let engine = try workspace.engine()
        let artifact = try #require(
            try engine.workspace.requiredLock().artifacts.first { $0.origin.path == "files/\(name).txt" })
        return try engine.connect().store.layout.path(of: artifact.object)
    }

    @Test("what is missing or damaged is sent again; no object is downloaded, and the requests are in proportion")
    func heals() async throws {
        let (workspace, root) = try await published()
        let quiet = try await all(workspace)
        #expect(quiet.objects == 40 && quiet.healed == 0 && quiet.notCompared == 0 && quiet.findings.isEmpty)
        let some = try await all(workspace, share: 0.1)
        #expect(some.objects == 4)
        // The ref, the manifest, the list of shards; a shard's list, a status and a checksum of several legs an object.
        #expect(some.requests <= 4 + 4 * 6, "\(some.requests) requests")
        let (missing, damaged, cut) = (
            try path(workspace, "f1"), try path(workspace, "f2"), try path(workspace, "f3")
        )
        try hdfs("DELETE", missing, "op=DELETE")
        let forged = "Content of files/f2.txt in \(root)"
        try hdfs("PUT", damaged, "op=CREATE&overwrite=true&permission=644", body: forged)
        try hdfs("PUT", cut, "op=CREATE&overwrite=true&permission=644", body: "con")
        let narrow = try path(workspace, "f4")
        try hdfs("PUT", narrow, "op=SETPERMISSION&permission=600")
        let result = try await all(workspace)
        #expect(result.healed == 3 && result.modesMended == 1 && result.findings.isEmpty && result.failure == nil)
        let again = try await all(workspace)
        #expect(again.healed == 0 && again.modesMended == 0 && again.findings.isEmpty)
        var check = CheckOptions()
        check.deep = true
        let findings = try await workspace.engine().check(check).findings
        #expect(findings.isEmpty, "\(findings)")
        try hdfs("DELETE", root, "op=DELETE&recursive=true")
    }

    @Test("where only somebody else may write, what is missing or damaged is a finding, with the server's words")
    func refused() async throws {
        let (workspace, root) = try await published(user: "ana", mode: "1777")
        let missing = try path(workspace, "f1")
        try hdfs("DELETE", missing, "op=DELETE")
        for directory in ["", "/objects", "/staging", "/environments"] {
            try hdfs("PUT", root + directory, "op=SETOWNER&owner=\(superuser)")
            try hdfs("PUT", root + directory, "op=SETPERMISSION&permission=755")
        }
        let result = try await all(workspace)
        #expect(result.healed == 0)
        #expect(result.findings.map(\.code) == [.objectMissing] && result.findings.first?.subject == missing)
        #expect(result.failure?.code == .refused && result.failure?.isOfStore == true, "\(result)")
        #expect(result.failure?.reason?.contains("user=ana") == true)
        try hdfs("DELETE", root, "op=DELETE&recursive=true")
    }

    @Test("in a world store, somebody else's damaged object keeps no other one from being healed")
    func world() async throws {
        let (workspace, root) = try await published(user: "ana", sharing: "world")
        let (foreign, missing) = (try path(workspace, "f1"), try path(workspace, "f2"))
        let shard = (foreign as NSString).deletingLastPathComponent
        try hdfs("DELETE", foreign, "op=DELETE")
        try hdfs("PUT", shard, "op=SETOWNER&owner=bob")
        // Not writable for ana, as a careless bob may leave it.
        try hdfs("PUT", foreign, "op=CREATE&overwrite=true&permission=644", as: "bob", body: "forged")
        try hdfs("PUT", shard, "op=SETPERMISSION&permission=755")
        try hdfs("DELETE", missing, "op=DELETE")
        let result = try await all(workspace)
        #expect(result.healed == 1, "\(String(describing: result.failure)) \(result.findings)")
        #expect(
            result.findings.map(\.code).filter { $0 != .objectMode } == [.objectSize]
                && result.findings.contains { $0.subject == foreign }, "\(result.findings)")
        #expect(result.failure != nil)
        try hdfs("DELETE", root, "op=DELETE&recursive=true")
    }
}
