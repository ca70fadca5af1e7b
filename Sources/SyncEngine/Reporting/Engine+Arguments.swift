import EnvSyncModel
import ObjectStore
import SparkSubmission
import SyncState

/// What a job is submitted with.
public struct JobArguments: Sendable {
    /// The typed plan, with what Spark would not like, short of refusing it.
    public let plan: SubmissionPlan
    /// The environment's id.
    public let id: ContentDigest
    /// The generation that holds it, where known.
    public let generation: Int?

    /// The arguments of `spark-submit`, without the command itself.
    public var words: [String] { SparkSubmitEmitter().words(plan.submission) }
    /// The words as a line for a shell.
    public var line: ShellLine { SparkSubmitEmitter().shellLine(words) }
}

extension Engine {
    /// The arguments for a job, as published.
    ///
    /// No request is made where the state says that this lock is published.
    ///
    /// - Parameters:
    ///   - format: what they will be written as.
    ///   - generation: a published generation whose environment is wanted; `nil` is the lock's.
    ///   - exportsDriverPath: whether the caller puts ``SubmissionPlan/driverPythonPath`` on its `PYTHONPATH`.
    /// - Throws: ``EnvSyncError``: if the lock is not published, or if preflight finds an error.
    public func arguments(
        for jobName: String, format: LaunchFormat = .sparkSubmit, at generation: GenerationSelector? = nil,
        extraOptions: [String] = [], extraArguments: [String] = [], exportsDriverPath: Bool = false
    ) async throws -> JobArguments {
        let job = try job(jobName)
        let source = try await argumentsSource(at: generation)
        let plan = try await plan(
            job, source.manifest, storeBase: source.base,
            ArgumentsRequest(
                format: format, extraOptions: extraOptions, extraArguments: extraArguments,
                exportsDriverPath: exportsDriverPath, submitsHere: exportsDriverPath))
        if let first = plan.errors.first {
            let others = plan.errors.dropFirst().map { "\n[\($0.code.rawValue)] \($0.message)" }.joined()
            throw EnvSyncError(
                .preflight, "job \"\(job.name)\": [\(first.code.rawValue)] \(first.message)" + others,
                suggestion: first.suggestion, consequence: "nothing was emitted")
        }
        let id = source.id
        let result = JobArguments(plan: plan, id: id, generation: source.generation)
        // What comes from the command line, and what the program gets, may hold secrets; neither is the environment.
        var recorded = plan.submission
        recorded.extraOptions = []
        recorded.mainArguments = []
        let line = SparkSubmitEmitter().shellLine(SparkSubmitEmitter().words(recorded))
        let emission = Emission(
            job: job.name.text, store: storeName, environment: id, generation: source.generation,
            format: exportsDriverPath ? Emission.submitted : format.rawValue,
            arguments: line.quoted, emittedAt: Now.seconds,
            isPinned: generation.map { $0 != .published(back: 0) } ?? false)
        remember { state in
            // The same again within a minute is no news, and entering it would wait for the disk.
            var last = try state.lastEmission(job: emission.job)
            if let time = last?.emittedAt, (time...(time + 60)).contains(emission.emittedAt) {
                last?.emittedAt = emission.emittedAt
            }
            if last != emission { try state.add(emission) }
        }
        return result
    }

    /// What arguments are made of.
    private struct ArgumentsSource {
        let manifest: EnvironmentManifest
        let id: ContentDigest
        let base: String
        let generation: Int?
    }

    private func argumentsSource(at selector: GenerationSelector?) async throws -> ArgumentsSource {
        guard let selector else {
            let lock = try workspace.requiredLock()
            let manifest = lock.manifest
            let id = manifest.id
            let (base, generation) = try await publishedBase(id, lock)
            return ArgumentsSource(manifest: manifest, id: id, base: base, generation: generation)
        }
        let connection = try connect(concurrency: 4)
        for warning in connection.warnings { report(.warning(warning)) }
        let listing = try await describing("find the generations of environment \"\(environment)\"", connection) {
            try await generationListing(connection)
        }
        let name = try listing.index.find(selector, allowsTwins: true)
        let twins = listing.index.names.count { $0.number == name.number }
        if twins > 1, case .number = selector {
            report(.warning("\(twins) generations have the number \(name.number); using \(name.id.short)"))
        }
        let generation = try await generation(name, connection, doing: "use")
        return ArgumentsSource(
            manifest: generation.manifest, id: name.id, base: try sparkBase(connection, known: listing.ref?.fileSystem),
            generation: name.number)
    }

