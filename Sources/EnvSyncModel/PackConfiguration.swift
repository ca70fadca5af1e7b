/// How envsync packs an environment: the keys of an `[[archive]]` with a `prefix`.
public struct PackConfiguration: Sendable, Hashable {
    /// What happens to compiled modules.
    public enum Bytecode: String, Sendable, CaseIterable {
        /// Every module is shipped compiled.
        case compile
        /// None is.
        case omit
    }

    /// What happens to packages that are installed as a link to their sources.
    public enum Editable: String, Sendable, CaseIterable {
        /// Those below the workspace are shipped as if installed, others refused.
        case workspace
        /// All are shipped as if installed.
        case include
        /// They are refused.
        case refuse
    }

    /// The share of the published archive that layers over it may have before it is packed anew, unless configured.
    public static let defaultOverlayShare = 0.25

    /// The environment's directory, as written.
    public var prefix: String
    /// `with-python`: whether a virtual environment's base interpreter goes along.
    public var withPython: Bool
    /// Default `compile`.
    public var bytecode: Bytecode
    /// Default `workspace`.
    public var editable: Editable
    /// Globs of paths to leave out.
    public var exclude: [String]
    /// Globs of paths to take although ``exclude`` names them.
    public var include: [String]
    /// `dest-prefix`: where workers unpack it, if that is known; an absolute path.
    public var destination: String?
    /// `ignore`: the codes of problems that are told and stop nothing.
    public var tolerated: [String]
    /// `overlay`: the share of the published archive, 0 to 1, that a layer of changed packages may have in its place; 0:
    /// the archive is always shipped whole.
    public var overlayShare: Double

    /// Makes a configuration.
    public init(
        prefix: String, withPython: Bool = false, bytecode: Bytecode = .compile, editable: Editable = .workspace,
        exclude: [String] = [], include: [String] = [], destination: String? = nil, tolerated: [String] = [],
        overlayShare: Double = defaultOverlayShare
    ) {
        self.prefix = prefix
        self.withPython = withPython
        self.bytecode = bytecode
        self.editable = editable
        self.exclude = exclude
        self.include = include
        self.destination = destination
        self.tolerated = tolerated
        self.overlayShare = overlayShare
    }
}
