import Foundation
import Testing

@testable import PythonPackaging

@Suite struct WheelLayerTests {
    let bench: LayerBench

    init() throws { bench = try LayerBench() }

    private static let tricky: [String: String] = [
        "tricky/__init__.py": "from tricky.data import VALUE\n", "tricky/data.py": "VALUE = 42\n",
        "tricky/words,\u{e9} \"x\".txt": "words", "tricky/empty.py": "", "+tricky/tool": "#!/bin/sh\n",
        "Tricky-1.0.data/purelib/pure_extra.py": "PURE = 1\n", "Tricky-1.0.data/platlib/plat_extra.py": "PLAT = 2\n",
        "Tricky-1.0.data/scripts/say": "#!python\nprint('said')\n",
        "Tricky-1.0.data/scripts/say-w": "#!pythonw -E\nprint('said')\n",
        "Tricky-1.0.data/scripts/shell": "#!/bin/sh\necho shell\n", "Tricky-1.0.data/data/share/doc/tricky.txt": "doc",
        "Tricky-1.0.data/headers/tricky.h": "#pragma once\n", "other.data/file": "a package's own",
        "Tricky-1.0.dist-info/entry_points.txt":
            "[console_scripts]\n# none\ntricky-run = tricky.main:App.run [extra]\n\n[gui_scripts]\ntricky-gui=tricky.main:gui\n[x]\na=b\n",
        "tricky/main.py":
            "import sys\nclass App:\n    @staticmethod\n    def run(): print('runs', sys.argv[1:]); return 3\ngui = App.run\n",
    ]

    @Test func installsEveryScheme() throws {
        let layer = try bench.build([try bench.wheel("Tricky", files: Self.tricky)])
        #expect(layer.report.conflicts == [] && layer.report.warnings == [])
        let root = try bench.unpack()
        let code = """
            import base64, csv, hashlib, os, subprocess, sys
            root = sys.argv[1]
            found = sorted(os.path.relpath(os.path.join(d, f), root) for d, _, fs in os.walk(root) for f in fs)
            info = 'Tricky-1.0.dist-info/'
            assert found == sorted(['bin/say', 'bin/say-w', 'bin/shell', 'bin/tricky-gui', 'bin/tricky-run',
                'include/Tricky/tricky.h', 'other.data/file', 'plat_extra.py', 'pure_extra.py', 'share/doc/tricky.txt',
                'tricky/__init__.py', 'tricky/data.py', 'tricky/empty.py', 'tricky/main.py', 'tricky/tool',
                'tricky/words,é "x".txt'] + [info + f for f in
                ('INSTALLER', 'METADATA', 'RECORD', 'WHEEL', 'entry_points.txt')]), found
            rows = list(csv.reader(open(root + '/' + info + 'RECORD', encoding='utf-8', newline='')))
            assert [r[0] for r in rows] == sorted(found, key=str.encode)
            for path, digest, size in rows:
                if path == info + 'RECORD':
                    assert (digest, size) == ('', '')
                    continue
                data = open(os.path.join(root, path), 'rb').read()
                assert int(size) == len(data), path
                wanted = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()
                assert digest == 'sha256=' + wanted, path
            assert {f for f in found if os.access(os.path.join(root, f), os.X_OK)} == {f for f in found
                if f.startswith('bin/')} | {'tricky/tool'}
            assert open(root + '/' + info + 'INSTALLER').read() == 'envsync\\n'
            env = {k: v for k, v in os.environ.items() if k != 'PYTHONPATH'}
            run = lambda *a: subprocess.run(a, env=env, capture_output=True, text=True, cwd='/')
            assert run(root + '/bin/say').stdout == run(root + '/bin/say-w').stdout == 'said\\n'
            assert run(root + '/bin/shell').stdout == 'shell\\n'
            for name in ('run', 'gui'):
                result = run(root + '/bin/tricky-' + name, 'a', 'b')
                assert (result.stdout, result.returncode) == ("runs ['a', 'b']\\n", 3), result
            """
        #expect(try bench.python(code, [root]) != nil)
        let imports =
            "import importlib.metadata as m, tricky, pure_extra, plat_extra; print(tricky.VALUE, pure_extra.PURE, m.version('tricky'))"
        #expect(try bench.python(imports, environment: ["PYTHONPATH": root]) == "42 1 1.0\n")
    }

