/// What is special about the files of a virtual environment: venv's, virtualenv's and uv's.
struct VenvRules: EnvironmentRules {
    let interpreter: EnvironmentManifest.Interpreter
    let additions: [PackPlan.Entry]
    let problems: [PackProblem]
    let notes: [String]
    let shippedSources: [ShippedSources]
    var claims: [PackageClaims] { [] }

    private let layout: PrefixLayout
    private let configuration: VenvConfiguration
    private let withPython: Bool
    private let editables: EditablePackages

    init(_ survey: EnvironmentSurvey, _ options: PackOptions) throws {
        layout = PrefixLayout(survey, options, recorded: RecordedPrefixes.read(survey))
        configuration = VenvConfiguration(settings: survey.configuration)
        withPython = options.withPython
        editables = EditablePackages(survey, options)
        shippedSources = editables.shipped

        var notes = editables.notes
        if configuration.hasSystemPackages {
            notes.append(
                "the environment also sees its base interpreter's packages (include-system-site-packages); they are not packed"
            )
        }
        let link = InterpreterLink(survey, layout.spellings)
        let lost = Self.lostInterpreter(link, options)
        if options.withPython {
            let base = BaseInterpreter(
                survey, link: link, configuration: configuration, destination: options.destination)
            interpreter = .init(path: "bin/python", isIncluded: true)
            additions = base.entries + editables.entries
            problems = base.problems + editables.problems
            self.notes = notes + base.notes
        } else {
            let version = survey.python
            interpreter = .init(
                path: "bin/python", isIncluded: false,
                base: link.outside ?? configuration.home.map { $0 + "/python" + version })
            additions = editables.entries
            problems = lost + editables.problems
            self.notes = notes
        }
    }

    func decide(_ file: SurveyedFile) -> FileDecision? {
        if let decision = editables.decide(file) ?? layout.decideScript(file, editables.script(file)) {
            return decision
        }
        if file.path.elementsEqual("pyvenv.cfg".utf8), file.kind == .regular {
            return withPython
                ? .omit("an interpreter that is included finds its own place") : .generated(configuration.canonical)
        }
        if let name = layout.nameInBin(file) {
            if ScriptHeader.isPython(name) { return decideInterpreter(file) }
            if let decision = layout.decideActivation(file, name) { return decision }
        }
        return layout.decide(file)
    }

    func withoutPrefix(_ file: SurveyedFile) -> (any FileRewrite)? { layout.withoutPrefix(file) }

    /// A zip holds no links, and in a virtual environment that is all that there is of Python.
    private static func lostInterpreter(_ link: InterpreterLink, _ options: PackOptions) -> [PackProblem] {
        guard options.format == .zip, !link.isFile else { return [] }
        return [
            PackProblem(
                code: .interpreter, paths: [Array("bin/python".utf8)],
                message: "is a link to \(link.outside ?? "nothing"), which a zip can't hold: it would have no Python",
                advice: "take the interpreter along (--with-python), or pack as tar.gz")
        ]
    }

    private func decideInterpreter(_ file: SurveyedFile) -> FileDecision? {
        if withPython { return .omit("the base interpreter itself takes its place") }
        guard case .symlink(let target) = file.kind else { return nil }
        return .symlink(target: layout.interpreterTarget(target, of: file))
    }
}
