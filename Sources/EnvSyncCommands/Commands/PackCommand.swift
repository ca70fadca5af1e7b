import ArgumentParser
import EnvSyncModel
import SyncEngine
import Synchronization

/// `envsync pack`
struct PackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack", abstract: "Pack a Python environment into an archive for the workers.",
        discussion: """
            The environment is a venv, a conda environment, or a Python installation that can be moved.
            The same contents give the same bytes on every machine, whoever packs them, when and from
            where; after a change, only what changed is compressed. It needs no workspace. In one, the
            environment, the options and the archive are those of its [[archive]] with a prefix, unless
            a prefix is given; `envsync lock` packs them too.

            Problems that stop it, for --ignore: \(PackFinding.codes.joined(separator: ", ")).

            EXAMPLE
              envsync pack                          # the workspace's, the active one, or .venv
              envsync pack .venv -o environment.tar.gz --with-python
              envsync pack --exclude '*/tests/*' --include '*/numpy/tests/*'
              envsync pack --list                   # what would go in, and why not the rest
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(
        help: ArgumentHelp(
            "The environment's directory. Default: the workspace's, the active environment, or .venv.",
            valueName: "prefix"))
    var environment: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The same, as conda-pack has it.", valueName: "prefix"))
    var prefix: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The archive. Default: the workspace's, or environment.tar.gz.", valueName: "file"))
    var output: String?

    @Option(help: "tar.gz, tar, zip or tar.zst. Default: what the archive's name says.")
    var format: PackRequest.Format?

    @Option(
        name: [.customShort("d"), .long],
        help: ArgumentHelp("Where the archive will be unpacked, if that is known.", valueName: "path"))
    var destPrefix: String?

    @Option(
        help: ArgumentHelp(
            "Leave out what this glob matches; of several --exclude and --include, the last that matches decides.",
            valueName: "glob"),
        transform: FilterOption.init)
    var exclude: [FilterOption] = []

    @Option(
        help: ArgumentHelp("Take what this glob matches although an earlier --exclude does.", valueName: "glob"),
        transform: FilterOption.init)
    var include: [FilterOption] = []

    @Flag(help: "Take a venv's interpreter along, so that workers need none.")
    var withPython = false

    @Option(help: "Compiled modules: compile (every module has one) or omit.")
    var bytecode: PackConfiguration.Bytecode?

    @Option(
        help: """
            Editable packages: workspace (those below it are shipped as if installed, others refused), include or refuse.
            """)
    var editable: PackConfiguration.Editable?

    @Option(help: ArgumentHelp("Don't stop for this kind of problem; may be repeated.", valueName: "code"))
    var ignore: [String] = []

    @Flag(help: "Pack although files that packages list are missing: --ignore missing-files.")
    var ignoreMissingFiles = false

    @Flag(help: "Pack although packages are links to their sources, which stay behind: --ignore editable-package.")
    var ignoreEditablePackages = false

    @Flag(name: .shortAndLong, help: "Overwrite a file that envsync didn't make.")
    var force = false

    @Option(
        name: [.customShort("j"), .customLong("n-threads")],
        help: ArgumentHelp("Threads that read and compress. Default: all cores.", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "How much compressed data to keep for the next time: 500MB, 10GiB. Default: \(PackCache.variable), or 4GiB.",
            valueName: "size"))
    var cacheLimit: String?

    @Flag(help: "Keep nothing for the next time, and use nothing that was kept.")
    var noCache = false

    @Flag(help: "Write nothing; print what would go in, and what doesn't and why.")
    var list = false

    func validate() throws {
        if prefix != nil, environment != nil {
            throw ValidationError("The environment is given twice; give it with or without --prefix.")
        }
        for path in [prefix, environment, output, destPrefix] where path?.isEmpty == true {
            throw ValidationError("A path is empty.")
        }
        if let destPrefix, !destPrefix.hasPrefix("/") {
            throw ValidationError("--dest-prefix takes an absolute path.")
        }
        for code in ignore where !PackFinding.codes.contains(code) {
            throw ValidationError(
                "There is no problem \(QuotedText.visible(code)). The problems are \(PackFinding.codes.joined(separator: ", "))."
            )
        }
        if let threads, !(1...256).contains(threads) {
            throw ValidationError("--n-threads takes a number from 1 to 256.")
        }
        if let cacheLimit {
            guard !noCache else { throw ValidationError("--cache-limit and --no-cache exclude each other.") }
            guard PackCache.bytes(cacheLimit) != nil else {
                throw ValidationError("--cache-limit takes a number of bytes, for example 500MB or 10GiB.")
            }
        }
        if (exclude + include).contains(where: \.pattern.isEmpty) {
            throw ValidationError("--exclude and --include take a glob.")
        }
    }

    /// What is asked for.
    var request: PackRequest {
        var request = PackRequest()
        request.prefix = environment ?? prefix
        request.output = output
        request.format = format
        request.withPython = withPython ? true : nil
        request.bytecode = bytecode
        request.editable = editable
        request.destination = destPrefix
        let filters = exclude.map { (true, $0) } + include.map { (false, $0) }
        request.filters = filters.sorted { $0.1.position < $1.1.position }.map {
            PackRequest.Filter(isExclusion: $0.0, pattern: $0.1.pattern)
        }
        request.tolerated =
            ignore + (ignoreMissingFiles ? ["missing-files"] : [])
            + (ignoreEditablePackages ? ["editable-package"] : [])
        request.isForced = force
        request.workers = threads
        request.cacheLimit = noCache ? 0 : cacheLimit.flatMap(PackCache.bytes)
        return request
    }

    func run() async throws {
        let request = request
        let list = list
        try await CommandRunner.run(options) { context in
            let job = try context.packJob(request)
            if list {
                try PackListingOutput(listing: try await job.list()).print(to: context.output)
                return
            }
            do {
                let report = try await job.run()
                try context.output.result(PackDocument(report), text: PackText.text(report))
            } catch let refusal as PackRefusal {
                context.progress.finish()
                try context.output.refuse(refusal.error, PackRefusalDocument(refusal))
                throw ExitCode(2)
            }
        }
    }
}

extension PackRequest.Format: ExpressibleByArgument {}
extension PackConfiguration.Bytecode: ExpressibleByArgument {}
extension PackConfiguration.Editable: ExpressibleByArgument {}

/// A glob with its place among all globs of the command line: `--exclude` and `--include` are lists of their own, but
/// their order counts across both.
struct FilterOption: Sendable {
    private static let count = Atomic(0)

    let pattern: String
    /// Ascending in the order in which the options are parsed, which is that of the command line.
    let position: Int

    init(_ pattern: String) {
        self.pattern = pattern
        position = Self.count.add(1, ordering: .relaxed).newValue
    }
}
