extension InspectionWork {
    /// Tells of symbolic links out of the archive: what is unpacked on a worker finds there whatever that has, or nothing.
    ///
    /// A venv without its base has such links as interpreters, which the inspection tells by itself. What an intact archive
    /// of envsync has of them was let through when it was packed.
    mutating func reportLinks() {
        if let manifest, let actual, actual.packages == manifest.packages, actual.other == manifest.other { return }
        var paths: [[UInt8]] = []
        for path in sorted {
            guard case .symlink(let target)? = contents.entries[path]?.kind, !path.starts(with: Self.interpreters)
            else { continue }
            // A name at the end, since the root itself is no path.
            let isInside = target.first != 0x2F && RecordTable.resolve(target + [0x2F, 0x78], in: path.parent) != nil
            if !isInside { paths.append(path) }
        }
        report(paths, .linkOutside, "out of the archive", "is a link", "and others are links")
    }

    /// Tells of paths that belong to no package: `PATH is a link out of the archive`.
    mutating func report(
        _ paths: [[UInt8]], _ code: Finding.Code, _ rest: String, _ one: String, _ several: String
    ) {
        guard !paths.isEmpty else { return }
        let paths = paths.sorted { $0.lexicographicallyPrecedes($1) }
        findings.append(
            Finding(
                code: code, package: nil, paths: Array(paths.prefix(ArchiveInspection.pathLimit)), count: paths.count,
                message: "\(paths.count == 1 ? one : several) \(rest)"))
    }

    private static let interpreters = Array("bin/python".utf8)
}
