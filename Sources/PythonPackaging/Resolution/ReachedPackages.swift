/// The packages that a target gets, by name, and what stands against others.
struct ReachedPackages {
    /// By name; each name once, but for packages of conda.
    private(set) var packages: [LockedPackage] = []
    private(set) var problems: [PackageSelection.Problem]

    /// Packages of a lockfile that says of each one when it is installed.
    static func marked(
        in lockfile: PythonLockfile, for target: TargetEnvironment, wanted: WantedNames, python: PythonAcceptance
    ) -> ReachedPackages {
        let marked = lockfile.packages.filter { package in
            (package.isMain || !package.groups.isDisjoint(with: wanted.groups))
                && package.marker?.holds(in: target, extras: wanted.extras, groups: wanted.groups) ?? true
        }
        return ReachedPackages(marked, problems: [], python: python)
    }

    /// - Parameter candidates: what is installed, in the order of the lockfile.
    init(_ candidates: [LockedPackage], problems: [PackageSelection.Problem], python: PythonAcceptance) {
        self.problems = problems
        var python = python
        packages = candidates.filter { $0.source == .conda }
        let byName = Dictionary(grouping: candidates.filter { $0.source != .conda }, by: \.name)
        for (name, candidates) in byName {
            var different = Self.merged(candidates)
            if different.count > 1 {
                let accepted = different.filter { python.accepts($0.requiresPython) }
                if !accepted.isEmpty { different = accepted }
            }
            if different.count == 1 {
                packages += different
            } else {
                self.problems.append(Self.ambiguity(name, different))
            }
        }
        packages.sort { ($0.name, $0.version ?? "") < ($1.name, $1.version ?? "") }
    }

    /// Makes one of entries for one version from one place, which some formats split by extras or markers.
    static func merged(_ packages: [LockedPackage]) -> [LockedPackage] {
        struct Identity: Hashable {
            let version: PythonVersion?
            let source: LockedPackage.Source
            let location: String?
        }
        var order: [Identity] = []
        var groups: [Identity: [LockedPackage]] = [:]
        for package in packages {
            let identity = Identity(
                version: package.version.map { PythonVersion($0) }, source: package.source, location: package.location)
            if groups[identity, default: []].isEmpty { order.append(identity) }
            groups[identity, default: []].append(package)
        }
        return order.compactMap { identity in
            guard let same = groups[identity], var package = same.first else { return nil }
            guard same.count > 1 else { return package }
            var wheels: Set<LockedWheel> = []
            var hashes: Set<String> = []
            package.wheels = same.flatMap(\.wheels).filter { wheels.insert($0).inserted }
            package.hashes = same.flatMap(\.hashes).filter { hashes.insert($0).inserted }
            package.hasSourceDistribution = same.contains(where: \.hasSourceDistribution)
            return package
        }
    }

    /// The problem of several versions, or one version from several places.
    static func ambiguity(_ name: String, _ packages: [LockedPackage]) -> PackageSelection.Problem {
        let versions = packages.prefix(3).map { package in
            (package.version.map(Excerpt.bare) ?? "no version")
                + (package.location.map { " from \(Excerpt($0))" } ?? "")
        }
        return PackageSelection.Problem(
            package: name, version: nil,
            message: "is locked more than once for the target: " + versions.joined(separator: ", ")
                + (packages.count > 3 ? " and \(packages.count - 3) more" : ""),
            suggestion:
                "leave out an extra or group that asks for one of them, or lock for the target's Python and platform "
                + "only")
    }
}
