/// Follows dependencies from what the locked project asks for.
struct DependencyWalk {
    /// Dependencies looked at before a lockfile is refused; markers longer than 64 bytes count several times. Real ones
    /// take some ten thousand.
    static let maximumSteps = 1_000_000

    private let lockfile: PythonLockfile
    private let target: TargetEnvironment
    private let wanted: WantedNames
    private var python: PythonAcceptance
    private let byName: [String: [Int]]
    /// Packages by name and version; those without a version by name.
    private let byVersion: [Need: [Int]]
    /// For each package that was reached, the extras of it that are wanted.
    private var reached: [Int: Set<String>] = [:]
    /// Packages whose dependencies are to be followed (again), each once.
    private var queue: [Int] = []
    private var isQueued: Set<Int> = []
    private var resolved: [Need: [Int]] = [:]
    private var problems: Set<PackageSelection.Problem> = []
    private var steps = 0

    private struct Need: Hashable {
        let name: String
        let version: PythonVersion?
    }

    init(lockfile: PythonLockfile, target: TargetEnvironment, wanted: WantedNames, python: PythonAcceptance) {
        self.lockfile = lockfile
        self.target = target
        self.wanted = wanted
        self.python = python
        byName = Dictionary(grouping: lockfile.packages.indices) { lockfile.packages[$0].name }
        byVersion = Dictionary(grouping: lockfile.packages.indices) { index in
            let package = lockfile.packages[index]
            return Need(name: package.name, version: package.version.map { PythonVersion($0) })
        }
    }

    /// The packages that are reached from roots.
    mutating func packages(from roots: [LockedDependency]) throws(LockfileError) -> ReachedPackages {
        let asked = roots.filter { root in
            root.extra.map(wanted.extras.contains) ?? true && root.group.map(wanted.groups.contains) ?? true
        }
        try follow(asked, extras: wanted.extras, from: nil)
        // Reached packages may be queued again for more extras, so the queue is read while it grows.
        var next = 0
        while next < queue.count {
            let index = queue[next]
            next += 1
            isQueued.remove(index)
            let package = lockfile.packages[index]
            let extras = reached[index] ?? []
            try count(1 + extras.count / 16)
            try follow(package.dependencies, extras: extras, from: package)
            for extra in extras.sorted() {
                try follow(package.extraDependencies[extra] ?? [], extras: extras, from: package)
            }
        }
        return ReachedPackages(
            reached.keys.sorted().map { lockfile.packages[$0] }, problems: Array(problems), python: python)
    }

    private mutating func follow(
        _ dependencies: [LockedDependency], extras: Set<String>, from package: LockedPackage?
    ) throws(LockfileError) {
        for dependency in dependencies {
            try count(1 + (dependency.marker?.text.utf8.count ?? 0) / 64 + dependency.extras.count)
            guard dependency.marker?.holds(in: target, extras: extras, groups: wanted.groups) ?? true else { continue }
            let candidates = candidates(for: dependency, of: package)
            try count(candidates.count)
            for index in candidates { reach(index, extras: dependency.extras) }
        }
    }

    private mutating func count(_ more: Int) throws(LockfileError) {
        steps += more
        guard steps <= Self.maximumSteps else {
            throw LockfileError("the dependencies in the lockfile are too entangled to be followed")
        }
    }

    private mutating func reach(_ index: Int, extras: Set<String>) {
        let isNew = reached[index] == nil
        let before = reached[index]?.count ?? 0
        reached[index, default: []].formUnion(extras)
        guard isNew || reached[index]?.count != before, isQueued.insert(index).inserted else { return }
        queue.append(index)
    }

    /// The packages that a dependency means; several if they are parts of one.
    private mutating func candidates(for dependency: LockedDependency, of package: LockedPackage?) -> [Int] {
        let need = Need(name: dependency.name, version: dependency.version.map { PythonVersion($0) })
        if let answer = resolved[need] { return answer }
        let named = byName[need.name] ?? []
        var matching = named
        if need.version != nil {
            matching = (byVersion[need] ?? []) + (byVersion[Need(name: need.name, version: nil)] ?? [])
        }
        if matching.isEmpty {
            problems.insert(missing(dependency, of: package, locked: named))
        } else if matching.count > 1 {
            let suiting = matching.filter { isForTarget(lockfile.packages[$0]) }
            if suiting.isEmpty { problems.insert(unsuited(dependency, locked: matching)) }
            matching = suiting
            let different = ReachedPackages.merged(matching.map { lockfile.packages[$0] })
            if different.count > 1 {
                problems.insert(ReachedPackages.ambiguity(need.name, different))
                matching = []
            }
        }
        resolved[need] = matching
        return matching
    }

    private mutating func isForTarget(_ package: LockedPackage) -> Bool {
        python.accepts(package.requiresPython)
            && package.marker?.holds(in: target, extras: wanted.extras, groups: wanted.groups) ?? true
    }

    private func missing(
        _ dependency: LockedDependency, of package: LockedPackage?, locked: [Int]
    ) -> PackageSelection.Problem {
        let needed = "is needed by \(package.map { Excerpt($0.name).description } ?? "the project")"
        return PackageSelection.Problem(
            package: dependency.name, version: dependency.version,
            message: locked.isEmpty
                ? "\(needed), but not in the lockfile" : "\(needed), but the lockfile has \(versions(locked)) only",
            suggestion: lockfile.format.lockingAdvice)
    }

    private func unsuited(_ dependency: LockedDependency, locked: [Int]) -> PackageSelection.Problem {
        PackageSelection.Problem(
            package: dependency.name, version: dependency.version,
            message:
                "is locked as \(versions(locked)), none of which is for Python \(target.python) on \(target.platform)",
            suggestion: "lock for this target as well, or change environment.target")
    }

    private func versions(_ indices: [Int]) -> String {
        indices.prefix(3).map { lockfile.packages[$0].version.map(Excerpt.bare) ?? "no version" }.joined(
            separator: ", ")
            + (indices.count > 3 ? ", …" : "")
    }
}
