import Foundation
import Glibc
import SyncEngine
import Synchronization

/// Tells when watched files change: by the kernel's events (inotify(7)) where there are any, otherwise by looking at the
/// files again and again.
///
/// One thread waits, and does nothing as long as nothing happens. Changes made through a shared memory mapping are told
/// when the file is closed, if at all (inotify(7), "Limitations and caveats").
public final class FileWatcher: Sendable {
    /// What is seldom changed, and what tests do to it.
    struct Options: Sendable {
        /// Looks at the files even where there are events. By default, what the environment says.
        var forcesPolling = FileWatcher.isPollingForced(ProcessInfo.processInfo.environment)
        /// Directories that may be watched.
        var watchLimit = Int.max
        /// Called by the thread before it reads events.
        var beforeReading: @Sendable () -> Void = {}
        /// For how long changes are gathered before they are told.
        var gathering: Duration = .milliseconds(20)
        /// For how long events are not tried again after they were not to be had.
        var retryInterval: Duration = .seconds(60)
    }

    /// The variable that forces polling, by the value `polling`; for file systems of which envsync doesn't know that they
    /// give no events.
    public static let environmentVariable = "ENVSYNC_WATCH"

    private let core: WatcherCore

    /// Begins to watch: every change after this returns is told.
    ///
    /// - Parameters:
    ///   - paths: what is watched; paths that don't exist are waited for.
    ///   - pollInterval: the pause between two looks where there are no events.
    ///   - onChange: called on the watcher's thread, one call at a time; not to block. It may call ``replace(_:)``.
    ///   - report: told when events can't be had, and when they can again; by this thread, or by the caller of this and of
    ///     ``replace(_:)``.
    /// - Throws: ``EnvSyncError`` (`system`) if there can be no thread or pipe.
    public convenience init(
        paths: [WatchedPath], pollInterval: Duration = .seconds(5), onChange: @escaping @Sendable (WatchBatch) -> Void,
        report: @escaping @Sendable (WatchNotice) -> Void
    ) throws {
        try self.init(
            paths: paths, pollInterval: pollInterval, options: Options(), onChange: onChange, report: report)
    }

    init(
        paths: [WatchedPath], pollInterval: Duration, options: Options,
        onChange: @escaping @Sendable (WatchBatch) -> Void, report: @escaping @Sendable (WatchNotice) -> Void
    ) throws {
        core = try WatcherCore(
            pollInterval: pollInterval, options: options, onChange: onChange, report: report)
        core.begin(paths)
        do { try core.startThread() } catch {
            core.stop()
            throw error
        }
    }

    deinit { core.stop() }

    /// Watches these paths from now on. Nothing happens if they are the same, except that events are tried again if
    /// they could not be had a minute ago or earlier.
    ///
    /// What is new is looked at by whoever calls this: that it is there is not told.
    public func replace(_ paths: [WatchedPath]) { core.replace(paths) }

    /// How changes are noticed.
    public var mode: WorkspaceStatus.WatchMode { core.mode }
    /// Why it is polling; `nil` with events.
    public var message: String? { core.message }
    /// Directories that are watched by events, or files and directories that are looked at.
    public var watchedCount: Int { core.watchedCount }

    /// Files that were changed a short while ago, and how long ago: whoever changed them may not be done.
    ///
    /// - Parameter age: how short.
    public static func recentChanges(in paths: [WatchedPath], within age: Duration) -> [String: Duration] {
        PollingScan.young(paths, than: age)
    }

    /// Ends the thread, and returns when it has ended, unless it is called by `onChange` or `report`. No change is told
    /// afterwards.
    public func stop() { core.stop() }

    static func isPollingForced(_ environment: [String: String]) -> Bool {
        environment[environmentVariable] == "polling"
    }
}
