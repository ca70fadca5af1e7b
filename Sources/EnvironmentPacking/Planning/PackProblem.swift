/// Why an environment should not be packed as it is.
public struct PackProblem: Sendable, Hashable {
    /// What kind of problem; the raw value is what `--json` and `--ignore` say.
    public enum Code: String, Sendable, CaseIterable, Hashable {
        /// Two packages claim a file, with different content.
        case conflictingFiles = "conflicting-files"
        /// A package's own list names a file that isn't there.
        case missingFiles = "missing-files"
        /// A package is a link to a directory of sources.
        case editablePackage = "editable-package"
        /// A symbolic link leads out of the environment.
        case escapingLink = "escaping-link"
        /// Another Python than the workspace's target.
        case pythonVersion = "python-version"
        /// A file that can't be read.
        case unreadable
        /// A name that can't be packed.
        case unusableName = "unusable-name"
        /// The interpreter can't be made to run elsewhere.
        case interpreter
        /// A package's metadata can't be understood.
        case metadata
    }
    /// What kind of problem.
    public var code: Code
    /// The package, with its version, where there is one.
    public var package: String?
    /// The paths, relative to the environment; at most a few, see `count`.
    public var paths: [[UInt8]]
    /// How many there are.
    public var count: Int
    /// What is the matter: a sentence part that follows the package's or the first path's name.
    public var message: String
    /// What to do.
    public var advice: String

    /// Makes one from its parts.
    public init(
        code: Code, package: String? = nil, paths: [[UInt8]] = [], count: Int? = nil, message: String, advice: String
    ) {
        self.code = code
        self.package = package
        self.paths = paths
        self.count = count ?? paths.count
        self.message = message
        self.advice = advice
    }
}
