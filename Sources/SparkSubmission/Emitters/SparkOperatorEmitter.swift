/// Writes a submission as a `SparkApplication` of Kubeflow's Spark operator (kubeflow/spark-operator,
/// `api/v1beta2/sparkapplication_types.go`), in YAML.
public struct SparkOperatorEmitter: Sendable {
    /// Makes an emitter.
    public init() {}

    /// What the operator requires and only the cluster's owner knows.
    static let missing = ["sparkVersion", "image", "driver", "executor"]

    /// The manifest. What it lacks is named in its first line: the Spark version, the image and the pods' resources.
    public func text(_ submission: Submission) -> String {
        var lines = [
            "# Add to spec: \(Self.missing.joined(separator: ", ")).",
            "apiVersion: sparkoperator.k8s.io/v1beta2",
            "kind: SparkApplication",
            "metadata:",
            "  name: \(QuotedLiteral.text(Self.objectName(submission.jobName)))",
            "spec:",
            "  type: Python",
            "  pythonVersion: \"3\"",
            "  mode: \(submission.deployMode.rawValue)",
        ]
        if let main = submission.main { lines.append("  mainApplicationFile: \(QuotedLiteral.text(main))") }
        func add(_ key: String, _ values: [String], indentation: String) {
            guard !values.isEmpty else { return }
            lines.append("\(indentation)\(key):")
            lines += values.map { "\(indentation)  - \(QuotedLiteral.text($0))" }
        }
        add("arguments", submission.mainArguments, indentation: "  ")
        if !submission.pyFiles.isEmpty || !submission.files.isEmpty {
            lines.append("  deps:")
            add("pyFiles", submission.pyFiles.map(\.argument), indentation: "    ")
            add("files", submission.files.map(\.argument), indentation: "    ")
        }
        let properties = properties(submission)
        if !properties.isEmpty {
            lines.append("  sparkConf:")
            lines += properties.map { "    \(QuotedLiteral.text($0.key)): \(QuotedLiteral.text($0.value))" }
        }
        return lines.joined(separator: "\n")
    }

    /// Older operators don't know `deps.archives`, and an API server drops unknown fields without a word;
    /// `spark.archives` says the same to every Spark since 3.1.
    private func properties(_ submission: Submission) -> [SparkProperty] {
        let archives = submission.archives.map(\.argument).joined(separator: ",")
        let added = archives.isEmpty ? [] : [SparkProperty(key: "spark.archives", value: archives)]
        return (submission.conf + added).sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    /// A job's name as Kubernetes takes it (RFC 1123 label), short enough for the names of the pods that Spark derives
    /// from it.
    static func objectName(_ name: String) -> String {
        let bytes = name.utf8.prefix(50).map { byte -> UInt8 in
            switch byte {
            case 0x61...0x7A, 0x30...0x39: byte
            case 0x41...0x5A: byte + 0x20
            default: UInt8(ascii: "-")
            }
        }
        let trimmed = bytes.drop { !isLetter($0) }.reversed().drop { $0 == UInt8(ascii: "-") }.reversed()
        return trimmed.isEmpty ? "job" : String(decoding: Array(trimmed), as: UTF8.self)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
}
