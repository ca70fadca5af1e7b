import ArgumentParser
import EnvSyncModel
import Foundation
import SyncDaemon

/// `envsync daemon logs`
struct DaemonLogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show the log of a daemon that `daemon start` started.",
        discussion: """
            A daemon that systemd runs logs to the journal: journalctl --user -u envsync.

            EXAMPLE
              envsync daemon logs -n 50 --follow
            """)

    @OptionGroup var options: GlobalOptions

    @Option(name: [.customShort("n"), .long], help: "The last so many lines.")
    var lines = 100

    @Flag(name: .shortAndLong, help: "Go on with new lines until interrupted.")
    var follow = false

    func validate() throws {
        guard (0...1_000_000).contains(lines) else { throw ValidationError("--lines takes a number up to 1000000.") }
        if follow && options.json { throw ValidationError("--follow doesn't go with --json.") }
    }

    func run() async throws {
        let (count, follow) = (lines, follow)
        try await CommandRunner.run(options) { context in
            let path = DaemonPaths.current.log
            var log = LogReader(path: path)
            let last = try log.last(count)
            try context.output.result(Document(path: path, lines: last), text: last.joined(separator: "\n"))
            while follow {
                try await Task.sleep(for: .milliseconds(250))
                let more = log.more()
                if !more.isEmpty { try context.output.result(more, text: more.joined(separator: "\n")) }
            }
        }
    }

    private struct Document: Encodable {
        let schemaVersion = 1
        let path: String
        let lines: [String]
    }
}

/// Reads a log file that grows, and that may be begun anew meanwhile.
private struct LogReader {
    let path: String
    private var offset: UInt64 = 0
    private var inode: UInt64 = 0

    init(path: String) { self.path = path }

    mutating func last(_ count: Int) throws(EnvSyncError) -> [String] {
        guard FileManager.default.fileExists(atPath: path) else {
            throw EnvSyncError(
                .system, "there is no log at \(QuotedText.visible(path))",
                suggestion: "envsync daemon start; or journalctl --user -u envsync, if systemd runs the daemon")
        }
        // The file before this one belongs to it, when this one was begun a moment ago.
        let before = Self.text(path + ".1", from: 0).lines
        return Array((before + more()).suffix(count))
    }

    /// Whole lines that came since the last call.
    mutating func more() -> [String] {
        let now = (try? FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? UInt64) ?? inode
        if now != inode {
            inode = now
            offset = 0
        }
        let read = Self.text(path, from: offset)
        offset += read.bytes
        return read.lines
    }

    private static func text(_ path: String, from offset: UInt64) -> (lines: [String], bytes: UInt64) {
        guard let file = FileHandle(forReadingAtPath: path) else { return ([], 0) }
        defer { try? file.close() }
        // A log has 4 MiB at most.
        guard (try? file.seek(toOffset: offset)) != nil, let data = try? file.read(upToCount: 8 << 20),
            let end = data.lastIndex(of: UInt8(ascii: "\n"))
        else { return ([], 0) }
        let whole = data[...end]
        let lines = String(decoding: whole, as: UTF8.self).split(separator: "\n").map(String.init)
        return (lines, UInt64(whole.count))
    }
}
