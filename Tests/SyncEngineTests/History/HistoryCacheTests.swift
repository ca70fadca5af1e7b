import EnvSyncModel
import Foundation
import Testing

@testable import SyncEngine

@Suite("The history of a store, asked for again and again")
struct HistoryCacheTests {
    @Test("what was read once is not read again; new generations are, and damage that came later doesn't show")
    func cached() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/envsync-history-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        func write(_ name: String, _ text: String) throws {
            try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
        }
        try write("envsync.toml", "[environment]\nname = \"etl\"\nfiles = [\"a.txt\"]\n")
        let engine = try Engine(directory: directory, logger: .init(label: "test")) { _ in }
        var options = PushOptions()
        options.lockFirst = true
        for round in 1...3 {
            try write("a.txt", String(repeating: "x", count: round))
            _ = try await engine.push(options)
        }
        let cache = GenerationCache()
        let first = try await engine.history(limit: 2, cache: cache)
        #expect(first.map(\.generation.number) == [3, 2] && first.allSatisfy { $0.problem == nil })
        #expect(first[0].changes?.map(\.short) == ["a.txt (content)"] && first[0].bytes == 3)
        // Without its content no manifest can be read: what is told now was remembered.
        let folder = "\(directory)/.envsync/store/environments/etl"
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name != "current.json" {
            #expect(truncate("\(folder)/\(name)", 0) == 0)
        }
        #expect(try await engine.history(limit: 2, cache: cache) == first)
        let unread = try await engine.history(limit: 3, cache: cache)
        #expect(unread[2].problem != nil && unread[2].changes == nil)
        #expect(unread[0] == first[0] && unread[1] == first[1])
        let cold = try await engine.history(limit: 2)
        #expect(cold.allSatisfy { $0.problem != nil })
    }
}
