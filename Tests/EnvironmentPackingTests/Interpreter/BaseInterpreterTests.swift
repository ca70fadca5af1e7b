import Foundation
import Testing

@testable import EnvironmentPacking

@Suite struct BaseInterpreterTests {
    /// Prints the files that a process has mapped or imported from below a directory, after it used much of the library.
    static let probe = """
        import sys, os, json, ctypes, sqlite3, ssl, multiprocessing, zlib, hashlib, decimal, bz2, lzma, sysconfig, pkg
        # A second process, started afresh.
        import subprocess
        child = subprocess.run([sys.executable, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True)
        maps = [line.split(None, 5)[5].strip() for line in open("/proc/self/maps") if len(line.split(None, 5)) == 6]
        files = [m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None)]
        sysconfig.get_config_vars()
        print(json.dumps({"prefix": sys.prefix, "base": sys.base_prefix, "child": child.stdout.strip() + child.stderr, "path": sys.path,
                          "files": files, "maps": maps, "executable": sys.executable, "pkg": pkg.x}))
        """

    struct Report: Decodable {
        var prefix: String
        var base: String
        var child: String
        var path: [String]
        var files: [String]
        var maps: [String]
        var executable: String
        var pkg: String
    }

    /// The interpreters of this machine that can make environments.
    static let pythons: [String] = {
        var found = [(try? realPython()) ?? ""]
        // Debian's, whose site-packages are elsewhere, if its venv module is installed.
        if let run = try? venvRun(["/usr/bin/python3", "-c", "import venv, ensurepip"]), run.status == 0 {
            found.append("/usr/bin/python3")
        }
        return found
    }()

    @Test(arguments: pythons, ["", "--copies"]) func runsWithoutItsBase(_ python: String, _ option: String) throws {
        let scratch = try VenvScratch()
        try VenvRulesTests.make(
            scratch, "venv", python: python, options: ["--without-pip"] + (option.isEmpty ? [] : [option]))
        let target = scratch.path + "/a b/environment"
        let assembly = try VenvRulesTests.assemble(scratch.path + "/venv", target) { $0.withPython = true }
        #expect(assembly.rules.problems.isEmpty, "\(assembly.rules.problems)")
        #expect(assembly.rules.interpreter == .init(path: "bin/python", isIncluded: true))
        #expect(access(target + "/pyvenv.cfg", F_OK) != 0)
        try FileManager.default.removeItem(atPath: scratch.path + "/venv")
        try scratch.link("linked", to: "a b/environment")

        for program in [target + "/bin/python", target + "/bin/python3", scratch.path + "/linked/bin/python"] {
            let run = try venvRun([program, "-c", Self.probe])
            let report = try JSONDecoder().decode(Report.self, from: Data(run.output.utf8))
            let place = BaseLocation.parent(BaseLocation.parent(program))
            #expect(report.prefix == place && report.base == place)
            #expect(report.child == place)
            #expect(report.pkg == "the package")
            let base = BaseLocation.parent(BaseLocation.parent(BaseLocation.real(python) ?? python))
            let own = base == "/usr" ? ["/usr/lib/python3", "/usr/bin/python"] : [base + "/"]
            for file in report.path + report.files + report.maps {
                #expect(!own.contains { file.hasPrefix($0) }, "\(file)")
            }
        }
        let tool = try venvRun([target + "/bin/tool", "a b"])
        #expect(tool.output == "the package ['a b']\n", "\(tool.errors)")
        #expect(assembly.rules.notes.contains { $0.contains("glibc 2.") })
    }

    /// An environment's own sitecustomize is still run, whatever Debian's interpreter needs.
    @Test(arguments: pythons) func runsTheEnvironmentsSiteCustomization(_ python: String) throws {
        let scratch = try VenvScratch()
        try VenvRulesTests.make(scratch, "venv", python: python)
        let site = try #require(VenvRulesTests.site(scratch.path + "/venv"))
        try scratch.write("venv/\(site)/sitecustomize.py", "import sys\nsys.customized = __file__\n")
        _ = try VenvRulesTests.assemble(scratch.path + "/venv", scratch.path + "/out") { $0.withPython = true }
        let run = try venvRun([scratch.path + "/out/bin/python", "-c", "import sys; print(sys.customized)"])
        #expect(run.output == scratch.path + "/out/\(site)/sitecustomize.py\n", "\(run.errors)")
    }

