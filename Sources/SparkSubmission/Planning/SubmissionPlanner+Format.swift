import EnvSyncModel

extension SubmissionPlanner {
    /// What the format can't carry, or a launcher does otherwise.
    mutating func checkFormat() {
        let format = request.format
        if !format.carriesExtraOptions, let option = request.extraOptions.first {
            error(
                .launcher,
                "the format \(format.rawValue) can't carry the extra option \(QuotedText.visible(option))",
                try: "say it in envsync.toml, or use the format spark-submit")
        }
        if format.needsMain, submission.main == nil, job.main == nil {
            error(
                .main, "job \"\(job.name)\" has no main program, which the format \(format.rawValue) needs",
                try: "set the job's main")
        }
        switch format {
        case .conf: checkPropertiesFile()
        case .livy: checkLivy()
        case .sparkOperator: checkSparkOperator()
        case .sparkSubmit, .shell, .json, .python, .airflow: break
        }
    }

    private var isOnThisMachine: Bool {
        switch job.master {
        case .local, .localCluster: true
        case .standalone, .kubernetes, .yarn: false
        }
    }

    private mutating func checkPropertiesFile() {
        for property in submission.conf where !SparkDefaultsEmitter.carries(property.value) {
            error(
                .launcher,
                "property \(QuotedText.visible(property.key)) begins or ends with a blank, which Spark cuts off in a "
                    + "properties file",
                try: "remove the blank, or use the format spark-submit")
        }
    }

    private mutating func checkLivy() {
        if isOnThisMachine {
            warn(
                .launcher,
                "the job's settings are made for master \(job.master), and Livy runs jobs on its own livy.spark.master",
                try: "set the job's master and deploy-mode to those of the Livy server")
        }
        if base.scheme == "file" {
            warn(
                .launcher,
                "Livy refuses files of its own machine that livy.file.local-dir-whitelist doesn't name, and "
                    + "\(request.storeBase) is on this one",
                try: "push to an hdfs:// store (store.url)")
        }
    }

    private mutating func checkSparkOperator() {
        guard case .kubernetes = job.master else {
            error(
                .launcher,
                "the Spark operator runs jobs on Kubernetes, and the settings of job \"\(job.name)\" are made for master "
                    + "\(job.master)",
                try: "set master = \"k8s://https://host:port\" and deploy-mode = \"cluster\"")
            return
        }
        if job.deployMode == .client {
            error(
                .launcher,
                "the Spark operator starts drivers in pods, and job \"\(job.name)\" has deploy mode client",
                try: "set deploy-mode = \"cluster\"")
        }
    }
}
