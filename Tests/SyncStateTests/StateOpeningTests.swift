import EnvSyncModel
import Foundation
import Testing

@testable import SyncState

@Suite("State: opening")
struct StateOpeningTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var path: String { "\(directory.path)/state.sqlite" }

    private func open(readOnly: Bool = false) -> StateDatabase {
        StateDatabase.open(directory: directory.path, readOnly: readOnly)
    }

    private static let publication = Publication(
        store: "s", environment: "e", id: ContentDigest.of([1]), generation: 7, publishedAt: 1)

    private func seed() throws {
        try open().setPublication(Self.publication)
    }

    private func publication(_ database: StateDatabase) throws -> Publication? {
        try database.publication(store: "s", environment: "e")
    }

    @Test func fresh() throws {
        let database = StateDatabase.open(directory: directory.path + "/.envsync")
        #expect(database.access == .readWrite)
        #expect(database.problem == nil)
        try database.setPublication(Self.publication)
        let again = StateDatabase.open(directory: directory.path + "/.envsync")
        #expect(try publication(again) == Self.publication)
    }

    /// The shapes are frozen: these digests never change. What changes the shape is a new migration, with a new digest
    /// beside these.
    @Test(arguments: [
        (1, "455bc8df364516fd2e6bf9dc044a0162ad7b5d31ce19e9d4f31cbdcaaf9c7703"),
        (2, "4eb89d350a8f17b0cf7742b14d4210419e7efc1a357c90200d9d995aa1e1d849"),
    ])
    func shape(version: Int, digest: String) throws {
        let text = try StateSchema.text(upTo: version)
        #expect(ContentDigest.of(text.utf8).hex == digest, "\(text)")
    }

    @Test func shapeOfFreshOnes() throws {
        #expect(StateSchema.version == 2)
        let text = try StateSchema.text(upTo: StateSchema.version)
        #expect(try StateSchema.text(of: open()) == text)
        #expect(try StateSchema.text(of: .inMemory()) == text)
    }

    @Test func olderOnesKeepWhatTheyKnow() throws {
        let path = directory.path + "/.envsync"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try StateSchema.create(path + "/state.sqlite", version: 1) { database in
            try database.execute(
                sql: """
                    INSERT INTO push (id, store, environment, started_at, finished_at, outcome, process_id,
                    process_start, host, objects_sent, bytes_sent) VALUES ('1', 's', 'e', 1, 2, 'done', 1, 1, 'h', 3, 4)
                    """)
        }
        let database = StateDatabase.open(directory: path)
        #expect(database.access == .readWrite && database.problem == nil)
        let push = try #require(try database.recentPushes().first)
        #expect(push.objectsSent == 3 && push.origin == .push)
    }

    @Test func isALogOfItsOwn() throws {
        let database = open()
        try database.setPublication(Self.publication)
        #expect(directory.names.contains("state.sqlite-wal"))
        #expect(!directory.names.contains("state.sqlite.new"))
    }

    @Test func relativeAndHostileDirectories() throws {
        let odd = directory.path + "/file:a?b#c %41é"
        #expect(StateDatabase.open(directory: odd).access == .readWrite)
        try StateDatabase.open(directory: odd).setPublication(Self.publication)
        let database = StateDatabase.open(directory: odd, readOnly: true)
        #expect(database.access == .readOnly)
        #expect(try publication(database) == Self.publication)
    }

    @Test func manyAtOnce() async throws {
        let path = directory.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<32 {
                group.addTask {
                    let database = StateDatabase.open(directory: path)
                    #expect(database.access == .readWrite)
                    #expect(database.problem == nil)
                    try database.begin(PushRecord(id: "\(number)", store: "s", environment: "e", startedAt: 1))
                }
            }
            try await group.waitForAll()
        }
        #expect(try Set(open().recentPushes(limit: 100).map(\.id)) == Set((0..<32).map(String.init)))
    }

    @Test func aWriterIsWaitedFor() async throws {
        try seed()
        let first = open()
        let holder = Task.detached {
            try first.write { _ in Thread.sleep(forTimeInterval: 0.3) }
        }
        try await Task.sleep(for: .milliseconds(100))
        let second = open()
        #expect(try publication(second) == Self.publication)
        try second.removePublication(store: "s", environment: "e")
        try await holder.value
        #expect(try publication(first) == nil)
    }

    // MARK: - Not ours, damaged, in the way

    @Test(arguments: [
        Array("not a database, but as long as one's header: 100 bytes .........................................".utf8),
        Array("SQLite format 3\0".utf8) + [UInt8](repeating: 0xAA, count: 5000),
    ])
    func damaged(bytes: [UInt8]) throws {
        for number in 1...2 {
            try directory.write(bytes, to: "state.sqlite")
            let database = open()
            #expect(database.access == .readWrite)
            #expect(database.problem?.contains("damaged") == true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(path).corrupt-\(number)")) == Data(bytes))
            try database.setPublication(Self.publication)
            #expect(try publication(database) == Self.publication)
        }
        #expect(open().problem == nil)
    }

    @Test func damagedAndReadOnly() throws {
        let bytes = Array(repeating: UInt8(ascii: "x"), count: 4096)
        try directory.write(bytes, to: "state.sqlite")
        let database = open(readOnly: true)
        #expect(database.access == .inMemory)
        #expect(database.problem?.contains("cannot use the state database") == true)
        #expect(directory.names == ["state.sqlite"])
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
    }

    @Test(arguments: [0, 1]) func almostEmptyFile(size: Int) throws {
        try directory.write(repeatElement(UInt8(0), count: size), to: "state.sqlite")
        try seed()
        #expect(open().access == .readWrite)
        #expect(open().problem == nil)
    }

    @Test func newer() throws {
        try seed()
        try open().write { try $0.execute(sql: "PRAGMA user_version = 99") }
        for readOnly in [false, true] {
            let database = open(readOnly: readOnly)
            #expect(database.access == .inMemory)
            #expect(database.problem?.contains("a newer envsync made it (version 99)") == true)
            #expect(try publication(database) == nil)
        }
        #expect(directory.names.filter { $0.contains("corrupt") }.isEmpty)
    }

    @Test func anothers() throws {
        try seed()
        try open().write { try $0.execute(sql: "PRAGMA application_id = 1") }
        #expect(open().access == .inMemory)
        #expect(open().problem?.contains("not envsync's") == true)
    }

    @Test func aLeftOverLogIsNotPlayedIntoANewDatabase() throws {
        let other = try TemporaryDirectory()
        let database = open()
        try database.setPublication(Self.publication)
        try directory.copy("state.sqlite-wal", to: other)
        let fresh = StateDatabase.open(directory: other.path)
        #expect(fresh.access == .readWrite)
        #expect(try publication(fresh) == nil)
    }

    @Test(.timeLimit(.minutes(1))) func inTheWay() throws {
        #expect(mkfifo(path, 0o600) == 0)
        #expect(open().problem?.contains("not a regular file") == true)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(open().access == .inMemory)
        try directory.write([1], to: "file")
        let database = StateDatabase.open(directory: directory.path + "/file")
        #expect(database.access == .inMemory)
        #expect(database.problem?.contains("Not a directory") == true)
        #expect(StateDatabase.open(directory: directory.path + "/no/parent").access == .inMemory)
    }

    @Test func aLockThatIsNeverReleased() throws {
        let lock = try FileLock(path: directory.path + "/state.lock", patience: .zero)
        let database = StateDatabase.open(directory: directory.path, patience: .milliseconds(20))
        #expect(database.access == .inMemory)
        #expect(database.problem?.contains("another process holds it") == true)
        withExtendedLifetime(lock) {}
    }

    // MARK: - Read-only

    @Test func readOnly() throws {
        try seed()
        let names = directory.names
        let database = open(readOnly: true)
        #expect(database.access == .readOnly)
        #expect(database.problem == nil)
        #expect(try publication(database) == Self.publication)
        try database.removePublication(store: "s", environment: "e")
        try database.save(fingerprints: [])
        #expect(try publication(database) == Self.publication)
        #expect(directory.names == names)
    }

    @Test func readOnlyBesideAWriter() throws {
        let writer = open()
        try writer.setPublication(Self.publication)
        let database = open(readOnly: true)
        #expect(database.access == .readOnly)
        #expect(try publication(database) == Self.publication)
    }

    @Test func readOnlyWithALogAndNoIndex() throws {
        let killed = try TemporaryDirectory()
        let writer = open()
        try writer.setPublication(Self.publication)
        try directory.copy("state.sqlite", to: killed)
        try directory.copy("state.sqlite-wal", to: killed)
        let database = StateDatabase.open(directory: killed.path, readOnly: true)
        #expect(database.access == .readOnly)
        #expect(try publication(database) == Self.publication)
    }

    @Test func readOnlyWithoutADatabase() {
        let database = open(readOnly: true)
        #expect(database.access == .inMemory)
        #expect(database.problem != nil)
        #expect(directory.names.isEmpty)
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser can write everything"), arguments: [true, false])
    func noPermission(killed: Bool) throws {
        let place = try TemporaryDirectory()
        do {
            let writer = open()
            try writer.setPublication(Self.publication)
            try directory.copy("state.sqlite", to: place)
            if killed { try directory.copy("state.sqlite-wal", to: place) }
        }
        if !killed {
            // The writer has closed its database and moved its log into it.
            try FileManager.default.removeItem(atPath: place.path + "/state.sqlite")
            try directory.copy("state.sqlite", to: place)
        }
        chmod(place.path, 0o500)
        let database = StateDatabase.open(directory: place.path)
        #expect(database.access == .readOnly)
        #expect(try publication(database) == Self.publication)
        try database.removePublication(store: "s", environment: "e")
        #expect(try publication(database) == Self.publication)
        chmod(place.path, 0o700)
        chmod(place.path + "/state.sqlite", 0)
        let unreadable = StateDatabase.open(directory: place.path)
        #expect(unreadable.access == .inMemory)
        #expect(unreadable.problem != nil)
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser can write everything")) func noPermissionToMakeOne() throws {
        chmod(directory.path, 0o500)
        let database = StateDatabase.open(directory: directory.path + "/.envsync")
        #expect(database.access == .inMemory)
        #expect(database.problem?.contains("Permission denied") == true)
        #expect(open().access == .inMemory)
    }
}
