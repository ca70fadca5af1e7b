/// The editable packages of an environment: which are shipped as if they were installed, and which can't be.
struct EditablePackages {
    private(set) var entries: [PackPlan.Entry] = []
    private(set) var shipped: [ShippedSources] = []
    private(set) var problems: [PackProblem] = []
    private(set) var notes: [String] = []

    private var omitted: [[UInt8]: String] = [:]
    private var scripts: [[UInt8]: SourceFile] = [:]
    /// Numbers of entries.
    private var places: [[UInt8]: Int] = [:]
    private var generated: [[UInt8]: [UInt8]] = [:]
    private let site: String
    private let prefix: String

    init(_ survey: EnvironmentSurvey, _ options: PackOptions) {
        site = survey.sitePackages.first ?? "lib/python\(survey.python)/site-packages"
        prefix = survey.prefix
        let listing = EnvironmentListing(survey)
        var packages: [EditablePackage] = []
        var pathFiles: [SurveyedFile] = []
        for directory in survey.sitePackages {
            for file in listing.children(directory) {
                if file.kind == .directory, file.path.hasSuffix(".dist-info") {
                    if let package = EditablePackage(file, in: listing) { packages.append(package) }
                } else if file.kind == .regular, file.path.hasSuffix(".egg-link") {
                    packages.append(EditablePackage(eggLink: file, listing))
                } else if file.kind == .regular, file.path.hasSuffix(".pth") {
                    pathFiles.append(file)
                }
            }
        }
        var replaced: Set<String> = []
        for package in packages {
            replaced.formUnion(package.directories)
            if let problem = refusal(package, options) {
                problems.append(problem)
                leaveBehind(package)
            } else if !ship(package) {
                continue
            }
            if package.isLink { dropped.formUnion(package.directories) }
        }
        addScripts(packages, listing)
        let links = Set(packages.flatMap { $0.links.map(\.path) })
        for file in pathFiles where !links.contains(file.path) { checkPathFile(file, listing, replaced) }
    }

    /// Lines of `easy-install.pth` that no longer mean anything.
    private var dropped: Set<String> = []

    func decide(_ file: SurveyedFile) -> FileDecision? {
        if let bytes = generated[file.path] { return .generated(bytes) }
        return omitted[file.path].map { .omit($0) }
    }

    /// The program that a command in `bin` runs where it is, in an editable package's sources.
    func script(_ file: SurveyedFile) -> SourceFile? { scripts.isEmpty ? nil : scripts[file.path] }

    /// `scripts` of `setup.py develop`: each is a few lines that run the one in the sources.
    private mutating func addScripts(_ packages: [EditablePackage], _ listing: EnvironmentListing) {
        let packed = Set(shipped.map(\.metadata))
        let roots = packages.filter { $0.information != nil }.compactMap { package -> (path: String, isPacked: Bool)? in
            let real = package.source.flatMap { BaseLocation.real($0) }
            return real.map { ($0, packed.contains(package.metadata)) }
        }
        guard !roots.isEmpty else { return }
        for file in listing.children("bin") where file.kind == .regular && file.source.fingerprint.size < 1 << 14 {
            let lines = EditablePackage.lines(listing.read(file) ?? [])
            guard lines.contains(where: { $0.hasPrefix("# EASY-INSTALL-DEV-SCRIPT: ") }),
                case .string(let place)? = PythonLiteral.assigned(to: "__file__", in: lines.joined(separator: "\n")),
                let real = BaseLocation.real(place), let source = BaseLocation.source(real),
                // Where the modules are in a directory of their own, the scripts are beside that.
                let root = roots.first(where: { Self.isBelow(real, $0.path) })
                    ?? roots.first(where: { Self.isBelow(real, BaseLocation.parent($0.path)) })
            else { continue }
            if root.isPacked {
                scripts[file.path] = source.file
            } else {
                omitted[file.path] = "runs a program among sources that are not packed"
            }
        }
    }

    private func refusal(_ package: EditablePackage, _ options: PackOptions) -> PackProblem? {
        func problem(_ message: String, _ advice: String) -> PackProblem {
            PackProblem(
                code: .editablePackage, package: package.title,
                paths: [package.metadata],
                message: message, advice: advice)
        }
        let source = package.source ?? "an unknown place"
        if let obstacle = package.obstacle {
            return problem(obstacle, "install it as a wheel: pip install --no-deps \(package.source ?? package.name)")
        }
        let isOwn = options.workspace.flatMap { BaseLocation.real($0) }.map { workspace in
            BaseLocation.real(source).map { Self.isBelow($0, workspace) } ?? false
        }
        let isAllowed = options.editable == .include || options.editable == .workspace && isOwn == true
        guard isAllowed else {
            return problem(
                "is installed as a link to its sources in \(source)",
                options.editable == .refuse
                    ? "install it as a wheel, or pack with --editable include"
                    : "pack with --editable include to ship the sources as they are, or install it as a wheel")
        }
        guard let root = package.source.flatMap({ BaseLocation.real($0) }) else {
            return problem("is a link to sources that are gone: \(source)", "install it again, or uninstall it")
        }
        for place in package.directories + package.modules.values {
            guard let real = BaseLocation.real(place) ?? BaseLocation.real(place + ".py"), Self.isBelow(real, root)
            else {
                return problem("has modules outside of its project: \(place)", "install it as a wheel")
            }
        }
        return nil
    }

