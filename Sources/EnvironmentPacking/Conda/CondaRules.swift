import Foundation

/// What a conda environment says about its files: made by conda, mamba, micromamba or pixi.
struct CondaRules: EnvironmentRules {
    private(set) var claims: [PackageClaims] = []
    private(set) var additions: [PackPlan.Entry] = []
    private(set) var problems: [PackProblem] = []
    private(set) var notes: [String] = []
    let shippedSources: [ShippedSources]
    let editables: EditablePackages
    private(set) var interpreter: EnvironmentManifest.Interpreter
    /// Files that may name the place where the archive is unpacked; 0 with a destination.
    private(set) var relocatedFiles = 0

    /// A file as its package lists it.
    struct Managed {
        var file: CondaRecord.File
        var isSoftlinked: Bool
        var package: String
    }
    let prefix: [UInt8]
    /// See ``PlaceholderText/prefixes``.
    let prefixes: [[UInt8]]
    let destination: [UInt8]?
    let sitePackages: [[UInt8]]
    private(set) var managed: [[UInt8]: Managed] = [:]
    /// Paths of `conda-meta` that can't be used.
    private(set) var unusable: Set<[UInt8]> = []
    /// Whether this is conda's own environment, whose `pkgs` and `envs` hold everything else of it.
    private(set) var isBase = false

    init(_ survey: EnvironmentSurvey, _ options: PackOptions) throws {
        prefix = Array(survey.prefix.utf8)
        destination = options.destination.map { Self.normalized(Array($0.utf8)) }
        sitePackages = survey.sitePackages.map { Array($0.utf8) }
        prefixes = CondaPrefixes.all(survey)
        editables = EditablePackages(survey, options)
        shippedSources = editables.shipped
        additions = editables.entries
        problems = editables.problems
        notes = editables.notes
        interpreter = .init(path: "bin/python", isIncluded: true)
        let python = CondaInterpreter(survey)
        interpreter.path = python.path
        if let problem = python.problem { problems.append(problem) }
        readMetadata(survey)
        examineDestination()
        examineBase(survey)
        noteLeftOut(survey)
        addScripts(survey, python: python)
    }

    private static func normalized(_ path: [UInt8]) -> [UInt8] {
        var path = path
        while path.count > 1, path.last == UInt8(ascii: "/") { path.removeLast() }
        return path
    }

    // MARK: Metadata

    private mutating func readMetadata(_ survey: EnvironmentSurvey) {
        let site = survey.sitePackages.first ?? "lib/python\(survey.python)/site-packages"
        for file in survey.files where Self.isRecord(file) {
            do {
                let bytes = try OpenSource(file.source).bytes(limit: CondaMetadataRewrite.sizeLimit)
                add(try CondaRecord(CondaJSON(bytes), sitePackages: site), metadata: file.path)
            } catch let error as CondaJSON.Malformed {
                refuse(file.path, "is not valid JSON: it \(error.message) at byte \(error.offset)")
            } catch let error as CondaRecord.Malformed {
                refuse(file.path, error.message)
            } catch {
                refuse(file.path, "can't be read: \(error)", code: .unreadable)
            }
        }
    }

    private static func isRecord(_ file: SurveyedFile) -> Bool {
        guard file.kind == .regular, file.path.starts(with: CondaPaths.metadata),
            file.path.suffix(5) == Array(".json".utf8)
        else { return false }
        return !file.path.dropFirst(CondaPaths.metadata.count).contains(UInt8(ascii: "/"))
    }

    private mutating func refuse(_ path: [UInt8], _ message: String, code: PackProblem.Code = .metadata) {
        unusable.insert(path)
        problems.append(
            PackProblem(
                code: code, paths: [path], message: message,
                advice: "install the package again: conda install --force-reinstall, or make the environment anew"))
    }

    private mutating func add(_ record: CondaRecord, metadata: [UInt8]) {
        let label = "\(record.name) \(record.version)"
        for file in record.files where managed[file.path] == nil {
            managed[file.path] = Managed(file: file, isSoftlinked: record.isSoftlinked, package: label)
        }
        claims.append(
            PackageClaims(
                package: .init(name: record.name, version: record.version, manager: .conda, build: record.build),
                metadata: metadata,
                files: record.files.filter { $0.origin != .directory }.map { file in
                    // conda's size is the package's: replacing a placeholder in text changes it.
                    let isRewritten = file.placeholder != nil
                    return .init(
                        path: file.path, sha256: file.installed ?? (isRewritten ? nil : file.packaged),
                        size: file.placeholder?.mode == .text ? nil : file.size, isOptional: file.origin == .bytecode)
                }))
    }

