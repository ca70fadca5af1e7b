extension CondaRules {
    func decide(_ file: SurveyedFile) -> FileDecision? {
        if let decision = editables.decide(file) { return decision }
        if let source = editables.script(file) {
            let rewrite = NamedPrefixRewrite(prefixes: prefixes, destination: destination, isCommand: true)
            return .rewrite(
                SourceScript(installed: rewrite, prefix: String(decoding: prefix, as: UTF8.self)), alsoReading: [source]
            )
        }
        if let reason = reasonToOmit(file) { return .omit(reason) }
        if file.path.starts(with: CondaPaths.metadata), let decision = metadataDecision(file) { return decision }
        switch file.kind {
        case .symlink(let target): return linkDecision(file, target: target)
        case .regular: return regularDecision(file)
        case .directory, .special, .unreadable: return nil
        }
    }

    private func reasonToOmit(_ file: SurveyedFile) -> String? {
        let top = Array(file.path.prefix { $0 != UInt8(ascii: "/") })
        if let reason = CondaPaths.leftOutAtTop[top], managed[file.path] == nil { return reason }
        if file.path.suffix(3) == Array(".c~".utf8) || file.path.suffix(6) == Array(".trash".utf8),
            managed[file.path] == nil
        {
            return "a file that conda could not delete"
        }
        guard file.kind != .directory, managed[file.path] == nil else { return nil }
        if CondaPaths.madeByEnvsync.contains(file.path) { return "made anew" }
        return nil
    }

    private func metadataDecision(_ file: SurveyedFile) -> FileDecision? {
        if file.path == CondaPaths.state { return .omit("may hold secrets") }
        guard file.kind == .regular else { return nil }
        // conda takes a directory for an environment by this file; what it tells is this machine's.
        if file.path == CondaPaths.history { return .generated([]) }
        if unusable.contains(file.path) { return .omit("conda's metadata that can't be understood") }
        let isRecord = file.path.suffix(5) == Array(".json".utf8) && file.path.count { $0 == UInt8(ascii: "/") } == 1
        return isRecord ? .rewrite(CondaMetadataRewrite()) : nil
    }

    /// Links inside the environment are relative in the archive; others are for the general checks.
    private func linkDecision(_ file: SurveyedFile, target: [UInt8]) -> FileDecision? {
        for prefix in prefixes where target.starts(with: prefix + [UInt8(ascii: "/")]) {
            let up = file.path.count { $0 == UInt8(ascii: "/") }
            let steps = (0..<up).flatMap { _ in Array("../".utf8) }
            return .symlink(target: steps + target.dropFirst(prefix.count + 1))
        }
        guard let entry = managed[file.path], entry.isSoftlinked, entry.file.origin == .package else { return nil }
        return .refuse(
            PackProblem(
                code: .escapingLink, package: entry.package, paths: [file.path],
                message: "is installed as links to conda's package cache",
                advice: "conda config --set always_softlink false, and make the environment anew"))
    }

    private func regularDecision(_ file: SurveyedFile) -> FileDecision? {
        let isInBin = file.path.starts(with: CondaPaths.bin)
        guard let entry = managed[file.path] else { return unmanagedDecision(file, isInBin: isInBin) }
        if let placeholder = entry.file.placeholder {
            return .rewrite(
                PlaceholderRewrite(
                    placeholder: placeholder, sha256: entry.file.packaged, prefixes: prefixes, destination: destination,
                    isCommand: isInBin && placeholder.mode == .text))
        }
        // Records without SHA-256 are generated or older than conda 4.3, which didn't write where the placeholders are.
        let isUnknown =
            entry.file.origin == .entryPoint || (entry.file.packaged == nil && entry.file.origin == .package)
        return isUnknown ? unmanagedDecision(file, isInBin: isInBin) : nil
    }

    /// Modules of pip's packages don't name the prefix; reading all of them would cost more than packing them.
    private func unmanagedDecision(_ file: SurveyedFile, isInBin: Bool) -> FileDecision? {
        guard file.source.fingerprint.size <= NamedPrefixRewrite.sizeLimit else { return nil }
        let isModule = sitePackages.contains { site in
            guard file.path.starts(with: site + [UInt8(ascii: "/")]) else { return false }
            let isDirectly = !file.path.dropFirst(site.count + 1).contains(UInt8(ascii: "/"))
            return !(isDirectly && file.path.suffix(4) == Array(".pth".utf8))
        }
        guard !isModule, String(validating: file.path, as: UTF8.self) != nil else { return nil }
        return .rewrite(NamedPrefixRewrite(prefixes: prefixes, destination: destination, isCommand: isInBin))
    }
}

/// Paths of a conda environment that mean something.
enum CondaPaths {
    static let metadata = Array("conda-meta/".utf8)
    static let history = Array("conda-meta/history".utf8)
    static let state = Array("conda-meta/state".utf8)
    static let bin = Array("bin/".utf8)

    /// By the first part of the path: what conda keeps beside an environment's own files.
    static let leftOutAtTop: [[UInt8]: String] = Dictionary(
        uniqueKeysWithValues: [
            ("pkgs", "conda's package cache"), ("envs", "other environments"), ("conda-bld", "conda's build directory"),
            ("conda_build", "conda's build directory"), ("conda-recipes", "conda's build directory"),
            (".condatmp", "conda's temporary files"), (".conda_trash", "a file that conda could not delete"),
            (".conda_lock", "conda's lock"), (".nonadmin", "says who installed conda"),
            (".envsync", "made anew"),
        ].map { (Array($0.0.utf8), $0.1) })

    /// Scripts that are added, unless a package (conda itself) has them. Older versions of conda put their own there, as links.
    static let activation = [
        (path: "bin/activate", text: CondaActivation.activate),
        (path: "bin/deactivate", text: CondaActivation.deactivate),
    ]
    static let madeByEnvsync: Set<[UInt8]> = Set(
        ["bin/activate", "bin/deactivate", "bin/conda", "bin/conda-unpack", "bin/conda_unpack_progress.py"].map {
            Array($0.utf8)
        })
}
