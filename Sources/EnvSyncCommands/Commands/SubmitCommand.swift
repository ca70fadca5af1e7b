import ArgumentParser
import EnvSyncModel
import Foundation
import Glibc
import SyncEngine

/// `envsync submit`
struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Run spark-submit with the arguments of a job.",
        discussion: """
            envsync is replaced by $SPARK_HOME/bin/spark-submit, or the first spark-submit on the PATH; its exit code is
            spark-submit's. What follows -- goes to spark-submit, before the main program; what follows a second --
            goes to the main program.

            EXAMPLE
              envsync submit nightly
              envsync submit nightly -- --conf spark.executor.memory=4g -- --date 2026-11-22
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The job's name: [jobs.NAME] in envsync.toml.")
    var job: String

    @Argument(parsing: .postTerminator, help: "Options for spark-submit, and, after another --, for the main program.")
    var passedOn: [String] = []

    func run() async throws {
        let (job, passedOn) = (job, passedOn)
        let words = WordsBox()
        try await CommandRunner.run(options) { context in
            let engine = try context.engine()
            let split = passedOn.firstIndex(of: "--") ?? passedOn.endIndex
            let arguments = try await engine.arguments(
                for: job, extraOptions: Array(passedOn[..<split]),
                extraArguments: Array(passedOn[split...].dropFirst()),
                exportsDriverPath: true)
            Self.export(arguments.plan.driverPythonPath)
            for warning in arguments.plan.warnings { context.progress.line("\(warning); try: \(warning.suggestion)") }
            try await engine.warnIfStale()
            guard arguments.plan.submission.main != nil else {
                throw EnvSyncError(
                    .configuration, "job \(QuotedText.visible(job)) has no main program to submit",
                    suggestion: "add main = \"….py\" to [jobs.\(job)]")
            }
            guard let command = SparkSubmitCommand.find() else {
                throw EnvSyncError(
                    .system, "spark-submit is neither in SPARK_HOME/bin nor on the PATH",
                    suggestion: "set SPARK_HOME, or use envsync args where Spark is")
            }
            words.set([command] + arguments.words)
        }
        try Self.replaceProcess(by: words.value)
    }

    /// Puts directories first on the `PYTHONPATH` that `spark-submit` inherits.
    private static func export(_ directories: [String]) {
        guard !directories.isEmpty else { return }
        let before = ProcessInfo.processInfo.environment["PYTHONPATH"].flatMap { $0.isEmpty ? nil : $0 }
        setenv("PYTHONPATH", (directories + (before.map { [$0] } ?? [])).joined(separator: ":"), 1)
    }

    /// Replaces this process; returns only by throwing.
    private static func replaceProcess(by words: [String]) throws {
        // Threads of Swift's runtime block most signals, and the new program would inherit that: Ctrl-C must reach it.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        // Ignored signals stay ignored in the new program, which expects the default.
        signal(SIGPIPE, SIG_DFL)
        var pointers = words.map { strdup($0) }
        pointers.append(nil)
        execv(words[0], pointers)
        Output.error("cannot run \(words[0]): \(String(cString: strerror(errno)))")
        for pointer in pointers { free(pointer) }
        throw ExitCode(2)
    }
}
