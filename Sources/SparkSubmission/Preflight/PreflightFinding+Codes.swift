extension PreflightFinding.Code: CaseIterable {
    /// Two things that Spark tells apart by their file name alone have one file name.
    public static let duplicateLeaf = Self(rawValue: "duplicate-leaf")
    /// Two archives, or an archive and a file, would be linked under one name.
    public static let duplicateAlias = Self(rawValue: "duplicate-alias")
    /// A name that Spark itself uses in a container's directory.
    public static let reservedName = Self(rawValue: "reserved-name")
    /// The job wants an archive that the environment doesn't have.
    public static let unknownAlias = Self(rawValue: "unknown-alias")
    /// An archive whose file name doesn't tell Spark how to unpack it.
    public static let archiveSuffix = Self(rawValue: "archive-suffix")
    /// An archive format that loses modes or symbolic links.
    public static let archiveFormat = Self(rawValue: "archive-format")
    /// A Python file that workers would not import.
    public static let pyFileSuffix = Self(rawValue: "py-file-suffix")
    /// The master and the deploy mode don't go together.
    public static let deployMode = Self(rawValue: "deploy-mode")
    /// A store address that Spark's lists can't carry.
    public static let storeAddress = Self(rawValue: "store-address")
    /// A store on this machine for a job that runs on others.
    public static let localStore = Self(rawValue: "local-store")
    /// Several archives bring a Python, and the job doesn't say which to use.
    public static let severalInterpreters = Self(rawValue: "several-interpreters")
    /// A Python that isn't there when the job starts.
    public static let python = Self(rawValue: "python")
    /// The job runs on this machine's Python, not on the archive's.
    public static let localPython = Self(rawValue: "local-python")
    /// A driver's Python that isn't there, or isn't used.
    public static let driverPython = Self(rawValue: "driver-python")
    /// Packages of an archive that a client-mode driver doesn't find.
    public static let driverPath = Self(rawValue: "driver-path")
    /// Packages of an archive that nothing finds in local mode.
    public static let localPath = Self(rawValue: "local-path")
    /// The main program is missing, ambiguous, or not something `spark-submit` runs as Python.
    public static let main = Self(rawValue: "main")
    /// A property that takes the place of, or is displaced by, what envsync says.
    public static let confConflict = Self(rawValue: "conf-conflict")
    /// A property that has no effect.
    public static let confIgnored = Self(rawValue: "conf-ignored")
    /// A property that makes Spark hide a problem.
    public static let confHazard = Self(rawValue: "conf-hazard")
    /// A property that `--conf` can't carry.
    public static let confSyntax = Self(rawValue: "conf-syntax")
    /// An extra option that takes the place of what envsync says.
    public static let extraOption = Self(rawValue: "extra-option")
    /// An argument that no process can be given.
    public static let argument = Self(rawValue: "argument")
    /// Something that the format can't carry, or that the launcher does otherwise.
    public static let launcher = Self(rawValue: "launcher")
    /// The driver and the executors run different minor versions of Python.
    public static let pythonVersion = Self(rawValue: "python-version")
    /// The driver's Python has no PySpark.
    public static let pysparkMissing = Self(rawValue: "pyspark-missing")
    /// The driver's PySpark is not of the Spark that runs the job.
    public static let pysparkVersion = Self(rawValue: "pyspark-version")
    /// The interpreter in the archive is a link that leaves it.
    public static let interpreterLink = Self(rawValue: "interpreter-link")
    /// The store is not on the file system of YARN's staging directory.
    public static let otherFileSystem = Self(rawValue: "other-file-system")
    /// Not everybody can pass the directories above the objects.
    public static let privatePath = Self(rawValue: "private-path")
    /// A wheel that the workers' Python or platform can't import.
    public static let wrongPlatform = Self(rawValue: "wrong-platform")

    /// Every code, in the order of the README's table.
    public static let allCases: [Self] = [
        .duplicateLeaf, .duplicateAlias, .reservedName, .unknownAlias, .archiveSuffix, .archiveFormat, .pyFileSuffix,
        .deployMode, .storeAddress, .localStore, .severalInterpreters, .python, .localPython, .driverPython,
        .driverPath, .localPath, .main, .confConflict, .confIgnored, .confHazard, .confSyntax, .extraOption,
        .argument, .launcher, .pythonVersion, .pysparkMissing, .pysparkVersion, .interpreterLink, .otherFileSystem,
        .privatePath, .wrongPlatform,
    ]
}
