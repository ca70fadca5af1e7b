import ReproducibleArchive

/// Plans and packs environments.
public struct EnvironmentPacker: Sendable {
    /// The directory of compressed members and of what is remembered of files; default: `envsync/pack` in the user's cache
    /// directory.
    public var cacheDirectory: String
    /// Bytes of compressed members that are kept; default 4 GiB. 0: nothing is kept or remembered.
    public var cacheLimit: Int64
    /// Threads that read and compress; `nil`: as many as this process may use cores.
    public var workers: Int?

    /// Makes one; nothing is read or written yet.
    public init(cacheDirectory: String, cacheLimit: Int64 = 4 << 30) {
        self.cacheDirectory = cacheDirectory
        self.cacheLimit = cacheLimit
    }

    /// Looks at an environment; reads metadata, not contents.
    ///
    /// - Throws: ``PackError`` if there is no environment that could be packed. Problems are in the plan.
    public func plan(prefix: String, _ options: PackOptions) throws(PackError) -> PackPlan {
        try look(prefix, options, output: nil).plan
    }

    /// What is in the environment, package by package. Reads what changed since the last time, and nothing else.
    ///
    /// - Throws: ``PackError`` with all problems that are not tolerated; what `cancelled` does.
    public func describe(
        prefix: String, _ options: PackOptions, cancelled: @escaping @Sendable () throws -> Void = {}
    ) throws -> EnvironmentManifest {
        try noticingChanges(prefix, output: nil) { seen in
            let (survey, plan) = try look(prefix, options, output: nil)
            seen = survey.digest
            try Self.refuse(plan, options)
            let memory = PackMemory(self, prefix: survey.prefix)
            let index = memory.index()
            let work = PackWork(plan, index)
            var members: [ArchiveMember] = []
            while let portion = work.next() { members += portion }
            let began = Clock.settled(after: plan)
            let (contents, _) = try Self.telling(plan) {
                try ArchiveAssembly.digests(members, workers: workers, cancelled: cancelled)
            }
            memory.remember(work, index, contents, began: began)
            return ManifestBuilder(plan: plan, options: options).manifest(contents)
        }
    }

    /// Packs an environment; does nothing if `output` is what the environment gives.
    ///
    /// - Throws: ``PackError`` with all problems that are not tolerated; `CancellationError`.
    public func pack(
        prefix: String, _ options: PackOptions, to output: String,
        cancelled: @escaping @Sendable () throws -> Void = {}, progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) throws -> PackResult {
        let output = EnvironmentPlace.absolute(output)
        return try noticingChanges(prefix, output: output) { seen in
            try pack(prefix: prefix, options, to: output, seen: &seen, cancelled, progress)
        }
    }

    private func pack(
        prefix: String, _ options: PackOptions, to output: String, seen: inout [UInt8]?,
        _ cancelled: @escaping @Sendable () throws -> Void, _ progress: @escaping @Sendable (Int64) -> Void
    ) throws -> PackResult {
        let place = try EnvironmentPlace(prefix)
        try place.check(workspace: options.workspace)
        let memory = PackMemory(self, prefix: place.real)
        let prepared: Prepared
        do {
            // The survey goes before the work begins: that of 100,000 files takes some room.
            let survey = try EnvironmentSurvey(prefix: prefix, skipping: memory.outputs(with: output))
            seen = survey.digest
            let digest = PackMemory.digest(survey)
            if let result = memory.unchanged(digest, options, output) { return result }
            try cancelled()
            let index = Parallel.Later {
                // What the encoder makes is looked at once in a process, which takes some milliseconds.
                _ = ArchiveAssembly.isReproducibleHere(options.format)
                return memory.index()
            }
            var builder = try PlanBuilder(survey, options)
            prepared = Prepared(plan: builder.build(), digest: digest, index: index)
            Parallel.discard(consume builder)
        }
        try Self.refuse(prepared.plan, options)
        var result = try write(prepared, options, memory, to: output, kind: nil, cancelled, progress)
        result.survey = seen
        return result
    }

    /// Whether an environment is still what it was when it was packed: nothing came, went or was written since.
    ///
    /// - Parameter output: where it was packed to.
    public func isCurrent(_ result: PackResult, prefix: String, output: String) -> Bool {
        result.survey.map { $0 == survey(prefix, output: EnvironmentPlace.absolute(output)) } ?? true
    }

    // MARK: Parts

    /// What is wrong with an environment that somebody changes at the same time is told as that: it may be half
    /// installed.
    ///
    /// - Parameter work: tells the digest of the survey that it goes by.
    func noticingChanges<Result>(
        _ prefix: String, output: String?, _ work: (inout [UInt8]?) throws -> Result
    ) throws -> Result {
        var seen: [UInt8]?
        do { return try work(&seen) } catch var error as PackError {
            if let seen, survey(prefix, output: output) != seen { error.isOfChange = true }
            throw error
        }
    }

    /// The digest of what is there now; `nil` if it can't be told.
    private func survey(_ prefix: String, output: String?) -> [UInt8]? {
        guard let place = try? EnvironmentPlace(prefix) else { return nil }
        let outputs = PackMemory(self, prefix: place.real).outputs(with: output)
        return try? EnvironmentSurvey(prefix: prefix, skipping: outputs).digest
    }

