import ArgumentParser

/// The options that every command has.
struct GlobalOptions: ParsableArguments {
    @Option(name: [.customShort("C"), .long], help: "The workspace: the directory that holds envsync.toml.")
    var directory = "."

    @Flag(help: "Print the result as JSON, for machines.")
    var json = false

    @Flag(name: .shortAndLong, help: "Tell more on stderr: each request and retry.")
    var verbose = false

    @Flag(name: .shortAndLong, help: "Tell less on stderr: only errors and warnings.")
    var quiet = false

    func validate() throws {
        if verbose && quiet { throw ValidationError("--verbose and --quiet exclude each other.") }
    }
}
