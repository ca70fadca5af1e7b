import EnvSyncModel
import EnvironmentPacking
import PythonPackaging

/// The packages that an archive should hold, going by the lock.
struct LockedPackages {
    /// A package, of the lock or of an archive.
    struct Package: Hashable {
        var version: String
        var build: String?
        /// Of its files; `nil` if it isn't known.
        var digest: String?

        /// Whether both are of the same build, or one has none.
        func isBuild(of other: Package) -> Bool { build == nil || other.build == nil || build == other.build }

        /// What people tell it by.
        var label: String { build.map { $0.isEmpty ? version : "\(version) \($0)" } ?? version }
    }
    typealias Table = [PackedPackage.Key: [Package]]

    /// What must be there.
    private(set) var required: Table = [:]
    /// Versions of what is sent besides, by normalized name: it may be missing, but not be another version.
    private(set) var sent: [String: Set<String>] = [:]
    /// Whether nothing else belongs into the archive, as far as the lock tells.
    private(set) var isComplete = true
    /// Whether conda's packages are told from Python's.
    private(set) var tellsConda = false
    private(set) var python: String?
    /// Of files that belong to no package.
    private(set) var other: String?
    /// Whether no archive of the lock is meant, but what is sent itself.
    private var isOfWheels = false
    /// Names that the workspace's own sources go by.
    private let own: Set<String>

    /// What one of the lock's archives or layers holds.
    ///
    /// - Parameter here: what its file turned out to hold, for archives that envsync didn't pack; `nil` if it isn't on this
    ///   machine.
    init(_ artifact: Artifact, in lock: Lock, here: Inspection?) {
        own = Self.own(lock)
        guard artifact.kind == .archive else {
            for wheel in artifact.wheels { require(wheel.name, .init(version: wheel.version)) }
            if let contents = artifact.contents { take(contents) }
            return
        }
        readSent(lock)
        let overlay = artifact.alias.flatMap { alias in lock.artifacts.first { $0.base == alias } }
        if let contents = PackedArchive.Locked(base: artifact, overlay: overlay).contents {
            take(contents)
            return
        }
        for package in lock.provided where package.archive == artifact.alias {
            require(package.name, .init(version: package.version))
        }
        guard let here else {
            isComplete = false
            return
        }
        python = here.python
        for text in here.packages {
            guard let separator = text.firstRange(of: "==") else { continue }
            let key = PackedPackage.Key(name: PythonNames.normalize(text[..<separator.lowerBound]))
            required[key] = [.init(version: String(text[separator.upperBound...]))]
        }
    }

    /// What a lock without archives sends: the archive is to hold it all.
    init(wheelsOf lock: Lock) {
        own = Self.own(lock)
        isOfWheels = true
        readSent(lock)
        for (name, versions) in sent { required[.init(name: name)] = versions.map { Package(version: $0) } }
    }

    private static func own(_ lock: Lock) -> Set<String> {
        Set(lock.artifacts.filter { $0.kind == .source }.map { PythonNames.normalize($0.name) })
    }

    private mutating func readSent(_ lock: Lock) {
        for artifact in lock.artifacts {
            if artifact.kind == .wheel, let version = artifact.version {
                sent[PythonNames.normalize(artifact.name), default: []].insert(version)
            }
            for wheel in artifact.wheels { sent[PythonNames.normalize(wheel.name), default: []].insert(wheel.version) }
        }
    }

    private mutating func require(_ name: String, _ package: Package) {
        required[.init(name: PythonNames.normalize(name)), default: []].append(package)
    }

    private mutating func take(_ contents: PackedContents) {
        python = contents.python
        other = contents.other
        tellsConda = true
        for package in contents.packages {
            required[package.key, default: []].append(
                .init(version: package.version, build: package.build, digest: package.digest))
        }
    }

    // MARK: The archive's side

    /// What an archive holds, as it can be compared with these.
    func table(of inspection: ArchiveInspection) -> Table {
        var table: Table = [:]
        let python = inspection.packages.filter { $0.manager == .python }
        for package in python {
            table[.init(name: package.name), default: []].append(
                .init(version: package.version, digest: package.digest))
        }
        let conda = inspection.packages.filter { $0.manager == .conda }
        for package in conda {
            if tellsConda {
                table[.init(name: package.name, isConda: true), default: []].append(
                    .init(version: package.version, build: package.build ?? "", digest: package.digest))
                continue
            }
            // Python's account counts where there is one, as in scans. What only conda knows, no wheel has.
            let key = PackedPackage.Key(name: PythonNames.normalize(package.name))
            guard table[key] == nil, required[key] != nil || !isOfWheels else { continue }
            table[key] = [.init(version: package.version)]
        }
        return table
    }

    // MARK: Comparing

