import Foundation
import Glibc
import Logging
import SyncEngine
import Synchronization
import Testing

@testable import SyncDaemon

/// A keeper of a workspace that packs a virtual environment, with a store in a directory.
@Suite(.serialized, .timeLimit(.minutes(2))) struct KeeperOfPackedEnvironmentTests {
    private let playground: Playground
    private var site: String { ".venv/lib/python3.11/site-packages" }

    init() throws {
        playground = try Playground(FileManager.default.temporaryDirectory.path)
        try playground.directory(".venv/bin")
        try playground.file(
            "envsync.toml",
            """
            [environment]
            name = "etl"
            [[archive]]
            alias = "environment"
            prefix = ".venv"
            bytecode = "omit"
            """)
        try playground.file(".venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.11.9\n")
        try playground.file(".venv/bin/python3.11", "#!/bin/sh\n")
        chmod(playground(".venv/bin/python3.11"), 0o755)
        symlink("python3.11", playground(".venv/bin/python"))
        try package("one", isWhole: true)
    }

    /// - Parameter isWhole: whether all files are there that RECORD lists.
    private func package(_ name: String, isWhole: Bool) throws {
        let metadata = "\(name)-1.0.dist-info"
        try playground.directory("\(site)/\(metadata)")
        try playground.file("\(site)/\(metadata)/METADATA", "Metadata-Version: 2.1\nName: \(name)\nVersion: 1.0\n")
        try playground.file(
            "\(site)/\(metadata)/RECORD", "\(name).py,,\n\(metadata)/METADATA,,\n\(metadata)/RECORD,,\n")
        if isWhole { try playground.file("\(site)/\(name).py", "x = 1\n") }
    }

    private func keep(_ body: (WorkspaceKeeper) async throws -> Void) async throws {
        var settings = DaemonSettings(workspaces: [playground.path], socketPath: playground("none"))
        settings.autoLock = true
        settings.quietTime = .milliseconds(100)
        settings.maxDelay = .milliseconds(300)
        settings.scrubInterval = nil
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        let keeper = WorkspaceKeeper(
            directory: playground.path, settings: settings, instance: nil, gate: Gate(limit: 1), logger: logger)
        let task = Task { await keeper.run() }
        let result: Swift.Result<Void, any Error>
        do { result = .success(try await body(keeper)) } catch { result = .failure(error) }
        await keeper.stop(grace: .seconds(5))
        await task.value
        try result.get()
    }

    private func eventually(_ condition: () async -> Bool) async throws {
        for _ in 0..<2000 {
            if await condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("it did not come true within 20 s")
    }

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

    @Test("what is half installed while somebody changes the environment is no failure, and is pushed when it is whole")
    func halfInstalled() async throws {
        try await keep { keeper in
            #expect(await keeper.wait().generation == 1)
            let changer = Changer(playground("\(site)/one.py"))
            defer { changer.stop() }
            try package("two", isWhole: false)
            // The other thread isn't always let run between two looks; most of the time it is.
            try await eventually {
                let counters = await keeper.currentStatus().counters
                return counters.examinations > 4 && counters.examinations - counters.failed > 3
            }
            #expect(await keeper.currentStatus().counters.published == 1, "nothing is pushed of what is half installed")
            try playground.file("\(site)/two.py", "x = 2\n")
            changer.stop()
            try await eventually { await keeper.currentStatus().counters.published == 2 }
            #expect(await keeper.wait().generation == 2)
            #expect(await keeper.currentStatus().problem == nil)
        }
    }
}
