import ReproducibleArchive

/// Makes a plan of a survey: asks the rules of the kind of environment, and decides what they don't.
struct PlanBuilder {
    let survey: EnvironmentSurvey
    let options: PackOptions
    let rules: any EnvironmentRules
    private(set) var python: PythonClaims
    let filters: FilterList
    /// All that the survey found, by path.
    let numbers: PathTable<Int>

    var entries: PathTable<PackPlan.Entry> = .init()
    var omissions: [PackPlan.Omission] = []
    var problems: [PackProblem] = []
    var notes: [String] = []
    /// Compiled modules that are not packed themselves but may serve to make what is, by path.
    var compiled: PathTable<SourceFile> = .init()
    /// Links whose targets' contents take their place, in formats without links.
    var copies: [(path: [UInt8], target: [UInt8])] = []
    /// Directories that are left out, with the filter that did it.
    var closed: PathSet = .init()
    var deciding: PathTable<Int> = .init()
    var specials = 0
    /// Files whose content a package states: they were the same on the machine that built it, and name no prefix.
    let hashed: PathSet

    init(_ survey: EnvironmentSurvey, _ options: PackOptions) throws(PackError) {
        self.survey = survey
        self.options = options
        do {
            rules =
                switch survey.kind {
                case .venv: try VenvRules(survey, options)
                case .conda: try CondaRules(survey, options)
                case .tree: try TreeRules(survey, options)
                }
        } catch let error as PackError {
            throw error
        } catch {
            throw PackError(path: survey.givenPrefix, message: "\(error)")
        }
        python = PythonClaims(survey)
        filters = FilterList(options.filters)
        var numbers: PathTable<Int> = .init()
        numbers.reserveCapacity(survey.files.count)
        for (index, file) in survey.files.enumerated() { numbers[file.path] = index }
        self.numbers = numbers
        hashed = Self.statedFiles(survey, python)
        python.recognize(rules.claims, in: survey)
        python.add(rules.shippedSources)
    }

    private static func statedFiles(_ survey: EnvironmentSurvey, _ python: PythonClaims) -> PathSet {
        var stated: PathSet = .init()
        stated.reserveCapacity(survey.files.count)
        for file in python.found.lazy.flatMap(\.claims.files) where file.sha256 != nil { stated.insert(file.path) }
        return stated
    }

    mutating func build() -> PackPlan {
        entries.reserveCapacity(survey.files.count + survey.files.count / 4)
        problems = rules.problems + python.problems
        notes = survey.notes + rules.notes
        checkVersion()
        for file in survey.files { visit(file) }
        addAdditions()
        resolveCopies()
        // What comes in between only reads.
        let modules = modulesLater()
        let ownership = Ownership(rules.claims, python.found.map(\.claims), entries: entries)
        problems += ClaimCheck(survey, numbers, rules.claims, python).problems(
            replacedBy: entries, shared: ownership.shared,
            isClosed: { closed.contains($0) || closed.contains($0.parent) })
        entries.update { path, entry in
            if let package = ownership.packageOf[path] { entry.package = package }
        }
        addBytecode(modules.value ?? nil)
        rewriteRecords()
        addDirectories()
        if specials > 0 {
            notes.append(
                "\(specials) \(specials == 1 ? "file that is" : "files that are") a FIFO, a socket or a device "
                    + "\(specials == 1 ? "is" : "are") left out")
        }
        let sorted = entries.sortedValues
        checkNames(sorted)
        return PackPlan(
            kind: survey.kind, prefix: survey.prefix, python: survey.python, packages: ownership.packages,
            entries: sorted,
            omissions: omissions.sorted { $0.path.lexicographicallyPrecedes($1.path) }, problems: problems,
            notes: notes,
            interpreter: rules.interpreter, relocatedFiles: rules.relocatedFiles,
            watched: rules.shippedSources.flatMap(\.watched))
    }

    // MARK: One file

    private mutating func visit(_ file: SurveyedFile) {
        let parent = file.path.parent
        if !closed.isEmpty, closed.contains(parent) {
            if file.kind == .directory { closed.insert(file.path) }
            return
        }
        if !filters.isEmpty {
            let deciding = filters.decisive(file.path, inherited: self.deciding[parent])
            if file.kind == .directory { self.deciding[file.path] = deciding }
            if let reason = filters.reason(deciding) {
                if file.kind == .directory, let deciding, filters.mayInclude(after: deciding) { return }
                omit(file, reason)
                return
            }
        }
        switch rules.decide(file) {
        case nil: break
        case .omit(let reason):
            omit(file, reason)
            return
        case .symlink(let target):
            addLink(file, target)
            return
        case .rewrite(let rewrite, let others):
            addFile(file, .rewritten([file.source] + others, rewrite))
            return
        case .generated(let bytes):
            addFile(file, .generated(bytes))
            return
        case .refuse(let problem):
            problems.append(problem)
            return
        }
        if let reason = leftover(file) {
            omit(file, reason)
            return
        }
        switch file.kind {
        case .directory: entries[file.path] = .init(path: file.path, kind: .directory)
        case .regular:
            guard !takeCompiled(file) else { break }
            if !hashed.contains(file.path), !file.path.hasSuffix(".dist-info/RECORD"),
                let rewrite = rules.withoutPrefix(file)
            {
                addFile(file, .rewritten([file.source], rewrite))
            } else {
                addFile(file, .file(file.source))
            }
        case .symlink(let target): addSurveyedLink(file, target)
        case .special(let what):
            specials += 1
            omit(file, what)
        case .unreadable(let reason):
            problems.append(
                PackProblem(
                    code: .unreadable, paths: [file.path], message: "can't be read: \(reason)",
                    advice: "make it readable, or leave it out with --exclude '\(file.path.shown)'"))
        }
    }

