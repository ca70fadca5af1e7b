import EnvSyncModel

/// The caller's own `spark-submit` options, read as `SparkSubmitOptionParser` reads them.
struct ExtraOptions: Sendable {
    /// An option and its value; `-c` is `--conf`.
    struct Option: Sendable {
        let name: String
        let value: String
    }

    /// Where reading ended before the last word.
    enum Problem: Sendable {
        /// An option that needs a value is the last word.
        case noValue(String)
        /// A word that is no option.
        case word(String)
    }

    /// Options with values, in their order.
    private(set) var options: [Option] = []
    private(set) var problem: Problem?

    init(_ words: [String]) {
        var rest = words[...]
        while let word = rest.popFirst() {
            if !word.hasPrefix("-") {
                problem = .word(word)
                return
            } else if Self.switches.contains(word) {
                continue
            } else if word.hasPrefix("--"), let equals = word.firstIndex(of: "=") {
                options.append(Option(name: String(word[..<equals]), value: String(word[word.index(after: equals)...])))
            } else if let next = rest.popFirst() {
                options.append(Option(name: word == "-c" ? "--conf" : word, value: next))
            } else {
                problem = .noValue(word)
                return
            }
        }
    }

    /// The value of an option; the last one wins (`SparkSubmitArguments.handle`).
    func value(of name: String) -> String? { options.last { $0.name == name }?.value }

    /// The value of a `--conf` property; the last one wins.
    func property(_ key: String) -> String? {
        options.last { $0.name == "--conf" && $0.value.hasPrefix(key + "=") }
            .map { String($0.value.dropFirst(key.count + 1)) }
    }

    /// `SparkSubmitOptionParser.switches`.
    private static let switches: Set<String> = [
        "--help", "-h", "--supervise", "--usage-error", "--verbose", "-v", "--version",
    ]
}

extension SubmissionPlanner {
    /// Options after ours win, so they must not replace what was planned.
    mutating func checkExtraOptions() {
        for option in extra.options { checkExtraOption(option.name, option.value) }
        switch extra.problem {
        case .noValue(let word):
            error(.extraOption, "the extra option \(QuotedText.visible(word)) has no value", try: "add its value")
        case .word(let word):
            if let main = submission.main {
                error(
                    .extraOption,
                    "spark-submit would take the extra word \(QuotedText.visible(word)) for the main program, not "
                        + QuotedText.visible(main),
                    try: "give extra options only; arguments of the program belong to the job")
            }
        case nil: break
        }
    }

    private mutating func checkExtraOption(_ option: String, _ value: String) {
        func conflict(with ours: String) {
            error(
                .extraOption, "the extra option \(option) \(QuotedText.visible(value)) would replace \(ours)",
                try: "say it in envsync.toml instead")
        }
        switch option {
        case "--master": conflict(with: "--master \(job.master), which the Python settings are made for")
        case "--deploy-mode":
            conflict(with: "--deploy-mode \(job.deployMode.rawValue), which the Python settings are made for")
        case "--py-files": submission.pyFiles.first.map { conflict(with: "--py-files with \($0.artifact.label)") }
        case "--files": submission.files.first.map { conflict(with: "--files with \($0.artifact.label)") }
        case "--archives": submission.archives.first.map { conflict(with: "--archives with \($0.artifact.label)") }
        case "--conf":
            let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            plannedPath(parts[0]).map { conflict(with: $0) }
            checkProperty(
                parts[0], parts.count > 1 ? parts[1] : "", source: "extra property \(QuotedText.visible(parts[0]))")
        default: break
        }
    }
}
