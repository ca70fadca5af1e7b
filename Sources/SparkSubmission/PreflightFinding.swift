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

        /// Two things that Spark tells apart by their file name alone have one file name.
        public static let duplicateLeaf = Code(rawValue: "duplicate-leaf")
        /// Two archives, or an archive and a file, would be linked under one name.
        public static let duplicateAlias = Code(rawValue: "duplicate-alias")
        /// A name that Spark itself uses in a container's directory.
        public static let reservedName = Code(rawValue: "reserved-name")
        /// The job wants an archive that the environment doesn't have.
        public static let unknownAlias = Code(rawValue: "unknown-alias")
        /// An archive whose file name doesn't tell Spark how to unpack it.
        public static let archiveSuffix = Code(rawValue: "archive-suffix")
        /// An archive format that loses modes or symbolic links.
        public static let archiveFormat = Code(rawValue: "archive-format")
        /// A Python file that workers would not import.
        public static let pyFileSuffix = Code(rawValue: "py-file-suffix")
        /// The master and the deploy mode don't go together.
        public static let deployMode = Code(rawValue: "deploy-mode")
        /// A store address that Spark's lists can't carry.
        public static let storeAddress = Code(rawValue: "store-address")
        /// A store on this machine for a job that runs on others.
        public static let localStore = Code(rawValue: "local-store")
        /// Several archives bring a Python, and the job doesn't say which to use.
        public static let severalInterpreters = Code(rawValue: "several-interpreters")
        /// A Python that isn't there when the job starts.
        public static let python = Code(rawValue: "python")
        /// The job runs on this machine's Python, not on the archive's.
        public static let localPython = Code(rawValue: "local-python")
        /// A driver's Python that isn't there, or isn't used.
        public static let driverPython = Code(rawValue: "driver-python")
        /// Packages of an archive that a client-mode driver doesn't find.
        public static let driverPath = Code(rawValue: "driver-path")
        /// Packages of an archive that nothing finds in local mode.
        public static let localPath = Code(rawValue: "local-path")
        /// The main program is missing, ambiguous, or not something `spark-submit` runs as Python.
        public static let main = Code(rawValue: "main")
        /// A property that takes the place of, or is displaced by, what envsync says.
        public static let confConflict = Code(rawValue: "conf-conflict")
        /// A property that has no effect.
        public static let confIgnored = Code(rawValue: "conf-ignored")
        /// A property that makes Spark hide a problem.
        public static let confHazard = Code(rawValue: "conf-hazard")
        /// A property that `--conf` can't carry.
        public static let confSyntax = Code(rawValue: "conf-syntax")
        /// An extra option that takes the place of what envsync says.
        public static let extraOption = Code(rawValue: "extra-option")
        /// An argument that no process can be given.
        public static let argument = Code(rawValue: "argument")
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
