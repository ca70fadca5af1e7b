import EnvSyncModel
import PythonPackaging
import SyncState

/// What the workspace's local files are now, reading only those that changed since they were last read.
struct LocalScan: Sendable {
    /// Where wheels that a lockfile asks for may come from, besides directories and what was seen before.
    enum Search: Sendable {
        /// From nowhere else: for commands that only look.
        case known
        /// From the caches of pip and uv.
        case caches
        /// From an index, too, by the user's own tool.
        case indexes
    }

    /// The items whose content is known and that travel as they are, in the order of ``Discovery``.
    let artifacts: [LocalArtifact]
    /// The layers that the other wheels are to be installed into.
    let layers: [LayerPlan]
    /// What each package's wheel was decided to be, by name.
    let decisions: [PackageDecision]
    /// The lockfile and the target that wheels were chosen by.
    let basis: LockBasis?
    /// What can't be shipped, and why.
    let problems: [LocalProblem]
    /// Bytes read; what was known by its fingerprint was not.
    let bytesRead: Int64

    /// What an archive already holds.
    var provided: [ProvidedPackage] {
        decisions.compactMap { decision in
            guard case .provided(let archive) = decision.outcome else { return nil }
            return ProvidedPackage(name: decision.name, version: decision.version, archive: archive)
        }
    }

    /// The artifacts that can be objects, by the objects they are; layers as the lock has them.
    func sources(for lock: Lock) -> [ObjectKey: LocalArtifact] {
        var sources: [ObjectKey: LocalArtifact] = [:]
        for artifact in artifacts {
            guard let locked = try? LockBuilder.artifact(artifact) else { continue }
            sources[locked.object] = artifact
        }
        let plans = Dictionary(layers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for artifact in lock.artifacts where artifact.kind == .layer {
            guard let plan = plans[artifact.origin.path], plan.wheels == artifact.wheels else { continue }
            var inspection = Inspection(
                kind: .layer, name: artifact.name, version: artifact.version, size: artifact.size,
                hdfsChecksum: artifact.hdfsChecksum ?? "")
            inspection.fileExtension = "tar.gz"
            sources[artifact.object] = LocalArtifact(item: plan.item, digest: artifact.digest, inspection: inspection)
        }
        return sources
    }

    /// Scans the workspace.
    ///
    /// - Parameter reader: looks into the files.
    /// - Throws: ``EnvSyncError`` for a lockfile that can't be used.
    static func run(
        _ workspace: Workspace, reader: LocalReader, search: Search = .known, report: @escaping EventSink
    ) async throws -> LocalScan {
        defer { reader.save() }
        let (items, discovered) = try Discovery(workspace: workspace).items()
        var artifacts: [LocalArtifact] = []
        var problems = discovered
        for result in try await reader.read(items) {
            switch result {
            case .success(let artifact): artifacts.append(artifact)
            case .failure(let problem): problems.append(problem)
            }
        }
        let request = try LockfileRequest.read(workspace)
        if let request {
            let locked = try await lockedWheels(request, workspace, reader, search, report)
            artifacts += locked.wheels
            problems += locked.problems
        }
        let placement = PackagePlacement(artifacts, request: request, workspace: workspace)
        // Which layer a wheel belongs to shows only when it was looked into.
        let isComplete = !problems.contains { $0.kind == .missing && $0.origin.section == .lockfile }
        return LocalScan(
            artifacts: placement.artifacts, layers: isComplete ? placement.layers : placement.layers.filter(\.isOwn),
            decisions: placement.decisions, basis: request?.basis, problems: problems + placement.problems,
            bytesRead: reader.bytesRead)
    }

    private static func lockedWheels(
        _ request: LockfileRequest, _ workspace: Workspace, _ reader: LocalReader, _ search: Search,
        _ report: @escaping EventSink
    ) async throws -> (wheels: [LocalArtifact], problems: [LocalProblem]) {
        let finder = WheelFinder(workspace: workspace, request: request, reader: reader)
        var found = try await finder.find(request.selection.choices, usesCaches: search != .known)
        if !found.missing.isEmpty, search == .indexes {
            try await WheelFetcher(workspace: workspace, request: request, report: report).fetch(found.missing)
            let fetched = try await finder.find(found.missing.map(\.choice), usesCaches: false)
            found.wheels += fetched.wheels
            found.problems += fetched.problems
            found.missing = fetched.missing
        }
        let problems = request.selection.problems.map { problem in
            LocalProblem(
                kind: .unusable, origin: ArtifactOrigin(section: .lockfile, path: problem.package),
                path: problem.package + (problem.version.map { " " + $0 } ?? ""), message: problem.message,
                suggestion: problem.suggestion)
        }
        let missing = found.missing.map { missing in
            LocalProblem(
                kind: .missing, origin: LockfileRequest.origin(of: missing.choice),
                path: LockfileRequest.origin(of: missing.choice).path,
                message: "no file on this machine has the SHA-256 that \(QuotedText.visible(request.name)) wants"
                    + (missing.hashes.count == 1 ? " (\(missing.hashes[0]))" : ""),
                suggestion: search == .caches
                    ? "envsync lock without --offline gets it, or put it into a directory of environment.wheelhouse"
                    : "envsync lock gets it")
        }
        let byName = found.wheels.sorted { ($0.inspection.name, $0.fileName) < ($1.inspection.name, $1.fileName) }
        return (byName, problems + found.problems + missing)
    }
}
