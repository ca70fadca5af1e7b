import EnvSyncModel
import Foundation
import Glibc
import Logging
import Synchronization

@testable import SyncEngine

/// A workspace in a directory of its own, removed when the test lets go of it.
final class EngineWorkspace: Sendable {
    let directory: String
    let events = Mutex<[SyncEvent]>([])

    init() throws {
        directory = FileManager.default.temporaryDirectory.path + "/envsync-engine-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func path(_ name: String) -> String { directory + "/" + name }

    func write(_ name: String, _ text: String) throws {
        let path = path(name)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    func read(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// Writes the configuration: an environment of these files, in the embedded store or in one of that URL.
    func configure(files: [String], store: String? = nil, settings: String = "", more: String = "") throws {
        let list = files.map { "\"\($0)\"" }.joined(separator: ", ")
        let store = store.map { "[store]\nurl = \"\($0)\"\n\(settings)\n" } ?? ""
        try write("envsync.toml", "\(store)[environment]\nname = \"etl\"\nfiles = [\(list)]\n\(more)\n")
    }

    func engine() throws -> Engine {
        try Engine(directory: directory, logger: Logger(label: "test")) { event in
            self.events.withLock { $0.append(event) }
        }
    }

    /// Locks and pushes.
    @discardableResult
    func push() async throws -> PushResult {
        var options = PushOptions()
        options.lockFirst = true
        return try await engine().push(options)
    }

    /// Who was waited for, as it was told.
    var waits: [String] {
        events.withLock { $0 }.compactMap { event in
            if case .waiting(let holder) = event { holder } else { nil }
        }
    }
}

extension FileManager {
    /// The regular files below a directory, relative to it, sorted.
    func files(below directory: String) -> [String] {
        (enumerator(atPath: directory)?.compactMap { $0 as? String } ?? []).filter { name in
            var info = stat()
            return lstat("\(directory)/\(name)", &info) == 0 && info.st_mode & S_IFMT == S_IFREG
        }.sorted()
    }
}
