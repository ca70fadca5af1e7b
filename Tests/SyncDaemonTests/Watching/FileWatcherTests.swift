import Foundation
import Glibc
import SyncEngine
import Synchronization
import Testing

@testable import SyncDaemon

/// What a watcher does besides telling of changes: going over to polling and back, losing events, ending.
@Suite(.timeLimit(.minutes(3))) struct FileWatcherTests {
    let ground: Playground

    init() throws {
        ground = try Playground()
        try ground.directory("src")
    }

    // MARK: - Lost events

    @Test func lostEventsAreToldAndEverythingIsWatchedAnew() async throws {
        let limit = try #require(
            Int(
                String(contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)
                    .trimmingCharacters(in: .whitespacesAndNewlines)))
        // A reader that is held up until the kernel's queue is full.
        let gate = Gate()
        var options = FileWatcher.Options.events
        options.beforeReading = { gate.pass() }
        let watching = try Watching([.tree(ground("src"))], options: options)
        defer { watching.stop() }
        gate.close()
        try ground.file("src/first.py")
        #expect(await eventually { gate.isWaitedAt })
        // The kernel counts an event that is the same as the last one in the queue only once.
        for _ in 0...limit / 2 {
            for name in ["src/a.py", "src/b.py"] { close(open(ground(name), O_WRONLY | O_CREAT, 0o600)) }
        }
        // Made while nobody is told.
        try ground.directory("src/unseen")
        gate.open()
        #expect(await watching.told.until { $0.hasOverflow })
        #expect(watching.watcher.mode == .events)
        _ = try await watching.settled()
        try ground.file("src/unseen/module.py")
        #expect(try await watching.settled() == [ground("src/unseen/module.py")])
        #expect(watching.told.notices.isEmpty)
    }

    @Test func moreChangesThanABatchTakesAreAnOverflow() {
        var batch = WatchBatch()
        for index in 0..<WatchBatch.limit { batch.add("\(index)") }
        batch.add("0")
        #expect(!batch.isOverflow)
        batch.add("one more")
        #expect(batch.isOverflow && batch.paths.count == WatchBatch.limit)
    }

    // MARK: - Polling

    @Test func whenWatchesRunOutFilesArePolled() async throws {
        try ground.directory("src/a")
        try ground.file("src/a/known.py")
        var options = FileWatcher.Options.events
        options.watchLimit = 40
        options.retryInterval = .zero
        let watching = try Watching([.tree(ground("src"))], options: options)
        defer { watching.stop() }
        #expect(watching.watcher.mode == .events && watching.watcher.message == nil)
        for index in 0..<60 { try ground.directory("src/d\(index)") }
        #expect(await watching.told.until { $0.hasOverflow })
        #expect(await eventually { watching.watcher.mode == .polling })
        let message = try #require(watching.watcher.message)
        #expect(message.contains("fs.inotify.max_user_watches") && message.contains("envsync daemon reload"))
        #expect(await watching.told.until { $0.notices == [WatchNotice(mode: .polling, message: message)] })
        _ = try await watching.settled()
        try ground.file("src/a/known.py", "changed")
        try ground.file("src/d59/new.py")
        let told = try await watching.settled()
        #expect(told.isSuperset(of: [ground("src/a/known.py"), ground("src/d59/new.py")]))
        // Not told twice, however often it is tried.
        watching.watcher.replace(watching.all([.tree(ground("src"))]))
        #expect(watching.watcher.mode == .polling && watching.told.notices.count == 1)
        // Some directories less, and there are events again; what changed meanwhile is told.
        for index in 0..<60 { try ground.remove("src/d\(index)") }
        try ground.file("src/a/known.py", "meanwhile")
        watching.watcher.replace(watching.all([.tree(ground("src"))]))
        #expect(watching.watcher.mode == .events && watching.watcher.message == nil)
        #expect(watching.told.notices.map(\.mode) == [.polling, .events])
        #expect(await watching.told.tells(ground("src/a/known.py")))
        _ = try await watching.settled()
        try ground.file("src/a/known.py", "by events")
        #expect(try await watching.settled() == [ground("src/a/known.py")])
    }

    @Test func whatCanNotBeWatchedIsNotTakenForALimit() throws {
        let inotify = try Inotify(limit: 1)
        #expect(try inotify.add(ground("missing"), Inotify.allChanges, count: 0) == nil)
        try ground.file("file")
        #expect(try inotify.add(ground("file"), Inotify.allChanges, count: 0) == nil)
        #expect(try inotify.add(ground("src"), Inotify.allChanges, count: 0) != nil)
        #expect(throws: Inotify.Failure.outOfWatches) {
            try inotify.add(ground("src"), Inotify.allChanges, count: 1)
        }
    }

    @Test func pollingCanBeForced() async throws {
        #expect(FileWatcher.isPollingForced(["ENVSYNC_WATCH": "polling"]))
        #expect(!FileWatcher.isPollingForced(["ENVSYNC_WATCH": "events"]))
        #expect(!FileWatcher.isPollingForced([:]))
        let watching = try Watching([.tree(ground("src"))], options: .polling)
        defer { watching.stop() }
        #expect(watching.watcher.mode == .polling)
        #expect(watching.told.notices.count == 1)
        #expect(watching.watcher.message?.contains("ENVSYNC_WATCH=polling") == true)
    }

    @Test func instancesThatRunOutLeadToPolling() async {
        // In a process of its own, whose descriptors may run out.
        await #expect(processExitsWith: .success) {
            let ground = try Playground()
            try ground.directory("src")
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            let told = Told()
            var taken: [Int32] = []
            limit.rlim_cur = 64
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            // All but the two that a wake pipe takes. The process's other threads use descriptors for moments, too, so
            // that one more or one fewer may be left when the watcher asks.
            func starved() throws -> FileWatcher {
                while case let descriptor = open("/dev/null", O_RDONLY), descriptor >= 0 { taken.append(descriptor) }
                for _ in 0..<2 { close(taken.removeLast()) }
                return try FileWatcher(
                    paths: [.tree(ground("src"))], pollInterval: .milliseconds(20), options: .events,
                    onChange: { told.add($0) }, report: { told.add($0) })
            }
            var made = try? starved()
            for _ in 0..<20 where made?.mode != .polling {
                made?.stop()
                made = try? starved()
            }
            let watcher = try #require(made)
            try #require(watcher.mode == .polling)
            try #require(watcher.message?.contains("fs.inotify.max_user_instances") == true)
            for descriptor in taken { close(descriptor) }
            try ground.file("src/new.py")
            let path = ground("src/new.py")
            try #require(await told.until { $0.paths.contains(path) })
            watcher.stop()
        }
    }

    // MARK: - Other paths

    @Test(arguments: TreeWatchTests.Way.allCases) func pathsAreReplaced(way: TreeWatchTests.Way) async throws {
        try ground.directory("old")
        try ground.directory("new")
        let watching = try Watching([.tree(ground("src")), .tree(ground("old"))], options: way.options)
        defer { watching.stop() }
        watching.watcher.replace(watching.all([.tree(ground("src")), .tree(ground("new"))]))
        _ = try await watching.settled()
        try ground.file("old/file.py")
        try ground.file("new/file.py")
        try ground.file("src/file.py")
        #expect(try await watching.settled() == [ground("new/file.py"), ground("src/file.py")])
        watching.watcher.replace(watching.all([.tree(ground("new"), exclude: ["*.log"])]))
        _ = try await watching.settled()
        try ground.file("new/file.log")
        try ground.file("src/file.py", "no more")
        #expect(try await watching.settled() == [])
    }

    @Test(arguments: TreeWatchTests.Way.allCases) func changesBeforeReplacingAreNotLost(
        way: TreeWatchTests.Way
    ) async throws {
        try ground.file("src/file.py")
        var options = way.options
        options.retryInterval = .zero
        let watching = try Watching([.tree(ground("src"))], options: options, poll: .seconds(3600))
        defer { watching.stop() }
        try ground.file("src/file.py", "changed")
        watching.watcher.replace(watching.all([.tree(ground("src")), .file(ground("another"))]))
        #expect(await watching.told.tells(ground("src/file.py")))
    }

    @Test func youngFilesAreFound() throws {
        try ground.directory("src/deep")
        try ground.file("src/deep/young.py")
        try ground.file("src/old.py")
        try ground.file("src/deep/young.pyc")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: ground("src/old.py"))
        let paths: [WatchedPath] = [.tree(ground("src")), .file(ground("missing"))]
        let ages = FileWatcher.recentChanges(in: paths, within: .seconds(600))
        #expect(Array(ages.keys) == [ground("src/deep/young.py")])
        #expect(try #require(ages.values.first) < .seconds(600))
        #expect(FileWatcher.recentChanges(in: paths, within: .seconds(36_000)).count == 2)
    }

    // MARK: - The end

    @Test(arguments: TreeWatchTests.Way.allCases) func nothingIsToldAfterTheEnd(way: TreeWatchTests.Way) async throws {
        let watching = try Watching([.tree(ground("src"))], options: way.options)
        watching.stop()
        watching.stop()
        watching.told.clear()
        try ground.file("src/late.py")
        watching.watcher.replace([.tree(ground("src"))])
        try await Task.sleep(for: .milliseconds(200))
        #expect(watching.told.batches.isEmpty)
    }

    @Test func itCanBeStoppedAndReplacedByWhatItCalls() async throws {
        let told = Told()
        let held = Mutex<FileWatcher?>(nil)
        let path = ground("src")
        let watcher = try FileWatcher(
            paths: [.tree(path)], pollInterval: .seconds(1), options: .events,
            onChange: { batch in
                let watcher = held.withLock { $0 }
                watcher?.replace([.tree(path), .file(path + "/other")])
                watcher?.stop()
                held.withLock { $0 = nil }
                told.add(batch)
            }, report: { told.add($0) })
        held.withLock { $0 = watcher }
        try ground.file("src/file.py")
        #expect(await told.until { !$0.batches.isEmpty })
    }

    @Test func nothingIsLeftOfIt() async {
        // In a process of its own, where nobody else opens files or starts threads.
        await #expect(processExitsWith: .success) {
            func count(_ directory: String) throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: directory).count
            }
            let ground = try Playground()
            for index in 0..<200 { try ground.directory("src/d\(index)") }
            func once(_ options: FileWatcher.Options) async throws {
                let told = Told()
                let watcher = try FileWatcher(
                    paths: [.tree(ground("src"))], pollInterval: .milliseconds(20), options: options,
                    onChange: { told.add($0) }, report: { told.add($0) })
                try ground.file("src/d7/f.py", UUID().uuidString)
                try #require(await told.until { !$0.batches.isEmpty })
                watcher.stop()
            }
            // The first time, tasks get their threads.
            for _ in 0..<3 { try await once(.events) }
            let before = (descriptors: try count("/proc/self/fd"), threads: try count("/proc/self/task"))
            for _ in 0..<20 {
                try await once(.events)
                try await once(.polling)
            }
            // Without being stopped by name, too.
            for _ in 0..<20 {
                _ = try FileWatcher(
                    paths: [.tree(ground("src"))], pollInterval: .seconds(1), options: .events, onChange: { _ in },
                    report: { _ in })
            }
            let after = (descriptors: try count("/proc/self/fd"), threads: try count("/proc/self/task"))
            try #require(after.descriptors == before.descriptors)
            try #require(after.threads <= before.threads + 1)
        }
    }
}

/// Holds a thread up.
private final class Gate: @unchecked Sendable {
    private let condition = NSCondition()
    private var isClosed = false
    private var waiting = 0

    var isWaitedAt: Bool { condition.withLock { waiting > 0 } }

    func close() { condition.withLock { isClosed = true } }

    func open() {
        condition.withLock {
            isClosed = false
            condition.broadcast()
        }
    }

    func pass() {
        condition.withLock {
            waiting += 1
            while isClosed { condition.wait() }
            waiting -= 1
        }
    }
}
