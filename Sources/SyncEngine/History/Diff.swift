import EnvSyncModel

/// One of the two things that `diff` compares.
public enum DiffOperand: Sendable, Hashable {
    /// `envsync.lock`.
    case lock
    /// What the local files are now.
    case local
    /// An installed Python environment.
    ///
    /// - Parameter prefix: its directory, absolute or relative to the current one; `nil` for the active one, or else `.venv`
    ///   in the workspace.
    case installed(prefix: String?)
    /// A generation.
    case generation(GenerationSelector)

    /// Parses what a user wrote: `lock`, `local`, `env`, `env=PREFIX`, or a generation; `nil` for anything else.
    public init?(_ text: String) {
        switch text {
        case "lock": self = .lock
        case "local": self = .local
        case "env": self = .installed(prefix: nil)
        default:
            if text.hasPrefix("env=") {
                guard text.utf8.count > 4 else { return nil }
                self = .installed(prefix: String(text.dropFirst(4)))
            } else if let selector = GenerationSelector(text) {
                self = .generation(selector)
            } else {
                return nil
            }
        }
    }
}

/// One side of a comparison, as it was found.
public struct DiffSide: Sendable {
    /// What it is. The words are stable.
    public enum Kind: String, Sendable {
        /// `envsync.lock`.
        case lock
        /// The local files.
        case local
        /// An installed Python environment.
        case environment = "env"
        /// A published generation.
        case generation
        /// What is published of an environment that never was.
        case nothing
    }

    /// What it is.
    public let kind: Kind
    /// The environment's id; `nil` of an installed environment, and of nothing.
    public let id: ContentDigest?
    /// The generation's number.
    public var generation: Int?
    /// When it was published, in seconds since 1970-01-01 UTC of the publisher's clock.
    public var publishedAt: Int64?
    /// The user who published it.
    public var publishedBy: String?
    /// The directory of an installed environment.
    public var prefix: String?
    /// Its objects; 0 of an installed environment.
    public let objects: Int
    /// Their bytes.
    public let bytes: Int64
    /// Its packages, installed or to be imported by workers.
    public let packages: Int

    init(_ kind: Kind, _ content: EnvironmentContent) {
        self.kind = kind
        id = kind == .nothing ? nil : content.id
        objects = content.objects.count
        bytes = content.objects.reduce(0) { $0 &+ $1.size }
        packages = (content.items + content.provided).count { $0.key.category == .package }
    }
}

/// What `diff` found.
public struct DiffResult: Sendable {
    /// What was compared.
    public let from: DiffSide
    /// What it was compared with.
    public let to: DiffSide
    /// How they differ.
    public let comparison: EnvironmentComparison
    /// Requests to servers.
    public let requests: Int
}
