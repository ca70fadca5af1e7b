/// Which package each file of an archive belongs to.
struct Ownership {
    private(set) var packages: [PackPlan.Package] = []
    private(set) var packageOf: PathTable<Int> = .init()
    /// Files that more than one of them claims.
    private(set) var shared: PathSet = .init()

    /// conda's word comes before that of the Python metadata which it installed itself.
    init(_ conda: [PackageClaims], _ python: [PackageClaims], entries: PathTable<PackPlan.Entry>) {
        let all =
            conda.sorted { ($0.package.name, $0.package.version) < ($1.package.name, $1.package.version) }
            + python
        var numbers: [PackPlan.Package: Int] = [:]
        packageOf.reserveCapacity(all.reduce(0) { $0 + $1.files.count })
        for claims in all {
            let known = numbers[claims.package]
            let number = known ?? packages.count
            var owned = 0
            for path in claims.files.lazy.map(\.path) + [claims.metadata] {
                if let owner = packageOf[path] {
                    if known != nil || owner != number { shared.insert(path) }
                    continue
                }
                switch entries[path]?.kind {
                case .file?, .symlink?: break
                case nil, .directory?: continue
                }
                packageOf[path] = number
                owned += 1
            }
            // A Python package that is conda's by another account is told once.
            let isConda =
                claims.package.manager == .python && owned == 0
                && conda.contains {
                    $0.package.name == claims.package.name && $0.package.version == claims.package.version
                }
            // One whose metadata is left out with all its files isn't there.
            let isThere = owned > 0 || entries[claims.metadata] != nil
            if known == nil, !isConda, isThere {
                numbers[claims.package] = number
                packages.append(claims.package)
            }
        }
    }
}
