/// Reads `pylock.toml` (PEP 751; packaging.python.org, "pylock.toml Specification"). Markers decide everything, so
/// that there are no roots.
enum PylockReader {
    static func read(_ text: String) throws(LockfileError) -> PythonLockfile {
        let file = LockfileEntry(table: try TOMLSyntax.parse(text))
        let version = try file.required("lock-version")
        guard version == "1" || version.hasPrefix("1.") else {
            throw file.error(
                "lock-version is \(LockfileText.quoted(version)); envsync knows 1.0 and what is compatible with it")
        }
        var lockfile = PythonLockfile(
            format: .pylock, formatVersion: version, requiresPython: try file.string("requires-python"),
            extras: try file.names("extras"), groups: try file.names("dependency-groups"),
            defaultGroups: try file.names("default-groups"))
        for environment in try file.strings("environments") {
            lockfile.environments.append(try file.parse(marker: environment))
        }
        for entry in try file.entries("packages") { lockfile.packages.append(try package(entry)) }
        // Groups that are installed by default need not be listed as ones that can be asked for.
        lockfile.groups.formUnion(lockfile.defaultGroups)
        return lockfile
    }

    private static func package(_ unnamed: LockfileEntry) throws(LockfileError) -> LockedPackage {
        var entry = unnamed
        let name = try entry.projectName()
        entry.name = "package \(LockfileText.quoted(name))"
        var package = LockedPackage(
            name: name, version: try entry.version(), marker: try entry.marker(),
            requiresPython: try entry.string("requires-python"))
        if let index = try entry.string("index") { package.location = LockedURL.location(index) }
        for wheel in try entry.entries("wheels") {
            let file = try self.file(wheel)
            guard file.isWheel else { throw entry.error("a file of wheels has no name that ends with .whl") }
            file.add(to: &package)
        }
        if try entry.entry("sdist") != nil { package.hasSourceDistribution = true }
        if let checkout = try entry.entry("vcs") {
            package.source = .vcs
            package.location = try location(checkout)
        } else if let directory = try entry.entry("directory") {
            package.source = .directory
            package.location = try directory.required("path")
        } else if let archive = try entry.entry("archive") {
            package.source = .direct
            package.location = try location(archive)
            try file(archive).add(to: &package)
        }
        return package
    }

    private static func file(_ entry: LockfileEntry) throws(LockfileError) -> LockedFile {
        let url = try entry.string("url")
        let path = try entry.string("path")
        let name = try entry.string("name")
        guard url != nil || path != nil || name != nil else {
            throw entry.error("a file has neither name, url nor path")
        }
        let digits = try entry.entry("hashes")?.string("sha256")
        var sha256: String?
        if let digits { sha256 = try LockedHash.sha256(digits: digits, in: entry) }
        return try LockedFile(
            name: name, url: url, path: path, sha256: sha256, size: try entry.integer("size"), in: entry)
    }

    private static func location(_ entry: LockfileEntry) throws(LockfileError) -> String? {
        if let url = try entry.string("url") { return LockedURL.location(url) }
        return try entry.string("path")
    }
}
