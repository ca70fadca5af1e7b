/// Reads `pdm.lock`, `lock_version` 4.x (PDM's own format; pdm-project.org, "Lockfile").
///
/// Packages must tell their groups, which is the strategy `inherit_metadata`, PDM's default. PDM has one kind of groups
/// for both extras and development; all of them are groups here, and none is installed by default but `default`.
enum PDMLockReader {
    static func read(_ text: String) throws(LockfileError) -> PythonLockfile {
        let file = LockfileEntry(table: try TOMLSyntax.parse(text))
        guard let metadata = try file.entry("metadata") else { throw file.error("[metadata] is missing") }
        let version = try metadata.required("lock_version")
        guard version == "4" || version.hasPrefix("4.") else {
            throw metadata.error("lock_version is \(LockfileText.quoted(version)); envsync knows 4.x")
        }
        var lockfile = PythonLockfile(
            format: .pdm, formatVersion: version, requiresPython: try metadata.string("requires_python"),
            groups: try metadata.names("groups").subtracting(["default"]))
        // What was locked for several targets is told apart by the packages' markers.
        let targets = try metadata.entries("targets")
        if targets.count == 1, let target = targets.first {
            lockfile.requiresPython = try target.string("requires_python") ?? lockfile.requiresPython
        }
        var indexes: [Identity: Int] = [:]
        for entry in try file.entries("package") {
            let package = try self.package(entry)
            // With an extra, a package is listed a second time.
            let identity = Identity(name: package.name, version: package.version, location: package.location)
            if try !entry.list("extras").isEmpty, let index = indexes[identity],
                lockfile.packages[index].marker == package.marker
            {
                lockfile.packages[index].groups.formUnion(package.groups)
                lockfile.packages[index].isMain = lockfile.packages[index].isMain || package.isMain
            } else {
                indexes[identity] = lockfile.packages.count
                lockfile.packages.append(package)
            }
        }
        return lockfile
    }

    private struct Identity: Hashable {
        var name: String
        var version: String?
        var location: String?
    }

    private static func package(_ unnamed: LockfileEntry) throws(LockfileError) -> LockedPackage {
        var entry = unnamed
        let name = try entry.projectName()
        entry.name = "package \(LockfileText.quoted(name))"
        guard entry.table["groups"] != nil else {
            throw entry.error(
                "doesn't say which groups it belongs to; lock with `pdm lock --strategy inherit_metadata`, or use "
                    + "`pdm export --format pylock`")
        }
        let groups = try entry.names("groups")
        var package = LockedPackage(
            name: name, version: try entry.version(), marker: try entry.marker(),
            requiresPython: try entry.string("requires_python"), groups: groups.subtracting(["default"]),
            isMain: groups.contains("default"))
        let url = try entry.string("url")
        let path = try entry.string("path")
        if let repository = try entry.first(of: ["git", "hg", "svn"]) {
            package.source = .vcs
            package.location = LockedURL.location(repository)
        } else if let url {
            package.source = .direct
            package.location = LockedURL.location(url)
        } else if let path {
            package.source = path.hasSuffix(".whl") ? .direct : .directory
            package.location = path
        }
        for listed in try entry.entries("files") {
            var sha256: String?
            if let hash = try listed.string("hash") { sha256 = try LockedHash.sha256(hash, in: entry) }
            let address = try listed.string("url")
            let name = try listed.string("file")
            guard address != nil || name != nil else { throw entry.error("a file has neither file nor url") }
            let file = try LockedFile(
                name: name, url: address ?? url, path: address == nil && url == nil ? path : nil, sha256: sha256,
                in: entry)
            file.add(to: &package)
        }
        return package
    }
}
