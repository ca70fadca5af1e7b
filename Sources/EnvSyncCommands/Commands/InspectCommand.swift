import ArgumentParser
import EnvSyncModel
import SyncEngine

/// `envsync inspect`
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Tell what a packed environment holds, and compare it with itself and with the lock.",
        discussion: """
            Reads a tar.gz, tar, tar.zst or zip file by envsync pack, conda-pack, venv-pack or anything else
            to its end, and unpacks nothing. The files are compared with the archive's own account of them:
            envsync's manifest, the packages' RECORD and conda-meta. In a workspace with a lock, the packages
            are compared with those that are locked, too.

            Exit codes: 0 nothing differs; 1 something does; 2 it can't be told: it is no archive, or a
            damaged one.

            The kinds of differences, for --ignore: \(InspectFinding.codes.joined(separator: ", ")).

            EXAMPLE
              envsync inspect environment.tar.gz
              envsync inspect environment.tar.gz --packages
              envsync inspect theirs.zip --no-lock --json
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The archive.")
    var archive: String

    @Flag(help: "Don't compare it with the lock; no workspace is looked for.")
    var noLock = false

    @Option(
        help: """
            The lock's archive to compare it with, by its alias. Default: the one that it is, or resembles most.
            """)
    var alias: String?

    @Flag(help: "List its packages, too.")
    var packages = false

    @Option(
        help: ArgumentHelp("Don't tell of these kinds of differences; may be repeated.", valueName: "code,…"),
        transform: InspectCodes.init)
    var ignore: [InspectCodes] = []

    func validate() throws {
        if archive.isEmpty { throw ValidationError("The archive's path is empty.") }
        if noLock, alias != nil { throw ValidationError("--no-lock and --alias exclude each other.") }
        _ = try request
    }

    /// What is asked for.
    var request: InspectRequest {
        get throws {
            var request = InspectRequest(archive: archive)
            request.usesLock = !noLock
            do { request.alias = try alias.map(ArchiveAlias.init) } catch {
                throw ValidationError("--alias takes an archive's alias: \(error).")
            }
            request.ignored = ignore.reduce(into: []) { $0.formUnion($1.codes) }
            return request
        }
    }

    func run() async throws {
        let request = try request
        let packages = packages
        try await CommandRunner.run(options) { context in
            let report = try await context.inspectJob(request).run()
            try context.output.result(
                InspectDocument(report), text: InspectText.text(report, listsPackages: packages))
            if !report.findings.isEmpty { throw ExitCode(1) }
        }
    }
}

/// Codes of differences, as `--ignore` takes them.
struct InspectCodes: Sendable {
    let codes: Set<String>

    /// - Parameter words: codes with commas between them.
    init(_ words: String) throws {
        codes = Set(
            try words.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard InspectFinding.codes.contains(String(word)) else {
                    throw ValidationError(
                        "There is no difference \(QuotedText.visible(String(word))). They are "
                            + InspectFinding.codes.joined(separator: ", ") + ".")
                }
                return String(word)
            })
    }
}
