import EnvSyncModel

/// What became of a published generation.
public struct PublishOutcome: Sendable, Hashable {
    /// The generation that holds this push's environment.
    public let generation: GenerationName
    /// The generation that the ref names at the end: a later one if somebody else published meanwhile.
    public let current: GenerationName
}

extension PushSession {
    /// A generation whose files are staged and verified, ready to be renamed into place.
    public struct StagedGeneration: Sendable {
        let name: GenerationName
        let manifest: EnvironmentManifest
        let manifestFile: Staged?
        let refFile: Staged
        let manifestSize: Int64
    }

    /// Stages the manifest and the ref of a new generation. It can run while objects are still being sent: nothing
    /// refers to staged files.
    ///
    /// - Parameters:
    ///   - id: the manifest's id.
    ///   - newest: the newest generation there is, if any. If it has the same id, only the ref needs to be written.
    public func stageGeneration(
        _ manifest: EnvironmentManifest, id: ContentDigest, after newest: GenerationName?, by user: String,
        at time: Int64
    ) async throws -> StagedGeneration {
        let isThere = newest?.id == id
        let name = GenerationName(number: (newest?.number ?? 0) + (isThere ? 0 : 1), id: id)
        if isThere, let existing = try await intactGeneration(name, of: manifest.name) {
            let size = Int64(existing.json(id: id).count)
            return StagedGeneration(
                name: name, manifest: manifest, manifestFile: nil,
                refFile: try await stageRef(name, size: size, by: user, at: time), manifestSize: size)
        }
        let generation = Generation(number: name.number, publishedAt: time, publishedBy: user, manifest: manifest)
        let bytes = generation.json(id: id)
        if fileSystemName == nil, !(store.fileSystem is LocalFileSystem) {
            // The first answer to an upload tells what jobs call the file system, and the ref is to pass that on.
            let manifestFile = try await stage(.bytes(bytes))
            let refFile = try await stageRef(name, size: Int64(bytes.count), by: user, at: time)
            return StagedGeneration(
                name: name, manifest: manifest, manifestFile: manifestFile, refFile: refFile,
                manifestSize: Int64(bytes.count))
        }
        async let manifestFile = stage(.bytes(bytes))
        async let refFile = stageRef(name, size: Int64(bytes.count), by: user, at: time)
        return StagedGeneration(
            name: name, manifest: manifest, manifestFile: try await manifestFile, refFile: try await refFile,
            manifestSize: Int64(bytes.count))
    }

    /// A generation; `nil` also if its manifest is damaged.
    private func intactGeneration(
        _ name: GenerationName, of environment: EnvironmentName
    ) async throws -> Generation? {
        do { return try await store.generation(name, of: environment) } catch let error as RemoteFileError
            where error.condition == .corrupted
        { return nil }
    }

    /// What jobs call the file system, as far as is known: from the last ref or from an answer to an upload.
    var fileSystemName: String? { store.fileSystem.observedAuthority ?? knownFileSystem }

    private func stageRef(_ name: GenerationName, size: Int64, by user: String, at time: Int64) async throws -> Staged {
        let ref = EnvironmentRef(
            generation: name, manifestSize: size, publishedAt: time, publishedBy: user,
            fileSystem: fileSystemName)
        return try await stage(.bytes(ref.json))
    }

    /// Publishes a staged generation, once all its objects are in place: the manifest first, then the ref.
    ///
    /// HDFS has no compare-and-swap, so the ref is settled instead: every publisher, after writing the ref, lists the
    /// generations and writes the ref again until it names the newest that it saw. Whoever writes last has seen all,
    /// so the ref ends at the newest, and a publisher that dies in between is made good by the next. Two publishers
    /// that chose one number at the same time are ordered by id, and the one that comes second publishes once more
    /// under the next number, as if it had come later.
    ///
    /// - Throws: ``RemoteFileError``.
    public func publish(
        _ staged: StagedGeneration, by user: String, at time: Int64
    ) async throws -> PublishOutcome {
        let environment = staged.manifest.name
        try await ensureEnvironmentDirectory(environment)
        var staged = staged
        for attempt in 1... {
            if let manifestFile = staged.manifestFile {
                do {
                    try await store.fileSystem.rename(
                        manifestFile.path, to: store.layout.manifest(staged.name, of: environment), replacing: false)
                } catch let error as RemoteFileError where error.condition == .alreadyExists {
                    // Somebody published the very same environment under the same number; or what is there is damaged,
                    // and so of no use to anybody.
                    if try await intactGeneration(staged.name, of: environment) == nil {
                        try await store.fileSystem.rename(
                            manifestFile.path, to: store.layout.manifest(staged.name, of: environment), replacing: true)
                    }
                }
            }
            // A slow publisher doesn't take the ref back from one that was quicker with a later generation.
            let before = try await store.generations(of: environment).last?.name
            let isNewest = before.map { $0 <= staged.name } ?? true
            if isNewest {
                try await store.fileSystem.rename(
                    staged.refFile.path, to: store.layout.ref(of: environment), replacing: true)
            }
            let current =
                try await settleRef(of: environment, written: isNewest ? staged.name : nil)
                ?? staged.name
            let lostTie = current != staged.name && current.number == staged.name.number && current.id != staged.name.id
            guard lostTie, attempt < 10 else { return PublishOutcome(generation: staged.name, current: current) }
            try await Task.sleep(for: .milliseconds(Int.random(in: 10...(40 * attempt))))
            let newest = try await store.generations(of: environment).last?.name
            staged = try await stageGeneration(staged.manifest, id: staged.name.id, after: newest, by: user, at: time)
        }
        return PublishOutcome(generation: staged.name, current: staged.name)
    }

    /// Writes the ref until it names the newest generation seen after writing.
    ///
    /// - Parameter written: what the ref was just made to name, if anything.
    /// - Returns: what it names at the end.
    private func settleRef(of environment: EnvironmentName, written: GenerationName?) async throws -> GenerationName? {
        var written = written
        for _ in 0..<100 {
            guard let newest = try await store.generations(of: environment).last, newest.name != written else {
                return written
            }
            let ref = EnvironmentRef(
                generation: newest.name, manifestSize: newest.status.length,
                publishedAt: newest.status.modified / 1000, publishedBy: newest.status.owner,
                fileSystem: fileSystemName)
            let file = try await stage(.bytes(ref.json))
            try await store.fileSystem.rename(file.path, to: store.layout.ref(of: environment), replacing: true)
            written = newest.name
        }
        return written
    }
}
