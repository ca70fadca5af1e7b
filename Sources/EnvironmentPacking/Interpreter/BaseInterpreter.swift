/// What of a virtual environment's base interpreter goes into an archive: the program, the standard library without its tests,
/// and the shared libraries that belong to the interpreter.
///
/// Left out: `site-packages` and `dist-packages`; `test`, the tests in other packages and the modules for them; IDLE and the turtle's demonstrations;
/// `config-X.Y*` (for linking programs with Python statically); Debian's `EXTERNALLY-MANAGED`.
struct BaseInterpreter {
    private(set) var entries: [PackPlan.Entry] = []
    private(set) var problems: [PackProblem] = []
    private(set) var notes: [String] = []
    /// Shared libraries of the system that the workers need, by soname, sorted.
    private(set) var systemLibraries: [String] = []

    private let python: String
    private let destination: String?
    private var libraries = InterpreterLibraries()
    private var taken: Set<[UInt8]> = []

    init(_ survey: EnvironmentSurvey, link: InterpreterLink, configuration: VenvConfiguration, destination: String?) {
        python = survey.python
        self.destination = destination
        var candidates = link.outside.map { [$0] } ?? []
        if let home = configuration.home {
            candidates += ["python" + python, "python3", "python"].map { home + "/" + $0 }
        }
        do throws(BaseLocation.NotFound) {
            let base = try BaseLocation(candidates, python: python)
            add(base, survey)
        } catch {
            fail("of the base \(error.message)")
        }
    }

    private mutating func fail(_ message: String) {
        problems.append(
            PackProblem(
                code: .interpreter, paths: [Array("bin/python".utf8)], message: message,
                advice:
                    "make the environment anew, or pack it without --with-python and install Python \(python) on the workers"
            ))
    }

    private mutating func add(_ base: BaseLocation, _ survey: EnvironmentSurvey) {
        let library = "lib/python\(python)"
        let files: [SurveyedFile]
        do throws(DirectoryWalk.Failure) {
            files = try DirectoryWalk(root: base.library, skipping: Self.skipped(base.library)).run()
        } catch {
            return fail("has a standard library that can't be listed: \(base.library): \(error.message)")
        }
        let texts = texts(base, files)
        libraries = InterpreterLibraries(base: base, spellings: texts.spellings)
        addProgram(base)
        for file in files where !Self.isLeftOut(file.path, kind: file.kind) { add(file, base, library, texts) }
        if Self.looksForDistPackages(base.library) { addSiteCustomization(library) }
        for found in libraries.found where taken.insert(found.path).inserted {
            entries.append(.init(path: found.path, kind: .file(isExecutable: false, found.content)))
        }
        if base.isLib64, !survey.files.contains(where: { $0.path.elementsEqual("lib64".utf8) }) {
            entries.append(.init(path: Array("lib64".utf8), kind: .symlink(target: Array("lib".utf8))))
        }
        for obstacle in libraries.obstacles { fail(obstacle) }
        systemLibraries = libraries.missing
        if !systemLibraries.isEmpty {
            notes.append("the workers need these libraries of the system: " + systemLibraries.joined(separator: ", "))
        }
        if let glibc = libraries.glibc { notes.append("the interpreter needs glibc \(glibc) or later on the workers") }
    }

    private mutating func addProgram(_ base: BaseLocation) {
        guard let program = BaseLocation.source(base.executable) else {
            return fail("is not a file: \(base.executable)")
        }
        let name = "python" + python
        libraries.add(program.file, path: Array("bin/\(name)".utf8), isProgram: true)
        let content = libraries.content(of: program.file, path: Array("bin/\(name)".utf8))
        entries.append(.init(path: Array("bin/\(name)".utf8), kind: .file(isExecutable: true, content)))
        for link in ["python3", "python"] {
            entries.append(.init(path: Array("bin/\(link)".utf8), kind: .symlink(target: Array(name.utf8))))
        }
    }

    private mutating func add(_ file: SurveyedFile, _ base: BaseLocation, _ library: String, _ texts: PrefixContext) {
        let path = Array(library.utf8) + [UInt8(ascii: "/")] + file.path
        switch file.kind {
        case .directory: entries.append(.init(path: path, kind: .directory))
        case .regular: addFile(file.source, mode: file.mode, path: path, texts)
        case .symlink:
            // Debian has some into other directories of the interpreter; they are shipped as files.
            guard let real = BaseLocation.real(String(decoding: file.source.path, as: UTF8.self)),
                real.hasPrefix(base.library + "/"), let found = BaseLocation.source(real)
            else { return }
            addFile(found.file, mode: found.mode, path: path, texts)
        case .special: break
        case .unreadable(let reason): fail("has a file that can't be read: \(file.path.shown): \(reason)")
        }
    }

