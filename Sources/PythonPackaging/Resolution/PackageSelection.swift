/// What of a lockfile a target environment gets.
public struct PackageSelection: Hashable, Sendable {
    /// A package and the wheels of it that the target can install.
    public struct Choice: Hashable, Sendable {
        /// The package.
        public var package: LockedPackage
        /// The installable wheels with a SHA-256, best first; empty where the format names no files and
        /// ``LockedPackage/hashes`` have to do, and where ``acceptsLocalBuild``.
        public var wheels: [LockedWheel]
        /// Whether no wheel is locked, but only a source distribution or a checkout: a wheel that somebody built of it, whose
        /// hash no lockfile can know, is then as good if it has the package's name and version and suits the target.
        public var acceptsLocalBuild: Bool

        /// Makes a choice.
        public init(package: LockedPackage, wheels: [LockedWheel], acceptsLocalBuild: Bool = false) {
            self.package = package
            self.wheels = wheels
            self.acceptsLocalBuild = acceptsLocalBuild
        }
    }

    /// The packages to install, by name, each once.
    public var choices: [Choice]
    /// Packages of conda and directories of sources, which no wheel is needed for, by name.
    public var others: [LockedPackage]
    /// What can't be had as a wheel for the target, by name, one error each, with what to do.
    public var problems: [Problem]

    /// Makes a selection from its parts.
    public init(choices: [Choice], others: [LockedPackage], problems: [Problem]) {
        self.choices = choices
        self.others = others
        self.problems = problems
    }

    /// Why a package can't be delivered.
    public struct Problem: Error, Hashable, Sendable {
        /// The package's name.
        public var package: String
        /// Its version.
        public var version: String?
        /// What is wrong, in one line.
        public var message: String
        /// What to do, in one line.
        public var suggestion: String

        /// Makes a problem.
        public init(package: String, version: String?, message: String, suggestion: String) {
            self.package = package
            self.version = version
            self.message = message
            self.suggestion = suggestion
        }
    }

    /// Selects.
    ///
    /// A `requires-python` that can't be understood excludes nothing, as with pip.
    ///
    /// - Parameters:
    ///   - extras: the extras of the locked project that are wanted.
    ///   - groups: the dependency groups that are wanted; `nil` is the lock's default.
    /// - Throws: ``LockfileError`` for an extra or a group that the lock doesn't have, or if the lock is not for the target.
    public static func select(
        from lockfile: PythonLockfile, for target: TargetEnvironment, extras: Set<String> = [],
        groups: Set<String>? = nil
    ) throws(LockfileError) -> PackageSelection {
        var python = PythonAcceptance(target: target)
        if let required = lockfile.requiresPython, !python.accepts(required) {
            throw LockfileError(
                "the lockfile is for Python \(Excerpt(required)), but the target has Python \(target.python); "
                    + python.remedy(required))
        }
        let wanted = try WantedNames(extras: extras, groups: groups, in: lockfile)
        let environments = lockfile.environments
        if !environments.isEmpty, !environments.contains(where: { $0.holds(in: target) }) {
            throw LockfileError(
                "the lockfile is not for Python \(target.python) on \(target.platform), but for "
                    + environments.prefix(3).map { Excerpt($0.text).description }.joined(separator: " or ")
                    + (environments.count > 3 ? " and \(environments.count - 3) more" : "")
                    + "; lock for this target as well, or change environment.target")
        }
        var wheels = WheelChooser(target: target, format: lockfile.format, python: python)
        let reached: ReachedPackages
        if let roots = lockfile.roots {
            var walk = DependencyWalk(lockfile: lockfile, target: target, wanted: wanted, python: python)
            reached = try walk.packages(from: roots)
        } else {
            reached = ReachedPackages.marked(in: lockfile, for: target, wanted: wanted, python: python)
        }
        var selection = PackageSelection(choices: [], others: [], problems: reached.problems)
        for package in reached.packages {
            switch wheels.choose(for: package) {
            case .success(let choice?): selection.choices.append(choice)
            case .success(nil): selection.others.append(package)
            case .failure(let problem): selection.problems.append(problem)
            }
        }
        selection.problems.sort {
            ($0.package, $0.version ?? "", $0.message) < ($1.package, $1.version ?? "", $1.message)
        }
        return selection
    }
}
