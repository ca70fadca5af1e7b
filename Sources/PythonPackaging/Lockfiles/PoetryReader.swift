/// Reads `poetry.lock`, lock-version 1.x and 2.x (Poetry's own format; python-poetry/poetry,
/// `src/poetry/packages/locker.py`).
///
/// From 2.1 on each package says to which groups it belongs and under which conditions. Before, that follows from the
/// project's `pyproject.toml`. Groups besides `main` are not installed by default, as workers need no development tools.
enum PoetryReader {
    static func read(_ text: String, companion: (String) -> [UInt8]?) throws(LockfileError) -> PythonLockfile {
        let file = LockfileEntry(table: try TOMLSyntax.parse(text))
        guard let metadata = try file.entry("metadata") else { throw file.error("[metadata] is missing") }
        let version = try metadata.required("lock-version")
        let parts = version.split(separator: ".").map { Int($0) }
        guard let major = parts.first ?? nil, (1...2).contains(major) else {
            throw metadata.error("lock-version is \(LockfileText.quoted(version)); envsync knows 1.x and 2.x")
        }
        let tellsGroups = major == 2 && parts.count > 1 && (parts[1] ?? 0) >= 1
        var lockfile = PythonLockfile(
            format: .poetry, formatVersion: version, requiresPython: try metadata.string("python-versions"))
        var extras: [String: Set<String>] = [:]
        if let table = try file.entry("extras") {
            for (key, _) in table.table.fields { extras[PythonNames.normalize(key)] = try table.names(key) }
        }
        lockfile.extras = Set(extras.keys)
        let filesByName = try files(ofMetadata: metadata)
        var reading = PoetryDependencies()
        for entry in try file.entries("package") {
            let package = try self.package(entry, filesByName: filesByName, &reading)
            if tellsGroups {
                lockfile.packages += try grouped(package, entry)
            } else {
                lockfile.packages.append(package)
            }
        }
        if tellsGroups {
            for package in lockfile.packages { lockfile.groups.formUnion(package.groups) }
            return lockfile
        }
        guard let project = companion("pyproject.toml") else {
            throw metadata.error(
                "lock-version \(LockfileText.quoted(version)) leaves to pyproject.toml what the project asks for, and there is none beside "
                    + "it; put it there, or lock again with Poetry 2")
        }
        let roots = try PoetryProject(try LockfileText.decode(project), lockedExtras: extras)
        lockfile.roots = roots.roots
        lockfile.extras = roots.extras
        lockfile.groups = roots.groups
        return lockfile
    }

    /// Before lock-version 2.0 the files are listed by package in `[metadata.files]`.
    private static func files(ofMetadata metadata: LockfileEntry) throws(LockfileError) -> [String: LockfileEntry] {
        guard let table = try metadata.entry("files") else { return [:] }
        var files: [String: LockfileEntry] = [:]
        for (name, value) in table.table.fields {
            files[PythonNames.normalize(name)] = LockfileEntry(
                table: LockfileTable([("files", value)]), name: "package \(LockfileText.quoted(name))")
        }
        return files
    }

    private static func package(
        _ unnamed: LockfileEntry, filesByName: [String: LockfileEntry], _ reading: inout PoetryDependencies
    ) throws(LockfileError) -> LockedPackage {
        var entry = unnamed
        let name = try entry.projectName()
        entry.name = "package \(LockfileText.quoted(name))"
        var package = LockedPackage(name: name, version: try entry.version())
        if let python = try entry.string("python-versions"), python != "*" { package.requiresPython = python }
        let source = try entry.entry("source")
        let kind = try source?.string("type")
        let address = try source?.string("url")
        switch kind {
        case nil, "legacy": package.source = .registry
        case "git": package.source = .vcs
        case "directory": package.source = .directory
        case "url", "file": package.source = .direct
        case let kind?: throw entry.error("source.type is \(LockfileText.quoted(kind)), which is not known")
        }
        if let address { package.location = LockedURL.location(address) }
        for listed in try (entry.table["files"] != nil ? entry : filesByName[package.name])?.entries("files") ?? [] {
            var sha256: String?
            if let hash = try listed.string("hash") { sha256 = try LockedHash.sha256(hash, in: entry) }
            let file = try LockedFile(
                name: try listed.required("file"), url: kind == "url" ? address : nil,
                path: kind == "file" ? address : nil, sha256: sha256, in: entry)
            file.add(to: &package)
        }
        try addDependencies(to: &package, entry, &reading)
        return package
    }

    private static func addDependencies(
        to package: inout LockedPackage, _ entry: LockfileEntry, _ reading: inout PoetryDependencies
    ) throws(LockfileError) {
        // `parquet = ["pyarrow (>=10)"]`
        var extras: [(name: String, needs: Set<String>)] = []
        if let table = try entry.entry("extras") {
            for (key, _) in table.table.fields {
                let needs = try table.strings(key).map { requirement in
                    PythonNames.normalize(
                        requirement.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) })
                }
                extras.append((PythonNames.normalize(key), Set(needs)))
            }
        }
        for extra in extras { package.extraDependencies[extra.name] = [] }
        for (name, value) in try entry.fields("dependencies") {
            for item in try reading.read(name: name, value, in: entry) {
                guard item.isOptional, !item.namesExtra else {
                    package.dependencies.append(item.dependency)
                    continue
                }
                for extra in extras where extra.needs.contains(item.dependency.name) {
                    package.extraDependencies[extra.name, default: []].append(item.dependency)
                }
            }
        }
    }

    /// A package for each of the conditions under which its groups want it: `markers` is one for all groups, or a table
    /// with one for some.
    private static func grouped(
        _ package: LockedPackage, _ unnamed: LockfileEntry
    ) throws(LockfileError) -> [LockedPackage] {
        var entry = unnamed
        entry.name = "package \(LockfileText.quoted(package.name))"
        let groups = try entry.names("groups").sorted()
        guard !groups.isEmpty else { throw entry.error("groups is missing") }
        var package = package
        // Groups and markers say all that dependencies would.
        package.dependencies = []
        package.extraDependencies = [:]
        var markers: [String: Marker] = [:]
        if case .table(let table)? = entry.table["markers"] {
            let conditions = LockfileEntry(table: table, name: entry.name)
            for (group, _) in table.fields { markers[PythonNames.normalize(group)] = try conditions.marker(group) }
        } else if let marker = try entry.marker("markers") {
            for group in groups { markers[group] = marker }
        }
        var packages: [LockedPackage] = []
        for group in groups {
            let index: Int
            if let same = packages.firstIndex(where: { $0.marker == markers[group] }) {
                index = same
            } else {
                index = packages.count
                var next = package
                next.marker = markers[group]
                next.groups = []
                next.isMain = false
                packages.append(next)
            }
            if group == "main" { packages[index].isMain = true } else { packages[index].groups.insert(group) }
        }
        return packages
    }
}
