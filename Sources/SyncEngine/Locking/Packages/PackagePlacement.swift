import EnvSyncModel
import PythonPackaging

/// What was decided for a package, and why; for `explain`.
public struct PackageDecision: Sendable, Hashable {
    /// How the package reaches the workers.
    public enum Outcome: Sendable, Hashable {
        /// The wheel as it is, on the Python path as a zip.
        case pyfile
        /// Installed into the layer of that name.
        case layer(String)
        /// Not at all: the archive of that alias holds it in this version.
        case provided(ArchiveAlias)
    }

    /// The project's name, normalized.
    public let name: String
    /// Its version.
    public let version: String
    /// The wheel's file name.
    public let wheel: String
    /// The wheel's size in bytes.
    public let size: Int64
    /// How the package reaches the workers.
    public let outcome: Outcome
    /// Why, one sentence each.
    public let reasons: [String]
    /// The version that an archive holds, where it is another one: this one comes first on the Python path.
    public let overlays: ProvidedPackage?
}

/// Decides for each wheel whether it is sent, and how.
struct PackagePlacement {
    /// Everything that travels as it is.
    private(set) var artifacts: [LocalArtifact] = []
    private(set) var layers: [LayerPlan] = []
    private(set) var decisions: [PackageDecision] = []
    private(set) var problems: [LocalProblem] = []

    init(_ all: [LocalArtifact], request: LockfileRequest?, workspace: Workspace) {
        let target = request?.target ?? Self.target(workspace)
        let provided = Self.provided(all)
        checkArchives(all, workspace)
        checkConda(request, provided, workspace)
        var layered: [LocalArtifact] = []
        var byWheel: [(LocalArtifact, ProvidedPackage?)] = []
        for artifact in all {
            guard artifact.inspection.kind == .wheel else {
                artifacts.append(artifact)
                continue
            }
            if let target, let mismatch = Self.mismatch(artifact, target) {
                problems.append(mismatch)
                continue
            }
            let held = artifact.item.jobs.isEmpty ? provided[artifact.inspection.name] : nil
            if let held, PythonVersion(held.version) == PythonVersion(artifact.inspection.version ?? "") {
                decisions.append(Self.decision(artifact, .provided(held.archive), nil))
            } else if artifact.inspection.obstacles.isEmpty {
                artifacts.append(artifact)
                decisions.append(Self.decision(artifact, .pyfile, held))
            } else {
                layered.append(artifact)
                byWheel.append((artifact, held))
            }
        }
        let limit = Int64(workspace.configuration.layerLimit) << 20
        layers = LayerPlan.plans(for: layered, limit: limit)
        for (artifact, held) in byWheel {
            let layer = layers.first { plan in plan.members.contains { $0.path == artifact.item.path } }
            decisions.append(Self.decision(artifact, .layer(layer?.name ?? ""), held))
        }
        decisions.sort { ($0.name, $0.wheel) < ($1.name, $1.wheel) }
    }

    private static func target(_ workspace: Workspace) -> TargetEnvironment? {
        guard let target = workspace.configuration.target else { return nil }
        return try? TargetEnvironment(
            python: target.python, platform: target.platform, implementation: target.implementation)
    }

    /// What the archives of every job hold, by name.
    private static func provided(_ all: [LocalArtifact]) -> [String: ProvidedPackage] {
        var provided: [String: ProvidedPackage] = [:]
        for artifact in all where artifact.item.jobs.isEmpty {
            guard case .archive(let alias) = artifact.item.role else { continue }
            for package in artifact.inspection.packages {
                guard let separator = package.range(of: "==") else { continue }
                let name = String(package[..<separator.lowerBound])
                provided[name] =
                    provided[name]
                    ?? ProvidedPackage(name: name, version: String(package[separator.upperBound...]), archive: alias)
            }
        }
        return provided
    }

