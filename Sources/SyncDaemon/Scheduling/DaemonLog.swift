import Foundation
import Glibc
import Logging
import Synchronization

/// Where a daemon's log lines go: stderr, or a file that never grows beyond a size.
public final class DaemonLog: Sendable {
    /// A file is begun anew when it has this many bytes; the one before is kept as `….1`. 4 MiB.
    static let sizeLimit: Int64 = 4 << 20

    private let path: String?
    private let lock = Mutex<Void>(())
    /// Whether systemd's journal reads stderr: it knows the time itself, and takes the level from a prefix.
    private let isJournal: Bool

    /// - Parameter path: a file that stdout and stderr are opened on already; `nil`: stderr, whatever it is.
    public init(path: String?) {
        self.path = path
        isJournal = path == nil && ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil
    }

    /// How much is logged.
    public enum Verbosity: Sendable {
        /// What somebody should look at.
        case warnings
        /// And what was done.
        case events
        /// And each request.
        case all
    }

    /// A logger that writes here.
    public func logger(_ verbosity: Verbosity) -> Logger {
        var logger = Logger(label: "envsync") { _ in Handler(log: self) }
        logger.logLevel =
            switch verbosity {
            case .warnings: .warning
            case .events: .notice
            case .all: .debug
            }
        return logger
    }

    fileprivate func write(_ level: Logger.Level, _ text: String) {
        let lead = isJournal ? "<\(Self.priority(level))>" : "\(Self.timestamp()) \(level): "
        // One entry may have several lines; each line tells that it belongs to the entry.
        let bytes = Array((lead + text.split(separator: "\n").joined(separator: "\n    ") + "\n").utf8)
        lock.withLock { _ in
            rotateIfNeeded()
            var written = 0
            while written < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.write(STDERR_FILENO, $0.baseAddress.map { $0 + written }, $0.count - written)
                }
                if count < 0, errno == EINTR { continue }
                // A full disk or a closed terminal must not stop the daemon.
                guard count > 0 else { return }
                written += count
            }
        }
    }

    private func rotateIfNeeded() {
        guard let path else { return }
        var info = stat()
        guard fstat(STDERR_FILENO, &info) == 0, Int64(info.st_size) > Self.sizeLimit else { return }
        guard rename(path, path + ".1") == 0 else { return }
        let fresh = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard fresh >= 0 else { return }
        dup2(fresh, STDOUT_FILENO)
        dup2(fresh, STDERR_FILENO)
        close(fresh)
    }

    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .critical: 2
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug, .trace: 7
        }
    }

    private static func timestamp() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        localtime_r(&time.tv_sec, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%S%z", &parts)
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private struct Handler: LogHandler {
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .notice
        let log: DaemonLog

        init(log: DaemonLog) { self.log = log }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let details = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }.map {
                " \($0.key)=\($0.value)"
            }
            var lines = "\(event.message)".split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            // What it is about goes on the first line, where it is looked for.
            if !lines.isEmpty { lines[0] += details.joined() }
            log.write(event.level, lines.joined(separator: "\n"))
        }
    }
}
