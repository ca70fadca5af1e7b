import EnvSyncModel

extension SubmissionPlanner {
    /// Draws conclusions from what is known of the surroundings.
    mutating func checkFacts() {
        if !runsDriverOnCluster {
            checkPythonVersions()
            checkPySpark()
        }
        checkInterpreterLink()
        if job.master == .yarn {
            checkStaging()
            checkAncestors()
        }
        for mismatch in request.facts.targetMismatches ?? [] {
            error(
                .wrongPlatform, "the workers can't import \(mismatch)",
                try: "correct environment.target, or lock wheels for it, and run `envsync push --lock`")
        }
    }

    /// In YARN and Kubernetes cluster mode the driver runs on the executors' Python.
    private var runsDriverOnCluster: Bool {
        switch (job.master, job.deployMode) {
        case (.yarn, .cluster), (.kubernetes, .cluster): true
        default: false
        }
    }

    /// Workers refuse a driver of another minor version (pyspark `worker.py`, `check_python_version`).
    private mutating func checkPythonVersions() {
        guard let driver = Self.minor(request.facts.driverPythonVersion),
            let executors = Self.minor(request.facts.executorPythonVersion), driver != executors
        else { return }
        error(
            .pythonVersion,
            "the driver runs Python \(driver) and the executors Python \(executors); PySpark refuses that with the first "
                + "task",
            try: "set driver-python to a Python \(executors), or pack an archive with Python \(driver)")
    }

    /// `spark-submit` puts Spark's own PySpark in front of the driver's path (`PythonRunner`); a plain `python` doesn't.
    private mutating func checkPySpark() {
        let facts = request.facts
        if facts.driverHasPySpark == false {
            let wanted = facts.sparkVersion.map { "pyspark==\($0)" } ?? "pyspark"
            warn(
                .pysparkMissing,
                "the driver's Python has no PySpark of its own, so only spark-submit, which brings one, can run the job",
                try: "use spark-submit or envsync submit, or install \(wanted) for that Python")
        } else if let driver = Self.minor(facts.driverPySparkVersion), let spark = Self.minor(facts.sparkVersion),
            driver != spark
        {
            warn(
                .pysparkVersion,
                "the driver's Python has PySpark \(driver) and Spark is \(spark): outside of spark-submit the job would run "
                    + "on another Spark",
                try: "install pyspark==\(spark).* for the driver's Python")
        }
    }

    private mutating func checkInterpreterLink() {
        guard let target = request.facts.interpreterLeavesArchive,
            let python = submission.conf.first(where: { $0.key == "spark.pyspark.python" })?.value,
            let archive = submission.archives.first(where: { Self.isPath(python, inside: $0.linkName) })
        else { return }
        let isMissing = request.facts.interpreterIsMissingHere == true
        warn(
            .interpreterLink,
            "the Python of \(archive.artifact.label) is a link to \(QuotedText.visible(target)), outside of the archive: "
                + "every node needs it there" + (isMissing ? ", and this machine doesn't have it" : ""),
            try: request.facts.interpreterIsPackedHere
                ? "install the same Python on every node, or set with-python = true in its [[archive]], which brings it along"
                : "install the same Python on every node, or pack with conda-pack, which brings it along; "
                    + "envsync does, too: [[archive]] with prefix and with-python = true")
    }

    /// Spark's test of whether two file systems are one (YARN `Client.scala`, `compareUri`): the scheme, and the authority
    /// with its port, without looking names up.
    private mutating func checkStaging() {
        guard let staging = stagingFileSystem, let store = Self.fileSystem(of: base.uri), base.scheme != "file",
            staging.lowercased() != store.lowercased()
        else { return }
        warn(
            .otherFileSystem,
            "the store is on \(store) and YARN's staging directory on \(staging): every submit would copy every object",
            try: "set store.spark-url to \(staging) if both are the same cluster, or put the store on that file system")
    }

    private var stagingFileSystem: String? {
        for key in ["spark.yarn.stagingDir", "spark.hadoop.fs.defaultFS"] {
            if let value = extra.property(key) ?? job.conf[key], let found = Self.fileSystem(of: value) { return found }
        }
        return request.facts.stagingAuthority.flatMap(Self.fileSystem)
    }

    private mutating func checkAncestors() {
        guard let directory = request.facts.unreadableAncestor else { return }
        warn(
            .privatePath,
            "others can't pass \(QuotedText.visible(directory.path)) (mode \(String(directory.mode, radix: 8))): YARN "
                + "would download every object once per node and user, not once per node",
            try: "chmod o+x there, or put the store elsewhere")
    }

    /// `scheme://authority` of a URI.
    private static func fileSystem(of uri: String) -> String? {
        guard let separator = uri.range(of: "://"), separator.lowerBound != uri.startIndex else { return nil }
        let authority = uri[separator.upperBound...].prefix { $0 != "/" }
        return authority.isEmpty ? nil : String(uri[..<separator.upperBound] + authority)
    }

    /// `3.11` of `3.11.2`.
    private static func minor(_ version: String?) -> String? {
        guard let parts = version?.split(separator: ".").prefix(2), parts.count == 2,
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        return parts.joined(separator: ".")
    }
}
