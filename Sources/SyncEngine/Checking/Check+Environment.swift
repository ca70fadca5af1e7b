import EnvSyncModel
import EnvironmentPacking
import Glibc
import ObjectStore
import PythonPackaging

extension Check {
    /// What only installs others, and what Spark brings to the workers itself.
    static let neverExtra: Set = ["pip", "setuptools", "wheel", "uv", "pkg-resources", "pyspark", "py4j"]

    /// Compares an installed environment with the lock: names, versions and files.
    ///
    /// With wheels in the lock, these and what archives provide of them must be installed. A lock of archives alone means
    /// what they hold, as far as the lock tells or they are on this machine; what an archive holds besides wheels may be
    /// installed, in its version. In a conda environment, conda's packages count as Python's do; those that Python knows by
    /// the same name are told of once.
    func environmentFindings() async throws -> (findings: [DriftFinding], packages: Int) {
        guard let given = options.environmentPrefix,
            options.wantsAny(.environmentMissing, .environmentExtra, .environmentVersion, .environmentChanged)
        else { return ([], 0) }
        let environment = try await read(Workspace.absolutePath(given), as: given)
        for note in environment.notes { engine.report(.warning(note)) }
        let conda = try await readConda(environment, as: given)
        let expected = ExpectedPackages(lock, scan)
        if !expected.isComplete {
            let consequence =
                expected.required.isEmpty
                ? "nothing can be compared with it" : "packages that only it may hold are passed over"
            engine.report(.warning("an archive of the lock is not on this machine, so \(consequence)"))
        }
        var findings = pythonFindings(environment)
        let byName = Dictionary(grouping: environment.packages, by: \.name)
        let ofConda = Dictionary(grouping: conda?.packages ?? []) { PythonNames.normalize($0.name) }
        for (name, wanted) in expected.required where byName[name] == nil && ofConda[name] == nil {
            guard !(Self.neverExtra.contains(name) && expected.held[name] != nil) else { continue }
            let version = ExpectedPackages.text(wanted)
            findings.append(
                DriftFinding(
                    code: .environmentMissing, subject: name,
                    message: "\(version) is locked, and not installed in \(shown(given))",
                    suggestion: "install \(name) \(version), or lock without it"))
        }
        for (name, packages) in byName {
            findings += self.findings(name, packages, expected, given)
        }
        for (name, packages) in ofConda {
            findings += condaFindings(name, packages, expected, given, isPython: byName[name] != nil)
        }
        if options.wants(.environmentChanged) {
            findings += environment.problems.map { problem in
                DriftFinding(
                    code: .environmentChanged, subject: QuotedText.shown(problem.name), message: problem.message,
                    suggestion: "remove it, or make \(shown(given)) anew")
            }
            findings += (conda?.problems ?? []).map { problem in
                DriftFinding(
                    code: .environmentChanged, subject: QuotedText.shown(problem.fileName), message: problem.message,
                    suggestion: "install the package again, or make \(shown(given)) anew")
            }
            findings += try await changes(in: environment, conda) { expected.versions(of: $0) != nil }
        }
        let others = ofConda.keys.filter { byName[$0] == nil }.count
        return (findings, environment.packages.count + others)
    }

    func shown(_ path: String) -> String { QuotedText.shown(path) }

    private func read(_ prefix: String, as given: String) async throws -> InstalledEnvironment {
        do { return try await OffPool.run { _ in try InstalledEnvironment.read(prefix: prefix) } } catch let error
            as InstalledEnvironmentError
        {
            throw unreadable(error, prefix, given)
        }
    }

    private func readConda(_ environment: InstalledEnvironment, as given: String) async throws -> CondaEnvironment? {
        do { return try await OffPool.run { _ in try CondaEnvironment.read(environment) } } catch let error
            as InstalledEnvironmentError
        {
            throw unreadable(error, environment.prefix, given)
        }
    }

    private func unreadable(_ error: InstalledEnvironmentError, _ prefix: String, _ given: String) -> EnvSyncError {
        EnvSyncError(
            .system, "cannot read the Python environment \(shown(given))",
            reason: error.path == prefix ? error.message : error.description,
            suggestion: "name the directory that holds its bin and lib, for example --env .venv")
    }

    /// Another Python than the workers'.
    private func pythonFindings(_ environment: InstalledEnvironment) -> [DriftFinding] {
        let archives = scan.artifacts.filter { if case .archive = $0.item.role { true } else { false } }
        guard
            let wanted = engine.workspace.configuration.target?.python ?? archives.compactMap(\.inspection.python).first
        else { return [] }
        let minor = wanted.split(separator: ".").prefix(2).joined(separator: ".")
        guard minor != environment.python else { return [] }
        return [
            DriftFinding(
                code: .environmentVersion, subject: "python",
                message: "the environment is of Python \(environment.python), workers run \(minor)",
                suggestion: "make the environment with Python \(minor), or correct environment.target")
        ]
    }

