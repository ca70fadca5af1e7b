import EnvSyncModel

extension SubmissionPlanner {
    /// The published main programs of the job, one per object.
    var mains: [PublishedArtifact] {
        var seen = Set<ObjectKey>()
        return request.manifest.artifacts.filter {
            $0.delivery == .main && $0.isWanted(by: job.name) && seen.insert($0.object).inserted
        }
    }

    mutating func chooseMain() {
        let mains = mains
        if let override = request.mainOverride {
            submission.main = override
        } else if let written = job.main {
            if let main = mains.first {
                submission.main = uri(of: main)
                for other in mains.dropFirst() {
                    error(
                        .main, "job \"\(job.name)\" has two main programs: \(main.label) and \(other.label)",
                        try: "run `envsync lock` and `envsync push`")
                }
            } else if written.contains("://") || written.hasPrefix("local:/") {
                submission.main = written
            } else {
                error(
                    .main, "the main program \(QuotedText.visible(written)) of job \"\(job.name)\" is not published",
                    try: "run `envsync lock` and `envsync push`")
            }
        }
        guard let main = submission.main else {
            if !submission.mainArguments.isEmpty, job.main == nil {
                error(
                    .main, "job \"\(job.name)\" has arguments, but no main program to take them",
                    try: "set the job's main")
            }
            return
        }
        // SparkSubmit.isPython: what doesn't end in .py is taken for a JAR.
        if main.hasPrefix("-") || !main.hasSuffix(".py") {
            error(
                .main, "spark-submit would not take \(QuotedText.visible(main)) for a Python program",
                try: "name a file that ends in .py")
        }
    }

    /// Which Python runs the executors and the driver.
    ///
    /// Spark asks `spark.pyspark.driver.python`, then `spark.pyspark.python`, then the environment for the driver's, and
    /// `spark.pyspark.python` for the executors' (`PythonRunner.scala`). So a client-mode driver, which doesn't have
    /// the archive in its directory, must be told its own. In YARN cluster mode the application master does have it,
    /// and the properties reach it in `__spark_conf__`; a Kubernetes driver pod unpacks it into its directory
    /// (SPARK-33748).
    mutating func choosePython() {
        let relativeToArchive = executorPython()
        switch (job.master, job.deployMode) {
        case (.yarn, .cluster), (.kubernetes, .cluster):
            if let driver = job.driverPython {
                warn(
                    .driverPython,
                    "driver-python \(QuotedText.visible(driver)) is not used in cluster mode, where the driver runs on the "
                        + "executors' Python",
                    try: "remove driver-python, or set deploy-mode = \"client\"")
            }
        default:
            if let driver = job.driverPython {
                checkDriverPython(driver)
                add("spark.pyspark.driver.python", driver)
            } else if relativeToArchive {
                add("spark.pyspark.driver.python", "python3")
            }
        }
    }

    /// Sets the executors' Python; whether it is inside an archive.
    private mutating func executorPython() -> Bool {
        let isLocal = if case .local = job.master { true } else { false }
        if let python = job.python {
            add("spark.pyspark.python", python)
            guard Self.isRelativePath(python) else {
                if python.isEmpty {
                    error(.python, "the job's python is empty", try: "remove it, or name an interpreter")
                }
                return false
            }
            if isLocal {
                refuseRelativePython(python)
            } else if let problem = aliasProblem(python) {
                error(
                    .python,
                    "python \(QuotedText.visible(python)) is not inside an archive of job \"\(job.name)\": \(problem)",
                    try: "write ./<alias>/… with the alias of one of the job's archives, or an absolute path")
            }
            return true
        }
        let bringing = submission.archives.filter { $0.artifact.interpreter != nil }
        guard let first = bringing.first, let interpreter = first.artifact.interpreter else { return false }
        if isLocal {
            warn(
                .localPython,
                "master \(job.master) runs everything on this machine's Python, not on \(interpreter) of "
                    + "\(first.artifact.label), which is not unpacked in the job's directory",
                try: "set the job's python to the absolute path of an unpacked copy's interpreter")
            return false
        }
        if let second = bringing.dropFirst().first {
            error(
                .severalInterpreters,
                "\(first.artifact.label) and \(second.artifact.label) both bring a Python, and job \"\(job.name)\" doesn't "
                    + "say which to use",
                try: "set the job's python to ./\(first.linkName)/\(interpreter) or "
                    + "./\(second.linkName)/\(second.artifact.interpreter ?? "")")
        }
        if interpreter.isEmpty || interpreter.hasPrefix("/") || interpreter.split(separator: "/").contains("..") {
            error(
                .python,
                "\(first.artifact.label) claims the interpreter \(QuotedText.visible(interpreter)), outside of itself",
                try: "run `envsync lock` again")
        }
        add("spark.pyspark.python", "./\(first.linkName)/\(interpreter)")
        return true
    }

    private mutating func refuseRelativePython(_ python: String) {
        error(
            .python,
            "python \(QuotedText.visible(python)) is relative and master is \(job.master): in local mode archives are not "
                + "unpacked in the job's directory, so it isn't there",
            try: "use an absolute path or a command's bare name")
    }

    private mutating func checkDriverPython(_ driver: String) {
        if driver.isEmpty {
            error(.driverPython, "the job's driver-python is empty", try: "remove it, or name an interpreter")
        } else if Self.isRelativePath(driver),
            let archive = submission.archives.first(where: { $0.linkName == Self.firstComponent(driver) })
        {
            error(
                .driverPython,
                "driver-python \(QuotedText.visible(driver)) is inside \(archive.artifact.label), which a client-mode driver "
                    + "doesn't have in its directory",
                try: "name a Python of the machine that submits")
        }
    }

    private func aliasProblem(_ python: String) -> String? {
        let component = Self.firstComponent(python)
        let names = submission.archives.map(\.linkName)
        if names.contains(component) {
            return python.split(separator: "/").contains("..") ? "it leaves \(QuotedText.visible(component))" : nil
        }
        return "no archive is linked as \(QuotedText.visible(component))"
            + (names.isEmpty ? "; it has none" : " (there are: \(names.joined(separator: ", ")))")
    }

    /// Whether a Python is named by a path inside an archive's directory.
    static func isPath(_ path: String, inside link: String) -> Bool {
        isRelativePath(path) && firstComponent(path) == link
    }

    private static func isRelativePath(_ path: String) -> Bool { !path.hasPrefix("/") && path.contains("/") }

    private static func firstComponent(_ path: String) -> String {
        String(path.split(separator: "/").first { $0 != "." } ?? "")
    }

    private mutating func add(_ key: String, _ value: String) {
        submission.conf.append(SparkProperty(key: key, value: value))
    }
}
