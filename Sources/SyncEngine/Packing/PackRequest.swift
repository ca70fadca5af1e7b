import EnvSyncModel
import ReproducibleArchive

/// What `envsync pack` was asked for. What isn't said is as the workspace's `[[archive]]` has it, if that is packed.
public struct PackRequest: Sendable {
    /// An archive's form.
    public enum Format: String, Sendable, CaseIterable {
        case tarGz = "tar.gz"
        case tar
        case zip
        case tarZst = "tar.zst"

        /// The form that a file's name tells; `nil` if it tells none.
        public init?(path: String) {
            let name = path.lowercased()
            let suffixes: [(String, Format)] = [
                (".tar.gz", .tarGz), (".tgz", .tarGz), (".tar", .tar), (".zip", .zip), (".tar.zst", .tarZst),
                (".tzst", .tarZst),
            ]
            guard let format = suffixes.first(where: { name.hasSuffix($0.0) })?.1 else { return nil }
            self = format
        }

        var packed: PackedFormat {
            switch self {
            case .tarGz: .tarGz
            case .tar: .tar
            case .zip: .zip
            case .tarZst: .tarZst
            }
        }
    }

    /// A glob of paths to take or to leave out; of several that match, the last decides.
    public struct Filter: Sendable, Hashable {
        /// Whether it leaves out.
        public var isExclusion: Bool
        /// `*` matches `/` too.
        public var pattern: String

        /// Makes a filter.
        public init(isExclusion: Bool, pattern: String) {
            self.isExclusion = isExclusion
            self.pattern = pattern
        }
    }

    /// The environment's directory; `nil`: the workspace's, or the active one.
    public var prefix: String?
    /// The file to write; `nil`: the workspace's, or `environment` with the form's ending in the current directory.
    public var output: String?
    /// `nil`: what the output's name says.
    public var format: Format?
    /// `nil` here and below: as configured.
    public var withPython: Bool?
    /// What happens to compiled modules.
    public var bytecode: PackConfiguration.Bytecode?
    /// What happens to editable packages.
    public var editable: PackConfiguration.Editable?
    /// Where the archive will be unpacked; absolute.
    public var destination: String?
    /// They come after those of the configuration.
    public var filters: [Filter] = []
    /// Codes of problems that stop nothing, besides the configured ones.
    public var tolerated: [String] = []
    /// Whether a file that envsync didn't make is overwritten.
    public var isForced = false
    /// Threads that read and compress; `nil`: all cores.
    public var workers: Int?
    /// Bytes of compressed files that are kept for the next time; `nil`: `ENVSYNC_CACHE_LIMIT`, or 4 GiB.
    public var cacheLimit: Int64?

    /// Asks for the defaults.
    public init() {}
}