    /// The same files as pip puts there, with the same contents and executable bits.
    @Test(.enabled(if: (try? LayerBench().python("import pip")) != nil))
    func agreesWithPip() throws {
        // pip takes any directory NAME.data at the root for the one of the specification.
        let files = Self.tricky.filter { !$0.key.hasPrefix("other.data/") }
        let wheel = try bench.wheel("Tricky", files: files)
        _ = try bench.build([wheel])
        let code = """
            import os, subprocess, sys
            root, wheel, target = sys.argv[1:]
            subprocess.run([sys.executable, '-m', 'pip', 'install', '-q', '--no-deps', '--no-compile', '--no-index',
                '--disable-pip-version-check', '--root-user-action', 'ignore', '--target', target, wheel], check=True)
            def tree(root):
                result = {}
                for d, _, fs in os.walk(root):
                    for f in fs:
                        path = os.path.join(d, f)
                        name = os.path.relpath(path, root)
                        if os.path.basename(name) in ('INSTALLER', 'RECORD', 'REQUESTED', 'direct_url.json'): continue
                        # Where headers go depends on the interpreter that runs pip.
                        if name.startswith('include/'): name = 'include/.../' + os.path.basename(name)
                        data = open(path, 'rb').read()
                        if name.startswith('bin/'): data = data[data.index(b'\\n'):] if 'tricky' not in name else b''
                        # The specification recommends what pip leaves out: scripts can always be executed.
                        result[name] = (data, name.startswith('bin/') or os.access(path, os.X_OK))
                return result
            ours, pips = tree(root), tree(target)
            assert ours == pips, {k: (ours.get(k), pips.get(k)) for k in ours.keys() | pips.keys() if ours.get(k) != pips.get(k)}
            assert len(ours) > 15
            """
        #expect(try bench.python(code, [try bench.unpack(), wheel, bench.scratch.path + "/pip"]) != nil)
    }

