import EnvSyncModel
import Glibc
import ObjectStore
import PythonPackaging
import SyncState

/// What an installed environment should hold.
struct ExpectedPackages {
    /// Versions, as they are spelled; several where jobs want different ones.
    typealias Versions = [PythonVersion: String]

    /// What the lock sends, or finds in an archive, by name.
    private(set) var required: [String: Versions] = [:]
    /// What archives hold besides, by name.
    private(set) var held: [String: Versions] = [:]
    /// Whether every archive could be looked into, so that nothing else is known to be there.
    private(set) var isComplete = true

    init(_ lock: Lock, _ scan: LocalScan) {
        for artifact in lock.artifacts {
            if artifact.kind == .wheel, let version = artifact.version { require(artifact.name, version) }
            for wheel in artifact.wheels { require(wheel.name, wheel.version) }
        }
        for package in lock.provided { require(package.name, package.version) }
        let hasOwn = !required.isEmpty
        let here = Dictionary(scan.artifacts.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
        for archive in lock.artifacts where archive.kind == .archive {
            guard let local = here[archive.digest] else {
                isComplete = false
                continue
            }
            for package in local.inspection.packages {
                guard let separator = package.firstRange(of: "==") else { continue }
                let version = String(package[separator.upperBound...])
                held[PythonNames.normalize(package[..<separator.lowerBound])] = [PythonVersion(version): version]
            }
        }
        // The archive is the environment where nothing is sent besides.
        if !hasOwn { required = held }
    }

    private mutating func require(_ name: String, _ version: String) {
        required[PythonNames.normalize(name), default: [:]][PythonVersion(version)] = version
    }

    /// The versions that workers get; `nil` if they don't get the package.
    func versions(of name: String) -> Versions? { required[name] ?? held[name] }
}

extension Check {
    /// What only installs others, and what Spark brings to the workers itself.
    static let neverExtra: Set = ["pip", "setuptools", "wheel", "uv", "pkg-resources", "pyspark", "py4j"]

    /// Compares an installed environment with the lock: names, versions and files.
    ///
    /// With wheels in the lock, these and what archives provide of them must be installed. A lock of archives alone means
    /// what they hold, as far as they are on this machine; what an archive holds besides wheels may be installed, in its
    /// version.
    func environmentFindings() async throws -> (findings: [DriftFinding], packages: Int) {
        guard let given = options.environmentPrefix,
            options.wantsAny(.environmentMissing, .environmentExtra, .environmentVersion, .environmentChanged)
        else { return ([], 0) }
        let environment = try await read(Workspace.absolutePath(given), as: given)
        for note in environment.notes { engine.report(.warning(note)) }
        let expected = ExpectedPackages(lock, scan)
        if !expected.isComplete {
            let consequence =
                expected.required.isEmpty
                ? "nothing can be compared with it" : "packages that only it may hold are passed over"
            engine.report(.warning("an archive of the lock is not on this machine, so \(consequence)"))
        }
        var findings = pythonFindings(environment)
        let byName = Dictionary(grouping: environment.packages, by: \.name)
        for (name, wanted) in expected.required where byName[name] == nil {
            guard !(Self.neverExtra.contains(name) && expected.held[name] != nil) else { continue }
            let version = Self.text(wanted)
            findings.append(
                DriftFinding(
                    code: .environmentMissing, subject: name,
                    message: "\(version) is locked, and not installed in \(shown(given))",
                    suggestion: "install \(name) \(version), or lock without it"))
        }
        for (name, packages) in byName {
            findings += self.findings(name, packages, expected, given)
        }
        if options.wants(.environmentChanged) {
            findings += environment.problems.map { problem in
                DriftFinding(
                    code: .environmentChanged, subject: QuotedText.shown(problem.name), message: problem.message,
                    suggestion: "remove it, or make \(shown(given)) anew")
            }
            let compared = environment.packages.filter { expected.versions(of: $0.name) != nil }
            findings += try await changes(of: compared, in: environment)
        }
        return (findings, environment.packages.count)
    }

    private func shown(_ path: String) -> String { QuotedText.shown(path) }

    private static func text(_ versions: ExpectedPackages.Versions) -> String {
        versions.sorted { $0.key < $1.key }.map(\.value).joined(separator: " or ")
    }

    private func read(_ prefix: String, as given: String) async throws -> InstalledEnvironment {
        do { return try await OffPool.run { _ in try InstalledEnvironment.read(prefix: prefix) } } catch let error
            as InstalledEnvironmentError
        {
            throw EnvSyncError(
                .system, "cannot read the Python environment \(shown(given))",
                reason: error.path == prefix ? error.message : error.description,
                suggestion: "name the directory that holds its bin and lib, for example --env .venv")
        }
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
                        "\(versions.joined(separator: " and ")) is installed in \(shown(given)), workers get \(Self.text(wanted))",
                    suggestion: "install \(name) \(Self.text(wanted)), or lock the installed one"))
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

    // MARK: - Files

    /// Packages whose files are not what their RECORD says. What was compared before and has not been touched since is
    /// not read again.
    private func changes(
        of packages: [InstalledPackage], in environment: InstalledEnvironment
    ) async throws -> [DriftFinding] {
        let state = engine.state
        let results = try await concurrently(packages, limit: 4) { package in
            let key = "installed:" + package.path
            let record = (try? state.fingerprint(key)) ?? nil
            // A file changed within the clock's granularity of being read may have changed again without showing it.
            let isRelied = record.map { $0.fingerprint.modified < $0.hashedAt - 2_000_000_000 } ?? false
            let known = isRelied ? record?.digest.hex : nil
            let began = Now.nanoseconds
            let found = try await OffPool.run { cancelled in
                try package.verify(in: environment, known: known, cancelled: cancelled)
            }
            var fresh: FingerprintRecord?
            if let signature = found.signature, signature != known, let digest = ContentDigest(hex: signature) {
                fresh = FingerprintRecord(
                    fingerprint: FileFingerprint(
                        path: key, device: 0, inode: 0, size: 0, modified: found.lastChange, changed: 0),
                    digest: digest, inspection: "", hashedAt: began)
            }
            return (package, found, fresh)
        }
        let records = results.compactMap { $0.2 }
        if !records.isEmpty { engine.remember { try $0.save(fingerprints: records) } }
        let linkedAway = results.reduce(0) { $0 + $1.1.linkedAway }
        if linkedAway > 0 {
            engine.report(
                .warning("\(linkedAway) installed files are links out of the environment, and were not compared"))
        }
        return results.compactMap { package, found, _ in Self.change(of: package, found) }
    }

    private static func change(
        of package: InstalledPackage, _ found: InstalledPackage.Verification
    ) -> DriftFinding? {
        let count = found.differenceCount
        guard package.problem != nil || count > 0 else { return nil }
        var parts = package.problem.map { ["\(QuotedText.shown(package.fileName)): \($0)"] } ?? []
        parts += found.differences.prefix(3).map { "\(QuotedText.shown($0.path)) \($0.message)" }
        if count > 3 { parts.append("and \(count - 3) more") }
        return DriftFinding(
            code: .environmentChanged, subject: package.name, message: parts.joined(separator: "; "),
            suggestion: "install \(package.name) \(package.version ?? "") again")
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
