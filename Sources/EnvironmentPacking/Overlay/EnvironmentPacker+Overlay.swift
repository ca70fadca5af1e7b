import PythonPackaging

extension EnvironmentPacker {
    /// Packs some packages' files of `site-packages` alone, with `site-packages` as the root: a layer that, on the Python path,
    /// takes precedence over an archive of the environment.
    ///
    /// - Parameter packages: names of Python packages, in any spelling.
    /// - Throws: ``PackError`` if they have files elsewhere than a layer can hold (``overlayObstacle(_:in:_:)``), and as
    ///   ``pack(prefix:_:to:cancelled:progress:)`` does.
    public func packOverlay(
        prefix: String, _ options: PackOptions, packages: [String], to output: String,
        cancelled: @escaping @Sendable () throws -> Void = {}, progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) throws -> PackResult {
        let output = EnvironmentPlace.absolute(output)
        return try noticingChanges(prefix, output: output) { seen in
            let (survey, plan) = try look(prefix, options, output: output)
            seen = survey.digest
            try Self.refuse(plan, options)
            let layer = OverlaySelection(plan, sitePackages: survey.sitePackages, packages)
            if let obstacle = layer.obstacle { throw PackError(path: prefix, message: obstacle) }
            let memory = PackMemory(self, prefix: survey.prefix)
            return try write(
                Prepared(plan: layer.plan, digest: survey.digest, index: .init { memory.index() }), options, memory,
                to: output, kind: "overlay", cancelled, progress)
        }
    }

    /// Why packages can't be a layer over an archive of the environment, as a clause; `nil`: they can.
    ///
    /// - Parameters:
    ///   - packages: names of Python packages, in any spelling.
    ///   - prefix: the environment.
    /// - Throws: ``PackError`` if there is no environment that could be packed.
    public func overlayObstacle(
        _ packages: [String], in prefix: String, _ options: PackOptions
    ) throws(PackError) -> String? {
        let (survey, plan) = try look(prefix, options, output: nil)
        return OverlaySelection(plan, sitePackages: survey.sitePackages, packages).obstacle
    }
}

/// The part of a plan that some packages are, with `site-packages` as the root.
struct OverlaySelection {
    private(set) var plan: PackPlan
    private(set) var obstacle: String?

    init(_ whole: PackPlan, sitePackages: [String], _ names: [String]) {
        plan = whole
        plan.entries = []
        plan.packages = []
        plan.omissions = []
        plan.relocatedFiles = nil
        guard let directory = sitePackages.first else { return }
        let site = Array(directory.utf8) + [0x2F]
        let wanted = Set(names.map { PythonNames.normalize($0) })
        var chosen: [Int: Int] = [:]
        for (number, package) in whole.packages.enumerated() where wanted.contains(PythonNames.normalize(package.name))
        {
            guard package.manager == .python else {
                obstacle = "\(package.name) is a conda package, which has files elsewhere than among Python's"
                return
            }
            chosen[number] = plan.packages.count
            plan.packages.append(package)
        }
        let found = Set(plan.packages.map(\.name))
        if let missing = wanted.subtracting(found).min() {
            obstacle = "\(missing) is not installed"
            return
        }
        take(whole, chosen, site)
        if obstacle == nil { obstacle = Self.sharedName(whole, chosen, site) }
    }

    private mutating func take(_ whole: PackPlan, _ chosen: [Int: Int], _ site: [UInt8]) {
        var directories: Set<[UInt8]> = []
        for entry in whole.entries {
            guard let number = entry.package, let slot = chosen[number] else { continue }
            let name = whole.packages[number].name
            guard entry.path.starts(with: site) else {
                // Scripts start programs, which jobs don't; all else may be looked for at its place.
                if entry.path.starts(with: Array("bin/".utf8)) { continue }
                obstacle = "\(name) has files outside of site-packages, such as \(entry.path.shown)"
                return
            }
            let path = Array(entry.path[site.count...])
            if path.hasSuffix(".pth"), !path.contains(0x2F) {
                obstacle = "\(name) has \(path.shown), which Python reads only in site-packages itself"
                return
            }
            plan.entries.append(.init(path: path, kind: entry.kind, package: slot))
            var parent = path.parent
            while !parent.isEmpty, directories.insert(parent).inserted { parent = parent.parent }
        }
        plan.entries += directories.map { .init(path: $0, kind: .directory) }
        plan.entries.sort { $0.path.lexicographicallyPrecedes($1.path) }
    }

    /// A package hides all others' modules below the same name, unless it is a namespace; then what it has no more
    /// would be found in the archive below.
    private static func sharedName(_ whole: PackPlan, _ chosen: [Int: Int], _ site: [UInt8]) -> String? {
        var owners: [String: Set<Int>] = [:]
        for entry in whole.entries where entry.path.starts(with: site) {
            if case .directory = entry.kind { continue }
            guard let top = ManifestBuilder.topLevel(entry.path[site.count...]) else { continue }
            owners[top, default: []].insert(entry.package ?? -1)
        }
        for (top, packages) in owners.sorted(by: { $0.key < $1.key }) {
            guard let own = packages.first(where: { chosen[$0] != nil }),
                let other = packages.sorted().first(where: { chosen[$0] == nil })
            else { continue }
            let name = other < 0 ? "files of no package" : whole.packages[other].name
            return "\(whole.packages[own].name) shares \(top) with \(name)"
        }
        return nil
    }
}
