import EnvSyncModel
import Foundation
import Glibc
import Testing

@testable import SyncEngine

@Suite("Environments that envsync packs")
struct PackedArchiveTests {
    /// A workspace with a virtual environment of three packages, one of them large enough that another is a small share.
    private struct Packed {
        let workspace: EngineWorkspace
        let environment: SmallEnvironment

        init(_ more: String = "") throws {
            workspace = try EngineWorkspace()
            environment = try SmallEnvironment(workspace.path(".venv"))
            try environment.install("large", "1.0", size: 400_000)
            try environment.install("small", "1.0", size: 1000)
            try environment.install("tiny", "1.0")
            try workspace.configure(
                files: [], more: "[[archive]]\nalias = \"environment\"\nprefix = \".venv\"\n\(more)")
        }

        func engine() throws -> Engine {
            var engine = try workspace.engine()
            engine.packingCache = workspace.path("cache")
            return engine
        }

        @discardableResult
        func lock() async throws -> Lock { try await engine().lock().lock }

        @discardableResult
        func push(offline: Bool = false) async throws -> PushResult {
            var options = PushOptions()
            options.lockFirst = true
            options.offline = offline
            return try await engine().push(options)
        }

        func check() async throws -> LockResult {
            var options = LockOptions()
            options.checkOnly = true
            return try await engine().lock(options)
        }

        var base: Artifact {
            get throws {
                try #require(try engine().workspace.lock()?.artifacts.first { $0.kind == .archive })
            }
        }

        var overlay: Artifact? {
            get throws { try engine().workspace.lock()?.artifacts.first { $0.base != nil } }
        }

        var archivePath: String { workspace.path(".envsync/pack/environment.tar.gz") }
        var overlayPath: String { workspace.path(".envsync/pack/environment-overlay.tar.gz") }

        /// The archives that were packed since this was last asked.
        func packings() -> [String] {
            workspace.events.withLock { events in
                defer { events = [] }
                return events.compactMap { if case .packing(let archive, _) = $0 { archive } else { nil } }
            }
        }

        func lockText() throws -> String { try workspace.read(workspace.path("envsync.lock")) }
    }

    @Test("packed when there is none, and not again while nothing changes")
    func unchanged() async throws {
        let packed = try Packed()
        #expect(try await packed.check().wasStale)
        #expect(packed.packings() == [])
        try await packed.lock()
        #expect(packed.packings() == [".envsync/pack/environment.tar.gz"])
        let text = try packed.lockText()
        #expect(try await !packed.check().wasStale)
        try await packed.lock()
        try await packed.push()
        try await packed.lock()
        #expect(packed.packings() == [])
        #expect(try packed.lockText() == text)
        let contents = try #require(try packed.base.contents)
        #expect(contents.packages.map(\.name) == ["large", "small", "tiny"])
        #expect(contents.python == packed.environment.python && contents.other?.isEmpty == false)
        #expect(try packed.base.interpreter == "bin/python" && packed.base.alias?.text == "environment")
    }

    @Test("a change of few packages is an overlay on the published archive; one that only was locked isn't kept")
    func overlay() async throws {
        let packed = try Packed()
        try await packed.lock()
        let first = try packed.base
        try packed.environment.install("small", "1.1", size: 1000)
        #expect(try await packed.check().differences.first?.message.contains("small 1.0 -> 1.1") == true)
        try await packed.lock()
        #expect(try packed.overlay == nil && packed.base.digest != first.digest, "it was never published")

        try await packed.push()
        let base = try packed.base
        _ = packed.packings()
        try packed.environment.install("small", "1.2", size: 1000)
        try packed.environment.install("new", "3.0")
        let stale = try await packed.check()
        #expect(stale.wasStale && stale.differences.map(\.kind) == [.changed])
        #expect(stale.differences.first?.input == ".venv")
        try await packed.push()
        #expect(packed.packings() == ["environment-overlay"])
        #expect(try packed.base == base)
        let overlay = try #require(try packed.overlay)
        #expect(overlay.kind == .layer && overlay.alias?.text == "environment-overlay" && overlay.jobs.isEmpty)
        #expect(overlay.contents?.requirements == ["new==3.0", "small==1.2"])
        #expect(Double(overlay.size) < 0.25 * Double(base.size))
        #expect(try await !packed.check().wasStale)
        let text = try packed.lockText()
        try await packed.push()
        #expect(packed.packings() == [])
        #expect(try packed.lockText() == text)
    }

