extension InspectionWork {
    /// Holds files against what their packages' `RECORD` or `conda-meta` says of them.
    ///
    /// - Parameter vouched: conda packages, by name and version, whose files are as they were packed.
    mutating func compareFiles(vouched: Set<String>, _ cancelled: () throws -> Void) throws {
        var owned: PathSet = .init()
        for conda in claims.conda {
            try cancelled()
            for file in conda.record.files { owned.insert(file.path) }
            let label = "\(conda.record.name) \(conda.record.version)"
            if vouched.contains(label) {
                comparedFiles += conda.record.files.count { $0.origin == .package && $0.packaged != nil }
            } else {
                compare(conda.record, label)
            }
        }
        for python in claims.python {
            try cancelled()
            // conda's account of these is the later one: it writes its prefix into them.
            if python.installer == "conda" || owned.contains(python.claims.metadata + Array("/RECORD".utf8)) {
                continue
            }
            compare(python)
        }
    }

    private mutating func compare(_ python: ArchivedClaims.Python) {
        let package = python.claims.package
        let label = package.version.isEmpty ? package.name : "\(package.name) \(package.version)"
        var missing: [[UInt8]] = []
        var changed: [[UInt8]] = []
        var seen: PathSet = .init()
        // Metadata counts as the package's whether it is listed or not; what is listed tells more.
        let files = python.claims.files
        for file in files.filter({ $0.sha256 != nil }) + files.filter({ $0.sha256 == nil })
        where seen.insert(file.path) {
            switch contents.place(of: file.path) {
            case .missing: if !file.isOptional { missing.append(file.path) }
            case .outside: if file.sha256 != nil { changed.append(file.path) }
            case .entry(let path, let entry):
                guard let wanted = file.sha256, !file.path.hasSuffix(".pyc") else { continue }
                guard case .file(let found) = entry.kind else {
                    changed.append(file.path)
                    continue
                }
                guard let found else { continue }
                if found == wanted, file.size == nil || file.size == entry.size {
                    comparedFiles += 1
                } else if isRewrittenScript(path) {
                    rewrittenFiles += 1
                } else {
                    comparedFiles += 1
                    changed.append(file.path)
                }
            }
        }
        report(missing, .fileMissing, label, "lists \(Self.files(missing)) not in the archive")
        report(changed, .fileChanged, label, "has \(Self.files(changed)) not what RECORD says")
    }

    private mutating func compare(_ record: CondaRecord, _ label: String) {
        var missing: [[UInt8]] = []
        var changed: [[UInt8]] = []
        for file in record.files {
            switch contents.place(of: file.path) {
            case .missing:
                // Links to nothing are packed as they are.
                let isThere = contents.entries[file.path] != nil
                if file.origin != .bytecode, file.origin != .directory, !isThere { missing.append(file.path) }
            case .outside: if file.origin == .package { changed.append(file.path) }
            case .entry(let path, let entry):
                guard file.origin == .package, file.packaged != nil || file.installed != nil,
                    !Self.isBroughtUpToDate(file.path)
                else { continue }
                guard case .file(let found) = entry.kind else {
                    changed.append(file.path)
                    continue
                }
                guard let found else { continue }
                if found == file.packaged || found == file.installed {
                    comparedFiles += 1
                } else if isRewrittenScript(path) || file.placeholder != nil && !hasPlaceholders {
                    rewrittenFiles += 1
                } else {
                    comparedFiles += 1
                    changed.append(file.path)
                }
            }
        }
        report(missing, .fileMissing, label, "lists \(Self.files(missing)) not in the archive")
        report(changed, .fileChanged, label, "has \(Self.files(changed)) not what conda-meta says")
    }

    /// Whether files have the package's placeholder in the place of a prefix, as envsync packs them for a place that isn't
    /// known yet.
    private var hasPlaceholders: Bool { (manifest?.relocatedFiles ?? 0) > 0 }

    /// What a packer writes anew inside of conda's packages.
    private static func isBroughtUpToDate(_ path: [UInt8]) -> Bool {
        path.hasSuffix(".dist-info/RECORD") || path.hasSuffix(".dist-info/direct_url.json")
    }

    /// conda-pack and venv-pack let scripts look for Python on the path, and leave their RECORD as it was; envsync brings it
    /// up to date.
    private func isRewrittenScript(_ path: [UInt8]) -> Bool {
        guard manifest == nil, path.starts(with: CondaPaths.bin), let text = contents.texts[path] else { return false }
        return text.starts(with: "#!/usr/bin/env ".utf8)
    }

    private static func files(_ paths: [[UInt8]]) -> String {
        paths.count == 1 ? "a file that is" : "\(paths.count) files that are"
    }

    private mutating func report(_ paths: [[UInt8]], _ code: Finding.Code, _ label: String, _ message: String) {
        guard !paths.isEmpty else { return }
        let paths = paths.sorted { $0.lexicographicallyPrecedes($1) }
        findings.append(
            .init(
                code: code, package: label, paths: Array(paths.prefix(ArchiveInspection.pathLimit)),
                count: paths.count, message: message))
    }
}
