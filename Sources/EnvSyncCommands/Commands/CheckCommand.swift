import ArgumentParser
import EnvSyncModel
import SyncEngine

/// `envsync check`
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Compare sources, lock, local files, the environment and the store; exit with 1 on drift.",
        discussion: """
            It needs the checkout and the store, and no state from earlier runs. A store that can't be reached is exit
            code 2, and a failure in every report.

            The kinds of drift, for --only and --ignore: \(DriftCodes.known).

            EXAMPLE
              envsync check
              envsync check --remote-only    # in CI, where the wheels aren't kept
              envsync check --env .venv      # also what is installed
              envsync check --deep           # compare the server's checksum of every object; downloads none of them
              envsync check --fix            # push what is missing, and say what is left
              envsync check --format github  # annotations; or: --report junit=junit.xml --report gitlab=quality.json
            """)

    @OptionGroup var options: GlobalOptions

    @Flag(help: "What is not there locally is not drift.")
    var remoteOnly = false

    @Flag(
        help: """
            Compare the server's checksum of every object, without downloading. It doesn't see what a disk has damaged
            behind HDFS's back.
            """)
    var deep = false

    @Flag(help: "Download every object and hash it: finds also what a disk has damaged behind HDFS's back.")
    var readBack = false

    @Option(
        name: .customLong("env"),
        help: ArgumentHelp(
            "Compare also what is installed in this Python environment, .venv for example.", valueName: "prefix"))
    var environmentPrefix: String?

    @Option(
        help: ArgumentHelp("Look for these kinds of drift alone; may be repeated.", valueName: "code,…"),
        transform: DriftCodes.init)
    var only: [DriftCodes] = []

    @Option(
        help: ArgumentHelp("Don't look for these kinds of drift; may be repeated.", valueName: "code,…"),
        transform: DriftCodes.init)
    var ignore: [DriftCodes] = []

    @Flag(help: "Do what is safe about what is found, push what is missing for example, and tell what was done.")
    var fix = false

    @Option(
        help: """
            How to print the result: table, json, junit, github (annotations), gitlab (code quality) or sarif.
            """)
    var format: DriftFormat?

    @Option(
        help: ArgumentHelp(
            "Also write the result to a file, in any of these formats; may be repeated.", valueName: "format=file"),
        transform: ReportFile.init)
    var report: [ReportFile] = []

    @Option(name: .shortAndLong, help: "Requests under way at once (1 to 256).")
    var jobs = 32

    func validate() throws {
        guard (1...256).contains(jobs) else { throw ValidationError("--jobs takes a number from 1 to 256.") }
        if options.json, let format, format != .json {
            throw ValidationError("--json and --format \(format.rawValue) exclude each other.")
        }
        if Set(report.map(\.path)).count < report.count {
            throw ValidationError("--report names a file twice.")
        }
        if let environmentPrefix, environmentPrefix.isEmpty {
            throw ValidationError("--env takes the directory of a Python environment.")
        }
        if looked(for: DriftCodes(of: only), without: DriftCodes(of: ignore)).isEmpty {
            throw ValidationError("--only and --ignore leave nothing to look for.")
        }
    }

    private func looked(for only: DriftCodes, without ignore: DriftCodes) -> [DriftFinding.Code] {
        DriftFinding.Code.allCases.filter {
            (only.codes.isEmpty || only.codes.contains($0)) && !ignore.codes.contains($0)
        }
    }

    func run() async throws {
        var check = CheckOptions()
        check.remoteOnly = remoteOnly
        check.deep = deep
        check.readBack = readBack
        check.concurrency = jobs
        check.environmentPrefix = environmentPrefix
        check.only = DriftCodes(of: only).codes
        check.ignore = DriftCodes(of: ignore).codes
        check.fix = fix
        let chosen = check
        let format = format ?? (options.json ? .json : .table)
        let files = report
        var global = options
        global.json = format == .json
        try await CommandRunner.run(global) { context in
            let run = CheckRun(options: chosen, format: format, files: files, context: context)
            if try await run.findsDrift() { throw ExitCode(1) }
        }
    }
}

/// Codes of drift, as `--only` and `--ignore` take them.
struct DriftCodes: Sendable {
    /// All there are, in words.
    static let known = DriftFinding.Code.allCases.map(\.rawValue).joined(separator: ", ")

    let codes: Set<DriftFinding.Code>

    init(of lists: [DriftCodes]) { codes = lists.reduce(into: []) { $0.formUnion($1.codes) } }

    /// - Parameter words: codes with commas between them.
    init(_ words: String) throws {
        codes = Set(
            try words.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard let code = DriftFinding.Code(rawValue: String(word)) else {
                    throw ValidationError(
                        "There is no drift code \(QuotedText.visible(String(word))). The codes are \(Self.known).")
                }
                return code
            })
    }
}
