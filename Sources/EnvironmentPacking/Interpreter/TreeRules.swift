/// What is special about the files of a Python installation of its own: python-build-standalone's, or one that was configured with
/// `--prefix`.
struct TreeRules: EnvironmentRules {
    let interpreter: EnvironmentManifest.Interpreter
    let problems: [PackProblem]
    let notes: [String]
    let shippedSources: [ShippedSources]
    let additions: [PackPlan.Entry]
    var claims: [PackageClaims] { [] }

    private let layout: PrefixLayout
    private let editables: EditablePackages

    init(_ survey: EnvironmentSurvey, _ options: PackOptions) throws {
        let names = Set(survey.files.filter { $0.path.starts(with: Array("bin/".utf8)) }.map(\.path))
        let path = ["bin/python", "bin/python3", "bin/python" + survey.python].first { names.contains(Array($0.utf8)) }
        interpreter = .init(path: path ?? "bin/python3", isIncluded: true)
        layout = PrefixLayout(survey, options, recorded: Self.builtPrefixes(survey))
        editables = EditablePackages(survey, options)
        shippedSources = editables.shipped
        additions = editables.entries
        problems = editables.problems
        notes = editables.notes
    }

    func decide(_ file: SurveyedFile) -> FileDecision? {
        editables.decide(file) ?? layout.decideScript(file, editables.script(file)) ?? layout.decide(file)
    }

    func withoutPrefix(_ file: SurveyedFile) -> (any FileRewrite)? { layout.withoutPrefix(file) }

    /// Where it was built for, if that is somewhere of its own.
    private static func builtPrefixes(_ survey: EnvironmentSurvey) -> [String] {
        let directory = Array("lib/python\(survey.python)/_sysconfigdata_".utf8)
        var found: [String] = []
        for file in survey.files
        where file.path.starts(with: directory) && file.kind == .regular && file.path.hasSuffix(".py") {
            guard let text = try? OpenSource(file.source).bytes(limit: 4 << 20) else { continue }
            // One that was built for "/install" or the like is meant to be moved, and texts that say so mean other things.
            found += BaseInterpreter.builtPrefix(String(decoding: text, as: UTF8.self)).filter {
                $0.split(separator: "/").count > 1
            }
        }
        return found
    }
}
