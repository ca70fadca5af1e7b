/// Writes a submission as arguments of `spark-submit`.
public struct SparkSubmitEmitter: Sendable {
    /// Makes an emitter.
    public init() {}

    /// The words after `spark-submit`, in an order that never changes: master, deploy mode, properties by key, the three
    /// lists, extra options, the main program and its arguments. Empty lists are left out.
    public func words(_ submission: Submission) -> [String] {
        var words = ["--master", submission.master.description, "--deploy-mode", submission.deployMode.rawValue]
        for property in submission.conf { words += ["--conf", "\(property.key)=\(property.value)"] }
        for (option, entries) in [
            ("--py-files", submission.pyFiles), ("--files", submission.files), ("--archives", submission.archives),
        ] where !entries.isEmpty {
            words += [option, entries.map(\.argument).joined(separator: ",")]
        }
        words += submission.extraOptions
        if let main = submission.main { words.append(main) }
        return words + submission.mainArguments
    }

    /// The words as one line for a POSIX shell.
    public func shellLine(_ words: [String]) -> ShellLine { ShellLine(words) }
}
