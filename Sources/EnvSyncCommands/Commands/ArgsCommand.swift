import ArgumentParser
import EnvSyncModel
import Glibc
import SparkSubmission
import SyncEngine

/// `envsync args`
struct ArgsCommand: AsyncParsableCommand {
    /// How the arguments are printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        /// For pasting, and for `$(…)`.
        case sparkSubmit = "spark-submit"
        /// Quoted for `eval`.
        case shell
        /// For machines.
        case json
    }

    static let configuration = CommandConfiguration(
        commandName: "args", abstract: "Print the spark-submit arguments of a job.",
        discussion: """
            The arguments name the objects that were published for the current lock. No request is made if this
            workspace has published it.

            EXAMPLE
              spark-submit $(envsync args nightly)
              eval "spark-submit $(envsync args nightly --format shell)"
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The job's name: [jobs.NAME] in envsync.toml.")
    var job: String

    @Option(
        help: """
            spark-submit: for pasting and $(…); shell: quoted for eval; json: for machines (the same as --json).
            """)
    var format = Format.sparkSubmit

    func run() async throws {
        let job = job
        var options = options
        let format = options.json ? .json : format
        options.json = format == .json
        try await CommandRunner.run(options) { context in
            let engine = try context.engine()
            let arguments = try await engine.arguments(for: job, format: format.rawValue)
            for warning in arguments.plan.warnings { context.progress.line("\(warning); try: \(warning.suggestion)") }
            try await engine.warnIfStale()
            try context.output.result(
                JSONEmitter().document(arguments.plan), text: Self.text(arguments.line, format, context))
        }
    }

    /// `$(…)` doesn't interpret quotes, `eval` and pasting do; words that need none serve both.
    private static func text(_ line: ShellLine, _ format: Format, _ context: CommandContext) -> String {
        guard format == .sparkSubmit, !line.quotedWords.isEmpty, isatty(STDOUT_FILENO) != 1 else { return line.quoted }
        // `local[4]` and `local-cluster[2,1,1024]` are the only words with special characters that Spark's own
        // syntax needs; unquoted they are patterns that match no file worth the name.
        if let unquoted = line.unquoted, line.quotedWords.allSatisfy({ SparkMaster($0) != nil }) { return unquoted }
        context.progress.line(
            "warning: some arguments need quotes, which $(…) doesn't interpret; use "
                + "eval \"spark-submit $(envsync args … --format shell)\", or envsync submit")
        return line.quoted
    }
}
