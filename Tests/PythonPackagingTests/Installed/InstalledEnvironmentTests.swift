import Foundation
import Glibc
import Testing

@testable import PythonPackaging

@Suite("Installed environments: what is installed")
struct InstalledEnvironmentTests {
    @Test("a venv as pip left it: names, versions, installer, where editable code is")
    func venv() throws {
        let bench = try InstalledBench()
        let environment = try bench.read()
        #expect(environment.python == (try InstalledBench.python))
        #expect(environment.sitePackages.count == 1, "lib64 is a link to lib")
        #expect(environment.problems == [] && environment.notes == [])
        let alpha = try #require(environment.packages(named: "ALPHA").first)
        #expect(alpha.version == "1.0" && alpha.installer == "pip" && alpha.problem == nil)
        #expect(alpha.source?.isDirectory == false, "a wheel file is no directory")
        let beta = try #require(environment.packages(named: "beta.pkg").first)
        #expect(beta.name == "beta-pkg" && beta.version == "2.0.0+local.1")
        let own = try #require(environment.packages(named: "own-code").first)
        #expect(own.source?.isEditable == true)
        #expect(own.source?.localPath?.hasSuffix("/own") == true)
        for package in environment.packages {
            let found = try package.verify(in: environment)
            #expect(found.differences == [] && found.signature != nil, "\(package.name)")
            #expect(found.files > 0, "\(package.name)")
        }
    }

    @Test("a prefix that is a link, and one with a relative part in it")
    func spellings() throws {
        let bench = try InstalledBench()
        let link = bench.scratch.path + "/a link"
        try #require(symlink(bench.prefix, link) == 0)
        #expect(try InstalledEnvironment.read(prefix: link) == bench.read())
        #expect(try InstalledEnvironment.read(prefix: bench.prefix + "/lib/..") == bench.read())
    }

    @Test("several Pythons: pyvenv.cfg decides; without it, it is an error that says so")
    func severalPythons() throws {
        let bench = try InstalledBench()
        try bench.write(bench.prefix + "/lib/python3.99/site-packages/x-1.dist-info/METADATA", "Name: x\nVersion: 1\n")
        let environment = try bench.read()
        #expect(environment.packages(named: "x") == [])
        #expect(environment.notes.contains { $0.contains("3.99 is not looked at") }, "\(environment.notes)")
        try FileManager.default.removeItem(atPath: bench.prefix + "/pyvenv.cfg")
        let error = #expect(throws: InstalledEnvironmentError.self) { try bench.read() }
        #expect(error?.message.contains("several Pythons (3.") == true && error?.message.contains("3.99") == true)
        // conda names its Python in its own record.
        let version = try InstalledBench.python
        try bench.write("\(bench.prefix)/conda-meta/python-\(version).9-h955ad1f_0.json", "{}")
        try bench.write("\(bench.prefix)/conda-meta/python-dateutil-2.9.0-py_0.json", "{}")
        #expect(try bench.read().python == version)
        try FileManager.default.removeItem(atPath: bench.prefix + "/conda-meta")
        try FileManager.default.removeItem(atPath: bench.prefix + "/lib/python3.99")
        #expect(try bench.read().python == version)
    }

    @Test("virtualenv's version_info, and a version whose modules aren't there")
    func versionKeys() throws {
        let bench = try InstalledBench()
        let version = try InstalledBench.python
        try bench.write(bench.prefix + "/pyvenv.cfg", "home=/usr/bin\r\nversion_info = \(version).3.final.0\r\n")
        #expect(try bench.read().python == version)
        try bench.write(bench.prefix + "/pyvenv.cfg", "version = 2.1.0\n")
        let error = #expect(throws: InstalledEnvironmentError.self) { try bench.read() }
        #expect(error?.message == "it is of Python 2.1, but its modules are those of \(version)")
    }

    @Test("what the base Python has is not looked at, and that is said")
    func systemPackages() throws {
        let bench = try InstalledBench()
        let path = bench.prefix + "/pyvenv.cfg"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try bench.write(
            path, text.replacing("include-system-site-packages = false", with: "Include-System-Site-Packages=True"))
        #expect(try bench.read().notes.count == 1)
    }

