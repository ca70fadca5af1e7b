import EnvSyncModel
import Foundation

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
        let entries = submission.archives + submission.pyFiles + submission.files
        var named = entries.map {
            NamedEntry(leaf: $0.artifact.object.leaf.text, link: $0.linkName, label: $0.artifact.label)
        }
        if let override = request.mainOverride {
            named.append(
                NamedEntry(leaf: Self.leaf(ofURI: override), link: nil, label: "main \(QuotedText.visible(override))"))
        } else if job.main != nil {
            named += mains.map { NamedEntry(leaf: $0.object.leaf.text, link: nil, label: $0.label) }
        }
        named += configuredEntries()
        var leaves: [String: String] = [:]
        for entry in named {
            if let other = leaves[entry.leaf] {
                error(
                    .duplicateLeaf,
                    "\(other) and \(entry.label) have one file name, by which alone Spark and YARN tell files apart",
                    try: "rename one of them, or leave one out")
            } else {
                leaves[entry.leaf] = entry.label
            }
        }
        checkLinks(named)
    }

    /// Aliases of archives, and names of files: on a worker they are all in one directory.
    private mutating func checkLinks(_ entries: [NamedEntry]) {
        var links: [String: NamedEntry] = [:]
        for entry in entries {
            guard let name = entry.link else { continue }
            if let other = links[name], other.leaf != entry.leaf {
                error(
                    .duplicateAlias,
                    "\(other.label) and \(entry.label) would both be linked as \(QuotedText.visible(name)); which "
                        + "one workers see is undefined",
                    try: "give one of them another alias")
            }
            links[name] = links[name] ?? entry
            if Self.isReserved(name) {
                error(
                    .reservedName,
                    "\(entry.label) would be linked as \(QuotedText.visible(name)), a name that Spark uses",
                    try: "give it another name")
            }
        }
    }

    /// What properties and extra options add to our lists.
    ///
    /// An option hides its property (`SparkSubmitArguments`, `loadEnvironmentArguments`); on YARN what it says is merged
    /// with `spark.yarn.dist.*` (`SparkSubmit`, `prepareSubmitEnvironment`).
    private func configuredEntries() -> [NamedEntry] {
        Self.lists.flatMap { list in
            var entries: [NamedEntry] = []
            if let value = extra.value(of: list.option) {
                entries = named(value, in: list, source: "the extra option \(list.option)")
            } else if !hasEntries(list.option) {
                entries = namedByProperty(list.property, in: list)
            }
            return job.master == .yarn ? entries + namedByProperty(list.yarnProperty, in: list) : entries
        }
    }

    private func namedByProperty(_ key: String, in list: ListOption) -> [NamedEntry] {
        if let value = extra.property(key) { return named(value, in: list, source: "the extra property \(key)") }
        return job.conf[key].map { named($0, in: list, source: "the property \(key)") } ?? []
    }

    private func named(_ value: String, in list: ListOption, source: String) -> [NamedEntry] {
        value.split(separator: ",").compactMap { part in
            let text = part.trimmingCharacters(in: .whitespaces)
            // What is on every node already is not distributed; what a pattern matches is not known here.
            guard !text.isEmpty, !text.hasPrefix("local:"), !text.contains(where: { "*?[]{}".contains($0) }) else {
                return nil
            }
            let leaf = Self.leaf(ofURI: text)
            let alias = text.firstIndex(of: "#").map { String(text[text.index(after: $0)...]) } ?? ""
            // Off YARN only archives are unpacked under an alias; elsewhere it is ignored.
            let isLinked = !alias.isEmpty && (job.master == .yarn || list.option == "--archives")
            return NamedEntry(
                leaf: leaf, link: isLinked ? alias : leaf, label: "\(QuotedText.visible(text)) of \(source)")
        }
    }

    private func hasEntries(_ option: String) -> Bool {
        switch option {
        case "--archives": !submission.archives.isEmpty
        case "--py-files": !submission.pyFiles.isEmpty
        case "--files": !submission.files.isEmpty
        default: false
        }
    }

    private static let lists = [
        ListOption("--archives", "spark.archives", "archives"),
        ListOption("--py-files", "spark.submit.pyFiles", "pyFiles"), ListOption("--files", "spark.files", "files"),
        ListOption("--jars", "spark.jars", "jars"),
    ]

    static let yarnListKeys = ["spark.yarn.dist.archives", "spark.yarn.dist.files", "spark.yarn.dist.pyFiles"]

    private static func leaf(ofURI text: String) -> String {
        let path = text.prefix { $0 != "#" }
        let leaf = String(path.split(separator: "/").last ?? path)
        // Only what has a scheme is read as a URI (`Utils.resolveURI`).
        return path.contains(":/") ? leaf.removingPercentEncoding ?? leaf : leaf
    }

    /// Names in a container's directory (YARN `Client.scala`, the constants of its companion object).
    private static func isReserved(_ name: String) -> Bool {
        name.hasPrefix("__spark_") || ["__pyfiles__", "__app__.jar", "pyspark.zip"].contains(name)
            || (name.hasPrefix("py4j-") && name.hasSuffix("-src.zip"))
    }
}

/// Something that `spark-submit` is given, by the names it has on the workers.
private struct NamedEntry {
    let leaf: String
    /// Its name in a worker's directory; `nil`: not linked there.
    let link: String?
    /// What it is and who says so.
    let label: String
}

/// A list option of `spark-submit` and the properties that say the same.
private struct ListOption: Sendable {
    let option: String
    /// Read when the option is missing.
    let property: String
    /// On YARN, read as well.
    let yarnProperty: String

    init(_ option: String, _ property: String, _ yarnName: String) {
        self.option = option
        self.property = property
        yarnProperty = "spark.yarn.dist.\(yarnName)"
    }
}
