/// What a project that uses Poetry asks for, from its `pyproject.toml`. Lockfiles before version 2.1 leave it there.
struct PoetryProject {
    var roots: [LockedDependency] = []
    var extras: Set<String> = []
    var groups: Set<String> = []

    /// - Parameters:
    ///   - text: the whole `pyproject.toml`.
    ///   - extras: the names that each extra of the lockfile asks for.
    init(_ text: String, lockedExtras: [String: Set<String>]) throws(LockfileError) {
        let file: LockfileEntry
        do {
            file = LockfileEntry(table: try TOMLSyntax.parse(text), name: "pyproject.toml")
        } catch {
            throw LockfileError("pyproject.toml \(error)")
        }
        var reading = Reading(lockedExtras: lockedExtras)
        let poetry = try file.entry("tool")?.entry("poetry")
        if let project = try file.entry("project"), project.table["dependencies"] != nil || poetry == nil {
            try reading.readStandard(project)
        } else if let poetry {
            try reading.readMain(poetry)
        }
        if let groups = try file.entry("dependency-groups") { try reading.readGroups(groups) }
        if let poetry { try reading.readGroups(ofPoetry: poetry) }
        guard !reading.isEmpty else {
            throw LockfileError("pyproject.toml has neither [project] nor [tool.poetry] with dependencies")
        }
        roots = reading.roots
        extras = reading.extras.union(lockedExtras.keys)
        groups = reading.groups
    }

    private struct Reading {
        let lockedExtras: [String: Set<String>]
        var dependencies = PoetryDependencies()
        var roots: [LockedDependency] = []
        var extras: Set<String> = []
        var groups: Set<String> = []
        var isEmpty = true

        init(lockedExtras: [String: Set<String>]) { self.lockedExtras = lockedExtras }

        private mutating func add(
            _ requirement: String, extra: String?, group: String?, in entry: LockfileEntry
        )
            throws(LockfileError)
        {
            do {
                let requirement = try Requirement(requirement)
                roots.append(
                    LockedDependency(
                        name: requirement.name, extras: requirement.extras, marker: requirement.marker, extra: extra,
                        group: group))
            } catch {
                throw entry.error("\(LockfileText.quoted(requirement)): \(error.message)")
            }
        }

        mutating func readStandard(_ project: LockfileEntry) throws(LockfileError) {
            isEmpty = false
            for requirement in try project.strings("dependencies") {
                try add(requirement, extra: nil, group: nil, in: project)
            }
            guard let optional = try project.entry("optional-dependencies") else { return }
            for (key, _) in optional.table.fields {
                let extra = PythonNames.normalize(key)
                extras.insert(extra)
                for requirement in try optional.strings(key) {
                    try add(requirement, extra: extra, group: nil, in: optional)
                }
            }
        }

        mutating func readMain(_ poetry: LockfileEntry) throws(LockfileError) {
            for (name, value) in try poetry.fields("dependencies") where name.lowercased() != "python" {
                isEmpty = false
                for item in try dependencies.read(name: name, value, in: poetry) {
                    guard item.isOptional else {
                        roots.append(item.dependency)
                        continue
                    }
                    // What is optional is there for the extras that list it.
                    for (extra, names) in lockedExtras.sorted(by: { $0.key < $1.key })
                    where names.contains(item.dependency.name) {
                        var dependency = item.dependency
                        dependency.extra = extra
                        roots.append(dependency)
                    }
                }
            }
            if poetry.table["dependencies"] != nil { isEmpty = false }
        }

        /// `[dependency-groups]` (PEP 735).
        mutating func readGroups(_ table: LockfileEntry) throws(LockfileError) {
            let known = Dictionary(
                table.table.fields.map { (PythonNames.normalize($0.key), $0.value) },
                uniquingKeysWith: { first, _ in first })
            for group in known.keys.sorted() {
                isEmpty = false
                groups.insert(group)
                // Groups include each other; each is read once.
                var seen: Set<String> = []
                var pending = [group]
                while let next = pending.popLast() {
                    guard seen.insert(next).inserted else { continue }
                    guard case .list(let list)? = known[next] else {
                        throw table.error("[dependency-groups] has no list \(LockfileText.quoted(next))")
                    }
                    for value in list {
                        if let requirement = value.text {
                            try add(requirement, extra: nil, group: group, in: table)
                        } else if case .table(let include) = value {
                            let name = try LockfileEntry(table: include, name: table.name).required("include-group")
                            pending.append(PythonNames.normalize(name))
                        } else {
                            throw table.error("\(LockfileText.quoted(next)) must hold strings, not \(value.kind)")
                        }
                    }
                }
            }
        }

        mutating func readGroups(ofPoetry poetry: LockfileEntry) throws(LockfileError) {
            var tables: [(String, LockfileEntry)] = []
            if let old = try poetry.entry("dev-dependencies") {
                tables.append(
                    ("dev", LockfileEntry(table: LockfileTable([("dependencies", .table(old.table))]))))
            }
            if let groups = try poetry.entry("group") {
                for (name, value) in groups.table.fields {
                    guard case .table(let table) = value else {
                        throw groups.error("\(LockfileText.quoted(name)) must be a table, not \(value.kind)")
                    }
                    tables.append((PythonNames.normalize(name), LockfileEntry(table: table, name: groups.name)))
                }
            }
            for (group, table) in tables {
                isEmpty = false
                groups.insert(group)
                for (name, value) in try table.fields("dependencies") {
                    for var item in try dependencies.read(name: name, value, in: table) {
                        item.dependency.group = group
                        roots.append(item.dependency)
                    }
                }
            }
        }
    }
}