    @Test("what is no environment is an error, and no crash")
    func noEnvironment() throws {
        let scratch = try Scratch()
        for path in [scratch.path, scratch.path + "/none", "/dev/null", "", "a\0b"] {
            #expect(throws: InstalledEnvironmentError.self) { try InstalledEnvironment.read(prefix: path) }
        }
        try FileManager.default.createDirectory(
            atPath: scratch.path + "/lib/python3.11", withIntermediateDirectories: true)
        try #require(symlink("/usr", scratch.path + "/lib/python3.11/site-packages") == 0)
        let error = #expect(throws: InstalledEnvironmentError.self) {
            try InstalledEnvironment.read(prefix: scratch.path)
        }
        #expect(error?.message.contains("outside") == true)
    }

    @Test("two dist-infos of one package, pip's leftovers, broken METADATA: all told, none in the way")
    func brokenMetadata() throws {
        let bench = try InstalledBench()
        try bench.write(bench.site("Alpha-0.9.dist-info/METADATA"), "Name: Alpha\nVersion: 0.9\n")
        try bench.write(bench.site("~lpha-0.8.dist-info/METADATA"), "Name: alpha\nVersion: 0.8\n")
        try bench.write(bench.site("nameless-3.0.dist-info/METADATA"), "Summary: nothing\n")
        try bench.write(bench.site("bad-1.dist-info/METADATA"), "Name: ../../etc\nVersion: $(rm)\n")
        try FileManager.default.createDirectory(
            atPath: bench.site("empty-1.5.dist-info"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            atPath: bench.site("-.dist-info"), withIntermediateDirectories: true)
        try #require(mkfifo(bench.site("pipe-1.0.egg-info"), 0o644) == 0)
        let environment = try bench.read()
        #expect(environment.packages(named: "alpha").compactMap(\.version) == ["0.9", "1.0"])
        #expect(environment.problems.map(\.name) == ["-.dist-info", "~lpha-0.8.dist-info"])
        let nameless = try #require(environment.packages(named: "nameless").first)
        #expect(nameless.version == "3.0" && nameless.problem == "METADATA tells no valid name")
        let bad = try #require(environment.packages(named: "bad").first)
        #expect(bad.version == "1" && bad.problem == "METADATA tells no valid name")
        let empty = try #require(environment.packages(named: "empty").first)
        #expect(empty.version == "1.5" && empty.problem?.hasPrefix("METADATA can't be read: ") == true)
        #expect(environment.packages(named: "pipe").first?.problem?.hasPrefix("it can't be read: ") == true)
    }

    @Test("what old tools left: egg-info as directory and as file, eggs, links of setup.py develop")
    func eggs() throws {
        let bench = try InstalledBench()
        let headers = { (name: String, version: String) in "Metadata-Version: 1.1\nName: \(name)\nVersion: \(version)\n"
        }
        try bench.write(bench.site("Old_One-1.2-py3.11.egg-info/PKG-INFO"), headers("Old.One", "1.2"))
        try bench.write(bench.site("flat-0.3.egg-info"), headers("flat", "0.3"))
        try bench.write(bench.site("easy-2.0-py3.11.egg/EGG-INFO/PKG-INFO"), headers("easy", "2.0"))
        try bench.write(bench.site("linked.egg-link"), "/home/ana/my project\n.")
        try bench.write(bench.site("more-linked.egg-link"), "/home/ana/more\n.")
        let environment = try bench.read()
        let found = ["old-one", "flat", "easy", "linked", "more-linked"].map { environment.packages(named: $0).first }
        #expect(found.map { $0?.version } == ["1.2", "0.3", "2.0", nil, nil])
        #expect(found.allSatisfy { $0?.problem == nil && $0?.form == .eggInfo })
        #expect(found[3]?.source?.isEditable == true && found[3]?.source?.localPath == "/home/ana/my project")
        for package in found.compactMap({ $0 }) { #expect(try package.verify(in: environment).files == 0) }
    }

    @Test(
        "a site-packages that can't be read is an error with its path",
        .enabled(if: geteuid() != 0, "the superuser may read everything"))
    func unreadable() throws {
        let bench = try InstalledBench()
        let path = try bench.sitePackages
        chmod(path, 0)
        defer { chmod(path, 0o755) }
        let error = #expect(throws: InstalledEnvironmentError.self) { try bench.read() }
        #expect(error?.message.contains("Permission denied") == true)
    }
}
