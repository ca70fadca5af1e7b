import EnvSyncModel
import Foundation
import Glibc
import Synchronization
import Testing

@testable import SyncEngine

@Suite("Packed environments that are changed at the same time, or can't be packed")
struct PackedChangeTests {
    private struct Packed {
        let workspace: EngineWorkspace
        let environment: SmallEnvironment

        init(_ more: String = "") throws {
            workspace = try EngineWorkspace()
            environment = try SmallEnvironment(workspace.path(".venv"))
            try environment.install("small", "1.0")
            try workspace.configure(
                files: [], more: "[[archive]]\nalias = \"environment\"\nprefix = \".venv\"\n\(more)")
        }

        func engine() throws -> Engine {
            var engine = try workspace.engine()
            engine.packingCache = workspace.path("cache")
            return engine
        }

        /// A file that `RECORD` names isn't there.
        func breakOff() throws -> String {
            let path = "\(environment.sitePackages)/small/__init__.py"
            try #require(unlink(path) == 0)
            return path
        }
    }

    /// Changes the mode of a file over and over until it is told to stop.
    private final class Changer: Sendable {
        private let isStopped = Atomic(false)

        init(_ path: String) {
            Thread.detachNewThread { [self] in
                var mode: mode_t = 0o600
                while !isStopped.load(ordering: .relaxed) {
                    mode ^= 0o044
                    chmod(path, mode)
                }
            }
        }

        func stop() { isStopped.store(true, ordering: .relaxed) }
    }

    /// The code of the first error that is of a change, or of the last one.
    private func code(_ packed: Packed, _ body: () async throws -> Void) async -> EnvSyncError.Code? {
        let changer = Changer("\(packed.environment.sitePackages)/small-1.0.dist-info/METADATA")
        defer { changer.stop() }
        var code: EnvSyncError.Code?
        // The other thread may not have been let run just then.
        for _ in 0..<50 where code != .changedWhileReading {
            do { try await body() } catch { code = (error as? EnvSyncError)?.code }
        }
        return code
    }

    @Test("what looks broken while it changes is waited for: lock, push and lock --check")
    func changing() async throws {
        let packed = try Packed()
        _ = try await packed.engine().lock()
        _ = try packed.breakOff()
        var check = LockOptions()
        check.checkOnly = true
        var push = PushOptions()
        push.lockFirst = true
        let (checking, pushing) = (check, push)
        #expect(await code(packed) { _ = try await packed.engine().lock() } == .changedWhileReading)
        #expect(await code(packed) { _ = try await packed.engine().lock(checking) } == .changedWhileReading)
        #expect(await code(packed) { _ = try await packed.engine().push(pushing) } == .changedWhileReading)
        // When nobody changes it any more, it is broken.
        var code: EnvSyncError.Code?
        for _ in 0..<100 where code != .artifact {
            let error = await #expect(throws: EnvSyncError.self) { try await packed.engine().lock() }
            #expect(error?.message.contains("missing-files") == true, "\(String(describing: error))")
            code = error?.code
        }
        #expect(code == .artifact)
    }

    @Test("check tells what to do about an environment that can't be packed, not to lock it")
    func advice() async throws {
        let packed = try Packed()
        _ = try await packed.engine().push(lockingFirst: true)
        _ = try packed.breakOff()
        let findings = try await packed.engine().check(CheckOptions()).findings
        #expect(findings.map(\.code) == [.localChanged])
        let finding = try #require(findings.first)
        #expect(finding.message.contains("small") && finding.message.contains("missing-files"), "\(finding)")
        #expect(!finding.suggestion.contains("envsync lock") && !finding.suggestion.isEmpty, "\(finding)")
        #expect(try await packed.engine().status().differences.count == 1)
    }

    @Test(
        "an archive inside of its own environment is refused before anything is written",
        arguments: [".venv/e.tar.gz", ".venv/new/directory/e.zip", "link/e.tar.gz"])
    func inside(_ path: String) async throws {
        let packed = try Packed("path = \"\(path)\"")
        symlink(".venv", packed.workspace.path("link"))
        let before = FileManager.default.files(below: packed.environment.prefix)
        let error = await #expect(throws: EnvSyncError.self) { try await packed.engine().lock() }
        #expect(error?.message.contains("would be inside of the environment") == true, "\(String(describing: error))")
        #expect(FileManager.default.files(below: packed.environment.prefix) == before)
        #expect(!FileManager.default.fileExists(atPath: packed.environment.prefix + "/new"))
        #expect(!FileManager.default.fileExists(atPath: packed.workspace.path("envsync.lock")))
    }
}

extension Engine {
    fileprivate func push(lockingFirst: Bool) async throws -> PushResult {
        var options = PushOptions()
        options.lockFirst = lockingFirst
        return try await push(options)
    }
}
