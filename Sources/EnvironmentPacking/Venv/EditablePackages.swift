/// The editable packages of an environment: which are shipped as if they were installed, and which can't be.
struct EditablePackages {
    private(set) var entries: [PackPlan.Entry] = []
    private(set) var shipped: [ShippedSources] = []
    private(set) var problems: [PackProblem] = []
    private(set) var notes: [String] = []

    private var omitted: [[UInt8]: String] = [:]
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
                    packages.append(EditablePackage(eggLink: file, in: listing))
                } else if file.kind == .regular, file.path.hasSuffix(".pth") {
                    pathFiles.append(file)
                }
            }
        }
        var replaced: Set<String> = []
        for package in packages {
            if let problem = refusal(package, options) {
                problems.append(problem)
                replaced.formUnion(package.directories)
            } else if ship(package) {
                replaced.formUnion(package.directories)
                if package.metadata == nil { dropped.formUnion(package.directories) }
            }
        }
        let links = Set(packages.flatMap { $0.links.map(\.path) })
        for file in pathFiles where !links.contains(file.path) { checkPathFile(file, listing, replaced) }
    }

    /// Lines of `easy-install.pth` that no longer mean anything.
    private var dropped: Set<String> = []

    func decide(_ file: SurveyedFile) -> FileDecision? {
        if let bytes = generated[file.path] { return .generated(bytes) }
        return omitted[file.path].map { .omit($0) }
    }

    private func refusal(_ package: EditablePackage, _ options: PackOptions) -> PackProblem? {
        func problem(_ message: String, _ advice: String) -> PackProblem {
            PackProblem(
                code: .editablePackage, package: package.title,
                paths: package.metadata.map { [$0] } ?? package.links.map(\.path),
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
        var sources = EditableSources(site: site)
        for (name, place) in package.modules.sorted(by: { $0.key < $1.key }) { sources.add(module: name, at: place) }
        for directory in package.directories { sources.add(directory: directory, of: package) }
        guard sources.entries.contains(where: { if case .file = $0.kind { true } else { false } }) else {
            problems.append(
                PackProblem(
                    code: .editablePackage, package: package.title, paths: package.links.map(\.path),
                    message: "is a link to sources in which no module was found: \(package.source ?? "")",
                    advice: "install it as a wheel"))
            return false
        }
        problems += sources.problems.map { message in
            PackProblem(
                code: .unreadable, package: package.title, message: message, advice: "make it readable, or remove it")
        }
        let existing = Set(entries.map(\.path))
        entries += sources.entries.filter { !existing.contains($0.path) || $0.kind.isFile }
        for link in package.links { omitted[link.path] = "its package is packed as if it were installed" }
        var gone = package.links.map(\.path)
        if let metadata = package.metadata {
            gone.append(metadata + Array("/direct_url.json".utf8))
            omitted[gone[gone.count - 1]] = "names the directory of the sources"
        }
        shipped.append(
            ShippedSources(
                metadata: package.metadata, name: package.name, version: package.version,
                added: sources.entries.filter(\.kind.isFile).map(\.path), omitted: gone))
        notes.append("\(package.title) is packed from its sources in \(package.source ?? "") as if it were installed")
        return true
    }

    /// A `.pth` file of no editable package: lines of `easy-install.pth`, or of the user.
    private mutating func checkPathFile(_ file: SurveyedFile, _ listing: EnvironmentListing, _ known: Set<String>) {
        guard let bytes = listing.read(file) else { return }
        let lines = EditablePackage.lines(bytes)
        func isDropped(_ line: String) -> Bool { dropped.contains(line) || dropped.contains(line + "/") }
        if lines.contains(where: isDropped) {
            let rest = lines.filter { !isDropped($0) }
            if rest.isEmpty {
                omitted[file.path] = "its packages are packed as if they were installed"
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
