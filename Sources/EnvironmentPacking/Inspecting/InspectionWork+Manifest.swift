import ReproducibleArchive

extension InspectionWork {
    private struct Key: Hashable {
        var name: String
        var version: String
        var manager: String
    }

    /// Holds packages and their digests against the manifest, and files against their packages' lists. What the manifest
    /// vouches for was packed so, whatever a conda package says of its files.
    mutating func compareWithManifest(_ cancelled: () throws -> Void) throws {
        let plan = plan(manifest ?? assumed)
        let builder = ManifestBuilder(plan: plan, options: PackOptions())
        let now = builder.manifest(known(plan), kind: isLayer ? "overlay" : nil)
        actual = now
        guard let manifest else {
            try compareFiles(vouched: [], cancelled)
            return
        }
        func keyed(_ packages: [EnvironmentManifest.Package]) -> [Key: EnvironmentManifest.Package] {
            Dictionary(
                packages.map { (Key(name: $0.name, version: $0.version, manager: $0.manager), $0) },
                uniquingKeysWith: { first, _ in first })
        }
        let stated = keyed(manifest.packages)
        let found = keyed(now.packages)
        var vouched: Set<String> = []
        var changed: [(label: String, stated: EnvironmentManifest.Package, found: EnvironmentManifest.Package)] = []
        let before = findings.count
        for (key, package) in stated {
            let label = "\(key.name) \(key.version)"
            guard let other = found[key] else {
                findings.append(
                    .init(
                        code: .packageMissing, package: label, paths: [], count: 0,
                        message: "is in the manifest, and has no metadata in the archive"))
                continue
            }
            if other.digest == package.digest {
                if key.manager == "conda" { vouched.insert(label) }
            } else {
                changed.append((label, package, other))
            }
        }
        for key in found.keys where stated[key] == nil {
            findings.append(
                .init(
                    code: .packageExtra, package: "\(key.name) \(key.version)", paths: [], count: 0,
                    message: "is in the archive, and not in its manifest"))
        }
        let knowsOwners = findings.count == before && !findings.contains { $0.code == .metadataDamaged }
        try compareFiles(vouched: vouched, cancelled)
        let told = Set(findings.compactMap(\.package))
        for (label, stated, found) in changed where !told.contains(label) {
            let message =
                stated.files == found.files
                ? "isn't what was packed: a file that has no hash, a mode or a link was changed"
                : "isn't what was packed: it had \(stated.files) files, and has \(found.files)"
            findings.append(.init(code: .packageChanged, package: label, paths: [], count: 0, message: message))
        }
        // Files of a package that nobody knows any more are nobody's.
        if now.other != manifest.other, knowsOwners {
            let suspects = strays(plan)
            findings.append(
                .init(
                    code: .otherChanged, package: nil, paths: Array(suspects.prefix(ArchiveInspection.pathLimit)),
                    count: suspects.count,
                    message: "files that belong to no package were added, changed or removed"
                        + (suspects.isEmpty ? "" : "; of those below site-packages are")))
        }
    }

    /// Files among the modules that belong to no package.
    private func strays(_ plan: PackPlan) -> [[UInt8]] {
        plan.entries.filter { entry in
            guard entry.package == nil, case .file = entry.kind, !entry.path.hasSuffix(".pyc") else { return false }
            return claims.sitePackages.contains { $0.isEmpty || entry.path.starts(with: $0 + [0x2F]) }
        }.map(\.path)
    }

    // MARK: The plan that it would have been packed by

    private func library(_ manifest: EnvironmentManifest) -> [UInt8] {
        isLayer ? [] : Array("lib/python\(manifest.python)/".utf8)
    }

    /// Of an archive that says nothing of itself.
    private var assumed: EnvironmentManifest {
        EnvironmentManifest(
            kind: kind ?? "tree", python: python ?? "", interpreter: .init(path: "bin/python", isIncluded: false),
            packages: [], other: "")
    }

    private func plan(_ manifest: EnvironmentManifest) -> PackPlan {
        let library = library(manifest)
        var table: PathTable<PackPlan.Entry> = .init()
        table.reserveCapacity(sorted.count)
        let own = Array(EnvironmentManifest.path.utf8)
        // Compiled modules belong to whom their source belongs, listed or not.
        func isCompiled(_ path: [UInt8]) -> Bool {
            path.hasSuffix(".pyc") && path.starts(with: library) && path.parent.hasSuffix("__pycache__")
        }
        for path in sorted where path != own && !isCompiled(path) {
            guard let entry = contents.entries[path], let kind = Self.kind(entry) else { continue }
            table[path] = .init(path: path, kind: kind)
        }
        let ownership = Ownership(claims.conda.map(\.claims), claims.python.map(\.claims), entries: table)
        var entries: [PackPlan.Entry] = []
        entries.reserveCapacity(sorted.count)
        for path in sorted where path != own {
            if var entry = table[path] {
                entry.package = ownership.packageOf[path]
                entries.append(entry)
            } else if let kind = contents.entries[path].flatMap(Self.kind) {
                entries.append(
                    .init(path: path, kind: kind, package: Self.source(of: path).flatMap { ownership.packageOf[$0] }))
            }
        }
        return PackPlan(
            kind: PackPlan.Kind(rawValue: manifest.kind) ?? .venv, prefix: "", python: manifest.python,
            packages: ownership.packages, entries: entries, omissions: [], problems: [], notes: [],
            interpreter: manifest.interpreter, relocatedFiles: manifest.relocatedFiles)
    }

    /// The module that a compiled one is of.
    private static func source(of path: [UInt8]) -> [UInt8]? {
        let directory = path.parent.parent
        return PycName.parse(Array(path[path.leafStart...])).map { name in
            (directory.isEmpty ? [] : directory + [0x2F]) + name.module + Array(".py".utf8)
        }
    }

    private static func kind(_ entry: ArchiveContents.Entry) -> PackPlan.Entry.Kind? {
        switch entry.kind {
        case .file: .file(isExecutable: entry.isExecutable, .generated([]))
        case .directory: .directory
        case .symlink(let target): .symlink(target: target)
        case .other: nil
        }
    }

    private func known(_ plan: PackPlan) -> [KnownContent] {
        plan.entries.map { entry in
            guard let found = contents.entries[entry.path], case .file(let sha256) = found.kind else {
                return .unknown
            }
            return .present(MemberDigest(size: found.size, sha256: sha256 ?? []))
        }
    }
}
