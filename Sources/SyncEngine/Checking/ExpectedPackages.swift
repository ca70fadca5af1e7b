import EnvSyncModel
import PythonPackaging

/// What an installed environment should hold.
struct ExpectedPackages {
    /// Versions, as they are spelled; several where jobs want different ones.
    typealias Versions = [PythonVersion: String]

    /// What the lock sends, or finds in an archive, by name.
    private(set) var required: [String: Versions] = [:]
    /// What archives hold besides, by name.
    private(set) var held: [String: Versions] = [:]
    /// Builds of conda packages, by name, where the lock knows them.
    private(set) var builds: [String: Set<String>] = [:]
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
        for archive in lock.artifacts where archive.kind == .archive && archive.base == nil {
            // Of what envsync packed, the lock itself knows what is in it.
            if let contents = archive.contents {
                let overlays = lock.artifacts.filter { $0.base != nil && $0.base == archive.alias }
                hold(overlays.compactMap(\.contents).reduce(contents) { $0.overlaid(by: $1) })
            } else if let local = here[archive.digest] {
                for package in local.inspection.packages { hold(package) }
            } else {
                isComplete = false
            }
        }
        // The archive is the environment where nothing is sent besides.
        if !hasOwn { required = held }
    }

    private mutating func require(_ name: String, _ version: String) {
        required[PythonNames.normalize(name), default: [:]][PythonVersion(version)] = version
    }

    private mutating func hold(_ contents: PackedContents) {
        for package in contents.requirements { hold(package) }
        for package in contents.packages {
            if let build = package.build, !build.isEmpty {
                builds[PythonNames.normalize(package.name), default: []].insert(build)
            }
        }
    }

    /// - Parameter requirement: `name==version`.
    private mutating func hold(_ requirement: String) {
        guard let separator = requirement.firstRange(of: "==") else { return }
        let version = String(requirement[separator.upperBound...])
        held[PythonNames.normalize(requirement[..<separator.lowerBound])] = [PythonVersion(version): version]
    }

    /// The versions that workers get; `nil` if they don't get the package.
    func versions(of name: String) -> Versions? { required[name] ?? held[name] }

    /// Whether an archive is a conda environment: Python itself is a package there.
    var hasConda: Bool { !builds.isEmpty || held["python"] != nil }

    static func text(_ versions: Versions) -> String {
        versions.sorted { $0.key < $1.key }.map(\.value).joined(separator: " or ")
    }
}
