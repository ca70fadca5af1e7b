import Foundation
import Glibc
import SyncEngine
import Synchronization

@testable import SyncDaemon

/// A directory of its own, removed in the end; on a tmpfs where there is one, which is quick with many files.
final class Playground: Sendable {
    let path: String

    init(_ base: String? = nil) throws {
        let parent = base ?? (access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory())
        let made = parent + "/envsync-watch-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: made, withIntermediateDirectories: true)
        // /tmp may be a symbolic link.
        path = URL(fileURLWithPath: made).resolvingSymlinksInPath().path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func callAsFunction(_ relative: String) -> String { path + "/" + relative }

    func directory(_ relative: String) throws {
        try FileManager.default.createDirectory(atPath: self(relative), withIntermediateDirectories: true)
    }

    func file(_ relative: String, _ text: String = "x") throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: self(relative)))
    }

    func remove(_ relative: String) throws { try FileManager.default.removeItem(atPath: self(relative)) }

    /// Also replaces.
    func move(_ from: String, _ to: String) throws {
        guard rename(self(from), self(to)) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    func link(_ relative: String, to target: String) throws {
        guard symlink(target, self(relative)) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }
}

/// What a watcher told.
final class Told: Sendable {
    private struct State {
        var batches: [WatchBatch] = []
        var notices: [WatchNotice] = []
    }

    private let state = Mutex(State())

    var batches: [WatchBatch] { state.withLock { $0.batches } }
    var notices: [WatchNotice] { state.withLock { $0.notices } }
    var paths: Set<String> { batches.reduce(into: []) { $0.formUnion($1.paths) } }
    var hasOverflow: Bool { batches.contains(where: \.isOverflow) }

    func add(_ batch: WatchBatch) { state.withLock { $0.batches.append(batch) } }
    func add(_ notice: WatchNotice) { state.withLock { $0.notices.append(notice) } }
    func clear() { state.withLock { $0.batches = [] } }

    /// Waits until a condition holds, for at most half a minute.
    func until(_ condition: @Sendable (Told) -> Bool) async -> Bool {
        await eventually { condition(self) }
    }

    /// Waits until a path was told.
    func tells(_ path: String) async -> Bool { await until { $0.paths.contains(path) || $0.hasOverflow } }
}

func eventually(_ condition: () -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < end {
        if condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return condition()
}

/// A watcher and what it told.
struct Watching {
    let watcher: FileWatcher
    let told: Told
    /// A file that is watched besides, to know that everything before it was dealt with.
    private let mark: Playground

    init(_ paths: [WatchedPath], options: FileWatcher.Options = .init(), poll: Duration = .milliseconds(50)) throws {
        let told = Told()
        let mark = try Playground()
        self.mark = mark
        self.told = told
        watcher = try FileWatcher(
            paths: [WatchedPath(path: mark("mark"), scope: .file)] + paths, pollInterval: poll, options: options,
            onChange: { told.add($0) }, report: { told.add($0) })
    }

    /// The paths, with the one that marks.
    func all(_ paths: [WatchedPath]) -> [WatchedPath] { [WatchedPath(path: mark("mark"), scope: .file)] + paths }

    /// Waits until what was done before is told, and gives the paths; forgets them.
    ///
    /// Events come in the order in which things are done; a look that sees the mark comes to the rest after it.
    func settled() async throws -> Set<String> {
        let path = mark("mark")
        var paths = Set<String>()
        for _ in 1...20 {
            try mark.file("mark", UUID().uuidString)
            guard await told.until({ $0.paths.contains(path) || $0.hasOverflow }) else { throw POSIXError(.ETIME) }
            let isDone = told.paths.contains(path)
            paths.formUnion(told.paths)
            // What is left of the mark's own events may come later, and is not of interest.
            told.clear()
            if isDone { return paths.subtracting([path]) }
        }
        throw POSIXError(.ETIME)
    }

    func stop() { watcher.stop() }
}

extension FileWatcher.Options {
    /// As for users, whatever the environment says.
    static var events: FileWatcher.Options {
        var options = FileWatcher.Options()
        options.forcesPolling = false
        return options
    }

    static var polling: FileWatcher.Options {
        var options = FileWatcher.Options()
        options.forcesPolling = true
        return options
    }
}

extension WatchedPath {
    static func file(_ path: String) -> WatchedPath { WatchedPath(path: path, scope: .file) }
    static func house(_ path: String) -> WatchedPath { WatchedPath(path: path, scope: .directory) }
    static func tree(_ path: String, exclude: [String] = []) -> WatchedPath {
        WatchedPath(path: path, scope: .tree(exclude: exclude))
    }
}
