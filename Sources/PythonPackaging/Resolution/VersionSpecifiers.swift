/// Which versions are meant (PEP 440, "Version specifiers"): clauses such as `>=1.2,!=1.3.*,<2`, all of which must hold.
public struct VersionSpecifiers: Sendable, CustomStringConvertible {
    /// As it was written.
    public let text: String
    let clauses: [VersionSpecifier]

    /// Parses specifiers. No clause at all accepts every version.
    ///
    /// - Throws: ``LockfileError``.
    public init(_ text: some StringProtocol) throws(LockfileError) {
        self.text = String(text)
        var clauses: [VersionSpecifier] = []
        for part in text.split(separator: ",") where !part.trimmingBlanks().isEmpty {
            guard let clause = VersionSpecifier(part) else {
                throw LockfileError(
                    "\(Excerpt(part)) is no version specifier; one looks like \">=1.0\" or \"==1.2.*\"")
            }
            clauses.append(clause)
        }
        self.clauses = clauses
    }

    /// Whether a version satisfies all clauses. A version that PEP 440 doesn't know satisfies `===` only.
    ///
    /// - Parameter prereleases: whether pre-releases may be accepted at all. PEP 440 leaves them out where there is a
    ///   choice; a lockfile has made its choice, so by default they are versions like others.
    public func contains(_ version: PythonVersion, prereleases: Bool = true) -> Bool {
        (prereleases || !version.isPrerelease) && clauses.allSatisfy { $0.contains(version) }
    }

    /// The only version that is accepted, where the text says so: `1.2` of `==1.2` and of `===1.2`.
    public var pinnedVersion: String? {
        guard clauses.count == 1, let clause = clauses.first else { return nil }
        switch clause.comparison {
        case .equal: return clause.versionText.hasSuffix(".*") ? nil : clause.versionText
        case .arbitrary: return clause.versionText.isEmpty ? nil : clause.versionText
        default: return nil
        }
    }

    /// As it was written.
    public var description: String { text }
}

extension VersionSpecifiers: Hashable {
    /// Whether both are written alike.
    public static func == (left: VersionSpecifiers, right: VersionSpecifiers) -> Bool { left.text == right.text }

    /// Feeds the text.
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
