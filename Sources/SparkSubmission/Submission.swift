import EnvSyncModel

/// Everything a launcher needs to know to run a job: the plan that each emitter writes in its own form.
public struct Submission: Sendable, Hashable {
    /// What the Python path gets, in its order.
    public var pyFiles: [SubmissionEntry] = []
    /// What the job opens by name.
    public var files: [SubmissionEntry] = []
    /// What workers unpack.
    public var archives: [SubmissionEntry] = []
    /// Spark properties, sorted by key: the job's own and those that its mode needs.
    public var conf: [SparkProperty] = []
    /// The main program, as a URI or path; `nil` if the caller adds it.
    public var main: String?
    /// Arguments of the main program.
    public var mainArguments: [String] = []
    /// The `--master` value.
    public var master: SparkMaster
    /// Where the driver runs.
    public var deployMode: Job.DeployMode
    /// Further `spark-submit` options, as the caller gave them.
    public var extraOptions: [String] = []
    /// The job's name.
    public var jobName: String
    /// The archives whose packages go on the Python path: layers first, then others without an interpreter.
    public var pythonPath: [PythonPathEntry] = []
    /// Directories of this machine that the submitting process needs on its `PYTHONPATH`, because the driver runs in it;
    /// absolute.
    public var driverPythonPath: [String] = []
}

/// An archive whose packages go on the Python path.
public struct PythonPathEntry: Sendable, Hashable {
    /// The name of its directory where workers unpack it.
    public let name: String
    /// An absolute directory of this machine that holds an unpacked copy.
    public let unpacked: String?
}

/// One object that a job is given.
public struct SubmissionEntry: Sendable, Hashable {
    /// Where the cluster finds it; no comma, `#`, blank or glob character in it.
    public var uri: String
    /// The directory it is unpacked into; archives only.
    public var alias: ArchiveAlias?
    /// What it is.
    public var artifact: PublishedArtifact

    /// The entry as Spark's lists have it: `uri` or `uri#alias`.
    public var argument: String { alias.map { "\(uri)#\($0)" } ?? uri }
}

/// A Spark property.
public struct SparkProperty: Sendable, Hashable {
    /// For example `spark.pyspark.python`.
    public var key: String
    /// Its value.
    public var value: String

    /// Makes a property.
    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A submission, and what is to be said about it before it is used.
public struct SubmissionPlan: Sendable, Hashable {
    /// The submission; not to be used when there are ``errors``.
    public let submission: Submission
    /// Errors first, otherwise in the order they were found.
    public let findings: [PreflightFinding]

    /// The findings that forbid submitting.
    public var errors: [PreflightFinding] { findings.filter { $0.severity == .error } }
    /// Directories of this machine that the submitting process needs on its `PYTHONPATH`; absolute.
    public var driverPythonPath: [String] { submission.driverPythonPath }
    /// The findings that don't.
    public var warnings: [PreflightFinding] { findings.filter { $0.severity == .warning } }
}

extension Submission {
    /// Plans a submission. Reads and writes nothing, and gives the same answer every time.
    public static func plan(_ request: SubmissionRequest) -> SubmissionPlan {
        var planner = SubmissionPlanner(request)
        planner.selectArtifacts()
        planner.checkMode()
        planner.checkLeaves()
        planner.checkCollisions()
        planner.chooseMain()
        planner.choosePython()
        planner.choosePythonPath()
        planner.checkConfiguration()
        planner.checkFacts()
        planner.checkFormat()
        planner.checkExtraOptions()
        planner.checkWords()
        return planner.finish()
    }
}
