import EnvSyncModel

extension SubmissionPlanner {
    static let executorPathKey = "spark.executorEnv.PYTHONPATH"
    static let driverPathKey = "spark.yarn.appMasterEnv.PYTHONPATH"

    /// The archives whose packages the workers import on a Python of their own, in the lock's order. One that brings an
    /// interpreter, or that the job's python is in, has a `site-packages` instead.
    private var packageArchives: [SubmissionEntry] {
        submission.archives.filter { entry in
            entry.artifact.interpreter == nil && job.python.map { !Self.isPath($0, inside: entry.linkName) } ?? true
        }
    }

    /// Puts unpacked packages on the Python path.
    ///
    /// `spark.executorEnv.PYTHONPATH` reaches the Python workers (`PythonWorkerFactory.scala`), and on YARN is put before
    /// what Spark adds itself, as `spark.yarn.appMasterEnv.PYTHONPATH` is for a driver in cluster mode (`Client.scala`,
    /// `setupLaunchEnv`). Both are relative to the container's directory, where archives are linked under their alias.
    mutating func choosePythonPath() {
        let archives = packageArchives
        guard !archives.isEmpty else { return }
        let labels = archives.map(\.artifact.label).joined(separator: ", ")
        let unpacked = archives.count == 1 ? "an unpacked copy" : "unpacked copies"
        if case .local = job.master {
            warn(
                .localPath,
                "master \(job.master) unpacks \(labels) under Spark's own temporary directory, not in the job's, so nothing "
                    + "of it is on the Python path",
                try: "put \(unpacked) on PYTHONPATH, or SparkFiles.get(\"\(archives[0].linkName)\") into sys.path")
            return
        }
        let path = archives.map { "./\($0.linkName)" }.joined(separator: ":")
        submission.conf.append(SparkProperty(key: Self.executorPathKey, value: path))
        if job.master == .yarn, job.deployMode == .cluster {
            submission.conf.append(SparkProperty(key: Self.driverPathKey, value: path))
        } else {
            warn(
                .driverPath,
                "\(labels): on the workers' Python path only; a client-mode driver has the PYTHONPATH of whoever submits",
                try: "put \(unpacked) on the driver's PYTHONPATH, or import its packages on workers only")
        }
    }

    /// Takes over a property of the job; a Python path comes after ours.
    mutating func take(_ key: String, _ value: String) {
        if key == Self.executorPathKey || key == Self.driverPathKey,
            let ours = submission.conf.firstIndex(where: { $0.key == key })
        {
            // An empty entry would mean the current directory.
            if !value.isEmpty { submission.conf[ours].value += ":" + value }
        } else {
            submission.conf.append(SparkProperty(key: key, value: value))
        }
    }

    /// What an extra property of this key would replace, if that is a Python path of ours.
    func plannedPath(_ key: String) -> String? {
        guard key == Self.executorPathKey || key == Self.driverPathKey, !packageArchives.isEmpty,
            let ours = submission.conf.first(where: { $0.key == key })
        else { return nil }
        // The job's own property alone, for example the application master's in client mode, may be replaced.
        guard ours.value != job.conf[key] else { return nil }
        return "\(QuotedText.visible("\(key)=\(ours.value)")), by which workers find "
            + packageArchives.map(\.artifact.label).joined(separator: ", ")
    }
}
