/// Reads `uv.lock`, version 1 in any revision (the format is uv's own; its fields are those of astral-sh/uv,
/// `crates/uv-resolver/src/lock`).
///
/// The roots are the project, or the members of the workspace, and what their extras and groups ask for. uv itself
/// installs the group `dev` by default; here no group is, because workers need no development tools.
enum UVLockReader {
    static func read(_ text: String) throws(LockfileError) -> PythonLockfile {
        let file = LockfileEntry(table: try TOMLSyntax.parse(text))
        guard let version = try file.integer("version") else { throw file.error("version is missing") }
        guard version == 1 else { throw file.error("version is \(version); envsync knows uv.lock of version 1") }
        guard try file.list("conflicts").isEmpty else {
            throw file.error(
                "the project has conflicting extras or groups, which uv.lock marks in a way of its own; "
                    + "use `uv export --format pylock.toml` with the extras you want")
        }
        var lockfile = PythonLockfile(
            format: .uv, formatVersion: "1", requiresPython: try file.string("requires-python"), roots: [])
        for environment in try file.strings("supported-markers") {
            lockfile.environments.append(try file.parse(marker: environment))
        }
        var markers = MarkerCache()
        var projects: [Project] = []
        for entry in try file.entries("package") {
            let (package, project) = try read(entry, &markers)
            lockfile.packages.append(package)
            if let project { projects.append(project) }
        }
        try addRoots(to: &lockfile, projects: projects, manifest: try file.entry("manifest"), &markers)
        return lockfile
    }

    /// A directory of the workspace and what its groups need.
    private struct Project {
        var package: LockedPackage
        var isRootDirectory: Bool
        var groups: [(name: String, dependencies: [LockedDependency])]
    }

    private static func addRoots(
        to lockfile: inout PythonLockfile, projects: [Project], manifest: LockfileEntry?, _ markers: inout MarkerCache
    ) throws(LockfileError) {
        var roots: [LockedDependency] = []
        let members = try manifest?.names("members") ?? []
        // Without a list of members, the project is the one in the lockfile's own directory.
        let chosen = projects.filter { members.isEmpty ? $0.isRootDirectory : members.contains($0.package.name) }
        for project in chosen {
            roots.append(LockedDependency(name: project.package.name, version: project.package.version))
            for (extra, dependencies) in project.package.extraDependencies.sorted(by: { $0.key < $1.key }) {
                lockfile.extras.insert(extra)
                for var dependency in dependencies {
                    dependency.extra = extra
                    roots.append(dependency)
                }
            }
            for (group, dependencies) in project.groups {
                lockfile.groups.insert(group)
                for var dependency in dependencies {
                    dependency.group = group
                    roots.append(dependency)
                }
            }
        }
        // A script, or a workspace whose root is no project, has requirements of its own.
        if let manifest {
            for entry in try manifest.entries("requirements") { roots.append(try dependency(entry, &markers)) }
            for (key, value) in try manifest.fields("dependency-groups") {
                let group = PythonNames.normalize(key)
                lockfile.groups.insert(group)
                for entry in try entries(value, in: manifest) {
                    var dependency = try self.dependency(entry, &markers)
                    dependency.group = group
                    roots.append(dependency)
                }
            }
        }
        guard !roots.isEmpty || lockfile.packages.isEmpty else {
            throw LockfileError("has packages, but neither a project nor requirements that ask for them")
        }
        lockfile.roots = roots
    }

    // MARK: - Packages

