import ArgumentParser
import EnvSyncModel
import Foundation
import Glibc
import Logging
import SyncEngine

/// What a command works with: where to print, how much, and what is going on.
struct CommandContext: Sendable {
    let options: GlobalOptions
    let output: Output
    let progress: ProgressDisplay

    /// Opens the workspace.
    func engine() throws -> Engine {
        let progress = self.progress
        return try Engine(directory: options.directory, logger: logger) { progress.receive($0) }
    }

    /// Finds out what is to be packed; there need not be a workspace.
    func packJob(_ request: PackRequest) throws -> PackJob {
        let progress = self.progress
        return try PackJob(request, directory: options.directory, logger: logger) { progress.receive($0) }
    }

    /// Finds out what an archive is to be held against; there need not be a workspace.
    func inspectJob(_ request: InspectRequest) throws -> InspectJob {
        let progress = self.progress
        return try InspectJob(request, directory: options.directory, logger: logger) { progress.receive($0) }
    }

    private var logger: Logger {
        let progress = self.progress
        var logger = Logger(label: "envsync") { _ in StderrLogHandler(progress: progress) }
        logger.logLevel = options.verbose ? .debug : .warning
        return logger
    }
}

/// Runs a command's work: signals, errors and exit codes, the same for all commands.
enum CommandRunner {
    /// Runs `body`; prints what it throws.
    ///
    /// - Throws: `ExitCode` only: 1 as `body` throws it, 2 for failures, 130 and 143 after SIGINT and SIGTERM.
    static func run(
        _ options: GlobalOptions, _ body: @escaping @Sendable (CommandContext) async throws -> Void
    ) async throws {
        // A reader that goes away, as `head` does, must not end a push in the middle; `write` tells by EPIPE instead.
        signal(SIGPIPE, SIG_IGN)
        let progress = ProgressDisplay(isQuiet: options.quiet)
        let output = Output(isJSON: options.json) { progress.finish() }
        let context = CommandContext(options: options, output: output, progress: progress)
        let work = CancellableWork()
        let signals = SignalWatch { work.cancel() }
        let task = work.start { try await body(context) }
        defer { signals.end() }
        var code = ExitCode.success
        do {
            try await task.value
        } catch let drift as ExitCode {
            code = drift
        } catch {
            progress.finish()
            if let signal = signals.received {
                output.report(
                    EnvSyncError(.interrupted, "interrupted; nothing is half done, run the same command again"))
                throw ExitCode(128 + signal)
            }
            let explained =
                error as? EnvSyncError
                ?? EnvSyncError(.system, "unexpected failure: \(error)", suggestion: "report this")
            output.report(explained)
            throw ExitCode(2)
        }
        progress.finish()
        guard output.isWritten else {
            // A result that didn't arrive is no success, and no drift either.
            Output.error("the result could not be written to standard output")
            throw ExitCode(2)
        }
        if code != .success { throw code }
    }
}
