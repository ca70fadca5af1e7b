import EnvSyncModel
import Foundation
import Glibc
import Logging
import Testing

@testable import SyncEngine

@Suite("Archives held against the lock")
struct InspectJobTests {
    /// A workspace that packs an environment of three packages, locked.
    private struct Packed {
        let workspace: EngineWorkspace
        let environment: SmallEnvironment

        init() async throws {
            workspace = try EngineWorkspace()
            environment = try SmallEnvironment(workspace.path(".venv"))
            try environment.install("large", "1.0", size: 200_000)
            try environment.install("small", "1.0", script: true)
            try environment.install("tiny", "1.0")
            try workspace.configure(files: [], more: "[[archive]]\nalias = \"environment\"\nprefix = \".venv\"")
            _ = try await engine().lock()
        }

        func engine() throws -> Engine {
            var engine = try workspace.engine()
            engine.packingCache = workspace.path("cache")
            return engine
        }

        func push() async throws {
            var options = PushOptions()
            options.lockFirst = true
            _ = try await engine().push(options)
        }

        /// Packs the environment as it is now into a file of its own.
        func pack(_ name: String, _ change: (inout PackRequest) -> Void = { _ in }) async throws -> String {
            var request = PackRequest()
            request.prefix = environment.prefix
            request.output = workspace.path(name)
            request.cacheLimit = 0
            change(&request)
            let job = try PackJob(
                request, directory: workspace.directory, variables: [:], logger: Logger(label: "test")
            ) { _ in }
            _ = try await job.run()
            return workspace.path(name)
        }
    }

    private func inspect(
        _ workspace: EngineWorkspace, _ path: String, _ change: (inout InspectRequest) throws -> Void = { _ in }
    ) async throws -> InspectReport {
        var request = InspectRequest(archive: path)
        try change(&request)
        return try await InspectJob(
            request, directory: workspace.directory, logger: Logger(label: "test")
        ) { _ in }.run()
    }

    private func told(_ report: InspectReport) -> [String] { report.findings.map { "\($0.code) \($0.subject)" } }

