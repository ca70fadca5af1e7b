import Foundation
import ReproducibleArchive
import Testing

@testable import PythonPackaging

@Suite struct ArchivedEnvironmentTests {
    let bench: LayerBench

    init() throws { bench = try LayerBench() }

    private static let files: [String: String] = [
        "lib/python3.11/site-packages/numpy-1.26.4.dist-info/METADATA":
            "Metadata-Version: 2.1\nName: numpy\nVersion: 1.26.4\n\nVersion: 9\n"
            + String(repeating: "x\n", count: 90_000),
        "lib/python3.11/site-packages/numpy-1.26.4.dist-info/WHEEL":
            "Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_17_x86_64\nTag: cp311-cp311-manylinux2014_x86_64\n",
        "lib/python3.11/site-packages/numpy-1.26.4.dist-info/RECORD": "numpy/__init__.py,,\n",
        "lib/python3.11/site-packages/Old_Thing-0.5-py3.11.egg-info": "Name: Old.Thing\nVersion: 0.5\n",
        "lib/python3.11/site-packages/egg-2.0-py3.11.egg-info/PKG-INFO": "Name: egg\nVersion: 2.0\n",
        "lib/python3.11/site-packages/bare-3.1.dist-info/INSTALLER": "conda\n",
        "lib/python3.11/site-packages/vendor/site-packages/inner-1.dist-info/METADATA": "Name: inner\nVersion: 1\n",
        "pkgs/numpy-1.0/lib/python3.9/site-packages/numpy-1.0.dist-info/METADATA": "Name: numpy\nVersion: 1.0\n",
        "bin/python3.11": "ELF", "conda-meta/numpy-1.26.4-py311h64a7726_0.json": "{}",
        "conda-meta/python-3.11.9-hb806964_0_cpython.json": "{}",
        "conda-meta/ld_impl_linux-64-2.40-h55db66e_0.json": "{}",
        "conda-meta/history": "", "share/site-packages": "a file",
    ]

    private func pack(_ files: [String: String], _ mode: String) throws -> String {
        let code = """
            import io, json, sys, tarfile, zipfile
            files, mode, path = json.load(open(sys.argv[1])), sys.argv[2], sys.argv[3]
            if mode == 'zip':
                with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as z:
                    for name, text in files.items(): z.writestr(name, text)
            else:
                with tarfile.open(path, mode) as t:
                    for name, text in files.items():
                        info = tarfile.TarInfo('./' + name)
                        info.size = len(text.encode())
                        t.addfile(info, io.BytesIO(text.encode()))
                    link = tarfile.TarInfo('bin/python')
                    link.type, link.linkname = tarfile.SYMTYPE, 'python3.11'
                    t.addfile(link)
            """
        let path = bench.scratch.path + "/environment"
        let json = bench.scratch.path + "/files.json"
        try JSONEncoder().encode(files).write(to: URL(fileURLWithPath: json))
        _ = try #require(try bench.python(code, [json, mode, path]))
        return path
    }

    @Test(arguments: ["w:gz", "w", "zip"]) func listsWhatIsInstalled(mode: String) throws {
        let path = try pack(Self.files, mode)
        let (environment, files) = try ArchivedEnvironment.read(
            path: path, resolving: ["bin/python", "bin/python3.11"])
        let tags = ["cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux2014_x86_64"]
        #expect(
            environment
                == ArchivedEnvironment(
                    python: "3.11", sitePackages: ["lib/python3.11/site-packages"],
                    packages: [
                        .init(name: "bare", version: "3.1", isConda: false, tags: []),
                        .init(name: "egg", version: "2.0", isConda: false, tags: []),
                        .init(name: "ld-impl-linux-64", version: "2.40", isConda: true, tags: []),
                        .init(name: "numpy", version: "1.26.4", isConda: false, tags: tags),
                        .init(name: "numpy", version: "1.26.4", isConda: true, tags: []),
                        .init(name: "old-thing", version: "0.5", isConda: false, tags: []),
                        .init(name: "python", version: "3.11.9", isConda: true, tags: []),
                    ]))
        #expect(files == [mode == "zip" ? .missing("bin/python") : .file("bin/python3.11"), .file("bin/python3.11")])
        #expect(environment.versions(of: "NumPy") == ["1.26.4"])
        #expect(try ArchivedEnvironment.read(path: path) == environment)
    }

    @Test func takesThePythonOfAVirtualEnvironmentFromItsDirectory() throws {
        let path = try pack(
            ["env/lib64/python3.12/site-packages/a-1.dist-info/METADATA": "Name: a\nVersion: 1\n"], "w:gz")
        let environment = try ArchivedEnvironment.read(path: path)
        #expect(environment.python == "3.12")
        #expect(environment.versions(of: "a") == ["1"])
    }

    @Test func anArchiveWithoutPythonIsEmpty() throws {
        let path = try pack(["data/x.csv": "1"], "w:gz")
        #expect(try ArchivedEnvironment.read(path: path) == .init(python: nil, sitePackages: [], packages: []))
    }

    @Test func readsARealVirtualEnvironment() throws {
        let code = """
            import subprocess, sys, tarfile, zipfile
            subprocess.run([sys.executable, '-m', 'venv', '--without-pip', 'venv'], check=True)
            site = f'venv/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages'
            zipfile.ZipFile(sys.argv[1]).extractall(site)
            with tarfile.open('environment', 'w:gz') as t: t.add('venv', '.')
            print(f'{sys.version_info[0]}.{sys.version_info[1]}')
            """
        let wheel = try bench.wheel("some_thing", "4.2", files: ["some_thing.py": ""])
        let version = try #require(try bench.python(code, [wheel]))
        let environment = try ArchivedEnvironment.read(path: bench.scratch.path + "/environment")
        #expect(environment.python.map { $0 + "\n" } == version)
        #expect(
            environment.packages == [.init(name: "some-thing", version: "4.2", isConda: false, tags: ["py3-none-any"])])
    }
}
