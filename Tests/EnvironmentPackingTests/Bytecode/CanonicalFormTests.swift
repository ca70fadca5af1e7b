import Testing

@testable import EnvironmentPacking

@Suite("Canonical bytecode", .enabled(if: LocalPython.isUsable))
struct CanonicalFormTests {
    let python: PythonBytecode
    let directory: TemporaryDirectory

    init() throws {
        python = try #require(LocalPython.version)
        directory = try TemporaryDirectory()
    }

    /// Compiles modules of the standard library in a process with a history, or none.
    private func compile(_ folder: String, after history: String, seed: String) throws {
        let program =
            LocalPython.source + history + """

                import marshal
                target, prefix = sys.argv[1:3]
                os.mkdir(target)
                for name in sys.argv[3:]:
                    with open(lib + '/' + name + '.py', 'rb') as file: source = file.read()
                    code = compile(source, prefix + name + '.py', 'exec', dont_inherit=True)
                    with open(target + '/' + name.replace('/', '.'), 'wb') as file: file.write(marshal.dumps(code))
                """
        let target = directory.path + "/" + folder
        _ = try LocalPython.run(program, [target, "/somewhere/\(folder)/"] + LocalPython.modules, seed: seed)
    }

    /// What came before: modules with many names and constants, and each character interned.
    private static let busy = """
        import json, unittest.mock, decimal, inspect, asyncio, xml.dom.minidom
        kept = [sys.intern(chr(number)) for number in range(256)]
        kept += [sys.intern(''.join(word)) for word in ('engine', 'min_count', 'args', 'kwargs')]
        """

    @Test("The process, its history, its seed and the place make no difference")
    func independence() throws {
        try compile("fresh", after: "", seed: "1")
        try compile("busy", after: Self.busy, seed: "4242")
        var rawDifferences = 0
        for module in LocalPython.modules {
            let name = module.replacing("/", with: ".")
            let (fresh, busy) = (try directory.bytes("fresh/" + name), try directory.bytes("busy/" + name))
            if fresh != busy { rawDifferences += 1 }
            let form = try #require(try canonical(fresh, python))
            #expect(try canonical(busy, python) == form, "\(module)")
            #expect(try canonical(form, python) == form, "\(module): the form of a canonical form is the same")
        }
        #expect(rawDifferences == LocalPython.modules.count)
    }

    @Test("Python loads equal code, with the new file name everywhere")
    func loading() throws {
        try compile("made", after: Self.busy, seed: "7")
        for module in LocalPython.modules {
            let name = "made/" + module.replacing("/", with: ".")
            let form = try canonical(try directory.bytes(name), python, name: "lib/ä/\(module).py")
            try directory.write(name + ".new", try #require(form))
        }
        let program = """
            import marshal, os, sys, types
            def renamed(code, name):
                constants = tuple(renamed(c, name) if isinstance(c, types.CodeType) else c for c in code.co_consts)
                return code.replace(co_filename=name, co_consts=constants)
            def difference(a, b):
                for field in ('filename', 'name', 'code', 'names', 'varnames', 'freevars', 'cellvars', 'flags', 'firstlineno'):
                    if getattr(a, 'co_' + field) != getattr(b, 'co_' + field): return field
                if list(a.co_lines()) != list(b.co_lines()) or len(a.co_consts) != len(b.co_consts): return 'lines'
                for one, other in zip(a.co_consts, b.co_consts):
                    if isinstance(one, types.CodeType):
                        found = difference(one, other)
                        if found: return found
                    elif type(one) != type(other) or one != other: return repr(one)
            for name in sys.argv[2:]:
                path = sys.argv[1] + '/' + name.replace('/', '.')
                old = renamed(marshal.load(open(path, 'rb')), 'lib/\\u00e4/' + name + '.py')
                new = marshal.load(open(path + '.new', 'rb'))
                if difference(old, new) or old != new: print(name, difference(old, new))
            """
        let output = try LocalPython.run(program, [directory.path + "/made"] + LocalPython.modules)
        #expect(String(decoding: output, as: UTF8.self) == "")
    }

    /// In the second function's set an interned string takes the place of its own, so that Python makes that set anew;
    /// both are one here. Found in `pandas/tests/groupby/test_api.py`.
    @Test("Equal sets are one, whether or not their strings were interned before")
    func equalSets() throws {
        let program = """
            import marshal, sys
            if sys.argv[1] == 'busy': kept = [sys.intern(''.join(w)) for w in (['al', 'pha'], ['be', 'ta'], ['gam', 'ma'])]
            source = '''
            def one(x): return x in {'alpha', 'beta', 'a b'}
            def two(x): return x in {'alpha', 'beta', 'a b'} or x == 'a b'
            def three(x): return x in {'beta', 'gamma'} or x in {'alpha', 'a b', 'beta'}
            '''
            sys.stdout.buffer.write(marshal.dumps(compile(source, 'x', 'exec')))
            """
        let quiet = try LocalPython.run(program, ["quiet"], seed: "3")
        let busy = try LocalPython.run(program, ["busy"], seed: "5")
        #expect(try canonical(quiet, python) == canonical(busy, python))
        #expect(try canonical(quiet, python) != nil)
    }

    @Test("A file name that is a constant too stays one", arguments: ["alpha", "x", "a b", "lib/ö.py"])
    func fileNameAsConstant(name: String) throws {
        let program = """
            import marshal, sys
            name = sys.intern(sys.argv[1])
            source = f'def f(): return {name!r}\\nalpha = f() + {name!r}\\nx = lambda: 1'
            code = compile(source, name, 'exec')
            sys.stdout.buffer.write(marshal.dumps(code))
            """
        let form = try #require(try canonical(try LocalPython.run(program, [name]), python, name: "lib/new.py"))
        try directory.write("code", form)
        let check = """
            import marshal, sys
            code = marshal.load(open(sys.argv[1], 'rb'))
            space = {}
            exec(code, space)
            assert code.co_filename == 'lib/new.py' == space['f'].__code__.co_filename
            assert space['alpha'] == sys.argv[2] * 2
            """
        _ = try LocalPython.run(check, [directory.path + "/code", name])
    }

    @Test("File names of all lengths and kinds", arguments: [0, 1, 255, 256, 5000], ["a", "ü", "\u{1F40D}"])
    func fileNames(length: Int, letter: String) throws {
        let name = String(repeating: letter, count: length)
        let code = try LocalPython.run(
            "import marshal, sys; sys.stdout.buffer.write(marshal.dumps(compile('def f(): 1', 'old', 'exec')))")
        try directory.write("code", try #require(try canonical(code, python, name: name)))
        let program = """
            import marshal, sys
            code = marshal.load(open(sys.argv[1], 'rb'))
            inner = [c for c in code.co_consts if hasattr(c, 'co_filename')][0]
            sys.stdout.buffer.write(code.co_filename.encode() + b'|' + inner.co_filename.encode())
            """
        let output = try LocalPython.run(program, [directory.path + "/code"])
        #expect(output == Array((name + "|" + name).utf8))
    }
}
