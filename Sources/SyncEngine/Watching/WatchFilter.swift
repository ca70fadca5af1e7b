import ReproducibleArchive

/// What of a watched path doesn't count.
public struct WatchFilter: Sendable {
    private enum Rule: Sendable {
        case none
        case wheelhouse
        case source(IgnorePatterns)
    }

    /// What ``LocalScan`` looks at, or complains of, in a wheelhouse.
    private static let suffixes = [".whl", ".egg", ".zip", ".tar.gz", ".tgz", ".tar.bz2"]
    private static let alwaysExcluded = IgnorePatterns(SourceTree.alwaysExcluded)

    private let rule: Rule

    init(_ scope: WatchedPath.Scope) {
        switch scope {
        case .file: rule = .none
        case .directory: rule = .wheelhouse
        case .tree(let exclude): rule = .source(IgnorePatterns(exclude))
        }
    }

    /// Whether something below the path doesn't count, nor anything that is in it.
    ///
    /// The directories above it are not judged: whoever goes down a tree doesn't enter those that don't count.
    ///
    /// - Parameters:
    ///   - relativePath: `/`-separated, without a trailing slash.
    ///   - isDirectory: whether it is a directory, or a link to one.
    public func isIgnored(relativePath: String, isDirectory: Bool) -> Bool {
        switch rule {
        case .none: return false
        case .wheelhouse:
            // ASCII is all that matters, and bytes are compared faster than characters.
            let lower = relativePath.lowercased()
            return lower.hasPrefix(".")
                || !Self.suffixes.contains { lower.utf8.reversed().starts(with: $0.utf8.reversed()) }
        case .source(let patterns):
            return Self.alwaysExcluded.verdict(on: relativePath, isDirectory: isDirectory) == .excluded
                || patterns.verdict(on: relativePath, isDirectory: isDirectory) == .excluded
        }
    }
}
