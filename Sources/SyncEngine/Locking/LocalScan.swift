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
    /// Archives whose inputs changed after they were made.
    var staleArchives: [LockDifference] = []
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
            guard artifact.isHere, let locked = try? LockBuilder.artifact(artifact) else { continue }
            sources[locked.object] = artifact
        }
        let plans = Dictionary(layers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for artifact in lock.artifacts where artifact.origin.section == .layer {
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
    /// - Parameters:
    ///   - reader: looks into the files.
    ///   - packed: what the archives are that envsync packs itself.
    ///   - looksAtInputs: whether archives are compared with what they were made of.
    /// - Throws: ``EnvSyncError`` for a lockfile that can't be used.
    static func run(
        _ workspace: Workspace, reader: LocalReader, packed: PackedEntries = [:], search: Search = .known,
        looksAtInputs: Bool = true, report: @escaping EventSink
    ) async throws -> LocalScan {
        defer { reader.save() }
        let (all, discovered) = try Discovery(workspace: workspace).items()
        var artifacts: [LocalArtifact] = []
        var problems = discovered
        var items: [LocalItem] = []
        for item in all {
            guard case .archive(let alias) = item.role, let entry = packed[alias] else {
                items.append(item)
                continue
            }
            if let problem = entry.problem {
                problems.append(problem)
            } else {
                artifacts += entry.artifacts(item, alias: alias)
            }
        }
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
            staleArchives: packed.values.compactMap(\.stale)
                + (looksAtInputs ? try await staleArchives(of: workspace, reader) : []),
            bytesRead: reader.bytesRead)
    }

    private static func staleArchives(of workspace: Workspace, _ reader: LocalReader) async throws -> [LockDifference] {
        let archives = MadeArchive.all(of: workspace).map { ($0, reader.record($0.key)) }
        guard !archives.isEmpty else { return [] }
        return try await OffPool.run { _ in archives.compactMap { $0.difference($1) } }
    }

    /// Whether a `[[source]]` ships a directory that a lockfile names, or something inside it.
    private static func isSource(
        _ package: LockedPackage, _ request: LockfileRequest, _ workspace: Workspace
    ) -> Bool {
        guard let location = package.location else { return false }
        let path = Workspace.absolutePath(location.hasPrefix("/") ? location : request.directory + "/" + location)
        return workspace.configuration.sources.contains { source in
            let shipped = Workspace.absolutePath(workspace.resolve(source.path))
            return shipped == path || shipped.hasPrefix(path + "/")
        }
    }

    private static func lockedWheels(
        _ request: LockfileRequest, _ workspace: Workspace, _ reader: LocalReader, _ search: Search,
        _ report: @escaping EventSink
    ) async throws -> (wheels: [LocalArtifact], problems: [LocalProblem]) {
        let finder = WheelFinder(workspace: workspace, request: request, reader: reader)
        // Of a directory of sources, a wheel will do that somebody built.
        let built = request.directories.filter { !isSource($0, request, workspace) }.map { package in
            PackageSelection.Choice(package: package, wheels: [], acceptsLocalBuild: true)
        }
        if request.selection.choices.isEmpty, request.required.isEmpty, built.isEmpty {
            report(.warning("\(QuotedText.visible(request.name)) asks for no package"))
        }
        var found = try await finder.find(request.selection.choices + built, usesCaches: search != .known)
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
        let chosen = ChosenWheels((try? workspace.lock()) ?? nil)
        let missing = found.missing.map { missing in
            // Where wheels aren't kept, as in CI, the lock tells which one it was.
            let asked = LockfileRequest.origin(of: missing.choice)
            let origin = chosen.origin(of: missing.choice, hashes: missing.hashes) ?? chosen.distinct(asked)
            return LocalProblem(
                kind: .missing, origin: origin, path: asked.path,
                message: "no file on this machine has the SHA-256 that \(QuotedText.visible(request.name)) wants"
                    + missing.details,
                suggestion: search == .caches
                    ? "envsync lock without --offline gets it, or put it into a directory of environment.wheelhouse"
                    : "envsync lock gets it")
        }
        let byName = found.wheels.sorted { ($0.inspection.name, $0.fileName) < ($1.inspection.name, $1.fileName) }
        let unbuilt = found.unbuilt.map { choice in
            guard let origin = chosen.origin(of: choice, hashes: []) else { return finder.needsBuild(choice) }
            return LocalProblem(
                kind: .missing, origin: origin, path: origin.path,
                message: "the wheel that was built of it is not on this machine", suggestion: "build it again")
        }
        return (byName, problems + found.problems + missing + unbuilt)
    }
}

/// The wheels that a lock was made of, by what a lockfile says of them.
private struct ChosenWheels {
    private var byHash: [String: String] = [:]
    private var byPackage: [String: String] = [:]
    private var paths: Set<String> { Set(byHash.values) }

    init(_ lock: Lock?) {
        for artifact in lock?.artifacts ?? [] {
            if artifact.origin.section == .lockfile {
                byHash[artifact.digest.hex] = artifact.origin.path
                byPackage["\(artifact.name)==\(artifact.version ?? "")"] = artifact.origin.path
            }
            for wheel in artifact.wheels {
                byHash[wheel.digest.hex] = wheel.fileName
                byPackage[wheel.requirement] = wheel.fileName
            }
        }
    }

    /// An origin that is not taken for the one of a locked wheel of the same file name and another hash.
    func distinct(_ origin: ArtifactOrigin) -> ArtifactOrigin {
        guard paths.contains(origin.path) else { return origin }
        return ArtifactOrigin(section: origin.section, path: origin.path + " (another one)")
    }

    /// Where the wheel came from that a lockfile still asks for.
    ///
    /// - Parameter hashes: of which one is wanted; empty where any build will do.
    func origin(of choice: PackageSelection.Choice, hashes: [String]) -> ArtifactOrigin? {
        let path =
            hashes.isEmpty
            ? byPackage["\(choice.package.name)==\(choice.package.version ?? "")"]
            : hashes.lazy.compactMap { byHash[$0] }.first
        return path.map { ArtifactOrigin(section: .lockfile, path: $0) }
    }
}

extension WheelFinder.Missing {
    /// The hashes that are wanted, and the one that something of the same name has.
    fileprivate var details: String {
        let wanted =
            hashes.count > 1 ? " (\(hashes[0]) or \(hashes.count - 1) more)" : hashes.first.map { " (\($0))" } ?? ""
        guard let other else { return wanted }
        return "\(wanted); \(QuotedText.visible(other.item.path)) has \(other.digest.hex)"
    }
}