    @Test("the lock's archive and its overlay are known by their bytes")
    func same() async throws {
        let packed = try await Packed()
        let path = packed.workspace.path(".envsync/pack/environment.tar.gz")
        let report = try await inspect(packed.workspace, path)
        #expect(report.findings == [] && report.packages.map(\.name) == ["large", "small", "tiny"])
        guard case .same(let artifact) = report.standing else { return #expect(Bool(false), "\(report.standing)") }
        #expect(artifact.alias?.text == "environment" && artifact.digest == report.digest)
        #expect(report.environment?.name.text == "etl" && report.maker == "envsync" && report.kind == "venv")

        try await packed.push()
        try packed.environment.install("tiny", "2.0")
        try await packed.push()
        let overlay = try await inspect(
            packed.workspace, packed.workspace.path(".envsync/pack/environment-overlay.tar.gz"))
        #expect(overlay.findings == [] && overlay.kind == "overlay" && overlay.packages.map(\.version) == ["2.0"])
        guard case .same(let layer) = overlay.standing else { return #expect(Bool(false), "\(overlay.standing)") }
        #expect(layer.base?.text == "environment")
    }

    @Test("an equal environment in another form differs in nothing but its links; workers get the overlay first")
    func equal() async throws {
        let packed = try await Packed()
        for format in [PackRequest.Format.tar, .tarZst] {
            let path = try await packed.pack("equal.\(format.rawValue)") { $0.format = format }
            let report = try await inspect(packed.workspace, path)
            #expect(report.findings == [], "\(format)")
            guard case .compared = report.standing else { return #expect(Bool(false), "\(report.standing)") }
        }
        try await packed.push()
        try packed.environment.install("tiny", "2.0")
        let path = try await packed.pack("next.tar.gz")
        #expect(told(try await inspect(packed.workspace, path)) == ["environment-version tiny"])
        try await packed.push()
        #expect(told(try await inspect(packed.workspace, path)) == [])
    }

    @Test("packages that are missing, extra, of another version, or changed")
    func different() async throws {
        let packed = try await Packed()
        try packed.environment.install("small", "1.1", script: true)
        try packed.environment.install("large", "1.0", size: 100_000)
        try packed.environment.uninstall("tiny")
        try packed.environment.install("new", "3.0")
        try packed.environment.install("wheel", "0.40")
        let path = try await packed.pack("other.tar.gz")
        let report = try await inspect(packed.workspace, path)
        #expect(
            told(report) == [
                "environment-missing tiny", "environment-extra new", "environment-version small",
                "environment-changed large",
            ])
        #expect(report.findings.map(\.severity) == [.error, .warning, .error, .error])
        #expect(report.findings.allSatisfy { $0.side == .lock && !$0.suggestion.isEmpty })
        #expect(report.findings[2].message == "1.1 is in the archive, workers get 1.0")
        let fewer = try await inspect(packed.workspace, path) {
            $0.ignored = ["environment-extra", "environment-changed"]
        }
        #expect(told(fewer) == ["environment-missing tiny", "environment-version small"])
    }

    @Test("conda's packages are the lock's Python packages of their names")
    func otherManager() async throws {
        let packed = try await Packed()
        for (name, version) in [("large", "1.0"), ("small", "1.1"), ("tiny", "1.0"), ("libthing", "3")] {
            try packed.workspace.write(
                "conda/conda-meta/\(name)-\(version)-h1_0.json",
                #"{"name": "\#(name)", "version": "\#(version)", "build": "h1_0", "files": []}"#)
        }
        try packed.workspace.write("conda/bin/python", "#!/bin/sh\n")
        let path = packed.workspace.path("conda.tar")
        try tar(packed.workspace.path("conda"), path)
        let report = try await inspect(packed.workspace, path)
        #expect(report.kind == "conda")
        #expect(told(report) == ["environment-extra libthing", "environment-version small"])
    }

    private func tar(_ directory: String, _ path: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["tar", "--auto-compress", "-cf", path, "-C", directory, "."]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test("files of no package")
    func rest() async throws {
        let packed = try await Packed()
        try "x".write(toFile: packed.environment.prefix + "/notes.txt", atomically: true, encoding: .utf8)
        let path = try await packed.pack("other.tar.gz")
        #expect(told(try await inspect(packed.workspace, path)) == ["environment-changed files of no package"])
    }

    @Test("an archive that something else makes is known by what is on this machine")
    func foreign() async throws {
        let workspace = try EngineWorkspace()
        let environment = try SmallEnvironment(workspace.path("env"))
        try environment.install("one", "1.0")
        try environment.install("two", "1.0")
        func pack(_ name: String) throws -> String {
            try tar(environment.prefix, workspace.path(name))
            return workspace.path(name)
        }
        let path = try pack("e.tar.gz")
        try workspace.configure(files: [], more: "[[archive]]\nalias = \"environment\"\npath = \"e.tar.gz\"")
        _ = try await workspace.engine().lock()
        #expect(told(try await inspect(workspace, path)) == [])
        try environment.install("one", "2.0")
        try environment.uninstall("two")
        try environment.install("three", "1.0")
        let other = try pack("other.tar.gz")
        let report = try await inspect(workspace, other)
        #expect(
            told(report) == ["environment-missing two", "environment-extra three", "environment-version one"])
        #expect(report.isComplete)
        unlink(path)
        let unknown = try await inspect(workspace, other)
        #expect(told(unknown) == [] && !unknown.isComplete)
    }

    @Test("without a lock, an archive is compared with itself alone, and that is told")
    func withoutLock() async throws {
        let packed = try await Packed()
        let path = try await packed.pack("other.tar.gz")
        unlink(packed.workspace.path("envsync.lock"))
        func reason(_ report: InspectReport) -> String? {
            if case .none(let reason) = report.standing { reason } else { nil }
        }
        #expect(reason(try await inspect(packed.workspace, path)) == "there is no envsync.lock")
        #expect(reason(try await inspect(packed.workspace, path) { $0.usesLock = false }) == "--no-lock")
        unlink(packed.workspace.path("envsync.toml"))
        #expect(reason(try await inspect(packed.workspace, path)) == "this is no workspace")
        try packed.workspace.write("envsync.toml", "[environment\n")
        await #expect(throws: EnvSyncError.self) { try await inspect(packed.workspace, path) }
        #expect(try await inspect(packed.workspace, path) { $0.usesLock = false }.findings == [])
    }

    @Test("what can't be inspected, and why")
    func errors() async throws {
        let packed = try await Packed()
        let path = packed.workspace.path(".envsync/pack/environment.tar.gz")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: packed.workspace.path("cut.tar.gz")))
        try packed.workspace.write("text.tar.gz", "just text")
        mkfifo(packed.workspace.path("fifo"), 0o600)
        let cases: [(String, String)] = [
            ("cut.tar.gz", "cut short"), ("text.tar.gz", "not a tar"), (".venv", "directory"), ("fifo", "FIFO"),
            ("nowhere", "No such file"),
        ]
        for (name, words) in cases {
            let error = await #expect(throws: EnvSyncError.self) {
                try await inspect(packed.workspace, packed.workspace.path(name))
            }
            #expect(
                error?.code == .artifact && error?.message.contains(words) == true,
                "\(name): \(String(describing: error))")
        }
        let error = await #expect(throws: EnvSyncError.self) {
            try await inspect(packed.workspace, path) { $0.alias = try ArchiveAlias("nope") }
        }
        #expect(error?.code == .lock && error?.suggestion == "one of environment")
        let named = try await inspect(packed.workspace, path) { $0.alias = try ArchiveAlias("environment") }
        #expect(named.findings == [])
    }
}
