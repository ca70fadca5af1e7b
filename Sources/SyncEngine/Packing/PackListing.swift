import EnvSyncModel
import EnvironmentPacking

/// What an archive would hold, and why not the rest.
public struct PackListing: Sendable {
    /// Something that would go in.
    public struct Entry: Sendable {
        /// What it is.
        public enum Kind: String, Sendable {
            case file, directory, link
        }
        /// Inside the archive; its bytes.
        public let path: [UInt8]
        /// What it is.
        public let kind: Kind
        /// Of a file; `nil` where only packing tells.
        public let size: Int64?
        /// With its version.
        public let package: String?
        /// What becomes of the environment's file: "as it is", "generated", or what it is rewritten for.
        public let how: String
        /// Of a link.
        public let target: [UInt8]?
        /// Whether it can be run.
        public let isExecutable: Bool
    }

    private let plan: PackPlan
    /// By the plan's entries.
    private let effects: [String]
    private let replacing: [[UInt8]]

    private static let pathLimit = 5

    /// Reads the small files whose content alone tells what becomes of them.
    init(_ plan: PackPlan) {
        self.plan = plan
        var replacing: [[UInt8]] = []
        effects = plan.entries.map { entry in
            let effect = entry.effect
            if effect.replacesPrefix { replacing.append(entry.path) }
            return effect.words
        }
        self.replacing = replacing
    }

    /// The environment's directory, absolute.
    public var prefix: String { plan.prefix }
    /// `venv`, `conda` or `tree`.
    public var kind: String { plan.kind.rawValue }
    /// `3.11`.
    public var python: String { plan.python }
    /// Files, links and directories.
    public var count: Int { plan.entries.count }
    /// Sentences that a user should see.
    public var notes: [String] {
        guard !replacing.isEmpty else { return plan.notes }
        let paths = replacing.prefix(Self.pathLimit).map { QuotedText.shown(bytes: $0) }
        let isOne = replacing.count == 1
        let rest = replacing.count > paths.count ? " and \(replacing.count - paths.count) more" : ""
        return plan.notes + [
            "\(replacing.count) \(isOne ? "file names" : "files name") the environment's directory, and another one in the archive: "
                + paths.joined(separator: ", ") + rest
        ]
    }
    /// What is left out.
    public var omissions: [PackOmission] { plan.omissions.map(PackOmission.init) }
    /// What would stop the packing.
    public var problems: [PackFinding] { plan.problems.map(PackFinding.init) }

    /// By path. Each is made when it is asked for: there may be 100,000.
    public var entries: some Sequence<Entry> {
        zip(plan.entries, effects).lazy.map { entry, how in
            let package = entry.package.map { "\(plan.packages[$0].name) \(plan.packages[$0].version)" }
            switch entry.kind {
            case .directory:
                return Entry(
                    path: entry.path, kind: .directory, size: nil, package: package, how: how, target: nil,
                    isExecutable: false)
            case .symlink(let target):
                return Entry(
                    path: entry.path, kind: .link, size: nil, package: package, how: how, target: target,
                    isExecutable: false)
            case .file(let isExecutable, let content):
                let size: Int64? =
                    switch content {
                    case .generated(let bytes): Int64(bytes.count)
                    case .file(let source): source.fingerprint.size
                    case .rewritten: nil
                    }
                return Entry(
                    path: entry.path, kind: .file, size: size, package: package, how: how, target: nil,
                    isExecutable: isExecutable)
            }
        }
    }
}