    @Test func bytesDependOnTheWheelsOnly() throws {
        let files = [
            "a": ["a/__init__.py": "A = 1\n", "a/big.txt": String(repeating: "large ", count: 90_000)],
            "b": ["b/__init__.py": "B = 1\n", "shared.txt": "same"], "c": ["c.py": "C = 1\n", "shared.txt": "same"],
        ]
        let wheels = try files.sorted { $0.key < $1.key }.map { try bench.wheel($0.key, files: $0.value) }
        let first = try bench.build(wheels, threads: 1)
        #expect(first.report.conflicts == [])
        #expect(first.report.size == Int64(first.bytes.count))
        let moved = try wheels.enumerated().map { index, path in
            let copy = bench.scratch.path + "/renamed \(index).zip"
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            return copy
        }
        for (order, threads) in [([2, 0, 1], 2), ([1, 2, 0], 5), ([0, 1, 2], 1)] {
            let again = try bench.build(order.map { moved[$0] }, threads: threads)
            #expect(again.bytes == first.bytes)
            #expect(again.report == first.report)
        }
        let paths = try #require(
            try bench.python(
                "import sys, tarfile; print(len(tarfile.open(sys.argv[1]).getnames()))",
                [bench.scratch.path + "/layer.tar.gz"]))
        // 5 files, 3 × (METADATA, WHEEL, RECORD, INSTALLER), 2 packages, 3 dist-info directories.
        #expect(paths == "22\n")
    }

    @Test func theLaterNameWinsAConflict() throws {
        let wheels = [
            try bench.wheel("zeta", files: ["shared.py": "FROM = 'zeta'\n", "zeta.py": ""]),
            try bench.wheel("Alpha", "2.0", files: ["shared.py": "FROM = 'alpha'\n"]),
        ]
        let first = try bench.build(wheels)
        #expect(
            first.report.conflicts == [.init(path: "shared.py", winner: "zeta 1.0", loser: "Alpha 2.0")])
        #expect(try bench.build(wheels.reversed()).bytes == first.bytes)
        let root = try bench.unpack()
        #expect(try bench.python("import shared; print(shared.FROM)", environment: ["PYTHONPATH": root]) == "zeta\n")
        let record = try String(contentsOfFile: root + "/Alpha-2.0.dist-info/RECORD", encoding: .utf8)
        #expect(!record.contains("shared.py"))
    }

    @Test func splitNamespacePackagesAreJoined() throws {
        _ = try bench.build([
            try bench.wheel("ns_one", files: ["ns/one.py": "V = 1\n", "ns_one-nspkg.pth": "import x\n"]),
            try bench.wheel("ns_two", files: ["ns/two/__init__.py": "V = 2\n"]),
        ])
        let root = try bench.unpack()
        let code = "import ns.one, ns.two; print(ns.one.V + ns.two.V)"
        #expect(try bench.python(code, environment: ["PYTHONPATH": root]) == "3\n")
    }

    @Test func warnsOfPathConfigurationFiles() throws {
        let wheel = try bench.wheel(
            "p",
            files: [
                "p.py": "", "p.pth": "x\n", "distutils-precedence.pth": "x\n", "p-nspkg.pth": "x\n", "q/q.pth": "x\n",
            ])
        let report = try bench.build([wheel]).report
        #expect(
            report.warnings == ["p 1.0: p.pth has no effect, since Python reads .pth files in site-packages only"])
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: WheelError.Code
        var entry: String?
        var files: [String: String] = ["x/__init__.py": "X = 1\n"]
        var change = ""
    }

    static let broken: [Broken] = [
        Broken(
            testDescription: "another content than RECORD says", code: .recordMismatch, entry: "x/__init__.py",
            change: "files['x/__init__.py'] = b'X = 2\\n'"),
        Broken(
            testDescription: "a script with another content", code: .recordMismatch, entry: "x-1.0.data/scripts/s",
            files: ["x-1.0.data/scripts/s": "#!python\n1\n"],
            change: "files['x-1.0.data/scripts/s'] = b'#!python\\n2\\n'"),
        Broken(
            testDescription: "another size", code: .recordMismatch, entry: "x/__init__.py",
            change: "files['x/__init__.py'] = b'X = 22\\n'"),
        Broken(
            testDescription: "a file that RECORD doesn't list", code: .unlistedFile, entry: "x/__init__.py",
            change: "rows.pop(0)"),
        Broken(testDescription: "a name with ..", code: .unsafeZip, files: ["../x.py": ""]),
        Broken(
            testDescription: "a script with ..", code: .unsafeZip, files: ["x-1.0.data/scripts/../../../x": ""]),
        Broken(testDescription: "an absolute name", code: .unsafeZip, files: ["/etc/x": ""]),
        Broken(testDescription: "a drive letter", code: .unsafeZip, files: ["C:/x": ""]),
        Broken(testDescription: "a symbolic link", code: .notInstallable, entry: "x", files: ["@x": "/etc/passwd"]),
        Broken(
            testDescription: "an unknown scheme", code: .notInstallable, entry: "x-1.0.data/stdlib/os.py",
            files: ["x-1.0.data/stdlib/os.py": ""]),
        Broken(
            testDescription: "a file where a scheme must be", code: .notInstallable, entry: "x-1.0.data/scripts",
            files: ["x-1.0.data/scripts": ""]),
        Broken(
            testDescription: "an entry point that climbs", code: .notInstallable,
            entry: "x-1.0.dist-info/entry_points.txt",
            files: ["x-1.0.dist-info/entry_points.txt": "[console_scripts]\n../x = x:y\n"]),
        Broken(
            testDescription: "an entry point that is code", code: .notInstallable,
            entry: "x-1.0.dist-info/entry_points.txt",
            files: ["x-1.0.dist-info/entry_points.txt": "[console_scripts]\nx = x:y(); import os\n"]),
        Broken(
            testDescription: "a file that is a directory too", code: .notInstallable, entry: "x",
            files: ["x/__init__.py": "", "x-1.0.data/data/x": ""]),
    ]

    @Test(arguments: broken) func refuses(_ example: Broken) throws {
        let path = try bench.wheel("x", files: example.files, change: example.change)
        let error = bench.failure([try bench.wheel("good", files: ["good.py": ""]), path])
        #expect(error?.code == example.code)
        #expect(error?.path == path)
        if let entry = example.entry { #expect(error?.entry == entry) }
    }

    @Test func refusesDamagedContents() throws {
        let path = try bench.wheel("x", files: ["x.py": String(repeating: "x = 1\n", count: 5000)])
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[60] ^= 0x40
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(bench.failure([path])?.code == .damagedZip)
    }

    @Test func aWheelGivenTwiceIsInstalledOnce() throws {
        let path = try bench.wheel("x", files: ["x.py": ""])
        let once = try bench.build([path])
        let twice = try bench.build([path, path])
        #expect(once.bytes == twice.bytes)
        #expect(twice.report.conflicts == [])
    }

    @Test func canBeCancelled() throws {
        let path = try bench.wheel("x", files: ["x.py": ""])
        #expect(throws: CancellationError.self) { try bench.build([path], isCancelled: { true }) }
    }

    @Test func storedWheelsWorkToo() throws {
        _ = try bench.build([try bench.wheel("x", files: ["x.py": "X = 5\n"], compressed: false)])
        #expect(
            try bench.python("import x; print(x.X)", environment: ["PYTHONPATH": try bench.unpack()]) == "5\n")
    }

    /// 300 MB that compress to nothing: read through in pieces, never held. In a process of its own, since the memory of
    /// other tests would count.
    @Test func memoryIsBounded() async {
        await #expect(processExitsWith: .success) {
            let bench = try LayerBench()
            let path = try bench.wheel(
                "huge", files: ["huge.bin": "", "huge.py": ""],
                change: "files['huge.bin'] = bytes(300 << 20); rows[0] = record('huge.bin', files['huge.bin'])")
            func peak() throws -> Int {
                let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
                let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
                return try #require(
                    line.split(separator: " ").dropFirst().first.flatMap { Int($0.filter(\.isNumber)) })
            }
            let before = try peak()
            let report = try bench.build([path]).report
            try #require(report.unpackedSize > 300 << 20)
            try #require(report.size < 1 << 20)
            try #require(try peak() - before < 64 << 10)
        }
    }
}