    /// What is to be packed, and the digest of the survey it was planned from.
    struct Prepared {
        var plan: PackPlan
        var digest: [UInt8]
        var index: Parallel.Later<FileIndex>
    }

    func look(
        _ prefix: String, _ options: PackOptions, output: String?
    ) throws(PackError) -> (survey: EnvironmentSurvey, plan: PackPlan) {
        let place = try EnvironmentPlace(prefix)
        try place.check(workspace: options.workspace)
        let outputs = PackMemory(self, prefix: place.real).outputs(with: output)
        let survey = try EnvironmentSurvey(prefix: prefix, skipping: outputs)
        var builder = try PlanBuilder(survey, options)
        return (survey, builder.build())
    }

    /// An interpreter that doesn't compile is a problem of the environment.
    private static func telling<Result>(_ plan: PackPlan, _ work: () throws -> Result) throws -> Result {
        do { return try work() } catch let error as BytecodeError {
            let problem = PackProblem(
                code: .interpreter, paths: [Array(plan.interpreter.path.utf8)],
                message: "is needed to compile modules: \(error)",
                advice: "mend the environment, or pack it without compiled modules")
            throw PackError(path: plan.prefix, problems: [problem])
        }
    }

    static func refuse(_ plan: PackPlan, _ options: PackOptions) throws(PackError) {
        let problems = plan.problems.filter { !options.tolerated.contains($0.code) }
        guard problems.isEmpty else { throw PackError(path: plan.prefix, problems: problems) }
    }

    func write(
        _ prepared: Prepared, _ options: PackOptions, _ memory: PackMemory, to output: String, kind: String?,
        _ cancelled: @escaping @Sendable () throws -> Void,
        _ progress: @escaping @Sendable (Int64) -> Void
    ) throws -> PackResult {
        let plan = prepared.plan
        let index = prepared.index.value ?? FileIndex()
        let work = PackWork(plan, index)
        let cache = cacheLimit > 0 ? MemberCache(directory: cacheDirectory + "/members", limit: cacheLimit) : nil
        memory.noteOutput(output)
        let began = Clock.settled(after: plan)
        let builder = ManifestBuilder(plan: plan, options: options)
        var manifest: EnvironmentManifest?
        var manifestBytes: [UInt8] = []
        var closed = 0
        var dependencies: [SourceFile]?
        let assembly = ArchiveAssembly(format: options.format, cache: cache)
        let result = try Self.telling(plan) {
            try assembly.write(
                to: output, members: { work.next() },
                closing: { contents in
                    // What can be done now is: the last pieces of the archive are still being hashed.
                    let made = builder.manifest(contents, kind: kind)
                    manifest = made
                    manifestBytes = try made.encoded()
                    let members = ManifestMembers.make(manifestBytes, plan)
                    closed = members.count
                    let isTrusted = memory.remember(work, index, contents, began: began)
                    if isTrusted, kind == nil { dependencies = memory.outside(plan) }
                    return members
                }, cancelled: cancelled, progress: progress)
        }
        let packed = PackResult(
            size: result.size, sha256: result.sha256,
            manifest: manifest ?? builder.manifest(result.contents, kind: kind),
            wasUnchanged: false,
            entries: result.contents.indices.count { index in
                if case .absent = result.contents[index] { false } else { true }
            } + closed,
            omissions: plan.omissions, problems: plan.problems, notes: plan.notes, bytesRead: result.bytesRead,
            bytesReused: result.bytesReused, bytesCompressed: result.bytesCompressed)
        if let dependencies {
            memory.remember(packed, manifestBytes, of: prepared, options, output, dependingOn: dependencies)
        }
        Parallel.discard((plan, work))
        return packed
    }
}

/// What was packed.
public struct PackResult: Sendable {
    /// Bytes of the archive.
    public var size: Int64
    /// Of the archive, 32 bytes.
    public var sha256: [UInt8]
    /// What the archive says of itself.
    public var manifest: EnvironmentManifest
    /// Whether the output was already what it should be.
    public var wasUnchanged: Bool
    /// Files, links and directories in the archive.
    public var entries: Int
    /// What is left out, and why.
    public var omissions: [PackPlan.Omission]
    /// Tolerated.
    public var problems: [PackProblem]
    /// Sentences that a user should see.
    public var notes: [String]
    /// Bytes of files that were read.
    public var bytesRead: Int64
    /// Uncompressed bytes that the cache had the compressed form of.
    public var bytesReused: Int64
    /// Uncompressed bytes that were compressed.
    public var bytesCompressed: Int64
    /// The digest of the survey that it was packed from; `nil` of one that needed no packing.
    var survey: [UInt8]?
}

/// Why nothing was packed.
public struct PackError: Error, Sendable {
    /// The environment, or the file.
    public var path: String
    /// What is the matter, as a clause about the path; `nil` if `problems` says it all.
    public var message: String?
    /// What to do.
    public var advice: String?
    /// All that were found and are not tolerated.
    public var problems: [PackProblem]
    /// Whether the environment was changed meanwhile: what is wrong may only be that it isn't finished.
    public var isOfChange = false

    /// Makes one from its parts.
    public init(path: String, message: String? = nil, advice: String? = nil, problems: [PackProblem] = []) {
        self.path = path
        self.message = message
        self.advice = advice
        self.problems = problems
    }
}
