import PythonPackaging

/// The packages of an archive, with the files that their own metadata lists.
struct ArchivedClaims {
    struct Conda {
        var claims: PackageClaims
        var record: CondaRecord
    }
    struct Python {
        var claims: PackageClaims
        /// What installed it: `pip`, `uv`, `conda`.
        var installer: String?
    }

    private(set) var conda: [Conda] = []
    private(set) var python: [Python] = []
    private(set) var findings: [ArchiveInspection.Finding] = []
    /// Directories of modules, sorted; empty text: the root.
    let sitePackages: [[UInt8]]

    init(_ contents: ArchiveContents, sorted: [[UInt8]]) {
        sitePackages = Self.sitePackages(sorted)
        readConda(contents, sorted)
        for directory in sitePackages { readPython(contents, sorted, in: directory) }
        python.sort { Self.order($0.claims).lexicographicallyPrecedes(Self.order($1.claims)) }
    }

    private static func order(_ claims: PackageClaims) -> [String] {
        [claims.package.name, claims.package.version, String(decoding: claims.metadata, as: UTF8.self)]
    }

    /// `lib/pythonX.Y/site-packages`; where there is none, metadata at the root makes it one (a layer).
    private static func sitePackages(_ sorted: [[UInt8]]) -> [[UInt8]] {
        var found: Set<[UInt8]> = []
        var isLayer = false
        for path in sorted {
            let parts = path.split(separator: 0x2F, maxSplits: 4)
            if let first = parts.first, parts.count <= 2, Array(first).hasSuffix(".dist-info") { isLayer = true }
            guard parts.count >= 4, parts[0].elementsEqual("lib".utf8) || parts[0].elementsEqual("lib64".utf8),
                parts[1].starts(with: "python".utf8),
                parts[2].elementsEqual("site-packages".utf8) || parts[2].elementsEqual("dist-packages".utf8)
            else { continue }
            found.insert(Array(parts[0...2].joined(separator: [0x2F])))
        }
        if found.isEmpty { return isLayer ? [[]] : [] }
        return found.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private mutating func refuse(_ path: [UInt8], _ package: String?, _ message: String) {
        findings.append(
            .init(code: .metadataDamaged, package: package, paths: [path], count: 1, message: message))
    }

    // MARK: conda

    private mutating func readConda(_ contents: ArchiveContents, _ sorted: [[UInt8]]) {
        let site = sitePackages.first.map { String(decoding: $0, as: UTF8.self) } ?? "lib/python3/site-packages"
        for path in sorted where path.starts(with: CondaPaths.metadata) && path.hasSuffix(".json") {
            guard !path[CondaPaths.metadata.count...].contains(0x2F), let bytes = contents.texts[path] else { continue }
            do {
                let record = try CondaRecord(CondaJSON(bytes), sitePackages: site)
                let files = record.files.filter { $0.origin != .directory }.map {
                    PackageClaims.File(path: $0.path, size: nil, isOptional: $0.origin == .bytecode)
                }
                let package = PackPlan.Package(
                    name: record.name, version: record.version, manager: .conda, build: record.build)
                conda.append(
                    Conda(claims: .init(package: package, metadata: path, files: files), record: record))
            } catch let error as CondaJSON.Malformed {
                refuse(path, nil, "is not valid JSON: it \(error.message) at byte \(error.offset)")
            } catch let error as CondaRecord.Malformed {
                refuse(path, nil, error.message)
            } catch {
                refuse(path, nil, "can't be understood: \(error)")
            }
        }
    }

    // MARK: Python

    private mutating func readPython(_ contents: ArchiveContents, _ sorted: [[UInt8]], in directory: [UInt8]) {
        let start = directory.isEmpty ? [] : directory + [0x2F]
        // Directories need no entry of their own.
        var leaves: Set<[UInt8]> = []
        var index = sorted.partitioningIndex { !$0.lexicographicallyPrecedes(start) }
        while index < sorted.count, sorted[index].starts(with: start) {
            let leaf = sorted[index][start.count...].prefix { $0 != 0x2F }
            index += 1
            guard leaf.first != UInt8(ascii: "~"), leaf.contains(UInt8(ascii: ".")), leaf.count > 4 else { continue }
            leaves.insert(Array(leaf))
        }
        for leaf in leaves {
            let name = String(decoding: leaf, as: UTF8.self)
            guard InstalledPackage.isMetadata(name) else { continue }
            let metadata = start + leaf
            switch contents.entries[metadata]?.kind {
            case .file: add(metadata, name, isFile: true, contents, sorted, in: directory)
            case .directory, nil: add(metadata, name, isFile: false, contents, sorted, in: directory)
            case .symlink, .other: continue
            }
        }
    }

    private mutating func add(
        _ metadata: [UInt8], _ leaf: String, isFile: Bool, _ contents: ArchiveContents, _ sorted: [[UInt8]],
        in directory: [UInt8]
    ) {
        func text(_ name: String) -> [UInt8]? { contents.texts[metadata + Array("/\(name)".utf8)] }
        let headers = isFile ? contents.texts[metadata] : text("METADATA") ?? text("PKG-INFO")
        guard let identity = ArchivedMetadata.identity(leaf: leaf, contents: headers) else {
            refuse(metadata, nil, "neither it nor its name tells a package's name")
            return
        }
        let label = identity.version.isEmpty ? identity.name : "\(identity.name) \(identity.version)"
        let package = PackPlan.Package(name: identity.name, version: identity.version, manager: .python)
        var found = Python(claims: .init(package: package, metadata: metadata, files: []))
        defer { python.append(found) }
        guard !isFile else {
            found.claims.files.append(.init(path: metadata))
            return
        }
        if let installer = text("INSTALLER") {
            let word = String(decoding: installer, as: UTF8.self).filter { !$0.isWhitespace }
            found.installer = word.isEmpty ? nil : word.lowercased()
        }
        let below = metadata + [0x2F]
        var index = sorted.partitioningIndex { !$0.lexicographicallyPrecedes(below) }
        while index < sorted.count, sorted[index].starts(with: below) {
            if case .file? = contents.entries[sorted[index]]?.kind {
                found.claims.files.append(.init(path: sorted[index], isOptional: true))
            }
            index += 1
        }
        guard metadata.hasSuffix(".dist-info") else {
            for line in (text("installed-files.txt") ?? []).split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
                guard let file = RecordTable.resolve(Array(line), in: metadata), !line.contains(0) else { continue }
                found.claims.files.append(.init(path: file, isOptional: file.hasSuffix(".pyc")))
            }
            return
        }
        guard let record = text("RECORD") else {
            // conda's packages have none where it made the metadata itself.
            if let installer = found.installer, installer != "conda" {
                refuse(metadata + Array("/RECORD".utf8), label, "has no RECORD, so that its files can't be compared")
            }
            return
        }
        do {
            let table = try RecordTable(record)
            for row in table.rows {
                // Rows that lead out of the environment are none of the archive's business.
                guard let file = RecordTable.resolve(row.path, in: directory) else { continue }
                found.claims.files.append(
                    .init(
                        path: file, sha256: row.sha256, size: row.size,
                        isOptional: file.hasSuffix(".pyc") || row.sha256 == nil || RecordRewrite.isCompiled(file)
                            || PythonClaims.mayBeMissing(file)))
            }
        } catch {
            refuse(metadata + Array("/RECORD".utf8), label, "can't be understood: \(error.message)")
        }
    }
}

extension [[UInt8]] {
    /// The first index whose element satisfies a predicate that all after it satisfy, too.
    fileprivate func partitioningIndex(where isAfter: ([UInt8]) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