    static func isBelow(_ path: String, _ directory: String) -> Bool {
        path == directory || path.hasPrefix(directory == "/" ? "/" : directory + "/")
    }

    private mutating func ship(_ package: EditablePackage) -> Bool {
        var sources = EditableSources(site: site, project: package.source)
        for (name, place) in package.modules.sorted(by: { $0.key < $1.key }) { sources.add(module: name, at: place) }
        for directory in package.directories { sources.add(directory: directory, of: package) }
        guard sources.entries.contains(where: \.kind.isFile) else {
            problems.append(
                PackProblem(
                    code: .editablePackage, package: package.title, paths: package.links.map(\.path),
                    message: "is a link to sources in which no module was found: \(package.source ?? "")",
                    advice: "install it as a wheel"))
            return false
        }
        let eggInfo = package.information.flatMap { sources.add(eggInfo: $0) }
        problems += sources.problems.map { message in
            PackProblem(
                code: .unreadable, package: package.title, message: message, advice: "make it readable, or remove it")
        }
        take(sources.entries, of: package)
        for link in package.links { omitted[link.path] = "its package is packed as if it were installed" }
        if eggInfo == nil {
            omitted[package.metadata + Array("/direct_url.json".utf8)] = "names the directory of the sources"
        }
        let added = sources.entries.filter(\.kind.isFile).map(\.path).sorted { $0.lexicographicallyPrecedes($1) }
        shipped.append(
            ShippedSources(
                metadata: package.metadata, name: package.name, version: package.version, added: added,
                eggInfo: eggInfo, watched: sources.watched))
        notes.append("\(package.title) is packed from its sources in \(package.source ?? "") as if it were installed")
        return true
    }

    /// What stays of one that is not packed, where that is allowed, is what conda-pack leaves: its metadata and commands. The
    /// links would only name directories of this machine.
    private mutating func leaveBehind(_ package: EditablePackage) {
        let reason = "a link to sources that are not packed"
        for link in package.links { omitted[link.path] = reason }
        if !package.isLink {
            omitted[package.metadata + Array("/direct_url.json".utf8)] = "names the directory of the sources"
        }
    }

    /// Entries of one package more; several may have the same directory, and a file of a namespace.
    private mutating func take(_ added: [PackPlan.Entry], of package: EditablePackage) {
        for entry in added {
            guard let index = places[entry.path] else {
                places[entry.path] = entries.count
                entries.append(entry)
                continue
            }
            guard entry.kind.isFile, !Self.isSame(entry.kind, entries[index].kind) else { continue }
            problems.append(
                PackProblem(
                    code: .conflictingFiles, package: package.title, paths: [entry.path],
                    message: "has other sources than another editable package, for the same place",
                    advice: "uninstall one of them"))
        }
    }

    /// Whether two files have the same content.
    static func isSame(_ one: PackPlan.Entry.Kind, _ other: PackPlan.Entry.Kind) -> Bool {
        switch (one, other) {
        case (.directory, .directory): return true
        case (.file(_, let first), .file(_, let second)):
            guard let first = first.source, let second = second.source,
                first.fingerprint.size == second.fingerprint.size, first.fingerprint.size <= 16 << 20,
                let bytes = try? OpenSource(first).bytes(limit: 16 << 20)
            else { return false }
            return bytes == (try? OpenSource(second).bytes(limit: 16 << 20))
        default: return false
        }
    }

    /// A `.pth` file of no editable package: lines of `easy-install.pth`, or of the user.
    private mutating func checkPathFile(_ file: SurveyedFile, _ listing: EnvironmentListing, _ known: Set<String>) {
        guard let bytes = listing.read(file) else { return }
        let lines = EditablePackage.lines(bytes)
        func isDropped(_ line: String) -> Bool { dropped.contains(line) || dropped.contains(line + "/") }
        if lines.contains(where: isDropped) {
            let rest = lines.filter { !isDropped($0) }
            if rest.isEmpty {
                omitted[file.path] = "names nothing but sources of editable packages"
            } else {
                generated[file.path] = Array((rest.joined(separator: "\n") + "\n").utf8)
            }
        }
        for line in lines where line.hasPrefix("/") && !known.contains(line) && !Self.isBelow(line, prefix) {
            guard let real = BaseLocation.real(line), !Self.isBelow(real, prefix) else { continue }
            problems.append(
                PackProblem(
                    code: .editablePackage, paths: [file.path],
                    message: "adds a directory outside of the environment to the path: \(line)",
                    advice: "install what is in it as a package, or remove the file"))
        }
    }
}

extension PackPlan.Entry.Kind {
    fileprivate var isFile: Bool {
        if case .file = self { true } else { false }
    }
}

extension PackPlan.FileContent {
    /// The file that it is or that it takes the place of.
    fileprivate var source: SourceFile? {
        switch self {
        case .generated: nil
        case .file(let source): source
        case .rewritten(let sources, _): sources.first
        }
    }
}
