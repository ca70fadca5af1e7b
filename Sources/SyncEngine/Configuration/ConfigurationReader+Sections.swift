import EnvSyncModel
import PythonPackaging

extension ConfigurationReader {
    static func configuration(
        _ root: ConfigurationTable, _ source: ConfigurationSource
    ) throws(EnvSyncError) -> WorkspaceConfiguration {
        let store = try root.table("store", known: ConfigurationKeys.store)
        guard let environment = try root.table("environment", known: ConfigurationKeys.environment) else {
            throw root.missing(
                "[environment]", suggestion: "add [environment] with name = \"…\", its name in the store")
        }
        guard let nameText = try environment.string("name") else {
            throw environment.missing("name", suggestion: "add name = \"…\", the environment's name in the store")
        }
        let name = try environment.valid("name") { () throws(InvalidName) in try EnvironmentName(nameText) }
        let target = try Self.target(environment)
        let lockfile = try Self.lockfile(environment)
        guard lockfile == nil || target != nil else {
            throw environment.missing(
                "target",
                suggestion: "say for which Python and platform to choose wheels: "
                    + "target = { python = \"3.11\", platform = \"manylinux_2_28_x86_64\" }")
        }
        let layerLimit = try environment.integer("layer-limit") ?? 2
        guard (0...1024).contains(layerLimit) else {
            throw environment.error("layer-limit", "layer-limit is in MiB, between 0 and 1024, not \(layerLimit)")
        }
        let wheelhouses = try environment.paths("wheelhouse", acceptingOne: true) ?? []
        let files = try environment.paths("files") ?? []
        let pyFiles = try environment.paths("py-files") ?? []
        var sources: [SourceConfiguration] = []
        for table in try root.tables("source", known: ConfigurationKeys.source) {
            sources.append(try Self.source(table))
        }
        var archives: [ArchiveConfiguration] = []
        for table in try root.tables("archive", known: ConfigurationKeys.archive) {
            let archive = try Self.archive(table)
            if archives.contains(where: { $0.alias == archive.alias }) {
                throw table.error(
                    "alias", "two archives have the alias \(QuotedText.visible(archive.alias.text))",
                    suggestion: "give each archive an alias of its own: workers unpack it into a directory of that name"
                )
            }
            let both = archives.flatMap { [($0, archive), (archive, $0)] }
            for (packed, other) in both where packed.pack != nil {
                let overlay = PackedArchive.overlayName(of: packed.alias)
                guard other.alias.text == overlay else { continue }
                throw table.error(
                    "alias",
                    "the alias \(QuotedText.visible(overlay)) is that of \(QuotedText.visible(packed.alias.text))'s overlay, "
                        + "with what changed since it was packed",
                    suggestion: "give one of the archives another alias")
            }
            archives.append(archive)
        }
        var jobs: [Job] = []
        if let table = try root.table("jobs", known: nil) {
            for key in table.keys {
                let jobName = try table.valid(key) { () throws(InvalidName) in try JobName(key) }
                guard let job = try table.table(key, known: ConfigurationKeys.job) else { continue }
                jobs.append(try Self.job(job, name: jobName, archives: archives.map(\.alias)))
            }
        }
        return WorkspaceConfiguration(
            store: try store.map(Self.store) ?? StoreConfiguration(), environment: name, lockfile: lockfile,
            target: target, layerLimit: layerLimit, wheelhouses: wheelhouses, files: files, pyFiles: pyFiles,
            sources: sources, archives: archives, jobs: jobs)
    }

    private static func lockfile(_ table: ConfigurationTable) throws(EnvSyncError) -> LockfileConfiguration? {
        let extras = try table.strings("extras")
        let groups = try table.strings("groups")
        let fetcher = try table.choice("fetch", of: LockfileConfiguration.Fetcher.self)
        guard let path = try table.path("lockfile") else {
            for (key, isGiven) in [("extras", extras != nil), ("groups", groups != nil), ("fetch", fetcher != nil)]
            where isGiven {
                throw table.error(
                    key, "\(key) says what to take from a lockfile, but there is none",
                    suggestion: "add lockfile = \"…\", or remove \(key)")
            }
            return nil
        }
        return LockfileConfiguration(path: path, extras: extras ?? [], groups: groups, fetcher: fetcher ?? .pip)
    }

    private static func target(_ table: ConfigurationTable) throws(EnvSyncError) -> TargetConfiguration? {
        guard let target = try table.table("target", known: ConfigurationKeys.target) else { return nil }
        guard let python = try target.string("python") else {
            throw target.missing("python", suggestion: "add python = \"3.11\", the version that the workers run")
        }
        guard let platform = try target.string("platform") else {
            throw target.missing(
                "platform", suggestion: "add platform = \"manylinux_2_28_x86_64\", what the workers' system can load")
        }
        let implementation = try target.string("implementation") ?? "cp"
        do {
            _ = try TargetEnvironment(python: python, platform: platform, implementation: implementation)
        } catch {
            throw table.error("target", "\(error)")
        }
        return TargetConfiguration(python: python, platform: platform, implementation: implementation)
    }

