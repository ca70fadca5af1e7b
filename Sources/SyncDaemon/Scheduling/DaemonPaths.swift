import Foundation
import Glibc

/// Where the daemon's own files are, by the XDG Base Directory Specification.
public struct DaemonPaths: Sendable, Hashable {
    /// The user's home directory.
    public let home: String
    /// The control socket.
    public let socket: String
    /// The user's configuration file.
    public let configuration: String
    /// The log of a daemon that `envsync daemon start` started.
    public let log: String

    /// Derives the paths from environment variables. As the specification says, a relative path in one of them counts
    /// as none.
    ///
    /// - Parameter home: used where `HOME` is not set.
    public init(environment: [String: String], home: String) {
        func directory(_ name: String) -> String? {
            environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let home = directory("HOME") ?? home
        self.home = home
        // Without a runtime directory, as in containers and cron: a directory of the user's own serves as well.
        let runtime = directory("XDG_RUNTIME_DIR").map { $0 + "/envsync" } ?? home + "/.cache/envsync/run"
        socket = runtime + "/daemon.sock"
        configuration = (directory("XDG_CONFIG_HOME") ?? home + "/.config") + "/envsync/daemon.toml"
        log = (directory("XDG_STATE_HOME") ?? home + "/.local/state") + "/envsync/daemon.log"
    }

    /// Those of this process.
    public static var current: DaemonPaths {
        DaemonPaths(environment: ProcessInfo.processInfo.environment, home: NSHomeDirectory())
    }
}