    private static func mismatch(_ wheel: LocalArtifact, _ target: TargetEnvironment) -> LocalProblem? {
        func problem(_ message: String) -> LocalProblem {
            LocalProblem(
                kind: .unusable, origin: wheel.item.origin, path: wheel.item.origin.path,
                message:
                    "it can't be installed on the target, Python \(target.python) on \(target.platform): \(message)",
                suggestion: "get the wheel for the target, or correct environment.target")
        }
        if !wheel.inspection.tags.isEmpty, target.rank(ofTags: wheel.inspection.tags) == nil {
            return problem(target.mismatch(ofTags: wheel.inspection.tags) ?? "its tags don't match")
        }
        if let wanted = wheel.inspection.python, let specifiers = try? VersionSpecifiers(wanted),
            !specifiers.contains(target.pythonVersion)
        {
            return problem("it needs Python \(wanted)")
        }
        return nil
    }

    private static func decision(
        _ wheel: LocalArtifact, _ outcome: PackageDecision.Outcome, _ held: ProvidedPackage?
    ) -> PackageDecision {
        var reasons: [String]
        switch outcome {
        case .pyfile: reasons = ["pure Python that imports from a zip"]
        case .layer:
            reasons = wheel.inspection.obstacles
        case .provided(let archive): reasons = ["the archive \"\(archive)\" holds this version"]
        }
        if let held {
            reasons.append(
                "the archive \"\(held.archive)\" holds \(held.version); this one comes before it on the Python path")
        }
        return PackageDecision(
            name: wheel.inspection.name, version: wheel.inspection.version ?? "", wheel: wheel.fileName,
            size: wheel.inspection.size, outcome: outcome, reasons: reasons, overlays: held)
    }

    /// Wheels for one Python and an archive with another don't go together.
    private mutating func checkArchives(_ all: [LocalArtifact], _ workspace: Workspace) {
        guard let target = workspace.configuration.target else { return }
        let wanted = target.python.split(separator: ".").prefix(2).joined(separator: ".")
        for artifact in all {
            guard case .archive = artifact.item.role, let python = artifact.inspection.python, python != wanted else {
                continue
            }
            problems.append(
                LocalProblem(
                    kind: .unusable, origin: artifact.item.origin, path: artifact.item.origin.path,
                    message: "its Python is \(python), but environment.target says \(wanted)",
                    suggestion: "pack an environment with Python \(wanted), or correct environment.target"))
        }
    }

    /// Conda packages can't be sent one by one: what a lockfile says of them must be in an archive.
    private mutating func checkConda(
        _ request: LockfileRequest?, _ provided: [String: ProvidedPackage], _ workspace: Workspace
    ) {
        guard let request else { return }
        if let name = request.environmentName, name != workspace.configuration.environment.text {
            problems.append(
                LocalProblem(
                    kind: .unusable, origin: ArtifactOrigin(section: .lockfile, path: request.name), path: request.name,
                    message:
                        "it describes the environment \(QuotedText.visible(name)), but \(workspace.configurationFile) "
                        + "is of \"\(workspace.configuration.environment)\"",
                    suggestion: "name the environment alike in both files"))
        }
        // What only installs others is nothing that workers import.
        for package in request.required where package.name != "pip" {
            let held = provided[package.name]
            if let held, package.version.map({ Self.isPin($0, of: held.version) }) ?? true { continue }
            let pin = package.name + (package.version.map { " " + $0 } ?? "")
            let found = held.map { "the archive \"\($0.archive)\" holds \($0.version)" } ?? "no archive holds it"
            problems.append(
                LocalProblem(
                    kind: .unusable, origin: ArtifactOrigin(section: .lockfile, path: package.name), path: pin,
                    message: "\(QuotedText.visible(request.name)) asks for it, but \(found)",
                    suggestion: "pack the environment again, or correct \(QuotedText.visible(request.name))"))
        }
    }

    /// Conda's `numpy=1.26` means any 1.26, and is read as `1.26.*`.
    private static func isPin(_ pin: String, of version: String) -> Bool {
        guard pin.hasSuffix(".*") else { return PythonVersion(version) == PythonVersion(pin) }
        return version == pin.dropLast(2) || version.hasPrefix(pin.dropLast())
    }
}
