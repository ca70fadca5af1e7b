@testable import PythonPackaging

/// Packages and targets for tests of the selection.
enum SelectionFixture {
    static let sha256 = String(repeating: "ab", count: 32)

    static func linux(_ python: String = "3.11") throws -> TargetEnvironment {
        try TargetEnvironment(python: python, platform: "manylinux_2_28_x86_64")
    }

    static func wheel(_ fileName: String) -> LockedWheel { LockedWheel(fileName: fileName, sha256: sha256) }

    /// A package with one wheel for every target, unless told otherwise.
    static func package(
        _ name: String, _ version: String = "1.0", source: LockedPackage.Source = .registry,
        requiresPython: String? = nil, isMain: Bool = true, wheels: [String]? = nil, hashes: [String] = [],
        hasSourceDistribution: Bool = false, dependencies: [LockedDependency] = [],
        extraDependencies: [String: [LockedDependency]] = [:]
    ) -> LockedPackage {
        let fileName = "\(name.split(separator: "-").joined(separator: "_"))-\(version)-py3-none-any.whl"
        return LockedPackage(
            name: name, version: version, source: source, requiresPython: requiresPython, isMain: isMain,
            wheels: (wheels ?? [fileName]).map(wheel), hashes: hashes, hasSourceDistribution: hasSourceDistribution,
            dependencies: dependencies, extraDependencies: extraDependencies)
    }

    static func need(
        _ name: String, _ version: String? = nil, extras: Set<String> = [], if marker: String? = nil,
        extra: String? = nil, group: String? = nil
    ) throws -> LockedDependency {
        LockedDependency(
            name: name, version: version, extras: extras,
            marker: try marker.map { text throws(LockfileError) in try Marker(text) }, extra: extra, group: group)
    }
}