    /// Two copies of one interpreter at different places give the same.
    @Test func doesNotDependOnTheBasesPlace() throws {
        let base = BaseLocation.parent(BaseLocation.parent(try realPython()))
        guard base != "/usr" else { return }
        let scratch = try VenvScratch()
        let name = (try realPython()).split(separator: "/").last.map(String.init) ?? ""
        for place in ["p", "another place of a base/with a long path"] {
            try FileManager.default.createDirectory(
                atPath: scratch.path + "/\(place)/bin", withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: base + "/bin/\(name)", toPath: scratch.path + "/\(place)/bin/\(name)")
            let copy = try venvRun([
                "/bin/sh", "-c",
                "mkdir \"$2/lib\" && cp -a \"$1\"/lib/libpython* \"$2/lib/\" 2>/dev/null; cd \"$1/lib\" && tar -c --exclude=site-packages --exclude=test --exclude=__pycache__ python3.* | tar -x -C \"$2/lib\"",
                "sh", base, scratch.path + "/\(place)",
            ])
            #expect(copy.status == 0, "\(copy.errors)")
            try VenvRulesTests.make(scratch, "venv of \(place.count)", python: scratch.path + "/\(place)/bin/\(name)")
            let assembly = try VenvRulesTests.assemble(
                scratch.path + "/venv of \(place.count)", scratch.path + "/out of \(place.count)"
            ) { $0.withPython = true }
            #expect(assembly.rules.problems.isEmpty, "\(assembly.rules.problems)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { $0.hasPrefix("out of ") }
        #expect(names.count == 2)
        var contents = try names.map { try VenvRulesTests.contents(scratch.path + "/" + $0) }
        // The prompt is the name of the directory that the environment was made in.
        for index in contents.indices {
            for key in contents[index].keys where key.hasPrefix("bin/activate") { contents[index][key] = nil }
        }
        #expect(contents[0].keys.sorted() == contents[1].keys.sorted())
        for (name, bytes) in contents[0] { #expect(contents[1][name] == bytes, "\(name)") }
        for (name, bytes) in contents[0]
        where !name.hasSuffix(".so") && !name.contains("libpython") && name != "bin/\(name)" {
            #expect(!String(decoding: bytes, as: UTF8.self).contains(scratch.path), "\(name)")
        }
    }

    @Test func tellsWhatIsMissing() throws {
        let scratch = try VenvScratch()
        try VenvRulesTests.make(scratch, "venv")
        try scratch.write("venv/pyvenv.cfg", "home = /nowhere/bin\nversion = 3.11.7\n")
        for name in try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/venv/bin")
        where name.hasPrefix("python") {
            try FileManager.default.removeItem(atPath: scratch.path + "/venv/bin/" + name)
        }
        try scratch.link("venv/bin/python", to: "/nowhere/bin/python3")
        let assembly = try VenvRulesTests.assemble(scratch.path + "/venv", scratch.path + "/out") {
            $0.withPython = true
        }
        #expect(assembly.rules.problems.map(\.code) == [.interpreter])
        #expect(assembly.rules.problems.first?.message.contains("/nowhere/bin/python3") == true)
    }
}

@Suite struct TreeRulesTests {
    /// A copy of an interpreter's own installation, as `configure --prefix` makes it.
    @Test func runsFromElsewhere() throws {
        let python = try realPython()
        let base = BaseLocation.parent(BaseLocation.parent(python))
        guard base != "/usr" else { return }
        let scratch = try VenvScratch()
        let copy = try venvRun([
            "/bin/sh", "-c",
            "mkdir -p \"$2\" && cd \"$1\" && tar -c --exclude=site-packages --exclude=test --exclude=__pycache__ --exclude='*.a' bin lib | tar -x -C \"$2\" && for library in \"$2\"/lib/python3.*; do mkdir \"$library/site-packages\"; done",
            "sh", base, scratch.path + "/tree",
        ])
        #expect(copy.status == 0, "\(copy.errors)")
        let assembly = try VenvRulesTests.assemble(scratch.path + "/tree", scratch.path + "/out")
        #expect(assembly.rules.interpreter.isIncluded)
        let run = try venvRun([
            scratch.path + "/out/bin/python3", "-c",
            "import sys; print([m for m in open('/proc/self/maps') if '\(base)/' in m], sys.prefix)",
        ])
        #expect(run.output == "[] \(scratch.path)/out\n", "\(run.errors)")
    }
}