    private mutating func addFile(_ source: SourceFile, mode: UInt32, path: [UInt8], _ texts: PrefixContext) {
        guard taken.insert(path).inserted else { return }
        var content = PackPlan.FileContent.file(source)
        if Self.namesPrefix(path) {
            content = .rewritten([source], PrefixRewrite(texts, path: path))
        } else if path.hasSuffix(".so") {
            libraries.add(source, path: path, isProgram: false)
            content = libraries.content(of: source, path: path)
        }
        entries.append(.init(path: path, kind: .file(isExecutable: mode & 0o100 != 0, content)))
    }

    private mutating func addSiteCustomization(_ library: String) {
        let path = Array("\(library)/sitecustomize.py".utf8)
        entries.append(
            .init(path: path, kind: .file(isExecutable: false, .generated(Array(SiteCustomization.text.utf8)))))
    }
}

extension BaseInterpreter {
    private static func skipped(_ library: String) -> Set<[UInt8]> {
        Set(
            ["site-packages", "dist-packages", "test", "idlelib", "turtledemo", "EXTERNALLY-MANAGED"].map {
                Array((library + "/" + $0).utf8)
            })
    }

    /// Relative to the standard library.
    private static func isLeftOut(_ path: [UInt8], kind: SurveyedFile.Kind) -> Bool {
        let parts = path.split(separator: UInt8(ascii: "/"))
        guard let first = parts.first, let last = parts.last else { return true }
        if first.starts(with: Array("config-".utf8)) { return true }
        if first.elementsEqual("sitecustomize.py".utf8), case .symlink = kind { return true }
        let directories = kind == .directory ? parts[...] : parts.dropLast()
        if directories.contains(where: { ["test", "tests", "idle_test"].contains(String(decoding: $0, as: UTF8.self)) })
        {
            return true
        }
        let name = Array(last)
        if name.hasSuffix(".a") || name.hasSuffix(".o") { return true }
        if first.elementsEqual("lib-dynload".utf8), Self.isTest(module: last) { return true }
        // Compiled from a text that is rewritten.
        return directories.last?.elementsEqual("__pycache__".utf8) == true
            && (Self.namesPrefix(name) || name.hasSuffix(".opt-1.pyc") || name.hasSuffix(".opt-2.pyc"))
    }

    /// Extension modules that only Python's own tests import.
    private static func isTest(module name: ArraySlice<UInt8>) -> Bool {
        ["_test", "_ctypes_test", "_xxtestfuzz", "xxlimited"].contains { name.starts(with: Array($0.utf8)) }
    }

    /// The files of the standard library that say where and how the interpreter was built.
    private static func namesPrefix(_ path: [UInt8]) -> Bool {
        let name = path[path.leafStart...]
        return ["_sysconfigdata_", "_sysconfig_vars_", "build-details.json"].contains {
            name.starts(with: Array($0.utf8))
        }
    }

    /// Debian's `site` looks at `site-packages` in virtual environments only.
    private static func looksForDistPackages(_ library: String) -> Bool {
        guard let source = BaseLocation.source(library + "/site.py"),
            let text = try? OpenSource(source.file).bytes(limit: 1 << 20)
        else { return false }
        let needle = Array("dist-packages".utf8)
        return text.withUnsafeBytes { PrefixSpellings.find(needle, in: $0, from: 0) != nil }
    }

    /// How the base's directory is spelled: where it is, and where it was built for.
    private func texts(_ base: BaseLocation, _ files: [SurveyedFile]) -> PrefixContext {
        var spellings = [base.prefix]
        for file in files where file.path.starts(with: Array("_sysconfigdata_".utf8)) && file.path.hasSuffix(".py") {
            guard let text = try? OpenSource(file.source).bytes(limit: 4 << 20) else { continue }
            spellings += Self.builtPrefix(String(decoding: text, as: UTF8.self))
        }
        return PrefixContext(PrefixSpellings(spellings), destination: destination, python: "python")
    }

    static func builtPrefix(_ sysconfigdata: String) -> [String] {
        sysconfigdata.split(separator: "\n").compactMap { line in
            let words = line.split(separator: "'", omittingEmptySubsequences: false)
            guard words.count == 5, words[1] == "prefix" || words[1] == "exec_prefix" else { return nil }
            return String(words[3])
        }
    }
}

/// A `sitecustomize` for interpreters whose `site` doesn't look at `site-packages`.
enum SiteCustomization {
    static let text = """
        # This environment's packages are in site-packages, where this interpreter's "site" looks in virtual environments only.
        import importlib.machinery
        import importlib.util
        import os
        import site
        import sys


        def _add_packages():
            here = os.path.dirname(os.path.abspath(__file__))
            packages = os.path.join(here, "site-packages")
            if packages not in sys.path:
                site.addsitedir(packages)
            # The environment's own, if there is one, comes after this in sys.path.
            elsewhere = [path for path in sys.path if os.path.abspath(path or ".") != here]
            spec = importlib.machinery.PathFinder.find_spec("sitecustomize", elsewhere)
            if spec is not None and spec.loader is not None:
                module = importlib.util.module_from_spec(spec)
                sys.modules["sitecustomize"] = module
                spec.loader.exec_module(module)


        if not sys.flags.no_site:
            _add_packages()

        """
}