    mutating func omit(_ file: SurveyedFile, _ reason: String) {
        omissions.append(.init(path: file.path, reason: reason))
        if file.kind == .directory { closed.insert(file.path) }
    }

    mutating func addFile(_ file: SurveyedFile, _ content: PackPlan.FileContent) {
        entries[file.path] = .init(path: file.path, kind: .file(isExecutable: file.mode & 0o100 != 0, content))
    }

    private mutating func addAdditions() {
        // Of editable packages; what else is added takes the place of what is there.
        var sources: PathTable<String> = .init()
        for package in rules.shippedSources {
            for path in package.added { sources[path] = "\(package.name) \(package.version)" }
        }
        for entry in rules.additions {
            var deciding: Int?
            if !filters.isEmpty {
                var end = 0
                while let slash = entry.path[end...].firstIndex(of: 0x2F) {
                    deciding = filters.decisive(Array(entry.path[..<slash]), inherited: deciding)
                    end = slash + 1
                }
                deciding = filters.decisive(entry.path, inherited: deciding)
                if let reason = filters.reason(deciding) {
                    omissions.append(.init(path: entry.path, reason: reason))
                    continue
                }
            }
            if case .file(_, .file(let source)) = entry.kind, entry.path.hasSuffix(".pyc"),
                entry.path.parent.hasSuffix("__pycache__")
            {
                compiled[entry.path] = source
                continue
            }
            if case .symlink(let target) = entry.kind, options.format == .zip {
                let resolved = RecordTable.resolve(target, in: entry.path.parent)
                copies.append((entry.path, resolved ?? []))
                continue
            }
            if let package = sources[entry.path], let other = entries[entry.path]?.kind,
                !EditablePackages.isSame(entry.kind, other)
            {
                problems.append(
                    PackProblem(
                        code: .conflictingFiles, package: package, paths: [entry.path],
                        message:
                            "is packed from its sources, and the environment has another file where one of them belongs",
                        advice: "remove the file, or uninstall the package that it belongs to"))
                continue
            }
            entries[entry.path] = entry
        }
    }

    // MARK: Leftovers

    /// What no interpreter needs and what tells of this machine only.
    private func leftover(_ file: SurveyedFile) -> String? {
        let leafStart = file.path.leafStart
        let leaf = file.path[leafStart...]
        if leafStart == 0 {
            if leaf.elementsEqual(".lock".utf8) { return "an installer's lock" }
            if leaf.elementsEqual("CACHEDIR.TAG".utf8) { return "a note to backup programs" }
            if leaf.elementsEqual(".gitignore".utf8) { return "a note to git" }
        }
        if leaf.first == UInt8(ascii: "."), leaf.starts(with: ".envsync-".utf8),
            leaf.suffix(4).elementsEqual(".tmp".utf8)
        {
            return "left by envsync when a packing was broken off"
        }
        if leaf.first == UInt8(ascii: "~"), isSitePackages(file.path[..<max(0, leafStart - 1)]) {
            return "left by pip when an installation was broken off"
        }
        guard leafStart > 0, leaf.count > 10, leaf.last == UInt8(ascii: "n"), file.path.parent.hasSuffix(".dist-info")
        else {
            return nil
        }
        if leaf.elementsEqual("uv_cache.json".utf8) { return "tells when uv built the package" }
        if leaf.elementsEqual("direct_url.json".utf8),
            python.found.contains(where: { $0.isFromDisk && $0.claims.metadata == file.path.parent })
        {
            return "names a directory of this machine"
        }
        return nil
    }

    private func isSitePackages(_ path: ArraySlice<UInt8>) -> Bool {
        survey.sitePackages.contains { path.elementsEqual($0.utf8) }
    }

    // MARK: Checks

    private mutating func checkVersion() {
        guard let wanted = options.targetPython, wanted != survey.python else { return }
        problems.append(
            PackProblem(
                code: .pythonVersion, message: "the environment is of Python \(survey.python), the target of \(wanted)",
                advice: "make the environment anew with Python \(wanted), or change environment.target"))
    }

    private mutating func checkNames(_ sorted: [PackPlan.Entry]) {
        func refuse(_ entry: PackPlan.Entry, _ message: String, _ advice: String) {
            problems.append(PackProblem(code: .unusableName, paths: [entry.path], message: message, advice: advice))
        }
        for entry in sorted {
            if entry.path.count >= 4096 || survey.prefix.utf8.count + 1 + entry.path.count >= 4096 {
                refuse(
                    entry, "has a path of \(entry.path.count) bytes, more than the system opens",
                    "leave it out with --exclude")
                break
            }
            if options.format == .zip, String(validating: entry.path, as: UTF8.self) == nil {
                refuse(entry, "has a name that is not UTF-8, which a zip can't hold", "rename it, or pack as tar.gz")
            }
        }
    }
}