    // MARK: Checks

    private mutating func examineDestination() {
        guard let destination else { return }
        guard destination.first == UInt8(ascii: "/"), !destination.contains(0), !destination.contains(0x0A) else {
            problems.append(
                PackProblem(
                    code: .unusableName, message: "the destination is not an absolute path",
                    advice: "give the directory where the archive will be unpacked, as /opt/environment"))
            return
        }
        var tooShort: [String: [CondaRecord.File]] = [:]
        for entry in managed.values {
            guard let placeholder = entry.file.placeholder, placeholder.mode == .binary,
                placeholder.text.count < destination.count
            else { continue }
            tooShort[entry.package, default: []].append(entry.file)
        }
        for (package, files) in tooShort.sorted(by: { $0.key < $1.key }) {
            let paths = files.map(\.path).sorted { $0.lexicographicallyPrecedes($1) }
            let room = files.compactMap(\.placeholder?.text.count).min() ?? 0
            problems.append(
                PackProblem(
                    code: .unusableName, package: package, paths: Array(paths.prefix(3)), count: paths.count,
                    message:
                        "has room for a path of \(room) bytes in its binary files; the destination has \(destination.count)",
                    advice: "unpack at a shorter path, or pack without a destination"))
        }
    }

    private mutating func examineBase(_ survey: EnvironmentSurvey) {
        let marks: Set<[UInt8]> = Set(
            ["pkgs/urls", "pkgs/urls.txt", "pkgs/cache", "envs/.conda_envs_dir_test"].map { Array($0.utf8) })
        let metadata = Array("/conda-meta".utf8)
        isBase = survey.files.contains { file in
            marks.contains(file.path)
                || (file.path.starts(with: Array("envs/".utf8)) && file.kind == .directory
                    && file.path.suffix(11) == metadata
                    && file.path.count { $0 == UInt8(ascii: "/") } == 2)
        }
        guard isBase else { return }
        problems.append(
            PackProblem(
                code: .metadata, paths: [Array("pkgs".utf8)], count: 1,
                message:
                    "is the package cache of conda's base environment, which holds conda itself and all it has downloaded",
                advice: "make an environment for the job (conda create -n job …) and pack that"))
    }

    private mutating func noteLeftOut(_ survey: EnvironmentSurvey) {
        if survey.files.contains(where: { $0.path == CondaPaths.state }) {
            notes.append(
                "conda-meta/state, which holds variables that `conda env config vars set` sets, is left out: they may be secrets;"
                    + " give the job what it needs by its configuration")
        }
    }

    // MARK: Additions

    private mutating func addScripts(_ survey: EnvironmentSurvey, python: CondaInterpreter) {
        let own = CondaPaths.activation.filter { managed[Array($0.path.utf8)] == nil }
        if own.count == CondaPaths.activation.count {
            additions += own.map {
                .init(path: Array($0.path.utf8), kind: .file(isExecutable: false, .generated(Array($0.text.utf8))))
            }
        }
        guard destination == nil else { return }
        let list = CondaUnpack(relocations: relocations(survey))
        relocatedFiles = list.relocations.count
        additions.append(
            .init(path: CondaUnpack.listPath, kind: .file(isExecutable: false, .generated(list.list))))
        guard let name = python.name else { return }
        additions.append(
            .init(
                path: CondaUnpack.scriptPath,
                kind: .file(isExecutable: true, .generated(CondaUnpack.script(python: name)))))
    }

    /// The files whose text may name the place where they are unpacked.
    private func relocations(_ survey: EnvironmentSurvey) -> [CondaUnpack.Relocation] {
        survey.files.compactMap { file in
            guard file.kind == .regular, case .rewrite(let rewrite, _)? = decide(file) else { return nil }
            switch rewrite {
            case let rewrite as PlaceholderRewrite:
                return .init(path: file.path, placeholder: rewrite.placeholder)
            case is NamedPrefixRewrite:
                return .init(path: file.path, placeholder: .init(text: NamedPrefixRewrite.placeholder, mode: .text))
            default: return nil
            }
        }
    }
}
