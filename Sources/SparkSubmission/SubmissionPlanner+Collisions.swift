import EnvSyncModel

extension SubmissionPlanner {
    /// What each list's file names must end in.
    mutating func checkLeaves() {
        for entry in submission.pyFiles {
            let leaf = entry.artifact.object.leaf.text
            guard ![".py", ".zip", ".egg", ".jar"].contains(where: leaf.hasSuffix) else { continue }
            // pyspark core/context.py, PACKAGE_EXTENSIONS: executors put nothing else on their path, though the driver does.
            error(
                .pyFileSuffix,
                "\(entry.artifact.label): executors import only .py, .zip, .egg and .jar"
                    + (leaf.hasSuffix(".whl") ? "; a wheel would be importable on the driver alone" : ""),
                try: "run `envsync lock` again; it gives wheels a .zip name")
        }
        for entry in submission.archives {
            let leaf = entry.artifact.object.leaf.text
            if [".tar.gz", ".tgz"].contains(where: leaf.hasSuffix) { continue }
            let advice = "pack it as .tar.gz"
            if leaf.hasSuffix(".zip") || leaf.hasSuffix(".jar") {
                warn(
                    .archiveFormat,
                    "\(entry.artifact.label): unpacked zips lose symbolic links, and before Hadoop 3.3.5 execute permissions",
                    try: advice)
            } else if leaf.hasSuffix(".tar") {
                warn(
                    .archiveFormat, "\(entry.artifact.label): Spark loses file modes of plain tars off YARN",
                    try: advice)
            } else {
                error(
                    .archiveSuffix,
                    "\(entry.artifact.label): Spark and YARN unpack only names ending in .tar.gz, .tgz, .zip, .jar or .tar, "
                        + "and would hand it over as it is",
                    try: advice)
            }
        }
    }

    /// Spark and YARN know each file by the last component of its path, over all lists (YARN `Client.scala`,
    /// `addDistributedUri`; `NettyStreamManager`), and link it under its alias or that name.
    mutating func checkCollisions() {
        var leaves: [String: String] = [:]
        let entries = submission.archives + submission.pyFiles + submission.files
        var named = entries.map { (leaf: $0.artifact.object.leaf.text, label: $0.artifact.label) }
        if request.mainOverride == nil, job.main != nil {
            named += mains.map { ($0.object.leaf.text, $0.label) }
        } else if let override = request.mainOverride {
            named.append((Self.leaf(ofURI: override), "main \(QuotedText.visible(override))"))
        }
        named += configuredEntries()
        for (leaf, label) in named {
            if let other = leaves[leaf] {
                error(
                    .duplicateLeaf,
                    "\(other) and \(label) have one file name, by which alone Spark and YARN tell files apart",
                    try: "rename one of them, or leave one out")
            } else {
                leaves[leaf] = label
            }
        }
        checkLinks(entries)
    }

    /// Archives come first in `entries`: an archive's alias may not be a file's name either.
    private mutating func checkLinks(_ entries: [SubmissionEntry]) {
        var links: [String: PublishedArtifact] = [:]
        for entry in entries {
            let name = entry.linkName
            if let other = links[name], other.object.leaf != entry.artifact.object.leaf {
                error(
                    .duplicateAlias,
                    "\(other.label) and \(entry.artifact.label) would both be linked as \(QuotedText.visible(name)); which "
                        + "one workers see is undefined",
                    try: "give one archive another alias")
            }
            links[name] = links[name] ?? entry.artifact
            if Self.isReserved(name) {
                error(
                    .reservedName,
                    "\(entry.artifact.label) would be linked as \(QuotedText.visible(name)), a name that Spark uses",
                    try: "give it another name")
            }
        }
    }

    /// What `spark.yarn.dist.*` adds to our lists on YARN, where `spark-submit` merges both.
    private func configuredEntries() -> [(leaf: String, label: String)] {
        guard job.master == .yarn else { return [] }
        return Self.yarnListKeys.flatMap { key in
            (job.conf[key] ?? "").split(separator: ",").map { entry in
                let text = String(entry.drop { $0 == " " })
                return (Self.leaf(ofURI: text), "\(QuotedText.visible(text)) of the property \(key)")
            }
        }
    }

    static let yarnListKeys = ["spark.yarn.dist.archives", "spark.yarn.dist.files", "spark.yarn.dist.pyFiles"]

    private static func leaf(ofURI text: String) -> String {
        let path = text.prefix { $0 != "#" }
        return String(path.split(separator: "/").last ?? path)
    }

    /// Names in a container's directory (YARN `Client.scala`, the constants of its companion object).
    private static func isReserved(_ name: String) -> Bool {
        name.hasPrefix("__spark_") || ["__pyfiles__", "__app__.jar", "pyspark.zip"].contains(name)
            || (name.hasPrefix("py4j-") && name.hasSuffix("-src.zip"))
    }
}
