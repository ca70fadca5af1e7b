/// Reads `Pipfile.lock`, `pipfile-spec` 6 (pipenv's own format; pypa/pipfile, "Pipfile.lock").
///
/// It names hashes without files. Its sections besides `default` are groups; `develop` is the one of `dev-packages`.
/// None is a default group here, as workers need no development tools.
enum PipfileReader {
    static func read(_ text: String) throws(LockfileError) -> PythonLockfile {
        let file = LockfileEntry(table: try JSONSyntax.parse(text))
        guard let meta = try file.entry("_meta") else { throw file.error("_meta is missing") }
        guard let version = try meta.integer("pipfile-spec") else { throw meta.error("pipfile-spec is missing") }
        guard version == 6 else { throw meta.error("pipfile-spec is \(version); envsync knows 6") }
        var lockfile = PythonLockfile(format: .pipfile, formatVersion: "6")
        if let requires = try meta.entry("requires") {
            if let full = try requires.string("python_full_version") {
                lockfile.requiresPython = "==\(full)"
            } else if let minor = try requires.string("python_version") {
                lockfile.requiresPython = "==\(minor).*"
            }
        }
        var indexes: [LockedPackage: Int] = [:]
        for (section, value) in file.table.fields where section != "_meta" {
            guard case .table(let table) = value else {
                throw file.error("\(LockfileText.quoted(section)) must be a table, not \(value.kind)")
            }
            let group = section == "default" ? nil : PythonNames.normalize(section)
            if let group { lockfile.groups.insert(group) }
            for (name, value) in table.fields {
                let package = try self.package(name: name, value, section: section)
                // The same package in several sections is one package.
                if let index = indexes[package] {
                    if let group { lockfile.packages[index].groups.insert(group) }
                    lockfile.packages[index].isMain = lockfile.packages[index].isMain || group == nil
                    continue
                }
                indexes[package] = lockfile.packages.count
                var listed = package
                listed.isMain = group == nil
                if let group { listed.groups = [group] }
                lockfile.packages.append(listed)
            }
        }
        return lockfile
    }

    /// `markers`, and variables of markers as keys of their own: `"sys_platform": "== 'win32'"`.
    private static func marker(_ entry: LockfileEntry) throws(LockfileError) -> Marker? {
        var conditions: [String] = []
        for key in ["markers"] + variables {
            guard let condition = try entry.string(key), !condition.isEmpty else { continue }
            conditions.append(key == "markers" ? condition : "\(key) \(condition)")
        }
        guard conditions.count > 1 else { return try conditions.first.map(entry.parse) }
        return try entry.parse(marker: conditions.map { "(\($0))" }.joined(separator: " and "))
    }

    private static let variables = [
        "os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release",
        "platform_system", "platform_version", "python_version", "python_full_version", "implementation_name",
        "implementation_version",
    ]

    private static func package(
        name: String, _ value: LockfileValue, section: String
    ) throws(LockfileError) -> LockedPackage {
        let place = "\(LockfileText.quoted(name)) of \(LockfileText.quoted(section))"
        guard case .table(let table) = value else {
            throw LockfileError("must be a table, not \(value.kind)", entry: place)
        }
        let entry = LockfileEntry(table: table, name: place)
        guard PythonNames.isValidProjectName(name) else { throw entry.error("can't be a project's name") }
        var package = LockedPackage(name: name, marker: try marker(entry))
        // What the locking machine doesn't need is listed without a version.
        let pin = try entry.string("version")
        if let pin, pin != "*" {
            let version = String(RequirementsLines.trimmed(pin.drop { $0 == "=" }))
            guard pin.hasPrefix("=="), PythonVersion.isPlausible(version) else {
                throw entry.error("version is \(LockfileText.quoted(pin)), not == and a version")
            }
            package.version = version
        }
        var hashes: [String] = []
        for hash in try entry.strings("hashes") {
            if let sha256 = try LockedHash.sha256(hash, in: entry) { hashes.append(sha256) }
        }
        if let repository = try entry.first(of: ["git", "hg", "svn", "bzr"]) {
            package.source = .vcs
            package.location = LockedURL.location(repository)
        }
        if package.source == .registry, let place = try entry.first(of: ["file", "path"]) {
            let isURL = place.contains("://")
            let file = try LockedFile(
                url: isURL ? place : nil, path: isURL ? nil : place, sha256: hashes.count == 1 ? hashes.first : nil,
                in: entry)
            package.source = file.isWheel || isURL ? .direct : .directory
            package.location = isURL ? LockedURL.location(place) : place
            if package.source == .direct {
                file.add(to: &package)
                if hashes.count == 1 { hashes = [] }
            }
        }
        package.hashes = hashes
        if package.source == .registry, pin == nil { throw entry.error("version is missing") }
        return package
    }
}
