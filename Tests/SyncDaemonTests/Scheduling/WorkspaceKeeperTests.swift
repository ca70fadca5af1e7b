import Foundation
import Logging
import SyncEngine
import Testing

@testable import SyncDaemon

/// A keeper with a real workspace and a store in a directory.
@Suite(.serialized, .timeLimit(.minutes(2))) struct WorkspaceKeeperTests {
    private let directory: String
    private let playground: Playground

    init() throws {
        playground = try Playground(FileManager.default.temporaryDirectory.path)
        directory = playground.path
        try playground.file("envsync.toml", "[environment]\nname = \"etl\"\nfiles = [\"a.txt\", \"b.txt\"]\n")
        try playground.file("a.txt", "first")
        try playground.file("b.txt", "first")
    }

    private func keep<Result: Sendable>(
        autoLock: Bool = true, _ change: (inout DaemonSettings) -> Void = { _ in },
        _ body: (WorkspaceKeeper) async throws -> Result
    ) async throws -> Result {
        var settings = DaemonSettings(workspaces: [directory], socketPath: directory + "/none")
        settings.autoLock = autoLock
        settings.quietTime = .milliseconds(100)
        settings.maxDelay = .milliseconds(300)
        settings.scrubInterval = nil
        change(&settings)
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        let keeper = WorkspaceKeeper(
            directory: directory, settings: settings, instance: nil, gate: Gate(limit: 1), logger: logger)
        let task = Task { await keeper.run() }
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(keeper)) } catch { result = .failure(error) }
        await keeper.stop(grace: .seconds(5))
        await task.value
        return try result.get()
    }

    private func eventually(_ condition: () async -> Bool) async throws {
        for _ in 0..<2000 {
            if await condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("it did not come true within 20 s")
    }

    @Test func aFileThatIsBeingWrittenIsWaitedForWithoutGoingRoundAndRound() async throws {
        try await keep { settings in
            settings.scrubInterval = .milliseconds(200)
            settings.checkInterval = .milliseconds(200)
            settings.scrubShare = 1
        } _: { keeper in
            #expect(await keeper.wait().generation == 1)
            let file = try #require(FileHandle(forWritingAtPath: playground("a.txt")))
            try file.write(contentsOf: Data("half".utf8))
            try await eventually { await keeper.currentStatus().pendingChanges > 0 }
            let before = (turns: await keeper.turns, status: await keeper.currentStatus())
            // What has nothing to do with the file goes on.
            try await eventually {
                await keeper.currentStatus().counters.objectsVerified > before.status.counters.objectsVerified + 6
            }
            let after = (turns: await keeper.turns, status: await keeper.currentStatus())
            #expect(after.status.counters.published == 1, "nothing is pushed of what is half written")
            #expect(after.turns - before.turns < 200)
            try file.close()
            try await eventually { await keeper.currentStatus().counters.published == 2 }
        }
    }

    @Test func waitingTellsOfDamageThatNobodyCouldHeal() async throws {
        try await keep { settings in
            settings.scrubInterval = .seconds(1)
            settings.scrubShare = 1
        } _: { keeper in
            #expect(await keeper.wait().isInSync)
            await keeper.add(
                .init(code: "object-content", subject: "objects/a", message: "other bytes", suggestion: "restore it"))
            let outcome = await keeper.wait()
            #expect(!outcome.isInSync && outcome.generation == 1)
            #expect(outcome.problem?.code == "object-content")
            #expect(outcome.problem?.message == "objects/a: other bytes")
            #expect(await keeper.currentStatus().isInSync == false)
            // The next scrub finds everything whole.
            try await eventually { await keeper.currentStatus().drift.isEmpty }
            #expect(await keeper.wait().isInSync)
        }
    }

    @Test func aWorkspaceOfAnotherDaemonIsLeftAlone() async throws {
        let other = try InstanceLock(workspace: directory)
        try await keep { keeper in
            let outcome = await keeper.wait()
            #expect(!outcome.isInSync)
            #expect(outcome.problem?.message.contains("a daemon serves") == true)
            #expect(await keeper.currentStatus().counters.published == 0)
        }
        withExtendedLifetime(other) {}
    }

    @Test func changesStayPendingUntilTheyArePublished() async throws {
        try await keep { keeper in
            #expect(await keeper.wait().generation == 1)
            try playground.file("envsync.toml", "[environment")
            try await eventually { await keeper.currentStatus().phase == .blocked }
            #expect(await keeper.currentStatus().pendingChanges > 0)
            try playground.file("envsync.toml", "[environment]\nname = \"etl\"\nfiles = [\"a.txt\"]\n")
            try await eventually { await keeper.currentStatus().counters.published == 2 }
            #expect(await keeper.currentStatus().pendingChanges == 0)
            #expect(await keeper.currentStatus().problem == nil)
        }
    }
}

extension WorkspaceKeeper {
    /// As a scrub does that finds what it can't heal.
    fileprivate func add(_ drift: WorkspaceStatus.Drift) { status.drift.append(drift) }
}
