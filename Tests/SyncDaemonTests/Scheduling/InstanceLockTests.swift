import EnvSyncModel
import Foundation
import Glibc
import Testing

@testable import SyncDaemon

@Suite struct InstanceLockTests {
    @Test func isHeldOnceAndGoesWithItsHolder() throws {
        let directory = FileManager.default.temporaryDirectory.path + "/envsync-instance-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var first = try InstanceLock(workspace: directory)
        #expect(first != nil)
        let error = try #require(throws: EnvSyncError.self) { try InstanceLock(workspace: directory) }
        #expect(error.message.contains(directory) && error.reason == "process \(getpid())")
        first = nil
        #expect(try InstanceLock(workspace: directory) != nil)
    }

    @Test func aWorkspaceThatIsNotThereHasNone() throws {
        #expect(try InstanceLock(workspace: "/nowhere/at/all") == nil)
    }
}

@Suite struct GateTests {
    @Test func letsAFewThroughAndAllInTheEnd() async throws {
        let gate = Gate(limit: 3)
        let inside = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await gate.run("store") {
                        await inside.enter()
                        try await Task.sleep(for: .milliseconds(1))
                        await inside.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await inside.most == 3)
        #expect(await inside.total == 50)
    }

    @Test func aFailureLetsTheNextOneThrough() async throws {
        struct Failure: Error {}
        let gate = Gate(limit: 1)
        for _ in 0..<3 {
            await #expect(throws: Failure.self) { try await gate.run("store") { throw Failure() } }
        }
        #expect(try await gate.run("store") { 1 } == 1)
    }

    @Test func oneStoreDoesNotHoldUpAnother() async throws {
        let gate = Gate(limit: 1)
        let (held, release) = AsyncStream.makeStream(of: Void.self)
        let (entered, didEnter) = AsyncStream.makeStream(of: Void.self)
        let slow = Task {
            try await gate.run("slow") {
                didEnter.finish()
                for await _ in held {}
            }
        }
        for await _ in entered {}
        #expect(try await gate.run("quick") { 1 } == 1)
        release.finish()
        try await slow.value
    }

    private actor Counter {
        private var inside = 0
        private(set) var most = 0
        private(set) var total = 0

        func enter() {
            inside += 1
            total += 1
            most = max(most, inside)
        }

        func leave() { inside -= 1 }
    }
}

@Suite struct AlarmTests {
    @Test func ringsAtOnceAndByTheClockAndNoMoreForATimeThatWasReplaced() async {
        let alarm = Alarm()
        var rings = alarm.rings.makeAsyncIterator()
        alarm.ring()
        alarm.ring()
        await rings.next()
        let begun = ContinuousClock.now
        alarm.set(begun + .seconds(600))
        alarm.set(begun + .milliseconds(50))
        await rings.next()
        #expect(ContinuousClock.now - begun >= .milliseconds(50))
        alarm.end()
        #expect(await rings.next() == nil)
    }
}
