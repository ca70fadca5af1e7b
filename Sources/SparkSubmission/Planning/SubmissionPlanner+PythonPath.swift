import EnvSyncModel

extension SubmissionPlanner {
    static let executorPathKey = "spark.executorEnv.PYTHONPATH"
    private static let driverPathKeys = [
        "spark.yarn.appMasterEnv.PYTHONPATH", "spark.kubernetes.driverEnv.PYTHONPATH",
    ]

    /// The property that sets the path of a driver that runs on the cluster; `nil` where it runs on this machine.
    private var driverPathKey: String? {
        switch (job.master, job.deployMode) {
        case (.yarn, .cluster): Self.driverPathKeys[0]
        case (.kubernetes, .cluster): Self.driverPathKeys[1]
        default: nil
        }
    }

    /// The archives whose packages the workers import on a Python of their own: layers, which may hold a newer version
    /// of what other archives have, then overlays, which hold a newer version of what their archive has, then the others
    /// in the lock's order. One that brings an interpreter, or that the
    /// job's python is in, has a `site-packages` instead.
    private var packageArchives: [SubmissionEntry] {
        let found = submission.archives.filter { entry in
            entry.artifact.interpreter == nil && job.python.map { !Self.isPath($0, inside: entry.linkName) } ?? true
        }
        func rank(_ artifact: PublishedArtifact) -> Int {
            artifact.kind != .layer ? 2 : artifact.base == nil ? 0 : 1
        }
        return (0...2).flatMap { wanted in found.filter { rank($0.artifact) == wanted } }
    }

    /// Where this machine has the archive unpacked, in words that a Python path can carry.
    private func unpackedDirectory(_ entry: SubmissionEntry) -> String? {
        request.unpackedLayers[entry.artifact.object.digest].flatMap { directory in
            directory.hasPrefix("/") && !directory.utf8.contains { $0 == 0x3A || $0 == 0x0A || $0 == 0x0D || $0 == 0 }
                ? directory : nil
        }
    }

    /// Puts unpacked packages on the Python path.
    ///
    /// `spark.executorEnv.PYTHONPATH` reaches the Python workers in every mode: `SparkContext` takes it into its
    /// `environment` (pyspark `context.py`), which comes with each function. On YARN it is put before what Spark adds
    /// itself, as `spark.yarn.appMasterEnv.PYTHONPATH` is for a driver in cluster mode (`Client.scala`,
    /// `setupLaunchEnv`); `spark.kubernetes.driverEnv.PYTHONPATH` is a variable of the driver's pod, and `PythonRunner`
    /// keeps it. Relative entries begin in the container's directory, where archives are found under their alias.
    mutating func choosePythonPath() {
        let archives = packageArchives
        guard !archives.isEmpty else { return }
        submission.pythonPath = archives.map {
            PythonPathEntry(name: $0.linkName, unpacked: unpackedDirectory($0))
        }
        if case .local = job.master {
            // Driver and workers are on this machine, and the archives are in Spark's own temporary directory.
            let unpacked = submission.pythonPath.compactMap(\.unpacked)
            if !unpacked.isEmpty { addPath(Self.executorPathKey, unpacked) }
        } else {
            addPath(Self.executorPathKey, archives.map { "./\($0.linkName)" })
        }
        if let driverPathKey {
            addPath(driverPathKey, archives.map { "./\($0.linkName)" })
        } else {
            chooseDriverPath(archives)
        }
    }

    private mutating func addPath(_ key: String, _ directories: [String]) {
        submission.conf.append(SparkProperty(key: key, value: directories.joined(separator: ":")))
    }

    /// A client-mode driver has the `PYTHONPATH` of the process that submits.
    private mutating func chooseDriverPath(_ archives: [SubmissionEntry]) {
        submission.driverPythonPath = submission.pythonPath.compactMap(\.unpacked)
        // The snippet edits the paths of driver and workers when it runs.
        guard request.format != .python else { return }
        let found = archives.filter { unpackedDirectory($0) != nil }
        if !found.isEmpty, !request.exportsDriverPath {
            let path = ShellQuoting.quote(submission.driverPythonPath.joined(separator: ":"))
            warn(
                .driverPath,
                "\(Self.labels(found)): not on the driver's Python path; a client-mode driver has the PYTHONPATH of whoever "
                    + "submits",
                try: "export PYTHONPATH=\(path)${PYTHONPATH:+:$PYTHONPATH}")
        }
        let missing = archives.filter { unpackedDirectory($0) == nil }
        guard let first = missing.first else { return }
        let copies = missing.count == 1 ? "an unpacked copy" : "unpacked copies"
        if case .local = job.master {
            warn(
                .localPath,
                "master \(job.master) unpacks \(Self.labels(missing)) under Spark's own temporary directory, not in the "
                    + "job's, so nothing of it is on the Python path",
                try: "put \(copies) on PYTHONPATH, or SparkFiles.get(\"\(first.linkName)\") into sys.path")
        } else {
            warn(
                .driverPath,
                "\(Self.labels(missing)): on the workers' Python path only; a client-mode driver has the PYTHONPATH of "
                    + "whoever submits",
                try: "put \(copies) on the driver's PYTHONPATH, or import its packages on workers only")
        }
    }

    /// The archives as findings name them; of many, only the first by its name.
    private static func labels(_ archives: [SubmissionEntry]) -> String {
        guard archives.count > 3 else { return archives.map(\.artifact.label).joined(separator: ", ") }
        return archives.prefix(2).map(\.linkName).joined(separator: ", ") + " and \(archives.count - 2) more archives"
    }

    /// Takes over a property of the job; a Python path comes after ours.
    mutating func take(_ key: String, _ value: String) {
        if Self.isPathKey(key), let ours = submission.conf.firstIndex(where: { $0.key == key }) {
            // An empty entry would mean the current directory.
            if !value.isEmpty { submission.conf[ours].value += ":" + value }
        } else {
            submission.conf.append(SparkProperty(key: key, value: value))
        }
    }

    /// What an extra property of this key would replace, if that is a Python path of ours.
    func plannedPath(_ key: String) -> String? {
        guard Self.isPathKey(key), !packageArchives.isEmpty,
            let ours = submission.conf.first(where: { $0.key == key })
        else { return nil }
        // The job's own property alone, for example the application master's in client mode, may be replaced.
        guard ours.value != job.conf[key] else { return nil }
        return "\(QuotedText.visible("\(key)=\(ours.value)")), by which workers find " + Self.labels(packageArchives)
    }

    private static func isPathKey(_ key: String) -> Bool { key == executorPathKey || driverPathKeys.contains(key) }
}
