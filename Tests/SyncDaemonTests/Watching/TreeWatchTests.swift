import Foundation
import Glibc
import SyncEngine
import Testing

@testable import SyncDaemon

/// Trees, on the real kernel, by events and by polling.
@Suite(.timeLimit(.minutes(3))) struct TreeWatchTests {
    enum Way: String, CaseIterable {
        case events
        case polling
        var options: FileWatcher.Options { self == .events ? .events : .polling }
    }

    let ground: Playground

    init() throws {
        ground = try Playground()
        try ground.directory("src/package")
        try ground.file("src/package/module.py")
    }

    private func watch(_ way: Way, exclude: [String] = []) throws -> Watching {
        let watching = try Watching([.tree(ground("src"), exclude: exclude)], options: way.options)
        #expect(watching.watcher.mode.rawValue == way.rawValue)
        return watching
    }

    @Test(arguments: Way.allCases) func writingCreatingAndDeletingIsTold(way: Way) async throws {
        let watching = try watch(way)
        defer { watching.stop() }
        try ground.file("src/package/module.py", "changed")
        #expect(try await watching.settled().contains(ground("src/package/module.py")))
        try ground.file("src/package/new.py")
        #expect(try await watching.settled().contains(ground("src/package/new.py")))
        try ground.remove("src/package/new.py")
        // Polling doesn't keep names.
        let gone = way == .events ? "src/package/new.py" : "src"
        #expect(try await watching.settled().contains(ground(gone)))
        chmod(ground("src/package/module.py"), 0o600)
        #expect(try await watching.settled().contains(ground("src/package/module.py")))
    }

    @Test(arguments: Way.allCases) func directoriesMadeAfterTheStartAreWatched(way: Way) async throws {
        let watching = try watch(way)
        defer { watching.stop() }
        // The file is there before anybody can watch its directory.
        try ground.directory("src/a/b/c")
        try ground.file("src/a/b/c/deep.py")
        #expect(await watching.told.tells(ground("src/a/b/c/deep.py")))
        _ = try await watching.settled()
        try ground.file("src/a/b/c/deep.py", "again")
        #expect(await watching.told.tells(ground("src/a/b/c/deep.py")))
        try ground.file("src/a/b/later.py")
        #expect(await watching.told.tells(ground("src/a/b/later.py")))
    }

    @Test(arguments: Way.allCases) func directoriesMovedInAreWatchedAndThoseMovedOutAreNot(way: Way) async throws {
        try ground.directory("elsewhere/inner")
        try ground.file("elsewhere/inner/file.py")
        let watching = try watch(way)
        defer { watching.stop() }
        try ground.move("elsewhere", "src/here")
        #expect(try await watching.settled().contains(ground("src/here/inner/file.py")))
        try ground.file("src/here/inner/file.py", "in")
        #expect(try await watching.settled().contains(ground("src/here/inner/file.py")))
        // A directory that is renamed is told by its new name only.
        try ground.move("src/here", "src/there")
        #expect(try await watching.settled().contains(ground("src/there/inner/file.py")))
        try ground.file("src/there/inner/file.py", "renamed")
        #expect(try await watching.settled() == [ground("src/there/inner/file.py")])
        let count = watching.watcher.watchedCount
        try ground.move("src/there", "elsewhere")
        #expect(try await watching.settled().contains(ground(way == .events ? "src/there" : "src")))
        #expect(watching.watcher.watchedCount < count)
        try ground.file("elsewhere/inner/file.py", "out")
        #expect(try await watching.settled() == [])
    }

    @Test(arguments: Way.allCases) func aRootThatIsDeletedAndMadeAgainIsWatched(way: Way) async throws {
        let watching = try watch(way)
        defer { watching.stop() }
        for round in 1...3 {
            try ground.remove("src")
            #expect(try await watching.settled().contains(ground("src")))
            try ground.directory("src/package")
            try ground.file("src/package/module.py", "round \(round)")
            #expect(await watching.told.tells(ground("src/package/module.py")))
            _ = try await watching.settled()
            try ground.file("src/package/module.py", "once more in \(round)")
            #expect(try await watching.settled() == [ground("src/package/module.py")])
        }
    }

    @Test func aRootThatSomebodySitsInIsWatchedAgain() async throws {
        let watching = try watch(.events)
        defer { watching.stop() }
        // As long as it is open, a deleted directory doesn't say that it is gone.
        let seat = open(ground("src"), O_RDONLY | O_DIRECTORY)
        defer { close(seat) }
        try ground.remove("src")
        try ground.directory("src/package")
        try ground.file("src/package/new.py")
        #expect(await watching.told.tells(ground("src/package/new.py")))
        _ = try await watching.settled()
        try ground.file("src/package/new.py", "changed")
        #expect(try await watching.settled() == [ground("src/package/new.py")])
    }

    @Test(arguments: Way.allCases) func anAncestorThatIsMovedAwayAndReplacedIsFollowed(way: Way) async throws {
        try ground.directory("a/b/src")
        try ground.file("a/b/src/one.py")
        let watching = try Watching([.tree(ground("a/b/src"))], options: way.options)
        defer { watching.stop() }
        try ground.move("a", "old")
        try ground.directory("a/b/src")
        try ground.file("a/b/src/two.py")
        #expect(await watching.told.tells(ground("a/b/src/two.py")))
        _ = try await watching.settled()
        try ground.file("old/b/src/one.py", "nobody cares")
        try ground.file("a/b/src/two.py", "this counts")
        #expect(try await watching.settled() == [ground("a/b/src/two.py")])
    }

    @Test(arguments: Way.allCases) func whatIsLeftOutIsNotTold(way: Way) async throws {
        try ground.directory("src/build/deep")
        try ground.directory("src/package/__pycache__")
        let watching = try watch(way, exclude: ["build/", "*.log", "!keep.log"])
        defer { watching.stop() }
        try ground.file("src/package/__pycache__/module.cpython-311.pyc")
        try ground.file("src/package/.module.py.swp")
        try ground.file("src/package/module.py~")
        try ground.file("src/build/deep/output.py")
        try ground.file("src/run.log")
        try ground.directory("src/.git/objects")
        try ground.file("src/.git/index")
        try ground.directory("src/.envsync")
        try ground.file("src/.envsync/state.sqlite")
        #expect(try await watching.settled() == [])
        try ground.file("src/keep.log")
        try ground.file("src/build.py")
        let told = try await watching.settled()
        #expect(told == [ground("src/keep.log"), ground("src/build.py")])
        // Not even watched, as far as events go.
        if way == .events {
            let count = watching.watcher.watchedCount
            try ground.directory("src/build/more/and/more")
            _ = try await watching.settled()
            #expect(watching.watcher.watchedCount == count)
        }
    }

    /// Home directories get files, and in /tmp they come and go; the daemon sleeps all the same.
    @Test func whatHappensInDirectoriesAboveWakesNobody() throws {
        let playground = try Playground()
        try playground.directory("shared/home/source")
        #expect(chmod(playground("shared"), 0o1777) == 0)
        let tree = try WatchTree(
            [WatchedPath(path: playground("shared/home/source"), scope: .tree(exclude: []))], limit: .max)
        for number in 0..<10 {
            try playground.file("shared/file\(number)")
            try playground.file("shared/home/file\(number)")
            try playground.remove("shared/file\(number)")
        }
        #expect(!isReadable(tree.inotify.descriptor))
        try playground.file("shared/home/source/file")
        #expect(isReadable(tree.inotify.descriptor))
    }

    private func isReadable(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 1
    }

    @Test(arguments: Way.allCases) func readingIsNotTold(way: Way) async throws {
        let watching = try watch(way)
        defer { watching.stop() }
        for _ in 1...3 {
            #expect(try Data(contentsOf: URL(fileURLWithPath: ground("src/package/module.py"))).count == 1)
            #expect(try FileManager.default.subpathsOfDirectory(atPath: ground("src")).count == 2)
            _ = OpenForWriting.isOpen(ground("src/package/module.py"))
        }
        #expect(try await watching.settled() == [])
    }

    @Test(arguments: Way.allCases) func thousandsOfFilesAtOnceAreTold(way: Way) async throws {
        let watching = try watch(way)
        defer { watching.stop() }
        for index in 0..<2000 {
            let directory = "src/package/d\(index % 40)"
            if index < 40 { try ground.directory(directory) }
            try ground.file("\(directory)/f\(index).py")
        }
        _ = try await watching.settled()
        // Each of them is watched.
        for index in stride(from: 0, to: 2000, by: 197) {
            let file = "src/package/d\(index % 40)/f\(index).py"
            try ground.file(file, "changed")
            #expect(try await watching.settled() == [ground(file)])
        }
    }

    @Test func whatIsBeingWrittenIsTold() async throws {
        let watching = try watch(.events)
        defer { watching.stop() }
        let path = ground("src/package/module.py")
        let descriptor = open(path, O_WRONLY)
        #expect(write(descriptor, "abc", 3) == 3)
        #expect(await watching.told.until { $0.batches.contains { $0.openForWriting == [path] } })
        watching.told.clear()
        close(descriptor)
        #expect(await watching.told.until { $0.batches.contains { $0.paths == [path] && $0.openForWriting.isEmpty } })
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser may read everything"))
    func aDirectoryThatBecomesReadableIsWatched() async throws {
        try ground.directory("src/closed")
        chmod(ground("src/closed"), 0)
        let watching = try watch(.events)
        defer { watching.stop() }
        chmod(ground("src/closed"), 0o755)
        _ = try await watching.settled()
        try ground.file("src/closed/new.py")
        #expect(try await watching.settled() == [ground("src/closed/new.py")])
    }
}
