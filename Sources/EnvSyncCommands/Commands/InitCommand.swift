import ArgumentParser
import SyncEngine

/// `envsync init`
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a commented envsync.toml; refuses to overwrite one.",
        discussion: """
            EXAMPLE
              envsync init --name etl
            """)

    @OptionGroup var options: GlobalOptions

    @Option(help: "The environment's name; by default the directory's.")
    var name: String?

    func run() async throws {
        let (options, name) = (options, name)
        try await CommandRunner.run(options) { context in
            let path = try Workspace.create(directory: options.directory, environmentName: name)
            try context.output.result(
                Document(path: path), text: "wrote \(path); say in it what to ship, then run envsync lock")
        }
    }

    private struct Document: Encodable {
        let schemaVersion = 1
        let path: String
    }
}