    private static func read(
        _ unnamed: LockfileEntry, _ markers: inout MarkerCache
    ) throws(LockfileError) -> (LockedPackage, Project?) {
        var entry = unnamed
        let name = try entry.projectName()
        entry.name = "package \(LockfileText.quoted(name))"
        var package = LockedPackage(name: name, version: try entry.version())
        guard let source = try entry.entry("source") else { throw entry.error("source is missing") }
        let directory = try read(source, into: &package)
        let forks = try entry.strings("resolution-markers")
        if !forks.isEmpty {
            let text = forks.count == 1 ? forks[0] : forks.map { "(\($0))" }.joined(separator: " or ")
            package.marker = try markers.marker(text, in: entry)
        }
        for wheel in try entry.entries("wheels") {
            let file = try self.file(wheel, source: source)
            guard file.isWheel else { throw entry.error("a file of wheels has no name that ends with .whl") }
            file.add(to: &package)
        }
        if try entry.entry("sdist") != nil { package.hasSourceDistribution = true }
        for dependency in try entry.entries("dependencies") {
            package.dependencies.append(try Self.dependency(dependency, &markers))
        }
        for (key, value) in try entry.fields("optional-dependencies") {
            var dependencies: [LockedDependency] = []
            for dependency in try entries(value, in: entry) {
                dependencies.append(try Self.dependency(dependency, &markers))
            }
            package.extraDependencies[PythonNames.normalize(key), default: []] += dependencies
        }
        guard let directory else { return (package, nil) }
        var groups: [(name: String, dependencies: [LockedDependency])] = []
        for (key, value) in try entry.fields("dev-dependencies") {
            var dependencies: [LockedDependency] = []
            for dependency in try entries(value, in: entry) {
                dependencies.append(try Self.dependency(dependency, &markers))
            }
            groups.append((PythonNames.normalize(key), dependencies))
        }
        // Extras and groups without members are in the metadata only.
        if let metadata = try entry.entry("metadata") {
            for extra in try metadata.names("provides-extras") where package.extraDependencies[extra] == nil {
                package.extraDependencies[extra] = []
            }
            for (key, _) in try metadata.fields("requires-dev") {
                let group = PythonNames.normalize(key)
                if !groups.contains(where: { $0.name == group }) { groups.append((group, [])) }
            }
        }
        return (package, Project(package: package, isRootDirectory: directory == ".", groups: groups))
    }

    /// Reads `source = { … }`. Returns the path if it is a directory.
    private static func read(
        _ source: LockfileEntry, into package: inout LockedPackage
    ) throws(LockfileError) -> String? {
        if let registry = try source.string("registry") {
            package.source = .registry
            package.location = LockedURL.location(registry)
            return nil
        }
        for key in ["virtual", "editable", "directory"] {
            if let directory = try source.string(key) {
                package.source = .directory
                package.location = directory
                return directory
            }
        }
        if let repository = try source.string("git") {
            package.source = .vcs
            package.location = LockedURL.location(repository)
        } else if let url = try source.string("url") {
            package.source = .direct
            package.location = LockedURL.location(url)
        } else if let path = try source.string("path") {
            package.source = .direct
            package.location = path
        } else {
            let kind = source.table.fields.first?.key ?? ""
            throw source.error("source is of a kind that is not known: \(LockfileText.quoted(kind))")
        }
        return nil
    }

    /// A file of a registry has a `url`, or a `path` in a registry that is a directory; the file that is a source itself
    /// has a `filename` only.
    private static func file(_ entry: LockfileEntry, source: LockfileEntry) throws(LockfileError) -> LockedFile {
        var sha256: String?
        if let hash = try entry.string("hash") { sha256 = try LockedHash.sha256(hash, in: entry) }
        let name = try entry.string("filename")
        var url = try entry.string("url")
        var path = try entry.string("path")
        guard url != nil || path != nil || name != nil else {
            throw entry.error("a file has neither url, path nor filename")
        }
        if let within = path, let registry = try source.string("registry"), !registry.contains("://") {
            path = within.hasPrefix("/") ? within : registry + "/" + within
        }
        if url == nil, path == nil {
            url = try source.string("url")
            path = try source.string("path")
        }
        return try LockedFile(
            name: name, url: url, path: path, sha256: sha256, size: try entry.integer("size"), in: entry)
    }

    private static func dependency(
        _ entry: LockfileEntry, _ markers: inout MarkerCache
    ) throws(LockfileError) -> LockedDependency {
        var dependency = LockedDependency(
            name: try entry.projectName(), version: try entry.version(),
            extras: try entry.names(entry.table["extras"] != nil ? "extras" : "extra"))
        if let text = try entry.string("marker"), !text.isEmpty {
            dependency.marker = try markers.marker(text, in: entry)
        }
        return dependency
    }

    private static func entries(
        _ value: LockfileValue, in entry: LockfileEntry
    ) throws(LockfileError) -> [LockfileEntry] {
        try LockfileEntry(table: LockfileTable([("dependencies", value)]), name: entry.name)
            .entries("dependencies")
    }
}
