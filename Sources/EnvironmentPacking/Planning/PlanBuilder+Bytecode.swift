extension PlanBuilder {
    private var library: [UInt8] { Array("lib/python\(survey.python)/".utf8) }

    /// Whether a file is a compiled module in `__pycache__`: those are made anew, at most with its help.
    mutating func takeCompiled(_ file: SurveyedFile) -> Bool {
        guard file.path.hasSuffix(".pyc"), file.path.starts(with: library) else { return false }
        guard file.path.parent.hasSuffix("__pycache__") else {
            // Beside its source Python doesn't look at it; alone it is the module.
            let source = Array(file.path.dropLast())
            guard options.bytecode == .omit, numbers[source] != nil else { return false }
            omit(file, "bytecode is left out")
            return true
        }
        compiled[file.path] = file.source
        return true
    }

    /// A module below `lib/pythonX.Y` that gets its `.pyc`.
    struct Module {
        var path: [UInt8]
        var content: PackPlan.FileContent
        var target: [UInt8]
        var rewrite: PycRewrite
    }

    func modulesLater() -> Parallel.Later<[Module]?> {
        // Nothing of it changes until that is done.
        nonisolated(unsafe) let builder = self
        return Parallel.Later { builder.modules() }
    }

    /// `nil` if it isn't known how Python's bytecode looks.
    private func modules() -> [Module]? {
        guard options.bytecode == .compile, let minor = Int(survey.python.dropFirst(2)) else { return [] }
        let compiler = BytecodeCompiler(
            interpreter: "\(survey.prefix)/\(rules.interpreter.isIncluded ? "bin/python" : rules.interpreter.path)")
        guard
            let bytecode = PythonBytecode(minor: minor)
                ?? (try? compiler.magic()).map({ .init(minor: minor, magic: $0) })
        else { return nil }
        let library = library
        let suffix = bytecode.fileName(module: [])
        var modules: [Module] = []
        entries.forEach { path, entry in
            guard path.hasSuffix(".py"), path.starts(with: library), case .file(_, let content) = entry.kind else {
                return
            }
            // Made by envsync, and for Python's start only: such as a site customization.
            if case .generated = content { return }
            modules.append(
                Module(
                    path: path, content: content, target: Self.compiledPath(of: path, suffix),
                    rewrite: PycRewrite(path: path, python: bytecode, compiler: compiler)))
        }
        return modules
    }

    /// - Parameter modules: those that are packed; `nil`: it isn't known how their bytecode looks.
    mutating func addBytecode(_ modules: [Module]?) {
        defer { noteOrphans() }
        if modules == nil {
            notes.append("the modules have no bytecode: that of Python \(survey.python) is not known")
        }
        for module in modules ?? [] {
            let existing = compiled.removeValue(forKey: module.target)
            let contents: PackPlan.FileContent
            switch module.content {
            case .file(let source): contents = .rewritten(existing.map { [source, $0] } ?? [source], module.rewrite)
            case .rewritten(let sources, let inner):
                let compiling = RewrittenBytecode(source: inner, sources: sources.count, bytecode: module.rewrite)
                contents = .rewritten(existing.map { sources + [$0] } ?? sources, compiling)
            case .generated: continue
            }
            let entry = PackPlan.Entry(
                path: module.target, kind: .file(isExecutable: false, contents),
                package: entries[module.path]?.package)
            if !filters.isEmpty {
                let inherited = deciding[entry.path.parent] ?? deciding[entry.path.parent.parent]
                if let reason = filters.reason(filters.decisive(entry.path, inherited: inherited)) {
                    omissions.append(.init(path: entry.path, reason: reason))
                    continue
                }
            }
            entries[entry.path] = entry
        }
    }

    /// `a/b.py` gives `a/__pycache__/b` and the suffix.
    private static func compiledPath(of module: [UInt8], _ suffix: [UInt8]) -> [UInt8] {
        let leaf = module.leafStart
        var path: [UInt8] = []
        path.reserveCapacity(module.count + suffix.count + 12)
        path.append(contentsOf: module[..<leaf])
        path.append(contentsOf: "__pycache__/".utf8)
        path.append(contentsOf: module[leaf..<(module.count - 3)])
        path.append(contentsOf: suffix)
        return path
    }

    /// What is on disk and serves for nothing.
    private mutating func noteOrphans() {
        if options.bytecode == .omit {
            for directory in Set(compiled.keys.map(\.parent)) {
                omissions.append(.init(path: directory, reason: "bytecode is left out"))
            }
            return
        }
        for path in compiled.keys where numbers[path] != nil && entries[path] == nil {
            let name = PycName.parse(Array(path[path.leafStart...]))
            let reason: String
            if let name, name.optimization != nil {
                reason = "bytecode for Python's option -O"
            } else if let name, !name.tag.elementsEqual("cpython-\(survey.python.filter { $0 != "." })".utf8) {
                reason = "bytecode of another Python"
            } else {
                reason = "bytecode of no module that is packed as it is"
            }
            omissions.append(.init(path: path, reason: reason))
        }
    }
}
