import EnvSyncModel
import ObjectStore

extension Engine {
    /// Compares two of: the lock, the local files, an installed environment, and published generations.
    ///
    /// Nothing is written but what is remembered of local files; the store is asked only about generations. What is
    /// published of an environment that never was counts as nothing, with a warning.
    ///
    /// - Throws: ``EnvSyncError`` if one of them isn't there or can't be read.
    public func diff(from first: DiffOperand, to second: DiffOperand) async throws -> DiffResult {
        var connection: StoreConnection?
        var listing: GenerationListing?
        if [first, second].contains(where: \.isGeneration) {
            let opened = try connect(concurrency: 4)
            connection = opened
            listing = try await describing("ask for environment \"\(environment)\"", opened) {
                try await generationListing(opened)
            }
        }
        func side(_ operand: DiffOperand) async throws -> (DiffSide, EnvironmentContent) {
            switch operand {
            case .lock:
                let content = EnvironmentContent(try workspace.requiredLock())
                return (DiffSide(.lock, content), content)
            case .local:
                let content = EnvironmentContent(try await localLock())
                return (DiffSide(.local, content), content)
            case .installed(let prefix):
                let installed = try InstalledSide.read(prefix, workspace)
                for note in installed.notes { report(.warning(note)) }
                var side = DiffSide(.environment, installed.content)
                side.prefix = installed.prefix
                return (side, installed.content)
            case .generation(let selector):
                guard let connection, let listing else { return (DiffSide(.nothing, .empty), .empty) }
                return try await generationSide(selector, listing, connection)
            }
        }
        let (from, before) = try await side(first)
        let (to, after) = try await side(second)
        return DiffResult(
            from: from, to: to, comparison: EnvironmentComparison(from: before, to: after),
            requests: connection?.store.fileSystem.requestCount ?? 0)
    }

    private func generationSide(
        _ selector: GenerationSelector, _ listing: GenerationListing, _ connection: StoreConnection
    ) async throws -> (DiffSide, EnvironmentContent) {
        if listing.index.published == nil, selector == .published(back: 0) {
            report(.warning("environment \"\(environment)\" was never published in \(storeName)"))
            return (DiffSide(.nothing, .empty), .empty)
        }
        let name = try listing.index.find(selector)
        let generation = try await self.generation(name, connection, doing: "read")
        let content = EnvironmentContent(generation.manifest, id: name.id)
        var side = DiffSide(.generation, content)
        side.generation = name.number
        side.publishedAt = generation.publishedAt
        side.publishedBy = generation.publishedBy
        return (side, content)
    }

    /// Reads a generation that was listed.
    func generation(
        _ name: GenerationName, _ connection: StoreConnection, doing: String
    ) async throws -> Generation {
        let doing = "\(doing) generation \(name.number) of environment \"\(environment)\""
        return try await describing(doing, connection) {
            do {
                if let generation = try await connection.store.generation(name, of: environment) { return generation }
            } catch let error as RemoteFileError where error.condition == .corrupted {
                throw EnvSyncError(
                    .verification, "cannot \(doing): its manifest is damaged", reason: error.reason,
                    suggestion: "envsync log shows those that are whole")
            }
            throw EnvSyncError(
                .notPublished, "cannot \(doing): its manifest is missing",
                suggestion: "envsync log shows those that are there")
        }
    }

    /// The lock that the local files would make, without writing it. What is not on this machine but in the lock, as the
    /// wheels in a CI job, is taken as it was locked.
    private func localLock() async throws -> Lock {
        let scan = try await scan(search: .caches)
        if scan.problems.isEmpty { return try await lock(scan) }
        let unusable = scan.problems.filter { $0.kind != .missing }
        if !unusable.isEmpty { throw LockBuilder.error(unusable) }
        guard let locked = try workspace.lock() else { throw LockBuilder.error(scan.problems) }
        let here = try await lock(
            LocalScan(
                artifacts: scan.artifacts, layers: scan.layers, decisions: scan.decisions, basis: scan.basis,
                problems: [], bytesRead: scan.bytesRead)
        ).artifacts
        let missing = Set(scan.problems.map(\.origin))
        let noWheelhouse = missing.contains { $0.section == .wheelhouse && $0.path.isEmpty }
        let missingWheels = Set(missing.filter { $0.section == .lockfile }.map(\.path))
        let layersHere = Set(here.filter { $0.kind == .layer }.map(\.origin))
        // Which layers there are to be can't be told while a wheel is missing.
        let taken = locked.artifacts.filter { artifact in
            missing.contains(artifact.origin) || (noWheelhouse && artifact.origin.section == .wheelhouse)
                || (artifact.kind == .layer && !missingWheels.isEmpty && !layersHere.contains(artifact.origin))
        }
        let known = Set(
            taken.flatMap { artifact in
                [artifact.origin] + artifact.wheels.map { ArtifactOrigin(section: .lockfile, path: $0.fileName) }
            })
        let unknown = scan.problems.filter { problem in
            !known.contains(problem.origin)
                && !(problem.origin.section == .wheelhouse && problem.origin.path.isEmpty)
        }
        if !unknown.isEmpty { throw LockBuilder.error(unknown) }
        report(.warning("not all local files are on this machine: \(taken.count) artifacts count as they were locked"))
        return Lock(
            environment: environment, artifacts: here + taken, basis: scan.basis,
            provided: scan.provided)
    }
}

extension DiffOperand {
    fileprivate var isGeneration: Bool {
        if case .generation = self { true } else { false }
    }
}
