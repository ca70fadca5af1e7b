/// Finds the wheels of a package that suit a target.
struct WheelChooser {
    let target: TargetEnvironment
    let format: LockfileFormat
    var python: PythonAcceptance

    /// The choice; `nil` for a package that no wheel is needed for.
    mutating func choose(for package: LockedPackage) -> Result<PackageSelection.Choice?, PackageSelection.Problem> {
        if package.source == .directory || package.source == .conda { return .success(nil) }
        if let required = package.requiresPython, !python.accepts(required) {
            return .failure(
                problem(
                    package, "needs Python \(Excerpt(required)), but the target has Python \(target.python)",
                    python.remedy(required)))
        }
        guard !package.wheels.isEmpty else { return withoutWheels(package) }

        let suiting = package.wheels.compactMap { candidate($0, of: package) }
        guard !suiting.isEmpty else { return .failure(noneSuits(package)) }
        let wheels = suiting.filter { $0.wheel.sha256 != nil }.sorted().map(\.wheel)
        guard !wheels.isEmpty else {
            return .failure(problem(package, "has no SHA-256 in the lockfile for its wheels", format.lockingAdvice))
        }
        return .success(PackageSelection.Choice(package: package, wheels: wheels))
    }

    private func withoutWheels(
        _ package: LockedPackage
    ) -> Result<PackageSelection.Choice?, PackageSelection.Problem> {
        if package.source != .vcs, !package.hashes.isEmpty {
            return .success(PackageSelection.Choice(package: package, wheels: []))
        }
        guard package.source == .vcs || package.hasSourceDistribution else {
            return .failure(problem(package, "has neither a wheel nor a hash in the lockfile", format.lockingAdvice))
        }
        var package = package
        package.hashes = []
        return .success(PackageSelection.Choice(package: package, wheels: [], acceptsLocalBuild: true))
    }

    /// A wheel that suits the target.
    private struct Candidate: Comparable {
        let wheel: LockedWheel
        let rank: Int
        let build: BuildTag

        /// The best one comes first.
        static func < (left: Candidate, right: Candidate) -> Bool {
            if left.rank != right.rank { return left.rank < right.rank }
            if left.build != right.build { return left.build > right.build }
            return left.wheel.fileName < right.wheel.fileName
        }
    }

    /// A build tag's number, and what follows it (binary distribution format, "File name convention"). No tag is the lowest.
    private struct BuildTag: Comparable {
        let number: VersionParts.Number?
        let rest: String

        init(_ text: String?) {
            let digits = (text ?? "").prefix { $0.isASCII && $0.isNumber }
            let significant = digits.drop { $0 == "0" }
            number = digits.isEmpty ? nil : VersionParts.Number(digits: significant.isEmpty ? "0" : String(significant))
            rest = String((text ?? "").dropFirst(digits.count))
        }

        static func < (left: BuildTag, right: BuildTag) -> Bool {
            switch (left.number, right.number) {
            case (let left?, let right?) where left != right: left < right
            case (nil, _?): true
            case (_?, nil): false
            default: left.rest < right.rest
            }
        }
    }

    /// Whether a file is of the package, at the version that is locked.
    private func isFile(_ file: WheelFileName, of package: LockedPackage) -> Bool {
        guard PythonNames.normalize(file.distribution) == package.name else { return false }
        guard let version = package.version, version != file.version else { return true }
        return PythonVersion(version) == PythonVersion(file.version)
    }

    private func candidate(_ wheel: LockedWheel, of package: LockedPackage) -> Candidate? {
        guard let file = WheelFileName(wheel.fileName), isFile(file, of: package),
            let rank = target.rank(ofTags: [file.compressedTags])
        else { return nil }
        return Candidate(wheel: wheel, rank: rank, build: BuildTag(file.build))
    }

    private func misfit(_ wheel: LockedWheel, of package: LockedPackage) -> TargetEnvironment.Misfit {
        guard let file = WheelFileName(wheel.fileName) else {
            return TargetEnvironment.Misfit(closeness: .noWheel, reason: "is no file name of a wheel")
        }
        guard isFile(file, of: package) else {
            return TargetEnvironment.Misfit(closeness: .noWheel, reason: "is of \(file.distribution) \(file.version)")
        }
        return target.misfit(ofTags: [file.compressedTags])
            ?? TargetEnvironment.Misfit(closeness: .noWheel, reason: "doesn't suit")
    }

    /// Lists three wheels, each with another reason, and the closest ones first.
    private func noneSuits(_ package: LockedPackage) -> PackageSelection.Problem {
        let wheels = package.wheels.map { (misfit: misfit($0, of: package), fileName: $0.fileName) }
        var shown: [String] = []
        var reasons: Set<String> = []
        let sorted = wheels.sorted { ($0.misfit.closeness, $0.fileName) < ($1.misfit.closeness, $1.fileName) }
        for wheel in sorted where shown.count < 3 && reasons.insert(wheel.misfit.reason).inserted {
            let isPlain = wheel.misfit.closeness != .noWheel
            shown.append("\(isPlain ? wheel.fileName : Excerpt(wheel.fileName).description) \(wheel.misfit.reason)")
        }
        let more = wheels.count - shown.count
        let suggestion =
            switch sorted.first?.misfit.closeness {
            case .newerSystem:
                "if the cluster's system is newer, say so in environment.target; else lock a version with a wheel for it"
            case .otherPlatform where package.hasSourceDistribution,
                .otherABI where package.hasSourceDistribution,
                .otherPython where package.hasSourceDistribution:
                "lock a version that has a wheel for the target; this one could only be built from its source distribution"
            default:
                "lock a version that has a wheel for the target, or change environment.target"
            }
        return problem(
            package,
            "has no wheel for Python \(target.python) on \(target.platform): " + shown.joined(separator: "; ")
                + (more > 0 ? "; and \(more) more" : ""), suggestion)
    }

    private func problem(_ package: LockedPackage, _ message: String, _ suggestion: String) -> PackageSelection.Problem
    {
        PackageSelection.Problem(
            package: package.name, version: package.version, message: message, suggestion: suggestion)
    }
}

extension LockfileFormat {
    /// How a complete lockfile is had again.
    var lockingAdvice: String {
        switch self {
        case .pylock: "lock again, for example with \"uv export --format pylock.toml\" or \"pip lock\""
        case .requirements:
            "compile it again with hashes: \"pip-compile --generate-hashes\" or \"uv pip compile --generate-hashes\""
        case .uv: "lock again with \"uv lock\""
        case .poetry: "lock again with \"poetry lock\""
        case .pipfile: "lock again with \"pipenv lock\""
        case .pdm: "lock again with \"pdm lock\""
        case .condaLock: "lock again with \"conda-lock\""
        case .condaEnvironment: "use a lockfile with hashes, such as one of conda-lock"
        }
    }
}
