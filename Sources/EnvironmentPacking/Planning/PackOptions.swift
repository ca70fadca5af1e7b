public import ReproducibleArchive

/// What goes into a packed environment, and how. It decides the bytes, with the environment's contents.
public struct PackOptions: Sendable, Hashable {
    /// What happens to compiled modules.
    public enum Bytecode: String, Sendable, CaseIterable {
        /// Every module has one, in a form that doesn't depend on where and when it was compiled.
        case compile
        /// None is shipped.
        case omit
    }
    /// What happens to packages that are installed as a link to their sources (PEP 660, `pip install -e`).
    public enum Editable: String, Sendable, CaseIterable {
        /// Those below the workspace are shipped as if installed; others are refused.
        case workspace
        /// All are shipped as if installed.
        case include
        /// They are refused.
        case refuse
    }
    /// One `--include` or `--exclude`, in the order given; the last that matches decides, as conda-pack's do.
    public struct Filter: Sendable, Hashable {
        /// Whether what matches is left out.
        public var isExclusion: Bool
        /// A glob (fnmatch) against the path inside the archive.
        public var pattern: String
        /// Makes one from its parts.
        public init(isExclusion: Bool, pattern: String) {
            self.isExclusion = isExclusion
            self.pattern = pattern
        }
    }

    /// The form of the archive.
    public var format: PackedFormat = .tarGz
    /// Whether a virtual environment's base interpreter goes along.
    public var withPython = false
    /// Compiled modules; default: every module has one.
    public var bytecode = Bytecode.compile
    /// Packages that are links to their sources; default: the workspace's own go along.
    public var editable = Editable.workspace
    /// In the order given; default: all is included.
    public var filters: [Filter] = []
    /// Where the archive will be unpacked, if that is known: an absolute path.
    public var destination: String?
    /// The Python that the workers' must be, `3.11`; `nil`: any.
    public var targetPython: String?
    /// The workspace's directory, absolute; editable packages below it are the user's own.
    public var workspace: String?
    /// What the environment was installed from, for the archive's manifest.
    public var lock: EnvironmentManifest.Lock?
    /// Kinds of problems that are told and don't stop the packing.
    public var tolerated: Set<PackProblem.Code> = []

    /// The defaults.
    public init() {}
}
