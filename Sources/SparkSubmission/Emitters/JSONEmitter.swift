import EnvSyncModel
import Foundation

/// Writes a submission for machines.
public struct JSONEmitter: Sendable {
    /// Makes an emitter.
    public init() {}

    /// The submission as a value to encode, alone or as part of a larger document.
    public func document(_ plan: SubmissionPlan) -> SubmissionDocument { SubmissionDocument(plan) }

    /// The document as JSON with sorted keys, ending in a newline.
    public func text(_ plan: SubmissionPlan) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document(plan)), as: UTF8.self) + "\n"
    }
}

/// The machine-readable form of a submission.
public struct SubmissionDocument: Encodable, Sendable {
    /// An entry of a list.
    public struct Entry: Encodable, Sendable {
        /// Without the alias.
        public let uri: String
        /// Archives only.
        public let alias: String?
        /// The artifact's name.
        public let name: String
        /// The artifact's version, where it has one.
        public let version: String?
        /// The SHA-256 of the object, in hexadecimal.
        public let sha256: String
        /// The object's size in bytes.
        public let size: Int64

        init(_ entry: SubmissionEntry) {
            uri = entry.uri
            alias = entry.alias?.text
            name = entry.artifact.name
            version = entry.artifact.version
            sha256 = entry.artifact.object.digest.hex
            size = entry.artifact.object.size
        }
    }

    /// A finding.
    public struct Finding: Encodable, Sendable {
        /// See ``PreflightFinding/Code``.
        public let code: String
        /// `error` or `warning`.
        public let severity: String
        /// Why.
        public let message: String
        /// What to do.
        public let suggestion: String
    }

    /// 1; grows when a field changes its meaning, not when one is added.
    public let schemaVersion = 1
    /// The `--master` value.
    public let master: String
    /// `client` or `cluster`.
    public let deployMode: String
    /// The `--py-files` list.
    public let pyFiles: [Entry]
    /// The `--files` list.
    public let files: [Entry]
    /// The `--archives` list.
    public let archives: [Entry]
    /// Spark properties.
    public let conf: [String: String]
    /// The main program.
    public let main: String?
    /// Its arguments.
    public let arguments: [String]
    /// The words after `spark-submit`.
    public let words: [String]
    /// Directories of this machine that the submitting process needs on its `PYTHONPATH`.
    public let driverPythonPath: [String]
    /// What was found before submitting.
    public let findings: [Finding]

    init(_ plan: SubmissionPlan) {
        let submission = plan.submission
        master = submission.master.description
        deployMode = submission.deployMode.rawValue
        pyFiles = submission.pyFiles.map(Entry.init)
        files = submission.files.map(Entry.init)
        archives = submission.archives.map(Entry.init)
        conf = Dictionary(submission.conf.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
        main = submission.main
        arguments = submission.mainArguments
        words = SparkSubmitEmitter().words(submission)
        driverPythonPath = submission.driverPythonPath
        findings = plan.findings.map {
            Finding(
                code: $0.code.rawValue, severity: $0.severity.rawValue, message: $0.message, suggestion: $0.suggestion)
        }
    }
}
