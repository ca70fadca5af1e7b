import EnvSyncModel

/// Works out a submission step by step and collects findings on the way.
struct SubmissionPlanner {
    let request: SubmissionRequest
    let base: StoreBase
    let extra: ExtraOptions
    var submission: Submission
    var findings: [PreflightFinding] = []

    var job: Job { request.job }

    init(_ request: SubmissionRequest) {
        self.request = request
        base = StoreBase(request.storeBase)
        extra = ExtraOptions(request.extraOptions)
        submission = Submission(
            master: request.job.master, deployMode: request.job.deployMode, jobName: request.job.name.text)
        submission.mainArguments = request.job.arguments + request.extraArguments
        submission.extraOptions = request.extraOptions
    }

    mutating func error(_ code: PreflightFinding.Code, _ message: String, try suggestion: String) {
        findings.append(PreflightFinding(code: code, severity: .error, message: message, suggestion: suggestion))
    }

    mutating func warn(_ code: PreflightFinding.Code, _ message: String, try suggestion: String) {
        findings.append(PreflightFinding(code: code, severity: .warning, message: message, suggestion: suggestion))
    }

    func finish() -> SubmissionPlan {
        var seen = Set<PreflightFinding>()
        let unique = findings.filter { seen.insert($0).inserted }
        return SubmissionPlan(
            submission: submission,
            findings: unique.filter { $0.severity == .error } + unique.filter { $0.severity == .warning })
    }

    // MARK: Artifacts

    /// Every object once a list: two wheels' worth of names for the same bytes are one entry.
    mutating func selectArtifacts() {
        var seen = Set<SubmissionEntry.Identity>()
        for artifact in request.manifest.artifacts where artifact.isWanted(by: job) {
            guard seen.insert(SubmissionEntry.Identity(artifact)).inserted else { continue }
            let entry = SubmissionEntry(
                uri: uri(of: artifact), alias: artifact.delivery == .archive ? artifact.alias : nil, artifact: artifact)
            switch artifact.delivery {
            case .pyfile: submission.pyFiles.append(entry)
            case .file: submission.files.append(entry)
            case .archive: submission.archives.append(entry)
            case .main: break
            }
        }
        let known = Set(submission.archives.compactMap(\.alias))
        for alias in job.archives ?? [] where !known.contains(alias) {
            let has = known.isEmpty ? "none" : known.map(\.text).sorted().joined(separator: ", ")
            error(
                .unknownAlias,
                "job \"\(job.name)\" wants the archive \"\(alias)\", which environment \"\(request.manifest.name)\" "
                    + "doesn't have for it (it has: \(has))",
                try:
                    "add an [[archive]] with that alias, run `envsync lock` and `envsync push`, or correct the job's archives"
            )
        }
    }

    func uri(of artifact: PublishedArtifact) -> String { "\(base.uri)/\(artifact.object.relativePath)" }

    // MARK: Mode and store

    mutating func checkMode() {
        switch (job.master, job.deployMode) {
        case (.local, .cluster):
            error(
                .deployMode, "deploy mode cluster and master \(job.master) don't go together (spark-submit refuses it)",
                try: "set deploy-mode = \"client\"")
        case (.standalone, .cluster), (.localCluster, .cluster):
            error(
                .deployMode,
                "deploy mode cluster and master \(job.master) don't go together: Spark's standalone clusters don't run "
                    + "Python drivers",
                try: "set deploy-mode = \"client\", or submit to YARN")
        default: break
        }
        if let problem = base.problem {
            error(
                .storeAddress, "the store's address \(QuotedText.visible(request.storeBase)) \(problem)",
                try: base.scheme.hasSuffix("webhdfs")
                    ? "set store.spark-url to the hdfs:// address that the cluster uses"
                    : "move the store to a directory whose path has only letters, digits and . _ + - /")
        } else if base.scheme == "file" {
            checkLocalStore()
        }
    }

    private mutating func checkLocalStore() {
        let suggestion = "push to an hdfs:// store (store.url)"
        switch job.master {
        case .yarn:
            warn(
                .localStore,
                "the store \(request.storeBase) is on this machine and master is yarn: spark-submit would upload every "
                    + "object at every submit, and YARN would not share them between users or runs",
                try: suggestion)
        case .kubernetes where job.deployMode == .cluster: checkUploadedStore()
        case .standalone, .kubernetes:
            warn(
                .localStore,
                "the store \(request.storeBase) is on this machine and master is \(job.master): every executor would fetch "
                    + "every object from the driver",
                try: suggestion)
        case .local, .localCluster: break
        }
    }

    /// A driver in a pod doesn't see this machine's files; `spark-submit` uploads them, if it is told where to
    /// (`KubernetesUtils.uploadFileUri`).
    private mutating func checkUploadedStore() {
        let key = "spark.kubernetes.file.upload.path"
        if let path = extra.property(key) ?? job.conf[key], !path.isEmpty {
            warn(
                .localStore,
                "the store \(request.storeBase) is on this machine: spark-submit would upload every object to "
                    + "\(QuotedText.visible(path)) at every submit",
                try: "push to an hdfs:// store (store.url)")
        } else {
            error(
                .localStore,
                "the store \(request.storeBase) is on this machine, which pods of \(job.master) don't see, and "
                    + "\(key) is not set",
                try: "push to an hdfs:// store (store.url), or set \(key) in the job's conf")
        }
    }
}

extension SubmissionEntry {
    /// What makes two entries of a list the same: the object and the name it gets on the workers.
    struct Identity: Hashable {
        let delivery: Delivery
        let object: ObjectKey
        let alias: ArchiveAlias?

        init(_ artifact: PublishedArtifact) {
            delivery = artifact.delivery
            object = artifact.object
            alias = artifact.delivery == .archive ? artifact.alias : nil
        }
    }

    /// The name under which workers find it.
    var linkName: String { alias?.text ?? artifact.object.leaf.text }
}

extension PublishedArtifact {
    /// The artifact as findings name it.
    var label: String {
        let version = version.map { " " + $0 } ?? ""
        return "\(delivery.rawValue) \(object.leaf) (\(QuotedText.visible(name + version)), \(object.digest.short))"
    }
}