    /// Warns about local changes that the published environment doesn't have.
    public func warnIfStale() async throws {
        guard let lock = try workspace.lock() else { return }
        let scan = try await scan()
        let differences = LockBuilder.differences(between: lock, and: scan).filter { $0.kind != .missing }
        guard let first = differences.first else { return }
        let more = differences.count > 1 ? " (and \(differences.count - 1) more)" : ""
        report(
            .warning("\(first.message)\(more): the job gets what was locked; run envsync push --lock to change that"))
    }

    func job(_ name: String) throws -> Job {
        let jobs = workspace.configuration.jobs
        if let found = jobs.first(where: { $0.name.text == name }) { return found }
        let known = jobs.map(\.name.text).joined(separator: ", ")
        throw EnvSyncError(
            .configuration, "there is no job \(QuotedText.visible(name)) in \(workspace.configurationFile)",
            suggestion: known.isEmpty ? "add a section [jobs.NAME]" : "use one of: \(known)")
    }

    /// The prefix of object URIs, and the generation, of an environment that is published.
    func publishedBase(_ id: ContentDigest, _ lock: Lock) async throws -> (base: String, generation: Int?) {
        let connection = try connect(concurrency: 4)
        for warning in connection.warnings { report(.warning(warning)) }
        if let known = try? state.publication(store: storeName, environment: environment.text), known.id == id,
            let base = connection.configuredBase ?? known.sparkBase
        {
            warnIfRolledBack(known)
            return (base, known.generation)
        }
        let (name, ref) = try await describing("find environment \"\(environment)\"", connection) {
            let ref = try await connection.store.ref(of: environment)
            if let ref, ref.generation.id == id { return (ref.generation as GenerationName?, ref as EnvironmentRef?) }
            // An older generation serves as well: its objects are there.
            let older = try await connection.store.generations(of: environment).last { $0.name.id == id }
            return (older?.name, ref)
        }
        guard let name else {
            throw EnvSyncError(
                .notPublished,
                "the environment \"\(environment)\" as locked (\(id.short)…) is not published in \(storeName)",
                reason: ref.map {
                    "the newest generation there is \($0.generation.number), \($0.generation.id.short)…"
                },
                suggestion: "envsync push")
        }
        if let ref, ref.generation == name {
            rememberPublished(name, at: ref.publishedAt, lock: lock, connection, fileSystem: ref.fileSystem)
        } else {
            report(.warning("generation \(name.number) is not the newest of \"\(environment)\" any more"))
        }
        return (try sparkBase(connection, known: ref?.fileSystem), name.number)
    }

    /// Warns if this workspace rolled back what it published: the state knows of that without asking the store. That
    /// somebody else did, only a request tells.
    private func warnIfRolledBack(_ known: Publication) {
        let rollback = ((try? state.recentPushes(limit: 50)) ?? []).first { push in
            push.origin == .rollback && push.outcome == .done && push.store == storeName
                && push.environment == environment.text && (push.generation ?? 0) > known.generation
        }
        guard let number = rollback?.generation else { return }
        report(
            .warning(
                "generation \(known.generation), which is the lock's, was rolled back by generation \(number): the job gets "
                    + "what was locked; envsync args with --at current is for what is published"))
    }

    private func sparkBase(_ connection: StoreConnection, known: String?) throws(EnvSyncError) -> String {
        guard let base = connection.sparkBase(known: known) else {
            throw EnvSyncError(
                .configuration, "nothing says by which hdfs:// address jobs reach \(storeName)",
                suggestion:
                    "set store.spark-url in \(workspace.configurationFile) to what fs.defaultFS is on the cluster, "
                    + "or set HADOOP_CONF_DIR")
        }
        return base
    }
}

extension StoreConnection {
    /// The prefix of object URIs where the configuration alone decides it.
    fileprivate var configuredBase: String? {
        location.scheme == .file ? sparkBase(known: nil) : configuredAuthority.map { $0 + location.path }
    }
}