    func findings(_ inspection: ArchiveInspection, target: String?) -> [InspectFinding] {
        var findings: [InspectFinding] = []
        if let wanted = python ?? target.map(Self.minor), let found = inspection.python, wanted != found {
            findings.append(
                Self.finding(
                    .environmentVersion, "python", "the archive is of Python \(found), workers run \(wanted)",
                    "pack an environment of Python \(wanted), or correct environment.target and lock again"))
        }
        let table = table(of: inspection)
        let found = Lookup(table)
        let wanted = Lookup(required)
        for (key, packages) in required where found[key] == nil {
            guard !Check.neverExtra.contains(key.name), sent[PythonNames.normalize(key.name)] == nil || isOfWheels
            else { continue }
            let versions = Self.text(packages)
            findings.append(
                Self.finding(
                    .environmentMissing, key.name, "\(versions) is locked, and not in the archive",
                    "install \(key.name) \(versions) and pack again, or lock without it"))
        }
        for (key, packages) in table {
            if let finding = finding(key.name, packages, wanted: wanted[key]) { findings.append(finding) }
        }
        if let other, let found = inspection.other, other != found {
            findings.append(
                Self.finding(
                    .environmentChanged, "files of no package", "they are not those that are locked",
                    "pack it with the same options as the locked one, or lock this one: envsync lock"))
        }
        let order = Dictionary(
            uniqueKeysWithValues: InspectFinding.lockCodes.enumerated().map { ($0.element.rawValue, $0.offset) })
        return findings.sorted {
            (order[$0.code] ?? 0, $0.subject, $0.message) < (order[$1.code] ?? 0, $1.subject, $1.message)
        }
    }

    /// Packages by name, those of the same manager first: conda and pip install the same under one name.
    private struct Lookup {
        private let table: Table
        private let byName: [String: [Package]]

        init(_ table: Table) {
            self.table = table
            byName = Dictionary(
                table.map { (PythonNames.normalize($0.key.name), $0.value) }, uniquingKeysWith: { $0 + $1 })
        }

        subscript(key: PackedPackage.Key) -> [Package]? { table[key] ?? byName[PythonNames.normalize(key.name)] }
    }

    private func finding(_ name: String, _ found: [Package], wanted: [Package]?) -> InspectFinding? {
        let isTool = Check.neverExtra.contains(name)
        let versions = Self.text(found)
        let sentVersions = sent[PythonNames.normalize(name)] ?? []
        guard let wanted else {
            guard sentVersions.isEmpty else {
                let isSent = found.contains { Self.isOne($0.version, of: sentVersions) }
                return isSent ? nil : otherVersion(name, versions, sentVersions.sorted().joined(separator: " or "))
            }
            guard isComplete, !isTool, !own.contains(name) else { return nil }
            return Self.finding(
                .environmentExtra, name, "\(versions) is in the archive, and not in the lock",
                "uninstall it and pack again; or add it to what is locked, and run envsync lock")
        }
        let equal = found.filter { here in
            wanted.contains { $0.isBuild(of: here) && Self.isOne(here.version, of: [$0.version]) }
        }
        guard !equal.isEmpty else {
            if found.contains(where: { Self.isOne($0.version, of: sentVersions) }) { return nil }
            return otherVersion(name, versions, Self.text(wanted))
        }
        let digests = Set(wanted.compactMap(\.digest))
        let isChanged = equal.contains { here in here.digest.map { !digests.isEmpty && !digests.contains($0) } ?? false
        }
        guard isChanged || found.count > wanted.count else { return nil }
        return Self.finding(
            .environmentChanged, name,
            found.count > wanted.count
                ? "it is in the archive \(found.count) times: \(versions)" : "its files are not those that are locked",
            "install \(name) \(Self.text(wanted)) again and pack, or lock what is installed: envsync lock")
    }

    private func otherVersion(_ name: String, _ found: String, _ wanted: String) -> InspectFinding {
        Self.finding(
            .environmentVersion, name, "\(found) is in the archive, workers get \(wanted)",
            "install \(name) \(wanted) and pack again, or lock the archive's")
    }

    private static func isOne(_ version: String, of versions: some Collection<String>) -> Bool {
        versions.contains { $0 == version || PythonVersion($0) == PythonVersion(version) }
    }

    private static func text(_ packages: [Package]) -> String {
        let labels = Set(packages.map { $0.label.isEmpty ? "some version" : $0.label })
        return labels.sorted().joined(separator: " and ")
    }

    private static func minor(_ version: String) -> String {
        version.split(separator: ".").prefix(2).joined(separator: ".")
    }

    private static func finding(
        _ code: DriftFinding.Code, _ subject: String, _ message: String, _ suggestion: String
    ) -> InspectFinding {
        InspectFinding(
            code: code.rawValue, severity: code.severity, side: .lock, subject: subject, paths: [], count: 0,
            message: message, suggestion: suggestion)
    }
}
