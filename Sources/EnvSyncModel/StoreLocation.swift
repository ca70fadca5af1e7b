/// Who may write to a store.
public enum StoreSharing: String, Sendable, CaseIterable {
    /// Directories 755: only the user who made the store.
    case `private`
    /// Directories 775: members of the root directory's group.
    case group
    /// Directories 1777: everybody; the sticky bit keeps objects safe from all but their owner.
    case world

    /// The mode of directories that hold objects and staged uploads.
    public var directoryMode: UInt16 {
        switch self {
        case .private: 0o755
        case .group: 0o775
        case .world: 0o1777
        }
    }

    /// The mode of an environment's directory. In a `world` store it has no sticky bit, since everybody may publish and
    /// so replace the ref; what a ref leads to is checked against its SHA-256 by whoever reads it.
    public var environmentMode: UInt16 { self == .world ? 0o777 : directoryMode }
}

extension StoreSharing {
    /// Whether a directory's mode keeps others from what a wanted mode lets them do. What the owner may do is the
    /// owner's affair: a store can be made read-only for a while.
    public static func isNarrower(_ mode: UInt16, than wanted: UInt16) -> Bool { ~mode & wanted & 0o1077 != 0 }
}

/// Where a store is, as `store.url` says.
public struct StoreLocation: Hashable, Sendable {
    /// How the store is reached.
    public enum Scheme: String, Sendable, CaseIterable {
        /// A directory of this machine.
        case file
        /// WebHDFS at the NameNodes of the Hadoop configuration.
        case hdfs
        /// WebHDFS over HTTP at the given address.
        case webhdfs
        /// WebHDFS over HTTPS at the given address.
        case swebhdfs
    }

    /// How the store is reached.
    public let scheme: Scheme
    /// `host:port` or a nameservice; empty for `file`.
    public let authority: String
    /// The root directory: absolute, without a trailing slash.
    public let path: String

    /// Makes a location from its parts.
    public init(scheme: Scheme, authority: String, path: String) {
        self.scheme = scheme
        self.authority = authority
        self.path = path
    }

    /// Parses `scheme://authority/path`.
    public init(parsing text: String) throws(InvalidName) {
        let role = "store.url"
        guard let separator = text.range(of: "://") else {
            throw InvalidName(
                role: role, text: text, rule: "has no scheme; write hdfs://, webhdfs://, swebhdfs:// or file://")
        }
        guard let scheme = Scheme(rawValue: String(text[..<separator.lowerBound]).lowercased()) else {
            throw InvalidName(
                role: role, text: text, rule: "has an unknown scheme; write hdfs://, webhdfs://, swebhdfs:// or file://"
            )
        }
        let rest = text[separator.upperBound...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = String(rest[..<slash])
        guard !authority.contains("@") else {
            throw InvalidName(
                role: role, text: "…@…", rule: "holds credentials; remove them (the HDFS user is store.user)")
        }
        if scheme == .file {
            guard authority.isEmpty || authority == "localhost" else {
                throw InvalidName(role: role, text: text, rule: "names a host; a file store is file:///directory")
            }
        } else {
            guard !authority.isEmpty, authority.utf8.allSatisfy(Self.isAuthorityByte) else {
                throw InvalidName(role: role, text: text, rule: "has no valid host")
            }
        }
        let components = rest[slash...].split(separator: "/").map(String.init)
        guard !components.isEmpty else {
            throw InvalidName(
                role: role, text: text, rule: "has no directory; the root of a file system can't be a store")
        }
        for component in components {
            guard component != ".", component != "..", !component.unicodeScalars.contains(where: { $0.value < 0x20 }),
                scheme == .file || !component.contains(where: { ":%*?[]{},#\\\"'$`;&|<>".contains($0) || $0 == " " })
            else {
                throw InvalidName(
                    role: role, text: text,
                    rule: "has a component that Spark or HDFS can't take: \(QuotedText.visible(component))")
            }
        }
        self.init(
            scheme: scheme, authority: scheme == .file ? "" : authority, path: "/" + components.joined(separator: "/"))
    }

    private static func isAuthorityByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "["),
            UInt8(ascii: "]"):
            true
        default: false
        }
    }
}

extension StoreLocation: CustomStringConvertible {
    /// The URL.
    public var description: String { "\(scheme.rawValue)://\(authority)\(path)" }
}
