import EnvSyncModel

/// Turns what was found locally into a lock: what each artifact is called in the store and how it travels.
enum LockBuilder {
    /// Builds the lock.
    ///
    /// - Throws: ``EnvSyncError`` that lists all problems at once.
    ///
    /// - Parameter layers: the layers of the scan, built.
    static func lock(
        _ scan: LocalScan, layers: [LocalArtifact], of workspace: Workspace
    ) throws(EnvSyncError) -> Lock {
        if !scan.problems.isEmpty { throw error(scan.problems) }
        var artifacts: [Artifact] = []
        for local in scan.artifacts + layers {
            do { artifacts.append(try artifact(local)) } catch {
                throw EnvSyncError(
                    .artifact, "cannot ship \(QuotedText.visible(local.item.origin.path)): \(error)",
                    suggestion: "rename the file")
            }
        }
        try refuseTwoOfOne(artifacts)
        return Lock(
            environment: workspace.configuration.environment, artifacts: artifacts, basis: scan.basis,
            provided: scan.provided)
    }

    /// The artifact that a local item becomes.
    static func artifact(_ local: LocalArtifact) throws(InvalidName) -> Artifact {
        let inspection = local.inspection
        let delivery: Delivery
        var alias: ArchiveAlias?
        var base: ArchiveAlias?
        var wheels: [LayerWheel] = []
        let leaf: LeafName
        func unique(_ fileExtension: String) throws(InvalidName) -> LeafName {
            try LeafName.unique(
                name: inspection.name, version: inspection.version, digest: local.digest, fileExtension: fileExtension)
        }
        switch local.item.role {
        case .file:
            delivery = .file
            leaf = try LeafName(inspection.name)
        case .main:
            delivery = .main
            leaf = try LeafName(inspection.name)
        case .archive(let name):
            delivery = .archive
            alias = name
            leaf = try unique(inspection.fileExtension ?? "tar.gz")
        case .overlay(let name):
            delivery = .archive
            alias = try ArchiveAlias(PackedArchive.overlayName(of: name))
            base = name
            leaf = try unique("tar.gz")
        case .source:
            delivery = .pyfile
            leaf = try unique("zip")
        case .layer(let plan):
            delivery = .archive
            alias = try ArchiveAlias(plan.name)
            wheels = plan.wheels
            leaf = try unique("tar.gz")
        case .wheelhouse, .pyFile, .locked:
            delivery = .pyfile
            // A module is imported by its file's name; whatever else is imported is found inside the zip.
            leaf =
                inspection.kind == .python
                ? try LeafName(inspection.name) : try unique(inspection.fileExtension ?? "zip")
        }
        return Artifact(
            name: inspection.name, version: inspection.version, kind: inspection.kind, digest: local.digest,
            size: inspection.size, hdfsChecksum: inspection.hdfsChecksum, leaf: leaf, delivery: delivery, alias: alias,
            interpreter: inspection.interpreter, wheels: wheels, base: base, contents: local.contents,
            jobs: local.item.jobs, origin: local.item.origin)
    }

    /// Refuses two versions, or two builds, of one distribution: only one of them can be imported.
    private static func refuseTwoOfOne(_ artifacts: [Artifact]) throws(EnvSyncError) {
        struct Seen {
            let path: String
            let digest: ContentDigest
            let jobs: [JobName]
        }
        var seen: [String: Seen] = [:]
        func add(_ name: String, _ wheel: Seen) throws(EnvSyncError) {
            guard let other = seen.updateValue(wheel, forKey: name), other.digest != wheel.digest else { return }
            guard other.jobs.isEmpty || wheel.jobs.isEmpty || !Set(other.jobs).isDisjoint(with: wheel.jobs) else {
                return
            }
            throw EnvSyncError(
                .artifact,
                "two wheels of \(name): \(QuotedText.visible(other.path)) and \(QuotedText.visible(wheel.path))",
                suggestion: "remove the one that the workers should not get")
        }
        for artifact in artifacts {
            if artifact.kind == .wheel {
                try add(
                    artifact.name, Seen(path: artifact.origin.path, digest: artifact.digest, jobs: artifact.jobs))
            }
            for wheel in artifact.wheels {
                try add(wheel.name, Seen(path: wheel.fileName, digest: wheel.digest, jobs: artifact.jobs))
            }
        }
    }

    /// One error for all problems, the first of them in the message.
    static func error(_ problems: [LocalProblem]) -> EnvSyncError {
        let lines = problems.map { problem in
            "\(problem.origin.section.rawValue) \(QuotedText.visible(problem.path)): \(problem.message)"
        }
        let suggestions = problems.compactMap(\.suggestion)
        let differ = Set(suggestions).count > 1
        let shown = zip(lines, problems).prefix(20).map { line, problem in
            differ ? line + (problem.suggestion.map { "\n      try: " + $0 } ?? "") : line
        }
        var message = lines.count == 1 ? lines[0] : "\(lines.count) artifacts can't be shipped:"
        if lines.count > 1 { message += shown.map { "\n  " + $0 }.joined() }
        if lines.count > shown.count { message += "\n  and \(lines.count - shown.count) more" }
        // Of what is being changed nobody knows yet what is wrong with it.
        return EnvSyncError(
            problems.contains(where: \.isOfChange) ? .changedWhileReading : .artifact, message,
            suggestion: differ ? nil : suggestions.first, consequence: "nothing was changed")
    }
}

/// How a lock differs from the local files.
public struct LockDifference: Sendable, Hashable {
    /// What kind of difference.
    public enum Kind: String, Sendable {
        /// The local content is another.
        case changed
        /// Local, but not in the lock.
        case added
        /// In the lock, but no longer wanted locally.
        case removed
        /// In the lock and wanted, but the local file isn't there.
        case missing
        /// Local, but it can't be shipped as it is.
        case unusable
    }

