import Foundation
import Glibc
import SyncEngine
import Testing

@testable import SyncDaemon

/// Single files, wheelhouses and symbolic links, on the real kernel, by events and by polling.
@Suite(.timeLimit(.minutes(3))) struct FileWatchTests {
    typealias Way = TreeWatchTests.Way

    let ground: Playground

    init() throws { ground = try Playground() }

    @Test(arguments: Way.allCases) func aFileIsFollowedThroughReplacingAndDeleting(way: Way) async throws {
        try ground.file("lock", "one")
        let watching = try Watching([.file(ground("lock"))], options: way.options)
        defer { watching.stop() }
        try ground.file("other", "not watched")
        try ground.file("new", "two")
        #expect(try await watching.settled() == [])
        try ground.move("new", "lock")
        #expect(try await watching.settled() == [ground("lock")])
        try ground.remove("lock")
        #expect(try await watching.settled() == [ground("lock")])
        try ground.file("lock", "three")
        #expect(try await watching.settled() == [ground("lock")])
        try ground.directory("kept")
        try ground.move("lock", "kept/lock")
        #expect(try await watching.settled() == [ground("lock")])
        try ground.file("kept/lock", "not watched any more")
        #expect(try await watching.settled() == [])
        try ground.move("kept/lock", "lock")
        #expect(try await watching.settled() == [ground("lock")])
    }

    @Test(arguments: Way.allCases) func whatDoesNotExistYetIsWaitedFor(way: Way) async throws {
        let watching = try Watching(
            [.file(ground("a/b/c/file")), .house(ground("w/heels")), .tree(ground("s/r/c"))], options: way.options)
        defer { watching.stop() }
        try ground.directory("a")
        #expect(try await watching.settled().subtracting([ground("a/b/c/file")]) == [])
        try ground.directory("a/b/c")
        try ground.file("a/b/c/file")
        #expect(await watching.told.tells(ground("a/b/c/file")))
        _ = try await watching.settled()
        try ground.file("a/b/c/file", "changed")
        #expect(try await watching.settled() == [ground("a/b/c/file")])
        try ground.directory("w/heels")
        try ground.file("w/heels/a-1-py3-none-any.whl")
        #expect(await watching.told.tells(ground("w/heels/a-1-py3-none-any.whl")))
        try ground.directory("s/r/c/package")
        try ground.file("s/r/c/package/m.py")
        #expect(await watching.told.tells(ground("s/r/c/package/m.py")))
        // Away with what is above it, and again.
        try ground.remove("a")
        #expect(await watching.told.tells(ground("a/b/c/file")))
        _ = try await watching.settled()
        try ground.directory("a/b/c")
        try ground.file("a/b/c/file", "again")
        #expect(try await watching.settled().contains(ground("a/b/c/file")))
    }

    @Test(arguments: Way.allCases) func aWheelhouseTellsOfWheels(way: Way) async throws {
        try ground.directory("wheels/.cache")
        let watching = try Watching([.house(ground("wheels"))], options: way.options)
        defer { watching.stop() }
        try ground.file("wheels/README")
        try ground.file("wheels/.hidden.whl")
        try ground.file("wheels/a.whl.part")
        try ground.file("wheels/.cache/b.whl")
        #expect(try await watching.settled() == [])
        try ground.move("wheels/a.whl.part", "wheels/a.whl")
        #expect(try await watching.settled() == [ground("wheels/a.whl")])
        for name in ["B.WHL", "c.egg", "d.zip", "e.tar.gz"] {
            try ground.file("wheels/\(name)")
            #expect(try await watching.settled() == [ground("wheels/\(name)")])
        }
    }

    @Test(arguments: Way.allCases) func linksAreFollowedToTheirTargets(way: Way) async throws {
        try ground.directory("real")
        try ground.directory("other")
        try ground.directory("elsewhere")
        try ground.file("real/config")
        try ground.file("other/config")
        try ground.file("elsewhere/a.whl")
        try ground.file("real/b.whl")
        try ground.link("config", to: "real/config")
        try ground.link("wheels", to: ground("real"))
        try ground.link("real/a.whl", to: "../elsewhere/a.whl")
        let watching = try Watching([.file(ground("config")), .house(ground("wheels"))], options: way.options)
        defer { watching.stop() }
        try ground.file("real/config", "target")
        #expect(try await watching.settled() == [ground("config")])
        try ground.file("elsewhere/a.whl", "target")
        #expect(try await watching.settled() == [ground("wheels/a.whl")])
        try ground.file("real/b.whl", "in the target")
        #expect(try await watching.settled() == [ground("wheels/b.whl")])
        // The links themselves lead elsewhere.
        try ground.remove("config")
        try ground.link("config", to: "other/config")
        #expect(try await watching.settled() == [ground("config")])
        try ground.file("other/config", "new target")
        #expect(try await watching.settled() == [ground("config")])
        try ground.file("real/config", "old target")
        #expect(try await watching.settled() == [])
        try ground.link("wheels.new", to: "elsewhere")
        try ground.move("wheels.new", "wheels")
        #expect(try await watching.settled().contains(ground("wheels")))
        try ground.file("elsewhere/c.whl")
        #expect(try await watching.settled() == [ground("wheels/c.whl")])
        try ground.file("real/b.whl", "old target")
        #expect(try await watching.settled() == [])
    }

    @Test(arguments: Way.allCases) func aFileIsReplacedByALink(way: Way) async throws {
        try ground.file("file")
        try ground.file("target")
        let watching = try Watching([.file(ground("file"))], options: way.options)
        defer { watching.stop() }
        try ground.link("new", to: "target")
        try ground.move("new", "file")
        #expect(try await watching.settled() == [ground("file")])
        try ground.file("target", "through the link")
        #expect(try await watching.settled() == [ground("file")])
    }

    @Test(arguments: Way.allCases) func linksInTreesAreFollowed(way: Way) async throws {
        try ground.directory("src/build/generated")
        try ground.file("src/build/one.py")
        try ground.file("src/build/generated/two.py")
        try ground.link("src/one.py", to: "build/one.py")
        try ground.link("src/generated", to: "build/generated")
        // One that leads to where it is must not lead astray.
        try ground.link("src/build/generated/up", to: "../..")
        try ground.link("src/self", to: ".")
        let watching = try Watching([.tree(ground("src"), exclude: ["/build/"])], options: way.options)
        defer { watching.stop() }
        try ground.file("src/build/three.py", "left out, and no link leads to it")
        #expect(try await watching.settled() == [])
        try ground.file("src/build/one.py", "changed")
        #expect(try await watching.settled() == [ground("src/one.py")])
        try ground.file("src/build/generated/two.py", "changed")
        #expect(try await watching.settled() == [ground("src/generated/two.py")])
        try ground.directory("src/build/generated/deep")
        try ground.file("src/build/generated/deep/er.py")
        #expect(await watching.told.tells(ground("src/generated/deep/er.py")))
        try ground.remove("src/generated")
        _ = try await watching.settled()
        try ground.file("src/build/generated/two.py", "nobody looks")
        #expect(try await watching.settled() == [])
    }

    @Test(arguments: Way.allCases) func aTreeCanBeAFile(way: Way) async throws {
        try ground.file("input")
        let watching = try Watching([.tree(ground("input"))], options: way.options)
        defer { watching.stop() }
        try ground.file("input", "changed")
        #expect(try await watching.settled() == [ground("input")])
        try ground.remove("input")
        try ground.directory("input")
        try ground.file("input/inside")
        #expect(await watching.told.tells(ground("input/inside")))
        _ = try await watching.settled()
        try ground.file("input/inside", "changed")
        #expect(try await watching.settled() == [ground("input/inside")])
    }

    @Test(arguments: Way.allCases) func namesThatAreNoTextDoNoHarm(way: Way) async throws {
        try ground.directory("src")
        let watching = try Watching([.tree(ground("src"))], options: way.options)
        defer { watching.stop() }
        let bytes: [CChar] = ground("src/").utf8.map { CChar(bitPattern: $0) } + [-1, -2, 0]
        mkdir(bytes, 0o755)
        #expect(try await !watching.settled().isEmpty)
        try ground.file("src/new\nline \u{1F40D} é.py")
        #expect(try await watching.settled() == [ground("src/new\nline \u{1F40D} é.py")])
        rmdir(bytes)
    }
}