    @Test("what the overlay brings comes first: imported, and by its metadata")
    func importedFirst() async throws {
        let packed = try Packed()
        try await packed.push()
        try packed.environment.install("small", "2.0", size: 1000)
        try await packed.push()
        for (name, path) in [("environment", packed.archivePath), ("environment-overlay", packed.overlayPath)] {
            try FileManager.default.createDirectory(
                atPath: packed.workspace.path("worker/\(name)"), withIntermediateDirectories: true)
            try run("tar", "-xzf", path, "-C", packed.workspace.path("worker/\(name)"))
        }
        let python = packed.workspace.path("worker/environment/bin/python")
        let script =
            "import small, tiny, importlib.metadata as m; "
            + "print(small.VERSION, m.version('small'), tiny.VERSION, m.version('tiny'))"
        let path = "PYTHONPATH=\(packed.workspace.path("worker/environment-overlay"))"
        #expect(try run("env", path, python, "-c", script) == "2.0 2.0 1.0 1.0\n")
        #expect(try run(python, "-c", script) == "1.0 1.0 1.0 1.0\n")
    }

    @discardableResult
    private func run(_ words: String...) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(words)")
        return String(decoding: data, as: UTF8.self)
    }

    @Test("there is one overlay, always relative to its archive, and none when all is as it was")
    func cumulative() async throws {
        let packed = try Packed()
        try await packed.push()
        let base = try packed.base
        try packed.environment.install("small", "2.0", size: 1000)
        try await packed.push()
        try packed.environment.install("tiny", "2.0")
        try await packed.push()
        #expect(try packed.overlay?.contents?.requirements == ["small==2.0", "tiny==2.0"])
        try packed.environment.install("small", "1.0", size: 1000)
        try await packed.push()
        #expect(try packed.overlay?.contents?.requirements == ["tiny==2.0"])
        try packed.environment.install("tiny", "1.0")
        #expect(try await packed.check().wasStale)
        try await packed.push()
        #expect(try packed.overlay == nil && packed.base == base)
        #expect(try await !packed.check().wasStale)
    }

    @Test("a removed package, and an overlay that is too large, make a new archive")
    func newBase() async throws {
        let packed = try Packed()
        try await packed.push()
        var base = try packed.base
        try packed.environment.install("large", "2.0", size: 400_000)
        try await packed.push()
        #expect(try packed.overlay == nil && packed.base.digest != base.digest)
        var report = try #require(try await packed.engine().explainArchives().first)
        #expect(report.reason?.contains("25 % is the limit") == true, "\(report)")
        #expect(report.changes == ["large 1.0 -> 2.0"] && report.isPublished && report.pending == nil)

        base = try packed.base
        try packed.environment.install("small", "2.0")
        try await packed.push()
        #expect(try packed.overlay != nil)
        try packed.environment.uninstall("tiny")
        report = try #require(try await packed.engine().explainArchives().first)
        #expect(report.overlay?.packages.map(\.description) == ["small 1.0 -> 2.0"])
        #expect(report.pending?.contains("tiny was removed") == true, "\(report)")
        try await packed.push()
        #expect(try packed.overlay == nil && packed.base.digest != base.digest)
        #expect(!FileManager.default.fileExists(atPath: packed.overlayPath))
    }

    @Test("overlay = 0 wants none")
    func disabled() async throws {
        let packed = try Packed("overlay = 0")
        try await packed.push()
        try packed.environment.install("small", "2.0")
        try await packed.push()
        #expect(try packed.overlay == nil)
        #expect(try await packed.engine().explainArchives().first?.reason == "overlay = 0 wants none")
    }

    @Test("where neither archive, state nor environment is, the lock counts; with an equal environment it is current")
    func otherMachine() async throws {
        let packed = try Packed()
        try await packed.push()
        try packed.environment.install("small", "2.0", size: 1000)
        try await packed.push()
        let text = try packed.lockText()
        let store = packed.workspace.path(".envsync/store")
        let kept = packed.workspace.path("store")
        rename(store, kept)
        try FileManager.default.removeItem(atPath: packed.workspace.path(".envsync"))
        try FileManager.default.createDirectory(
            atPath: packed.workspace.path(".envsync"), withIntermediateDirectories: true)
        rename(kept, store)
        #expect(try await !packed.check().wasStale, "an equal environment, and nothing else")
        try await packed.lock()
        #expect(try packed.lockText() == text, "the store has both")
        try FileManager.default.removeItem(atPath: packed.environment.prefix)
        #expect(try await !packed.check().wasStale, "only the lock")
        try await packed.lock()
        let result = try await packed.push()
        #expect(!result.published && result.objectsSent == 0)
        #expect(try packed.lockText() == text)
        #expect(!FileManager.default.fileExists(atPath: packed.archivePath))
    }

    @Test("an archive that is gone and nowhere else is packed again; one that the store has isn't")
    func gone() async throws {
        let packed = try Packed()
        try await packed.lock()
        let text = try packed.lockText()
        unlink(packed.archivePath)
        _ = packed.packings()
        try await packed.lock()
        #expect(packed.packings().count == 1)
        #expect(try packed.lockText() == text, "the same bytes")
        try await packed.push()
        unlink(packed.archivePath)
        _ = packed.packings()
        try await packed.lock()
        #expect(packed.packings() == [])
        var options = PushOptions()
        options.repair = true
        #expect(try await packed.engine().push(options).objectsRepaired == 0)
    }

    @Test("problems are told, all of them, and nothing is changed")
    func problems() async throws {
        let packed = try Packed()
        try await packed.push()
        let text = try packed.lockText()
        unlink("\(packed.environment.sitePackages)/small/__init__.py")
        unlink("\(packed.environment.sitePackages)/tiny/__init__.py")
        let error = await #expect(throws: EnvSyncError.self) { try await packed.lock() }
        #expect(error?.code == .artifact)
        for part in ["small", "tiny", "missing-files", ".venv"] {
            #expect(error?.message.contains(part) == true, "\(String(describing: error))")
        }
        #expect(try packed.lockText() == text)
    }

    @Test("check and status tell of a stale environment by its packages")
    func drift() async throws {
        let packed = try Packed()
        try await packed.push()
        #expect(try await packed.engine().check(CheckOptions()).findings == [])
        try packed.environment.install("small", "2.0")
        let findings = try await packed.engine().check(CheckOptions()).findings
        #expect(findings.map(\.code) == [.staleLock])
        #expect(findings.first?.message.contains("small 1.0 -> 2.0") == true, "\(findings)")
        #expect(try await packed.engine().status().differences.count == 1)
        await #expect(throws: EnvSyncError.self) { try await packed.engine().push(PushOptions()) }
    }

    @Test("a diff names the packages of an overlay; a rollback publishes the archive alone again")
    func history() async throws {
        let packed = try Packed()
        let first = try #require(try await packed.push().generation)
        try packed.environment.install("small", "2.0")
        let second = try #require(try await packed.push().generation)
        let engine = try packed.engine()
        let diff = try await engine.diff(
            from: try #require(DiffOperand("@\(first.number)")), to: try #require(DiffOperand("@\(second.number)")))
        #expect(diff.comparison.changes.map(\.name) == ["small", "environment-overlay"], "\(diff.comparison.changes)")
        let back = try await engine.rollback(to: try #require(GenerationSelector("@\(first.number)")))
        #expect(back.generation?.id == first.id)
    }
}
