/// The decisions that virtual environments and plain installations have in common.
struct PrefixLayout {
    let spellings: PrefixSpellings
    private let context: PrefixContext
    private let prefix: String
    private let sitePackages: [[UInt8]]
    private let hasDestination: Bool
    private let promptNames: [[UInt8]]

    init(_ survey: EnvironmentSurvey, _ options: PackOptions, recorded: [String]) {
        prefix = survey.prefix
        spellings = PrefixSpellings([survey.prefix, survey.givenPrefix] + recorded)
        let wanted = Array("bin/python".utf8)
        let index = survey.files.firstIndex(atOrAfter: wanted)
        let hasPython = options.withPython || index < survey.files.count && survey.files[index].path == wanted
        context = PrefixContext(spellings, destination: options.destination, python: hasPython ? "python" : "python3")
        sitePackages = survey.sitePackages.map { Array($0.utf8) }
        hasDestination = options.destination != nil
        promptNames = survey.configuration["prompt"] == nil ? ActivationRewrite.promptNames(spellings) : []
    }

    /// The name of a file or link directly in `bin`.
    func nameInBin(_ file: SurveyedFile) -> String? {
        guard file.path.starts(with: Array("bin/".utf8)), file.kind != .directory else { return nil }
        let name = file.path.dropFirst(4)
        return name.contains(UInt8(ascii: "/")) ? nil : String(decoding: name, as: UTF8.self)
    }

    func decideActivation(_ file: SurveyedFile, _ name: String) -> FileDecision? {
        guard file.kind == .regular else { return nil }
        switch name {
        case "activate": return .rewrite(activation(.posix))
        case "activate.fish": return .rewrite(activation(.fish))
        case "activate.csh", "deactivate.csh":
            return hasDestination ? nil : .omit("csh can't tell where a sourced script is")
        case "activate.nu", "activate.xsh": return hasDestination ? nil : .omit("names the environment's directory")
        case "activate.bat", "deactivate.bat", "pydoc.bat": return .omit("for Windows")
        default: return nil
        }
    }

    private func activation(_ shell: ActivationRewrite.Shell) -> ActivationRewrite {
        ActivationRewrite(spellings: spellings, shell: shell, promptNames: promptNames)
    }

    /// What is the same for all kinds.
    func decide(_ file: SurveyedFile) -> FileDecision? {
        switch file.kind {
        case .symlink(let target):
            guard let inside = spellings.relative(target) else { return nil }
            return .symlink(target: Self.relative(inside, from: file.path))
        case .regular: break
        default: return nil
        }
        if file.path.starts(with: Array("bin/".utf8)) { return .rewrite(PrefixRewrite(context, path: file.path)) }
        if !hasDestination, file.path.hasSuffix("/kernel.json"),
            file.path.starts(with: Array("share/jupyter/kernels/".utf8))
        {
            return .rewrite(KernelSpecRewrite(prefix: PrefixRewrite(context, path: file.path)))
        }
        if file.path.hasSuffix(".pth"), sitePackages.contains(file.path.parent) {
            return .rewrite(PathFileRewrite(prefix: PrefixRewrite(context, path: file.path)))
        }
        return nil
    }

    /// A command that runs a script among a package's sources.
    func decideScript(_ file: SurveyedFile, _ source: SourceFile?) -> FileDecision? {
        source.map { source in
            .rewrite(
                SourceScript(installed: PrefixRewrite(context, path: file.path), prefix: prefix),
                alsoReading: [source])
        }
    }

    func withoutPrefix(_ file: SurveyedFile) -> (any FileRewrite)? {
        guard file.kind == .regular, !spellings.spellings.isEmpty else { return nil }
        return PrefixRewrite(context, path: file.path)
    }

    /// The target of a link to an interpreter: relative inside of the environment, absolute outside.
    func interpreterTarget(_ target: [UInt8], of file: SurveyedFile) -> [UInt8] {
        if let inside = spellings.relative(target) { return Self.relative(inside, from: file.path) }
        guard target.first != UInt8(ascii: "/") else { return target }
        let absolute = EnvironmentPlace.absolute(
            prefix + "/" + String(decoding: file.path.parent + [UInt8(ascii: "/")] + target, as: UTF8.self))
        return spellings.relative(Array(absolute.utf8)) == nil ? Array(absolute.utf8) : target
    }

    /// A link's target, from the link's directory; both paths are relative to the environment.
    static func relative(_ target: [UInt8], from link: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        var there = target.split(separator: slash)[...]
        var here = link.parent.split(separator: slash)[...]
        while let first = here.first, first == there.first, there.count > 1 {
            here = here.dropFirst()
            there = there.dropFirst()
        }
        let steps = here.map { _ in ArraySlice("..".utf8) } + there
        return steps.isEmpty ? [UInt8(ascii: ".")] : Array(steps.joined(separator: [slash]))
    }
}

/// Where `bin/python` leads.
struct InterpreterLink {
    /// The first path outside of the environment, absolute.
    private(set) var outside: String?
    /// Whether the interpreter is a file of the environment.
    private(set) var isFile = false

    init(_ survey: EnvironmentSurvey, _ spellings: PrefixSpellings) {
        var path = "bin/python"
        for _ in 0..<16 {
            let wanted = Array(path.utf8)
            let index = survey.files.firstIndex(atOrAfter: wanted)
            guard index < survey.files.count, survey.files[index].path == wanted else {
                guard path == "bin/python" else { return }
                path = "bin/python3"
                continue
            }
            guard case .symlink(let target) = survey.files[index].kind else {
                isFile = survey.files[index].kind == .regular
                return
            }
            let text = String(decoding: target, as: UTF8.self)
            let directory = survey.prefix + "/" + String(decoding: wanted.parent, as: UTF8.self)
            let absolute = EnvironmentPlace.absolute(text.hasPrefix("/") ? text : directory + "/" + text)
            guard let inside = spellings.relative(Array(absolute.utf8)) else {
                outside = absolute
                return
            }
            path = String(decoding: inside, as: UTF8.self)
        }
    }
}
