import EnvSyncModel
import Foundation
import Glibc
import Testing

@testable import ObjectStore

@Suite("The publish protocol")
struct PublishProtocolTests {
    @Test(
        "A client that dies at any operation leaves a whole store, and the next push completes",
        arguments: [false, true])
    func deathAtEveryOperation(afterEffect: Bool) async throws {
        let old = try Sample(["one", "two", "three"])
        let new = try Sample(["one", "zwei", "drei", "vier", "fünf"])
        // How many operations a whole push takes.
        let measured = try TemporaryDirectory()
        try await old.push(LocalFileSystem(), root: measured.path + "/store")
        let counting = DyingFileSystem(diesAt: .max, afterEffect: false)
        try await new.push(counting, root: measured.path + "/store")
        #expect(counting.operations > 30)

        for fatal in 1...counting.operations {
            let directory = try TemporaryDirectory()
            let root = directory.path + "/store"
            let first = try await old.push(LocalFileSystem(), root: root).generation
            let dying = DyingFileSystem(diesAt: fatal, afterEffect: afterEffect)
            await #expect(throws: (any Error).self) { try await new.push(dying, root: root) }
            let seen = try await expectWhole(root, old.manifest.name)
            #expect(seen == first || seen?.id == new.manifest.id, "after death at operation \(fatal)")
            let outcome = try await new.push(LocalFileSystem(), root: root)
            #expect(outcome.current.id == new.manifest.id)
            #expect(try await expectWhole(root, old.manifest.name) == outcome.current)
        }
    }

    @Test("Many publishers of one environment at once: every generation is whole, and the ref ends at the newest")
    func concurrentPublishers() async throws {
        let directory = try TemporaryDirectory()
        let root = directory.path + "/store"
        let samples = try (0..<12).map { try Sample(["shared", "own \($0)", "pair \($0 / 2)"]) }
        let outcomes = try await concurrently(samples, limit: 12) { sample in
            try await sample.push(LocalFileSystem(), root: root)
        }
        let store = ObjectStore(fileSystem: LocalFileSystem(), root: root, sharing: .private)
        let name = samples[0].manifest.name
        let generations = try await store.generations(of: name).map(\.name)
        #expect(try await expectWhole(root, name) == generations.last)
        for outcome in outcomes { #expect(generations.contains(outcome.generation)) }
        // Whoever lost a tie published again: the last generation of each number that was current is unique.
        #expect(Set(generations.map(\.id)) == Set(samples.map(\.manifest.id)))
        for generation in generations { #expect(try await store.generation(generation, of: name) != nil) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: root + "/staging").isEmpty)
    }

    @Test("A ref left behind by a publisher that died is brought up to date by the next one")
    func staleRef() async throws {
        let directory = try TemporaryDirectory()
        let root = directory.path + "/store"
        let first = try Sample(["one"])
        let second = try Sample(["two"])
        try await first.push(LocalFileSystem(), root: root)
        let ref = "\(root)/environments/etl/current.json"
        let stale = try Data(contentsOf: URL(fileURLWithPath: ref))
        try await second.push(LocalFileSystem(), root: root)
        try stale.write(to: URL(fileURLWithPath: ref))
        let third = try Sample(["three"])
        let outcome = try await third.push(LocalFileSystem(), root: root)
        #expect(outcome.generation.number == 3)
        #expect(try await expectWhole(root, first.manifest.name) == outcome.generation)
    }

    @Test("Publishing an environment again after another gives a new number; publishing the newest again gives none")
    func republishing() async throws {
        let directory = try TemporaryDirectory()
        let root = directory.path + "/store"
        let one = try Sample(["one"])
        let two = try Sample(["two"])
        #expect(try await one.push(LocalFileSystem(), root: root).generation.number == 1)
        #expect(try await two.push(LocalFileSystem(), root: root).generation.number == 2)
        #expect(try await two.push(LocalFileSystem(), root: root).generation.number == 2)
        #expect(try await one.push(LocalFileSystem(), root: root).generation.number == 3)
    }

    @Test("A published object keeps its modification time and inode when it is pushed again")
    func publishedIsNeverTouched() async throws {
        let directory = try TemporaryDirectory()
        let root = directory.path + "/store"
        let sample = try Sample(["one", "two"])
        try await sample.push(LocalFileSystem(), root: root)
        func times() throws -> [UInt64] {
            try sample.manifest.objects.flatMap { object -> [UInt64] in
                var info = stat()
                guard stat("\(root)/\(object.relativePath)", &info) == 0 else { throw Died() }
                return [UInt64(info.st_ino), UInt64(info.st_mtim.tv_sec), UInt64(info.st_mtim.tv_nsec)]
            }
        }
        let before = try times()
        try await sample.push(LocalFileSystem(), root: root)
        #expect(try times() == before)
    }

    @Test("What is in the way of an object and isn't it is replaced", arguments: ["", "onX", "one and more"])
    func damagedObject(content: String) async throws {
        let directory = try TemporaryDirectory()
        let root = directory.path + "/store"
        let sample = try Sample(["one"])
        try await sample.push(LocalFileSystem(), root: root)
        let object = sample.manifest.objects[0]
        try Data(content.utf8).write(to: URL(fileURLWithPath: "\(root)/\(object.relativePath)"))
        let store = ObjectStore(fileSystem: LocalFileSystem(), root: root, sharing: .private)
        let presence = try await store.presence(of: [object], concurrency: 1)
        if content.utf8.count == 3 {
            guard case .present = presence[object] else {
                Issue.record("a file of the right size counts as present: \(presence)")
                return
            }
        } else {
            guard case .damaged = presence[object] else {
                Issue.record("a file of another size is damaged: \(presence)")
                return
            }
        }
        let session = PushSession(store: store, id: "repair", knownFileSystem: nil)
        try await session.prepare()
        let stored = try await session.put(object, content: .bytes(Array("one".utf8)))
        #expect(stored.replacedDamaged && stored.wasSent)
        #expect(try await store.fileSystem.digest(store.layout.path(of: object)) == object.digest)
    }
}
