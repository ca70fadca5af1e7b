import ArgumentParser

/// The `envsync` command.
public struct EnvSyncCommand: AsyncParsableCommand {
    /// Name, abstract and subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "envsync",
        abstract: "Mirror a locked Python environment to HDFS and hand it to Spark jobs.",
        discussion: """
            A workspace is a directory with an envsync.toml. After local changes:

              envsync push --lock            # upload only what changed, publish a new generation
              spark-submit $(envsync args nightly)

            Exit codes: 0 done or in sync; 1 drift found (check, inspect, diff, lock --check);
            2 could not do its work; 64 wrong usage; 130 interrupted.
            """,
        version: EnvSyncVersion.text,
        subcommands: [
            InitCommand.self, PackCommand.self, LockCommand.self, PushCommand.self, ArgsCommand.self,
            SubmitCommand.self, ExplainCommand.self, CheckCommand.self, InspectCommand.self, StatusCommand.self,
            DiffCommand.self, LogCommand.self, RollbackCommand.self, DaemonCommand.self, DoctorCommand.self,
        ])

    /// Made by ArgumentParser.
    public init() {}
}

/// This program's version.
public enum EnvSyncVersion {
    /// Semantic version.
    public static let text = "0.1.0"
}
