import EnvSyncModel

extension SubmissionPlanner {
    /// Takes over the job's own properties, as far as they don't contradict the plan.
    mutating func checkConfiguration() {
        for (key, value) in job.conf.sorted(by: { $0.key < $1.key }) {
            checkProperty(key, value, source: "property \(QuotedText.visible(key)) of job \"\(job.name)\"")
            take(key, value)
        }
        submission.conf.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for property in submission.conf
        where property.value.utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) {
            error(
                .confSyntax, "property \(QuotedText.visible(property.key)) has a line break or NUL in its value",
                try: "write it on one line")
        }
    }

    mutating func checkProperty(_ key: String, _ value: String, source: String) {
        if key.isEmpty || key.unicodeScalars.contains(where: { $0 == "=" || $0.value <= 0x20 || $0.value == 0x7F }) {
            error(.confSyntax, "\(source) can't be given as --conf key=value", try: "correct the key")
        } else if !key.hasPrefix("spark.") {
            warn(
                .confIgnored, "\(source) is ignored by spark-submit, which takes only keys that begin with \"spark.\"",
                try: "prefix Hadoop properties with \"spark.hadoop.\"")
        }
        switch key {
        case "spark.pyspark.python", "spark.pyspark.driver.python":
            error(
                .confConflict, "\(source) contradicts the Python that envsync chooses",
                try: "use the job's \(key == "spark.pyspark.python" ? "python" : "driver-python") instead")
        case "spark.master", "spark.submit.deployMode":
            warn(
                .confIgnored,
                "\(source) has no effect next to \(key == "spark.master" ? "--master" : "--deploy-mode")",
                try: "use the job's \(key == "spark.master" ? "master" : "deploy-mode") instead")
        case "spark.files.overwrite" where value.lowercased() == "true":
            warn(
                .confHazard, "\(source) makes Spark hide files of one name; in local mode the first one stays",
                try: "remove it; published objects never change")
        default: checkList(key, source: source)
        }
    }

    private mutating func checkList(_ key: String, source: String) {
        let (option, entries): (String, [SubmissionEntry])
        switch key {
        case "spark.files": (option, entries) = ("--files", submission.files)
        case "spark.archives": (option, entries) = ("--archives", submission.archives)
        case "spark.submit.pyFiles": (option, entries) = ("--py-files", submission.pyFiles)
        case "spark.jars": (option, entries) = ("--jars", [])
        case let key where Self.yarnListKeys.contains(key):
            if job.master == .yarn {
                warn(
                    .confHazard, "\(source) adds to the lists of envsync things that it doesn't know",
                    try: "list them in envsync.toml instead")
            } else {
                warn(.confIgnored, "\(source) has no effect off YARN", try: "list it in envsync.toml instead")
            }
            return
        default: return
        }
        let advice = "list its files in envsync.toml instead"
        if let entry = entries.first {
            // SparkSubmitArguments: the property is only looked at when the option is missing.
            error(
                .confConflict, "\(source) is dropped by spark-submit, since \(option) names \(entry.artifact.label)",
                try: advice)
        } else if extra.value(of: option) != nil {
            warn(
                .confIgnored, "\(source) is dropped by spark-submit, since the extra option \(option) is given",
                try: "give the option alone")
        } else if key == "spark.jars" {
            return  // Nothing of ours; the collision check reads it.
        } else {
            warn(.confHazard, "\(source) names files that envsync doesn't know", try: advice)
        }
    }

    /// What `execve` can carry: no NUL, and on Linux no single word of 128 KiB or more (`MAX_ARG_STRLEN`).
    mutating func checkWords() {
        let lists = [submission.pyFiles, submission.files, submission.archives]
        for list in lists where list.reduce(list.count, { $0 + $1.argument.utf8.count }) > Self.longestWord {
            guard let first = list.first, let last = list.last else { continue }
            error(
                .argument,
                "the list of \(list.count) entries, from \(first.artifact.label) to \(last.artifact.label), is longer than the "
                    + "\(Self.longestWord) bytes that Linux passes in one argument",
                try: "put packages into an [[archive]], or modules into one [[source]]")
        }
        let texts = submission.mainArguments + submission.extraOptions + [submission.main ?? ""]
        for word in texts + submission.conf.map({ "\($0.key)=\($0.value)" }) {
            if word.utf8.contains(0) {
                error(.argument, "the argument \(QuotedText.visible(word)) contains a NUL", try: "remove it")
            } else if word.utf8.count > Self.longestWord {
                error(
                    .argument,
                    "the argument \(QuotedText.visible(String(word.prefix(60)) + "…")) is longer than the "
                        + "\(Self.longestWord) bytes that Linux passes in one argument",
                    try: "put it into a file")
            }
        }
    }

    private static let longestWord = 131_071
}