    private static func store(_ table: ConfigurationTable) throws(EnvSyncError) -> StoreConfiguration {
        var store = StoreConfiguration()
        if let text = try table.string("url") {
            store.location = try table.valid("url") { () throws(InvalidName) in try StoreLocation(parsing: text) }
        }
        store.sparkURL = try table.sparkURL("spark-url")
        if let sharing = try table.choice("sharing", of: StoreSharing.self) { store.sharing = sharing }
        if let replication = try table.integer("replication") {
            // 512 is the default of dfs.replication.max (hdfs-default.xml).
            guard (1...512).contains(replication) else {
                throw table.error("replication", "replication must be between 1 and 512, not \(replication)")
            }
            store.replication = replication
        }
        if let user = try table.string("user") {
            // The default of dfs.webhdfs.user.provider.user.pattern (hdfs-default.xml).
            guard user.wholeMatches(first: "A-Za-z_", rest: "A-Za-z0-9._-", optionalLast: "$") else {
                throw table.error(
                    "user", "user \(QuotedText.visible(user)) is not a name that HDFS accepts",
                    suggestion: "write letters, digits and . _ - only, not starting with a digit, . or -")
            }
            store.user = user
        }
        store.certificateAuthorities = try table.path("ca-file")
        return store
    }

    private static func source(_ table: ConfigurationTable) throws(EnvSyncError) -> SourceConfiguration {
        guard let path = try table.path("path") else {
            throw table.missing("path", suggestion: "add path = \"…\", the directory of your code")
        }
        var source = SourceConfiguration(path: path)
        if let name = try table.string("name") {
            source.name = try table.valid("name") { () throws(InvalidName) in try LeafName(name).text }
        }
        if let prefix = try table.string("prefix") {
            let parts = prefix.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
            let isPlain = parts.allSatisfy { $0 != ".." && !$0.contains("\\") && !ConfigurationTable.hasControl($0) }
            guard isPlain, !prefix.hasPrefix("/") else {
                throw table.error(
                    "prefix", "prefix \(QuotedText.visible(prefix)) is not a directory inside the zip",
                    suggestion: "write it without a leading / and without ..; \"\" is the root of the zip")
            }
            source.prefix = parts.filter { $0 != "." }.joined(separator: "/")
        }
        source.exclude = try table.patterns("exclude") ?? []
        return source
    }

    private static func job(
        _ table: ConfigurationTable, name: JobName, archives: [ArchiveAlias]
    ) throws(EnvSyncError) -> Job {
        var job = Job(name: name)
        job.main = try table.path("main")
        job.arguments = try table.strings("args") ?? []
        if let text = try table.string("master") {
            guard let master = SparkMaster(text) else {
                throw table.error(
                    "master", "master \(QuotedText.visible(text)) is not one that envsync knows",
                    suggestion:
                        "write yarn, spark://host:port, k8s://https://host:port, local[*], local[4] or local-cluster[2,1,1024]"
                )
            }
            job.master = master
        }
        if let mode = try table.choice("deploy-mode", of: Job.DeployMode.self) { job.deployMode = mode }
        job.files = try table.paths("files") ?? []
        job.pyFiles = try table.paths("py-files") ?? []
        job.archives = try table.aliases("archives", among: archives)
        job.python = try table.path("python")
        job.driverPython = try table.path("driver-python")
        if let conf = try table.table("conf", known: nil) {
            job.conf = try conf.properties()
            for (key, value) in job.conf.sorted(by: { $0.key < $1.key }) {
                guard !key.isEmpty, !key.contains(where: { $0.isWhitespace || $0 == "=" }),
                    !ConfigurationTable.hasControl(key)
                else { throw table.error("conf", "\(QuotedText.visible(key)) is not the name of a Spark property") }
                guard !ConfigurationTable.hasControl(value.filter { $0 != "\n" && $0 != "\t" }) else {
                    throw table.error("conf", "the value of \(QuotedText.visible(key)) holds a control character")
                }
            }
        }
        return job
    }
}

extension String {
    /// Matches `[first][rest]*[optionalLast]?`, with classes of single characters and `a-z` ranges.
    fileprivate func wholeMatches(first: String, rest: String, optionalLast: Character) -> Bool {
        func isMember(_ character: Character, _ set: String) -> Bool {
            guard let byte = character.asciiValue else { return false }
            let set = Array(set.utf8)
            var index = 0
            while index < set.count {
                if index + 2 < set.count, set[index + 1] == UInt8(ascii: "-") {
                    if (set[index]...set[index + 2]).contains(byte) { return true }
                    index += 3
                } else {
                    if set[index] == byte { return true }
                    index += 1
                }
            }
            return false
        }
        guard let head = self.first, isMember(head, first), utf8.count <= 255 else { return false }
        let tail = last == optionalLast ? dropFirst().dropLast() : dropFirst()
        return tail.allSatisfy { isMember($0, rest) }
    }
}
