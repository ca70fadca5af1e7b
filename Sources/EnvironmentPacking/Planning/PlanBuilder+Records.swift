extension PlanBuilder {
    /// Makes each package's RECORD true for what is packed.
    mutating func rewriteRecords() {
        for found in python.found {
            if let eggInfo = found.eggInfo { addLists(found.added, to: eggInfo, of: found.claims.metadata.parent) }
        }
        for (found, kind) in zip(python.found, rewrittenRecords()) {
            if let kind, let record = found.record { entries[record.path]?.kind = kind }
        }
    }

    /// Of each package that was found.
    private func rewrittenRecords() -> [PackPlan.Entry.Kind?] {
        // Nothing of it changes meanwhile.
        nonisolated(unsafe) let builder = self
        return Parallel.map(count: python.found.count) { builder.rewrittenRecord(of: builder.python.found[$0]) }
    }

    /// `nil`: it stays as it is.
    private func rewrittenRecord(of found: PythonClaims.Found) -> PackPlan.Entry.Kind? {
        guard let record = found.record,
            case .file(let isExecutable, .file(let source))? = entries[record.path]?.kind
        else { return nil }
        var changes: [(path: [UInt8], change: RecordRewrite.Change)] = []
        var sources = [source]
        var seen: PathSet = .init()
        var hasCompiled = false
        for row in record.rows where row.path != record.path {
            if RecordRewrite.isCompiled(row.path) {
                hasCompiled = true
                continue
            }
            switch entries[row.path]?.kind {
            case nil:
                // Compiled modules that aren't there are dropped only where they would have been left out anyway; of what
                // conda installed, its own lists tell what there is.
                let isOmitted = numbers[row.path] != nil || row.path.hasSuffix(".pyc") || found.isConda
                guard isOmitted, seen.insert(row.spelled) else { continue }
                changes.append((row.spelled, .drop))
            case .file(_, .generated(let bytes))?:
                if seen.insert(row.spelled) { changes.append((row.spelled, .known(bytes))) }
            case .file(_, .rewritten(let files, let rewrite))?:
                // Compiled modules have no hash there.
                guard !(rewrite is PycRewrite || rewrite is RewrittenBytecode), seen.insert(row.spelled)
                else { continue }
                changes.append((row.spelled, .rewritten(rewrite, sources: files.count)))
                sources += files
            case .file?, .directory?, .symlink?: continue
            }
        }
        if !found.added.isEmpty { changes += addedRows(found, record.path.parent.parent) }
        guard hasCompiled || !changes.isEmpty else { return nil }
        return .file(isExecutable: isExecutable, .rewritten(sources, RecordRewrite(changes: changes)))
    }

    /// Rows for an editable package's sources.
    private func addedRows(
        _ found: PythonClaims.Found, _ site: [UInt8]
    ) -> [(path: [UInt8], change: RecordRewrite.Change)] {
        found.added.compactMap { path in
            guard path.starts(with: site + [0x2F]), case .file(_, .file(let source))? = entries[path]?.kind else {
                return nil
            }
            return (Array(path[(site.count + 1)...]), .added(source))
        }
    }

    /// The lists of files of a package that had none in the environment, for all versions of Python that read them:
    /// `importlib.metadata` takes `SOURCES.txt` before Python 3.12 and `installed-files.txt` since, pip the latter.
    private mutating func addLists(_ added: [[UInt8]], to eggInfo: [UInt8], of site: [UInt8]) {
        guard let package = entries[eggInfo + Array("/PKG-INFO".utf8)]?.package else { return }
        var installed: [UInt8] = []
        var sources: [UInt8] = []
        for path in added where path.starts(with: site + [0x2F]) && !path.contains(0x0A) && !path.contains(0x0D) {
            guard case .file? = entries[path]?.kind else { continue }
            let isOwn = path.starts(with: eggInfo + [0x2F])
            installed +=
                isOwn ? path[(eggInfo.count + 1)...] : Array("../".utf8) + path[(site.count + 1)...]
            installed.append(0x0A)
            sources += path[(site.count + 1)...]
            sources.append(0x0A)
        }
        for (name, text) in [("/SOURCES.txt", sources), ("/installed-files.txt", installed)] {
            let path = eggInfo + Array(name.utf8)
            entries[path] = .init(path: path, kind: .file(isExecutable: false, .generated(text)), package: package)
        }
    }

    /// Every directory of an entry is one itself; those that lost all that was in them go.
    mutating func addDirectories() {
        var needed: PathSet = .init()
        var last: ArraySlice<UInt8> = []
        entries.forEach { path, _ in
            let directory = path[..<Swift.max(0, path.leafStart - 1)]
            // Most follow others of their directory.
            if directory == last { return }
            last = directory
            var parent = Array(directory)
            while !parent.isEmpty, needed.insert(parent) { parent = parent.parent }
        }
        var emptied: [[UInt8]] = []
        entries.forEach { path, entry in
            guard case .directory = entry.kind, !needed.contains(path), numbers[path] != nil else { return }
            let next = survey.files.firstIndex(atOrAfter: path + [0x2F])
            let hadSomething = next < survey.files.count && survey.files[next].path.starts(with: path + [0x2F])
            if hadSomething || path.hasSuffix("__pycache__") { emptied.append(path) }
        }
        for path in emptied { entries[path] = nil }
        for path in needed.paths where entries[path] == nil { entries[path] = .init(path: path, kind: .directory) }
    }
}
