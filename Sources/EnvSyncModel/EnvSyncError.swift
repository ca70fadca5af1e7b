/// A failure as a user reads it: what failed, on what, why in the server's words, and what to do next.
public struct EnvSyncError: Error, Sendable {
    /// What kind of failure it is; the list can grow.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// A stable word, also given as `code` by `--json`.
        public let rawValue: String

        /// Makes a code from its word.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// `envsync.toml` is missing or not usable.
        public static let configuration = Code(rawValue: "configuration")
        /// `envsync.lock` is missing or not usable.
        public static let lock = Code(rawValue: "lock")
        /// The lock does not match its sources.
        public static let staleLock = Code(rawValue: "stale-lock")
        /// A local file is missing, damaged, or cannot be shipped.
        public static let artifact = Code(rawValue: "artifact")
        /// A local file changed while it was being read.
        public static let changedWhileReading = Code(rawValue: "changed-while-reading")
        /// The store cannot be reached.
        public static let unreachable = Code(rawValue: "unreachable")
        /// The store refused, and trying again does not help.
        public static let refused = Code(rawValue: "refused")
        /// What the store holds is not what was sent.
        public static let verification = Code(rawValue: "verification")
        /// The environment is not published.
        public static let notPublished = Code(rawValue: "not-published")
        /// Spark would refuse, or silently drop, part of what the job needs.
        public static let preflight = Code(rawValue: "preflight")
        /// The local state database cannot be used.
        public static let state = Code(rawValue: "state")
        /// A signal ended the work.
        public static let interrupted = Code(rawValue: "interrupted")
        /// Something on this machine failed.
        public static let system = Code(rawValue: "system")
    }

    /// What kind of failure it is.
    public var code: Code
    /// What failed, and on which file or path; one line without a final full stop.
    public var message: String
    /// Why, in the server's or the operating system's own words.
    public var reason: String?
    /// What to do next.
    public var suggestion: String?
    /// What is and isn't changed by the failure.
    public var consequence: String?
    /// Whether the store failed, or refused, rather than something on this machine: trying again may help without a
    /// local change.
    public var isOfStore: Bool

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, reason: String? = nil, suggestion: String? = nil, consequence: String? = nil,
        isOfStore: Bool = false
    ) {
        self.code = code
        self.message = message
        self.reason = reason
        self.suggestion = suggestion
        self.consequence = consequence
        self.isOfStore = isOfStore
    }

    /// The error as lines for a terminal, without a leading `error:`.
    public var lines: [String] {
        var lines = [message]
        if let reason {
            let speaker = [.unreachable, .refused, .verification].contains(code) ? "  server:  " : "  reason:  "
            lines.append(speaker + reason.split(separator: "\n").joined(separator: "\n           "))
        }
        if let suggestion {
            lines.append("  try:     " + suggestion.split(separator: "\n").joined(separator: "\n           "))
        }
        if let consequence { lines.append("  " + consequence) }
        return lines
    }
}

extension EnvSyncError: CustomStringConvertible {
    /// All lines.
    public var description: String { lines.joined(separator: "\n") }
}
