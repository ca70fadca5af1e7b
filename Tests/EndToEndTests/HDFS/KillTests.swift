import Foundation
import Glibc
import Synchronization
import Testing

extension FaultyHDFSTests {
    @Test("kill -9 at 32 points of a push of 64 files: whatever the ref leads to is there at every moment")
    func killed() throws {
        let points = 32
        let root = try hdfs.makeRoot()
        let sizes = (0..<64).map { [1_000, 40_000, 400_000, 2_000_000][$0 % 4] + $0 }
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: sizes)
        let names = sizes.indices.map { String(format: "data/f%03d.bin", $0) }
        try workspace.succeed("push")
        // The shards are there now, as in a store that is in use. This is what gets killed, at its full length.
        try workspace.freshen(names)
        var duration = try measure { try workspace.succeed("push", "--lock") }

        let observer = StoreObserver(StoreReader(instance: hdfs, root: root, environment: "etl"))
        var kills = 0
        var attempts = 0
        while kills < points, attempts < 2 * points {
            attempts += 1
            // Every fourth goes on where the one before was killed, the others start with new content.
            if kills % 4 != 3 { try workspace.freshen(names) }
            try workspace.succeed("lock")
            let start = ContinuousClock.now
            let push = try workspace.start("push")
            let moment = start + duration * (Double(kills) + 0.5) / Double(points)
            while push.isRunning, ContinuousClock.now < moment { usleep(1000) }
            push.send(SIGKILL)
            let result = try push.wait()
            if result.signal == SIGKILL {
                kills += 1
            } else {
                // It was faster than we thought, so the points are moved.
                #expect(result.status == 0, "\(result)")
                duration = min(duration, ContinuousClock.now - start)
            }
        }
        #expect(kills == points)
        let seen = observer.stop()
        #expect(seen.failures == [])
        #expect(seen.readings > 10)

        try workspace.succeed("push", "--lock")
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        #expect(try hdfs.staging(root) == [], "the staging directories of this workspace's dead pushes are removed")
        let reader = StoreReader(instance: hdfs, root: root, environment: "etl")
        for generation in try reader.generations() { try reader.readGeneration(generation) }
        #expect(try reader.readAll().manifest == reader.generations().last)
        try hdfs.must("DELETE", root, "op=DELETE&recursive=true")
    }

    private func measure(_ body: () throws -> Void) rethrows -> Duration {
        let start = ContinuousClock.now
        try body()
        return ContinuousClock.now - start
    }
}

/// Reads a store over and over on a thread of its own.
private final class StoreObserver: Sendable {
    struct Seen {
        var readings = 0
        var failures: [String] = []
    }

    private let state = Mutex((seen: Seen(), isStopping: false, isDone: false))

    init(_ reader: StoreReader) {
        let thread = Thread { [self] in
            while !state.withLock({ $0.isStopping }) {
                do {
                    try reader.readAll()
                    state.withLock { $0.seen.readings += 1 }
                } catch {
                    state.withLock { $0.seen.failures.append("\(error)") }
                }
            }
            state.withLock { $0.isDone = true }
        }
        thread.start()
    }

    func stop() -> Seen {
        state.withLock { $0.isStopping = true }
        while !state.withLock({ $0.isDone }) { usleep(1000) }
        return state.withLock { $0.seen }
    }
}
