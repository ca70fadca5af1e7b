import ArgumentParser
import EnvSyncModel
import Glibc
import SparkSubmission
import SyncEngine

extension LaunchFormat: ExpressibleByArgument {}

extension GenerationSelector: ExpressibleByArgument {
    /// Parses what a user wrote, see ``GenerationSelector/init(_:)``.
    public init?(argument: String) { self.init(argument) }
}

/// `envsync args`
struct ArgsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "args", abstract: "Print the spark-submit arguments of a job.",
        discussion: """
            The arguments name the objects that were published for the current lock, or those of another
            generation (--at): 7 or @7, 6 or more digits of its id, or current for the one that is
            published, whatever is locked here. No request is made if this workspace has published the
            lock.

            FORMATS
              spark-submit    words for pasting and $(…)
              shell           the same words, quoted for eval
              json            for machines (the same as --json)
              conf            a fragment of spark-defaults.conf, for spark-submit --properties-file
              python          a snippet for a running session; run twice, it changes nothing
              livy            the body of POST /batches
              airflow         keyword arguments of SparkSubmitOperator
              spark-operator  a SparkApplication of the Kubernetes operator, in YAML

            EXAMPLE
              spark-submit $(envsync args nightly)
              eval "spark-submit $(envsync args nightly --format shell)"
              envsync args nightly --format conf >nightly.conf
              envsync args nightly --at 7
              envsync args nightly --at current
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The job's name: [jobs.NAME] in envsync.toml.")
    var job: String

    @Option(help: "What to print the arguments for.")
    var format = LaunchFormat.sparkSubmit

    @Option(
        name: .customLong("at"),
        help: ArgumentHelp(
            "A published generation: its number, to repeat a run exactly, its id, or current.", valueName: "generation")
    )
    var generation: GenerationSelector?

    func run() async throws {
        let (job, generation) = (job, generation)
        var options = options
        let format = options.json ? .json : format
        options.json = format == .json
        try await CommandRunner.run(options) { context in
            let engine = try context.engine()
            let arguments = try await engine.arguments(for: job, format: format, at: generation)
            for warning in arguments.plan.warnings { context.progress.line("\(warning); try: \(warning.suggestion)") }
            // What is local has no say in what was published.
            if generation == nil { try await engine.warnIfStale() }
            let text = format == .sparkSubmit ? Self.words(arguments.line, context) : try arguments.plan.text(format)
            try context.output.result(JSONEmitter().document(arguments.plan), text: text)
        }
    }

    /// `$(…)` doesn't interpret quotes, `eval` and pasting do; words that need none serve both.
    private static func words(_ line: ShellLine, _ context: CommandContext) -> String {
        guard !line.quotedWords.isEmpty, isatty(STDOUT_FILENO) != 1 else { return line.quoted }
        // `local[4]` and `local-cluster[2,1,1024]` are the only words with special characters that Spark's own
        // syntax needs; unquoted they are patterns that match no file worth the name.
        if let unquoted = line.unquoted, line.quotedWords.allSatisfy({ SparkMaster($0) != nil }) { return unquoted }
        context.progress.line(
            "warning: some arguments need quotes, which $(…) doesn't interpret; use "
                + "eval \"spark-submit $(envsync args … --format shell)\", or envsync submit")
        return line.quoted
    }
}
