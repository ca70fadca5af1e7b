/// Something that Spark or YARN would refuse, silently drop, or do otherwise than the job means.
public struct PreflightFinding: Sendable, Hashable {
    /// Whether the job may be submitted all the same.
    public enum Severity: String, Sendable, Hashable, CaseIterable {
        /// It would fail, or run with something else than it should.
        case error
        /// It runs, but not as well as it could, or envsync cannot tell.
        case warning
    }

    /// What kind of finding it is; the list can grow.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// A stable short word.
        public let rawValue: String

        /// Makes a code from its word.
        public init(rawValue: String) { self.rawValue = rawValue }
    }

    /// What kind of finding it is.
    public let code: Code
    /// Whether the job may be submitted all the same.
    public let severity: Severity
    /// Why, in one line; where two things don't go together, it names both.
    public let message: String
    /// What to do, in one line.
    public let suggestion: String
}

extension PreflightFinding: CustomStringConvertible {
    /// `error: why (code)`.
    public var description: String { "\(severity.rawValue): \(message) (\(code.rawValue))" }
}
