import EnvSyncModel
import Foundation
import Glibc
import SyncState
import Synchronization
import Testing

@testable import SyncEngine

@Suite("The lock of a workspace", .timeLimit(.minutes(10)))
struct WorkspaceLockTests {
    private func take(
        _ workspace: EngineWorkspace, _ role: String, willWait: (WorkspaceLock.Holder?) -> Void = { _ in }
    ) async throws -> WorkspaceLock? {
        try await WorkspaceLock.take("push.lock", in: workspace.directory, as: .init(role: role), willWait: willWait)
    }

    @Test("the second one is told once who has it, and gets it afterwards")
    func waits() async throws {
        let workspace = try EngineWorkspace()
        var first = try await take(workspace, "daemon")
        #expect(first != nil)
        let text = try workspace.read(workspace.path("push.lock"))
        #expect(text.hasPrefix("daemon \(getpid()) "))
        let told = Mutex<[String?]>([])
        let second = Task {
            let lock = try await take(workspace, "push") { holder in told.withLock { $0.append(holder?.description) } }
            return lock != nil
        }
        while told.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(10)) }
        // Several more attempts.
        try await Task.sleep(for: .milliseconds(500))
        withExtendedLifetime(first) {}
        first = nil
        #expect(try await second.value)
        #expect(told.withLock { $0 } == ["the daemon (process \(getpid()))"])
        #expect(try workspace.read(workspace.path("push.lock")).isEmpty, "nobody has it any more")
    }

    @Test("waiting ends when the task is cancelled")
    func cancelled() async throws {
        let workspace = try EngineWorkspace()
        let first = try await take(workspace, "push")
        let waiting = Task { try await take(workspace, "push") != nil }
        try await Task.sleep(for: .milliseconds(100))
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        withExtendedLifetime(first) {}
    }

    @Test("a killed process gives it back, and its successor learns of it")
    func killed() async throws {
        let workspace = try EngineWorkspace()
        let path = workspace.path("push.lock")
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        holder.arguments = [
            "-c",
            """
            import fcntl, os, sys, time
            file = open(sys.argv[1], "w")
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(f"daemon {os.getpid()} - 77 88\\n")
            file.flush()
            time.sleep(60)
            """, path,
        ]
        try holder.run()
        while ((try? workspace.read(path)) ?? "").isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        let process = holder.processIdentifier
        Task {
            try await Task.sleep(for: .milliseconds(300))
            kill(process, SIGKILL)
        }
        var told: [String?] = []
        let lock = try await take(workspace, "push") { told.append($0?.description) }
        #expect(told == ["the daemon (process \(process))"])
        #expect(lock?.predecessor?.child == ProcessIdentity(id: 77, start: 88))
        holder.waitUntilExit()
    }

    @Test("without a directory to write in, or with something else in its place, there is no lock and no wait")
    func without() async throws {
        let workspace = try EngineWorkspace()
        #expect(
            try await WorkspaceLock.take(
                "push.lock", in: workspace.path("absent"), as: .init(role: "push"), willWait: { _ in }) == nil)
        // Neither followed nor written to.
        try workspace.write("victim", "precious")
        symlink(workspace.path("victim"), workspace.path("push.lock"))
        #expect(try await take(workspace, "push") == nil)
        #expect(try workspace.read(workspace.path("victim")) == "precious")
        unlink(workspace.path("push.lock"))
        mkfifo(workspace.path("push.lock"), 0o600)
        #expect(try await take(workspace, "push") == nil)
    }

    @Test("a lock file that is removed while somebody waits is no lock any more")
    func removed() async throws {
        let workspace = try EngineWorkspace()
        var first = try await take(workspace, "push")
        async let second = take(workspace, "daemon")
        try await Task.sleep(for: .milliseconds(200))
        unlink(workspace.path("push.lock"))
        withExtendedLifetime(first) {}
        first = nil
        let lock = try await second
        #expect(lock != nil)
        let text = try workspace.read(workspace.path("push.lock"))
        #expect(text.hasPrefix("daemon "), "the second one holds the file that others find")
        withExtendedLifetime(lock) {}
    }

    @Test("two pushes of one workspace: the second one waits, and the journal tells who published")
    func pushes() async throws {
        let workspace = try EngineWorkspace()
        try workspace.write("a.txt", "a")
        try workspace.configure(files: ["a.txt"])
        var options = PushOptions()
        options.lockFirst = true
        options.origin = .daemon
        let asDaemon = options
        options.origin = .push
        let byHand = options
        var lock = try await WorkspaceLock.take(
            "push.lock", in: try workspace.engine().workspace.stateDirectory, as: .init(role: "daemon")
        ) { _ in }
        let engine = try workspace.engine()
        async let second = engine.push(byHand)
        while workspace.waits.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        #expect(workspace.waits == ["the daemon (process \(getpid()))"])
        withExtendedLifetime(lock) {}
        lock = nil
        let result = try await second
        #expect(result.published && result.waitedFor == .daemon)
        let again = try await workspace.engine().push(asDaemon)
        #expect(!again.published && again.waitedFor == nil)
        #expect(again.publishedBefore?.origin == .push)
        #expect(again.publishedBefore?.generation == 1)
    }
}