    /// What to tell of one name.
    private func findings(
        _ name: String, _ packages: [InstalledPackage], _ expected: ExpectedPackages, _ given: String
    ) -> [DriftFinding] {
        var findings: [DriftFinding] = []
        let wanted = expected.versions(of: name)
        let isTool = Self.neverExtra.contains(name)
        if packages.count > 1, wanted != nil || !isTool {
            let files = packages.map { QuotedText.shown($0.fileName) }.joined(separator: " and ")
            findings.append(
                DriftFinding(
                    code: .environmentChanged, subject: name,
                    message: "it is installed \(packages.count) times: \(files)",
                    suggestion: "uninstall it until it is gone, and install it again"))
        }
        guard let wanted else {
            guard !isTool, expected.isComplete, !packages.contains(where: isOwn) else { return findings }
            let versions = packages.compactMap(\.version).joined(separator: " and ")
            findings.append(
                DriftFinding(
                    code: .environmentExtra, subject: name,
                    message:
                        "\(versions.isEmpty ? "it" : versions) is installed in \(shown(given)), and workers don't get it",
                    suggestion: "uninstall it; or add it to what is locked, and run envsync lock"))
            return findings
        }
        let versions = packages.compactMap(\.version)
        if !versions.isEmpty, !versions.contains(where: { wanted[PythonVersion($0)] != nil }),
            !isTool || packages.count == 1
        {
            findings.append(
                DriftFinding(
                    code: .environmentVersion, subject: name,
                    message:
                        "\(versions.joined(separator: " and ")) is installed in \(shown(given)), workers get \(ExpectedPackages.text(wanted))",
                    suggestion: "install \(name) \(ExpectedPackages.text(wanted)), or lock the installed one"))
        }
        return findings
    }

    /// The project's own code: what a `[[source]]` ships, and directories of the workspace that are on the path
    /// themselves.
    private func isOwn(_ package: InstalledPackage) -> Bool {
        let sources = engine.workspace.configuration.sources
        let names = lock.artifacts.filter { $0.kind == .source }.map { PythonNames.normalize($0.name) }
        if names.contains(package.name) { return true }
        guard let source = package.source, source.isDirectory, let local = source.localPath else { return false }
        let path = Workspace.absolutePath(local)
        let directory = engine.workspace.directory
        let real = LocalFile.real(directory)
        guard [directory, real].contains(where: { path == $0 || path.hasPrefix($0 + "/") }) else { return false }
        return source.isEditable
            || sources.contains { shipped in
                let place = Workspace.absolutePath(engine.workspace.resolve(shipped.path))
                let places = [
                    place, place.hasPrefix(directory + "/") ? real + place.dropFirst(directory.utf8.count) : place,
                ]
                return places.contains { $0 == path || $0.hasPrefix(path + "/") || path.hasPrefix($0 + "/") }
            }
    }

    /// What to tell of a package that conda installed.
    private func condaFindings(
        _ name: String, _ packages: [CondaEnvironment.Package], _ expected: ExpectedPackages, _ given: String,
        isPython: Bool
    ) -> [DriftFinding] {
        let versions = packages.map(\.version).joined(separator: " and ")
        guard let wanted = expected.versions(of: name) else {
            guard !isPython, expected.hasConda, expected.isComplete, !Self.neverExtra.contains(name) else { return [] }
            return [
                DriftFinding(
                    code: .environmentExtra, subject: name,
                    message: "\(versions) is installed in \(shown(given)) by conda, and workers don't get it",
                    suggestion: "remove it; or add it to what is locked, and run envsync lock")
            ]
        }
        if !isPython, !packages.contains(where: { wanted[PythonVersion($0.version)] != nil }) {
            return [
                DriftFinding(
                    code: .environmentVersion, subject: name,
                    message:
                        "\(versions) is installed in \(shown(given)), workers get \(ExpectedPackages.text(wanted))",
                    suggestion: "install \(name) \(ExpectedPackages.text(wanted)), or lock the installed one")
            ]
        }
        let installed = Set(packages.compactMap(\.build))
        guard let builds = expected.builds[name], !installed.isEmpty, builds.isDisjoint(with: installed) else {
            return []
        }
        func text(_ builds: Set<String>) -> String { builds.sorted().map(QuotedText.shown).joined(separator: " or ") }
        return [
            DriftFinding(
                code: .environmentVersion, subject: name,
                message: "\(versions) is installed as build \(text(installed)), workers get build \(text(builds))",
                suggestion: "install that build, or lock the installed one")
        ]
    }
}

extension LocalFile {
    /// A path without symbolic links, or as it is if there is nothing.
    fileprivate static func real(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
