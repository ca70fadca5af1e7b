/// Reads `conda-lock.yml`, version 1 (conda.github.io/conda-lock, "Unified lockfile").
///
/// One file has the packages of several platforms, each with a marker for its own here. What pip is to install is a
/// wheel with URL and hash; packages of conda come with the packed environment. Categories besides `main` are groups,
/// none of which is a default one.
enum CondaLockReader {
    static func read(_ text: String) throws(LockfileError) -> PythonLockfile {
        let file = LockfileEntry(table: try YAMLSyntax.parse(text))
        guard let version = try file.integer("version") else { throw file.error("version is missing") }
        guard version == 1 else {
            throw file.error("version is \(version); envsync knows conda-lock files of version 1")
        }
        var lockfile = PythonLockfile(format: .condaLock, formatVersion: "1")
        var markers = MarkerCache()
        if let metadata = try file.entry("metadata") {
            for platform in try metadata.strings("platforms") {
                lockfile.environments.append(try marker(platform, in: metadata, &markers))
            }
        }
        for entry in try file.entries("package") {
            let package = try self.package(entry, &markers)
            lockfile.groups.formUnion(package.groups)
            lockfile.packages.append(package)
        }
        return lockfile
    }

    private static func marker(
        _ platform: String, in entry: LockfileEntry, _ markers: inout MarkerCache
    ) throws(LockfileError) -> Marker {
        guard let text = CondaPlatform.marker(platform) else {
            throw entry.error("\(LockfileText.quoted(platform)) is no platform of conda that envsync knows")
        }
        return try markers.marker(text, in: entry)
    }

    private static func package(
        _ unnamed: LockfileEntry, _ markers: inout MarkerCache
    ) throws(LockfileError) -> LockedPackage {
        var entry = unnamed
        let name = try entry.required("name")
        entry.name = "package \(LockfileText.quoted(name))"
        let manager = try entry.required("manager")
        let platform = try entry.required("platform")
        var package = LockedPackage(name: name, version: try entry.string("version"))
        if platform != "noarch" { package.marker = try marker(platform, in: entry, &markers) }
        var categories = try entry.strings("categories")
        if let category = try entry.string("category") { categories.append(category) }
        package.groups = Set(categories.filter { $0 != "main" }.map(PythonNames.normalize))
        package.isMain = categories.isEmpty || categories.contains("main")
        switch manager {
        case "conda":
            // Names of conda are not those of PEP 503: `_libgcc_mutex`.
            package.name = name
            package.source = .conda
            package.location = try entry.string("url").map(LockedURL.location)
        case "pip":
            guard PythonNames.isValidProjectName(name) else { throw entry.error("can't be a project's name") }
            guard let url = try entry.string("url") else { throw entry.error("url is missing") }
            package.location = LockedURL.location(url)
            if url.prefix(8).contains("+") {
                package.source = .vcs
                break
            }
            var sha256: String?
            if let hash = try entry.entry("hash")?.string("sha256") {
                sha256 = try LockedHash.sha256(digits: hash, in: entry)
            }
            let file = try LockedFile(url: url, sha256: sha256, in: entry)
            file.add(to: &package)
        default: throw entry.error("manager is \(LockfileText.quoted(manager)), not conda or pip")
        }
        return package
    }
}
