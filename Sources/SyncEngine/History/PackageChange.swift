import EnvSyncModel

/// How one package, file, archive or layer differs between two environments.
public struct PackageChange: Sendable, Hashable {
    /// What kind of difference. The words are stable: scripts may rely on them.
    public enum Kind: String, Sendable, CaseIterable {
        /// Only the second environment has it.
        case added
        /// Only the first environment has it.
        case removed
        /// It has another version, and so other content.
        case version
        /// It has the same version, or none, and other content.
        case content
        /// It has the same content and reaches workers otherwise: delivery, alias, layer, jobs or interpreter.
        case delivery
    }

    /// What kind of difference.
    public let kind: Kind
    /// What it is in the second environment, or was in the first; a package within a layer is a `wheel`.
    public let type: ArtifactKind
    /// The package's or the file's name; an archive's alias.
    public let name: String
    /// The version before; `nil` if there was none.
    public let before: String?
    /// The version after; `nil` if there is none.
    public let after: String?
    /// The size before in bytes; `nil` if it wasn't an object of its own.
    public let bytesBefore: Int64?
    /// The size after in bytes; `nil` if it isn't an object of its own.
    public let bytesAfter: Int64?
    /// The SHA-256 before, where it is known.
    public let digestBefore: ContentDigest?
    /// The SHA-256 after, where it is known.
    public let digestAfter: ContentDigest?
    /// The layer that held it; `nil` if it was an object of its own.
    public let layerBefore: String?
    /// The layer that holds it; `nil` if it is an object of its own.
    public let layerAfter: String?
    /// What else differs of how it reaches workers, whatever the kind.
    public let details: [Detail]
    /// Whether it is a layer that changed because of packages that are listed for themselves.
    public internal(set) var followsFromPackages = false

    /// One property that differs.
    public struct Detail: Sendable, Hashable {
        /// `delivery`, `alias`, `layer`, `jobs`, `interpreter`, `type`, `name` or `file name`.
        public let property: String
        /// Its value before; `nil` if there was none.
        public let before: String?
        /// Its value after; `nil` if there is none.
        public let after: String?
    }
}

extension Sequence<PackageChange> {
    /// What changed, in one line: `+2 −1 ~3: numpy 1.26 → 2.0, +six 1.17, …`. Layers that changed because of their
    /// packages are not counted.
    ///
    /// - Parameter limit: how many changes are named.
    public func summary(limit: Int = 4) -> String {
        let changes = filter { !$0.followsFromPackages }
        guard !changes.isEmpty else { return "no change" }
        let added = changes.count { $0.kind == .added }
        let removed = changes.count { $0.kind == .removed }
        var counts: [String] = []
        if added > 0 { counts.append("+\(added)") }
        if removed > 0 { counts.append("−\(removed)") }
        if added + removed < changes.count { counts.append("~\(changes.count - added - removed)") }
        var named = changes.prefix(Swift.max(0, limit)).map(\.short)
        if changes.count > limit { named.append("…") }
        return counts.joined(separator: " ") + (limit > 0 ? ": " + named.joined(separator: ", ") : "")
    }
}

extension PackageChange {
    /// `numpy 1.26 → 2.0`, `+six 1.17.0`, `−app.yaml`.
    public var short: String {
        let name = QuotedText.shown(name)
        func with(_ version: String?) -> String { version.map { " " + QuotedText.shown($0) } ?? "" }
        return switch kind {
        case .added: "+\(name)\(with(after))"
        case .removed: "−\(name)\(with(before))"
        case .version: "\(name)\(with(before ?? "-")) →\(with(after ?? "-"))"
        case .content: "\(name) (content)"
        case .delivery: "\(name) (\(details.first?.property ?? "delivery"))"
        }
    }
}
