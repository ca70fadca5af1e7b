/// What is known of the surroundings of a job, found out by whoever plans it. What is `nil` is unknown, and no finding.
public struct PreflightFacts: Sendable, Hashable {
    /// The version of the driver's Python, for example `3.11.2`.
    public var driverPythonVersion: String?
    /// Whether the driver's Python imports `pyspark` by itself.
    public var driverHasPySpark: Bool?
    /// The version of that PySpark.
    public var driverPySparkVersion: String?
    /// The version of the Spark that runs the job.
    public var sparkVersion: String?
    /// The version of the executors' Python, from the archive or the target.
    public var executorPythonVersion: String?
    /// Where the interpreter in the archive points to, if it is a symbolic link that leaves the archive.
    public var interpreterLeavesArchive: String?
    /// Whether that isn't on this machine, where it would have to be for a driver.
    public var interpreterIsMissingHere: Bool?
    /// Whether envsync packs the archive, so that it can bring the interpreter along.
    public var interpreterIsPackedHere = false
    /// The file system of YARN's staging directory: scheme and authority, for example `hdfs://ns1`.
    public var stagingAuthority: String?
    /// A directory above the store's objects that other users can't pass.
    public var unreadableAncestor: ClosedDirectory?
    /// Wheels of the environment that the target can't import, each with the reason.
    public var targetMismatches: [String]?

    /// A directory that other users can't pass.
    public struct ClosedDirectory: Sendable, Hashable {
        /// Its path.
        public var path: String
        /// Its permission bits.
        public var mode: UInt16

        /// Makes one.
        public init(path: String, mode: UInt16) {
            self.path = path
            self.mode = mode
        }
    }

    /// Makes facts of what is known.
    public init(
        driverPythonVersion: String? = nil, driverHasPySpark: Bool? = nil, driverPySparkVersion: String? = nil,
        sparkVersion: String? = nil, executorPythonVersion: String? = nil, interpreterLeavesArchive: String? = nil,
        stagingAuthority: String? = nil, unreadableAncestor: ClosedDirectory? = nil, targetMismatches: [String]? = nil
    ) {
        self.driverPythonVersion = driverPythonVersion
        self.driverHasPySpark = driverHasPySpark
        self.driverPySparkVersion = driverPySparkVersion
        self.sparkVersion = sparkVersion
        self.executorPythonVersion = executorPythonVersion
        self.interpreterLeavesArchive = interpreterLeavesArchive
        self.stagingAuthority = stagingAuthority
        self.unreadableAncestor = unreadableAncestor
        self.targetMismatches = targetMismatches
    }
}