    /// What kind of difference.
    public let kind: Kind
    /// Where the artifact comes from.
    public let origin: ArtifactOrigin
    /// A sentence for a human.
    public let message: String
    /// An input, or the command, that changed after an archive was made, so that the archive is older than its sources;
    /// `nil` for any other difference.
    public var input: String?
    /// What to do about what can't be shipped, where that is known.
    public var suggestion: String?
}

extension LockBuilder {
    /// Compares a lock with the local files. Nothing is read that the fingerprints know.
    static func differences(between lock: Lock, and scan: LocalScan) -> [LockDifference] {
        var differences: [LockDifference] = []
        var unmatched: [ArtifactOrigin: [Artifact]] = [:]
        for artifact in lock.artifacts { unmatched[artifact.origin, default: []].append(artifact) }
        for problem in scan.problems {
            // A missing wheelhouse makes all its wheels missing.
            let isWholeWheelhouse = problem.origin.section == .wheelhouse && problem.origin.path.isEmpty
            if isWholeWheelhouse {
                for (origin, _) in unmatched where origin.section == .wheelhouse { unmatched[origin] = nil }
            } else {
                unmatched[problem.origin] = nil
                if problem.origin.section == .archive {
                    unmatched[ArtifactOrigin(section: .overlay, path: problem.origin.path)] = nil
                }
            }
            differences.append(
                LockDifference(
                    kind: problem.kind == .missing ? .missing : .unusable, origin: problem.origin,
                    message: "\(QuotedText.visible(problem.path)): \(problem.message)", suggestion: problem.suggestion))
        }
        differences += compareLayers(of: lock, with: scan, &unmatched)
        if lock.basis != scan.basis {
            differences.append(
                LockDifference(
                    kind: .changed, origin: ArtifactOrigin(section: .lockfile, path: scan.basis?.lockfile ?? ""),
                    message: "environment.lockfile or environment.target is another than when it was locked"))
        }
        for local in scan.artifacts {
            let origin = local.item.origin
            guard let artifact = try? artifact(local) else {
                differences.append(
                    LockDifference(
                        kind: .unusable, origin: origin,
                        message: "\(QuotedText.visible(origin.path)) has a name that can't be shipped"))
                continue
            }
            guard var candidates = unmatched[origin], !candidates.isEmpty else {
                differences.append(
                    LockDifference(
                        kind: .added, origin: origin, message: "\(QuotedText.visible(origin.path)) is not in the lock"))
                continue
            }
            if let index = candidates.firstIndex(of: artifact) {
                candidates.remove(at: index)
            } else {
                let locked = candidates.removeFirst()
                let what =
                    locked.digest != artifact.digest
                    ? "has other bytes than the lock says (SHA-256 \(artifact.digest.short)…, locked \(locked.digest.short)…)"
                    : "is delivered otherwise than the lock says"
                differences.append(
                    LockDifference(
                        kind: .changed, origin: origin, message: "\(QuotedText.visible(origin.path)) \(what)"))
            }
            unmatched[origin] = candidates.isEmpty ? nil : candidates
        }
        for (origin, artifacts) in unmatched {
            for _ in artifacts {
                differences.append(
                    LockDifference(
                        kind: .removed, origin: origin,
                        message: "\(QuotedText.visible(origin.path)) is in the lock, but no longer shipped"))
            }
        }
        differences += scan.staleArchives
        return differences.sorted {
            ($0.origin.section.rawValue, $0.origin.path, $0.kind.rawValue) < (
                $1.origin.section.rawValue, $1.origin.path, $1.kind.rawValue
            )
        }
    }

    /// Compares layers by the wheels in them, so that nothing has to be built.
    private static func compareLayers(
        of lock: Lock, with scan: LocalScan, _ unmatched: inout [ArtifactOrigin: [Artifact]]
    ) -> [LockDifference] {
        var differences: [LockDifference] = []
        let missing = Set(scan.problems.filter { $0.kind == .missing }.map(\.origin.path))
        let lockMissing = lock.artifacts.contains { artifact in
            artifact.wheels.contains { missing.contains($0.fileName) }
        }
        for artifact in lock.artifacts where artifact.origin.section == .layer {
            let plan = scan.layers.first { $0.name == artifact.origin.path }
            let here = plan?.wheels ?? []
            let isSame = plan?.jobs == artifact.jobs && here == artifact.wheels
            // Wheels that are not on this machine are told of one by one.
            let lacks = artifact.wheels.contains { missing.contains($0.fileName) }
            guard plan != nil || lacks || lockMissing else { continue }
            unmatched[artifact.origin] = nil
            if !isSame, !lacks, plan != nil {
                let changed = Set(here.map(\.requirement)).symmetricDifference(artifact.wheels.map(\.requirement))
                    .sorted()
                let what = changed.isEmpty ? "another build of a wheel" : changed.joined(separator: ", ")
                differences.append(
                    LockDifference(
                        kind: .changed, origin: artifact.origin,
                        message: "the layer \(artifact.origin.path) is made of other wheels than the lock says: \(what)"
                    ))
            }
        }
        let locked = Set(lock.artifacts.filter { $0.origin.section == .layer }.map(\.origin.path))
        for plan in scan.layers where !locked.contains(plan.name) && missing.isEmpty {
            let wheels = plan.wheels.map(\.requirement).joined(separator: ", ")
            differences.append(
                LockDifference(
                    kind: .added, origin: plan.item.origin,
                    message: "the layer \(plan.name) (\(wheels)) is not in the lock"))
        }
        return differences
    }
}
