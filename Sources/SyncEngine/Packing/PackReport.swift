import EnvSyncModel
import EnvironmentPacking

/// What was packed, or found to be packed already.
public struct PackReport: Sendable {
    /// A package in the archive.
    public struct Package: Sendable {
        /// As its manager spells it.
        public let name: String
        /// Its version.
        public let version: String
        /// `python` or `conda`.
        public let manager: String
        /// How many of its files are in the archive.
        public let files: Int
    }

    /// The environment's directory, as asked for.
    public let prefix: String
    /// The archive's absolute path.
    public let output: String
    /// The archive's form.
    public let format: PackRequest.Format
    /// In bytes.
    public let size: Int64
    /// The archive's SHA-256.
    public let digest: ContentDigest
    /// `venv`, `conda` or `tree`.
    public let kind: String
    /// `3.11`.
    public let python: String
    /// The interpreter inside the archive.
    public let interpreter: String
    /// Where workers need a Python; `nil` if the archive brings it.
    public let base: String?
    /// By name.
    public let packages: [Package]
    /// Files, links and directories.
    public let entries: Int
    /// Whether the file was already what it should be.
    public let wasUnchanged: Bool
    /// Bytes of files that were read.
    public let bytesRead: Int64
    /// Uncompressed bytes that were known compressed.
    public let bytesReused: Int64
    /// Bytes that were compressed, before that.
    public let bytesCompressed: Int64
    /// What is left out.
    public let omissions: [PackOmission]
    /// Those that were tolerated.
    public let problems: [PackFinding]
    /// Sentences that a user should see.
    public let notes: [String]
}

/// Something that is left out.
public struct PackOmission: Sendable, Hashable {
    /// Relative to the environment; its bytes.
    public let path: [UInt8]
    /// Why, as a clause.
    public let reason: String

    init(_ omission: PackPlan.Omission) {
        path = omission.path
        reason = omission.reason
    }
}

/// Why an environment should not be packed as it is.
public struct PackFinding: Sendable, Hashable {
    /// The words that `--ignore` takes.
    public static let codes = PackProblem.Code.allCases.map(\.rawValue)

    /// One of ``codes``.
    public let code: String
    /// With its version.
    public let package: String?
    /// Some of them, see ``count``.
    public let paths: [[UInt8]]
    /// All of them.
    public let count: Int
    /// What is the matter, as a clause about the package or the path.
    public let message: String
    /// What to do.
    public let advice: String

    init(_ problem: PackProblem) {
        code = problem.code.rawValue
        package = problem.package
        paths = problem.paths
        count = problem.count
        message = problem.message
        advice = problem.advice
    }

    /// As lines for people: what, up to five paths, what to do.
    public var lines: [String] {
        let shown = paths.prefix(5).map { QuotedText.shown(bytes: $0) }
        let isAboutOnePath = package == nil && shown.count == 1 && count <= 1
        let subject = package.map(QuotedText.shown) ?? (isAboutOnePath ? shown.first : nil)
        var lines = ["[\(code)] " + (subject.map { $0 + " " } ?? "") + message]
        if !isAboutOnePath {
            lines += shown.map { "    " + $0 }
            if count > shown.count, !shown.isEmpty { lines.append("    and \(count - shown.count) more") }
        }
        if !advice.isEmpty { lines.append("    try: " + advice) }
        return lines
    }
}

/// An environment that wasn't packed, with everything that speaks against it.
public struct PackRefusal: Error, Sendable {
    /// All of it, for people.
    public let error: EnvSyncError
    /// One by one.
    public let findings: [PackFinding]
}
