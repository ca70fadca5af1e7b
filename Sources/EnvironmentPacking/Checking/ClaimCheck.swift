import PythonPackaging

/// Holds packages' lists of files against each other and against what is there.
struct ClaimCheck {
    private let survey: EnvironmentSurvey
    private let numbers: PathTable<Int>
    private let conda: [PackageClaims]
    private let python: PythonClaims

    init(
        _ survey: EnvironmentSurvey, _ numbers: PathTable<Int>, _ conda: [PackageClaims], _ python: PythonClaims
    ) {
        self.survey = survey
        self.numbers = numbers
        self.conda = conda
        self.python = python
    }

    private static let pathLimit = 5

    /// - Parameters:
    ///   - entries: what is packed; of other files it doesn't matter who is right.
    ///   - shared: files among them that more than one package claims.
    ///   - isClosed: whether a path is left out with its directory.
    func problems(
        replacedBy entries: PathTable<PackPlan.Entry>, shared: PathSet, isClosed: ([UInt8]) -> Bool
    ) -> [PackProblem] {
        var overwritten: Set<PackPlan.Package> = []
        let conflicts = conflicts(shared, &overwritten)
        return conflicts + missing(entries, isClosed, overwritten)
    }

    private func label(_ package: PackPlan.Package) -> String {
        package.version.isEmpty ? package.name : "\(package.name) \(package.version)"
    }

    /// - Parameter overwritten: gains conda's packages that pip put others over.
    private func conflicts(_ shared: PathSet, _ overwritten: inout Set<PackPlan.Package>) -> [PackProblem] {
        guard !shared.isEmpty else { return [] }
        struct Pair: Hashable {
            var first: Int
            var second: Int
        }
        let all = conda + python.found.map(\.claims)
        var firsts: PathTable<(owner: Int, sha256: [UInt8])> = .init()
        var clashes: [Pair: [[UInt8]]] = [:]
        for (owner, claims) in all.enumerated() {
            // What conda installed tells the package's own hashes, before conda wrote its prefix into the files.
            if owner >= conda.count, python.found[owner - conda.count].isConda { continue }
            for file in claims.files {
                guard let sha256 = file.sha256, shared.contains(file.path) else { continue }
                if let first = firsts[file.path] {
                    guard first.sha256 != sha256, first.owner != owner else { continue }
                    clashes[Pair(first: first.owner, second: owner), default: []].append(file.path)
                } else {
                    firsts[file.path] = (owner, sha256)
                }
            }
        }
        return clashes.sorted { ($0.key.first, $0.key.second) < ($1.key.first, $1.key.second) }.map { pair, paths in
            let first = all[pair.first].package
            let second = all[pair.second].package
            let sorted = paths.sorted { $0.lexicographicallyPrecedes($1) }
            let isOverwritten = first.manager == .conda && second.manager == .python
            if isOverwritten { overwritten.insert(first) }
            let isOneName = PythonNames.normalize(first.name) == PythonNames.normalize(second.name)
            let message =
                isOverwritten
                ? "was installed over conda's \(label(first)) and has other content in files that both claim"
                : "claims files with other content than \(label(first)) does"
            let advice =
                if isOverwritten {
                    "uninstall it with pip and let conda install it again (pip uninstall \(second.name); "
                        + "conda install --force-reinstall \(first.name)), or remove conda's (conda remove --force \(first.name))"
                } else if second.manager == .conda {
                    "remove one of them (conda remove \(second.name)), or install again the one whose file is right "
                        + "(conda install --force-reinstall \(second.name)) and allow it with --ignore conflicting-files"
                } else if isOneName {
                    "uninstall \(second.name) until none is left, and install it again"
                } else {
                    "uninstall one of them, or both and then install the one that is needed"
                }
            return PackProblem(
                code: .conflictingFiles, package: label(second), paths: Array(sorted.prefix(Self.pathLimit)),
                count: sorted.count, message: message, advice: advice)
        }
    }

    private func missing(
        _ entries: PathTable<PackPlan.Entry>, _ isClosed: ([UInt8]) -> Bool, _ overwritten: Set<PackPlan.Package>
    ) -> [PackProblem] {
        let others = python.found.filter { !$0.isConda }.map(\.claims)
        let replacing = Dictionary(
            others.map { ($0.package.name, $0.package) }, uniquingKeysWith: { first, _ in first })
        // Of what conda installed, its lists tell: it leaves out files that packages were built with.
        return (conda + others).compactMap { claims in
            let paths = claims.files.filter { file in
                !file.isOptional && numbers[file.path] == nil && entries[file.path] == nil && !isClosed(file.path)
                    && !isThroughLink(file.path)
            }.map(\.path)
            guard !paths.isEmpty else { return nil }
            let sorted = paths.sorted { $0.lexicographicallyPrecedes($1) }
            let other = claims.package.manager == .conda ? replacing[PythonNames.normalize(claims.package.name)] : nil
            let count = sorted.count
            if let other {
                guard !overwritten.contains(claims.package) else { return nil }
                return PackProblem(
                    code: .conflictingFiles, package: label(claims.package),
                    paths: Array(sorted.prefix(Self.pathLimit)),
                    count: count,
                    message: "was partly removed by pip, which installed \(label(other)) over it",
                    advice: "uninstall it with pip and let conda install it again (pip uninstall \(other.name); "
                        + "conda install --force-reinstall \(claims.package.name))")
            }
            let reinstall =
                claims.package.manager == .conda
                ? "conda install --force-reinstall \(claims.package.name)"
                : "pip install --force-reinstall --no-deps \(claims.package.name)==\(claims.package.version)"
            return PackProblem(
                code: .missingFiles, package: label(claims.package), paths: Array(sorted.prefix(Self.pathLimit)),
                count: count, message: "lists \(count == 1 ? "a file that isn't" : "\(count) files that aren't") there",
                advice: "install it again (\(reinstall)), or allow it with --ignore missing-files")
        }
    }

    /// Whether a directory on the way is a link, as `lib64` is: the file is there under another name.
    private func isThroughLink(_ path: [UInt8]) -> Bool {
        var directory = path.parent
        while !directory.isEmpty {
            if let number = numbers[directory] {
                guard case .symlink(let target) = survey.files[number].kind,
                    let place = RecordTable.resolve(target, in: directory.parent)
                else { return false }
                return numbers[place + path[directory.count...]] != nil
            }
            directory = directory.parent
        }
        return false
    }
}
