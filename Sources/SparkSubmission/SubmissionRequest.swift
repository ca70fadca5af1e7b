import EnvSyncModel

/// What to submit: a job, the published environment it wants, and where that environment's objects are.
public struct SubmissionRequest: Sendable, Hashable {
    /// The job.
    public var job: Job
    /// The environment.
    public var manifest: EnvironmentManifest
    /// The root of the store as the cluster names it, for example `hdfs://ns1/apps/envsync` or
    /// `file:///home/ana/w/.envsync/store`: not percent-encoded, without a trailing slash.
    public var storeBase: String
    /// A main program that takes the place of the published one: a path or URI, passed on as it is. Default `nil`.
    public var mainOverride: String?
    /// Further `spark-submit` options, placed before the main program. Default none.
    public var extraOptions: [String]
    /// Further arguments of the main program, after the job's own. Default none.
    public var extraArguments: [String]
    /// How the submission will be written; not every format carries everything. Default `spark-submit`.
    public var format: LaunchFormat
    /// Where this machine has unpacked copies of archives, by the SHA-256 of the archive. Absolute directories. Default
    /// none.
    public var unpackedLayers: [ContentDigest: String]
    /// Whether the caller puts ``Submission/driverPythonPath`` on the `PYTHONPATH` of the process that submits. Default
    /// `false`.
    public var exportsDriverPath: Bool
    /// What is known of the surroundings. Default nothing.
    public var facts: PreflightFacts

    /// Makes a request.
    public init(
        job: Job, manifest: EnvironmentManifest, storeBase: String, mainOverride: String? = nil,
        extraOptions: [String] = [], extraArguments: [String] = [], format: LaunchFormat = .sparkSubmit,
        unpackedLayers: [ContentDigest: String] = [:], exportsDriverPath: Bool = false,
        facts: PreflightFacts = PreflightFacts()
    ) {
        self.job = job
        self.manifest = manifest
        self.storeBase = storeBase
        self.mainOverride = mainOverride
        self.extraOptions = extraOptions
        self.extraArguments = extraArguments
        self.format = format
        self.unpackedLayers = unpackedLayers
        self.exportsDriverPath = exportsDriverPath
        self.facts = facts
    }
}
