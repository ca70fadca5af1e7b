import EnvSyncModel

/// Turns what was found locally into a lock: what each artifact is called in the store and how it travels.
enum LockBuilder {
    /// Builds the lock.
    ///
    /// - Throws: ``EnvSyncError`` that lists all problems at once.
    static func lock(_ scan: LocalScan, of workspace: Workspace) throws(EnvSyncError) -> Lock {
        if !scan.problems.isEmpty { throw error(scan.problems) }
        var artifacts: [Artifact] = []
        for local in scan.artifacts {
            do { artifacts.append(try artifact(local)) } catch {
                throw EnvSyncError(
                    .artifact, "cannot ship \(QuotedText.visible(local.item.origin.path)): \(error)",
                    suggestion: "rename the file")
            }
        }
        try refuseTwoOfOne(artifacts)
        return Lock(environment: workspace.configuration.environment, artifacts: artifacts)
    }

    /// The artifact that a local item becomes.
    static func artifact(_ local: LocalArtifact) throws(InvalidName) -> Artifact {
        let inspection = local.inspection
        let delivery: Delivery
        var alias: ArchiveAlias?
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
        case .source:
            delivery = .pyfile
            leaf = try unique("zip")
        case .wheelhouse, .pyFile:
            delivery = .pyfile
            // A module is imported by its file's name; whatever else is imported is found inside the zip.
            leaf =
                inspection.kind == .python
                ? try LeafName(inspection.name) : try unique(inspection.fileExtension ?? "zip")
        }
        return Artifact(
            name: inspection.name, version: inspection.version, kind: inspection.kind, digest: local.digest,
            size: inspection.size, hdfsChecksum: inspection.hdfsChecksum, leaf: leaf, delivery: delivery, alias: alias,
            interpreter: inspection.interpreter, jobs: local.item.jobs, origin: local.item.origin)
    }

    /// Refuses two versions, or two builds, of one distribution: only one of them can be imported.
    private static func refuseTwoOfOne(_ artifacts: [Artifact]) throws(EnvSyncError) {
        var seen: [String: Artifact] = [:]
        for artifact in artifacts where artifact.kind == .wheel {
            guard let other = seen.updateValue(artifact, forKey: artifact.name) else { continue }
            guard other.digest != artifact.digest else { continue }
            guard other.jobs.isEmpty || artifact.jobs.isEmpty || !Set(other.jobs).isDisjoint(with: artifact.jobs) else {
                continue
            }
            throw EnvSyncError(
                .artifact,
                "two wheels of \(artifact.name): \(QuotedText.visible(other.origin.path)) and \(QuotedText.visible(artifact.origin.path))",
                suggestion: "remove the one that the workers should not get")
        }
    }

    /// One error for all problems, the first of them in the message.
    static func error(_ problems: [LocalProblem]) -> EnvSyncError {
        let lines = problems.map { problem in
            "\(problem.origin.section.rawValue) \(QuotedText.visible(problem.path)): \(problem.message)"
        }
        let suggestions = problems.compactMap(\.suggestion)
        let shown = lines.prefix(20)
        var message = lines.count == 1 ? lines[0] : "\(lines.count) artifacts can't be shipped:"
        if lines.count > 1 { message += shown.map { "\n  " + $0 }.joined() }
        if lines.count > shown.count { message += "\n  and \(lines.count - shown.count) more" }
        return EnvSyncError(
            .artifact, message, suggestion: suggestions.first, consequence: "nothing was changed")
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
            }
            differences.append(
                LockDifference(
                    kind: problem.kind == .missing ? .missing : .unusable, origin: problem.origin,
                    message: "\(QuotedText.visible(problem.path)): \(problem.message)"))
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
        return differences.sorted {
            ($0.origin.section.rawValue, $0.origin.path, $0.kind.rawValue) < (
                $1.origin.section.rawValue, $1.origin.path, $1.kind.rawValue
            )
        }
    }
}
