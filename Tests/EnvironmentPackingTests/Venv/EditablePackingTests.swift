import Foundation
import ReproducibleArchive
import Testing

@testable import EnvironmentPacking

/// Editable packages from the environment to the archive. What pip, setuptools and uv really leave is in `PackEditableTests`.
@Suite struct EditablePackingTests {
    private let fixture: PackFixture
    private let work: String
    private var options = PackOptions()

    /// - Parameter place: of the projects, in the fixture's directory.
    private init(place: String) throws {
        fixture = try PackFixture()
        work = "\(fixture.directory)/\(place)"
        options.editable = .include
        // With a path, a command and data.
        try fixture.write("\(work)/plain/src/plain/__init__.py", "x = 1\n")
        try fixture.write("\(work)/plain/src/plain/data/table.csv", "1,2\n")
        try install(
            "plain", ["__editable__.plain-1.0.pth": "\(work)/plain/src\n"],
            ["../../../bin/plain": "#!\(fixture.prefix)/bin/python\nimport plain\n"])
        // With a finder, in a namespace.
        try fixture.write("\(work)/space/corp/space/__init__.py", "x = 2\n")
        try install(
            "space",
            [
                "__editable__.space-1.0.pth": "import __editable___space_finder\n",
                "__editable___space_finder.py": "MAPPING = {'corp.space': '\(work)/space/corp/space'}\n",
            ])
        // `setup.py develop`.
        try fixture.write("\(work)/old/old_pkg/__init__.py", "x = 3\n")
        try fixture.write("\(work)/old/old_pkg.egg-info/PKG-INFO", "Name: old-pkg\nVersion: 2.5\n")
        try fixture.write("\(work)/old/old_pkg.egg-info/top_level.txt", "old_pkg\n")
        try fixture.write("\(work)/old/old_pkg.egg-info/SOURCES.txt", "setup.py\n")
        try fixture.write("\(work)/old/bin/tool", "#!/usr/bin/env python3 -E\nimport old_pkg\n", executable: true)
        try fixture.write(
            "\(fixture.prefix)/bin/tool",
            """
            #!\(fixture.prefix)/bin/python
            # EASY-INSTALL-DEV-SCRIPT: 'old-pkg==2.5','tool'
            __file__ = '\(work)/old/bin/tool'
            """, executable: true)
        try fixture.write("\(fixture.site)/old-pkg.egg-link", "\(work)/old\n.")
        try fixture.write("\(fixture.site)/easy-install.pth", "\(work)/old\n")
        try fixture.write(
            "\(fixture.site)/old_pkg-2.5-py3.11-nspkg.pth", "import os; os.path.join('\(work)/old', *('a',))\n")
    }

    init() throws { try self.init(place: "work") }

    private func install(
        _ name: String, _ links: [String: String], _ files: [String: String] = [:]
    ) throws {
        var all = links.merging(files) { first, _ in first }
        all["\(name)-1.0.dist-info/direct_url.json"] =
            #"{"dir_info": {"editable": true}, "url": "file://\#(work)/\#(name)"}"#
        try fixture.install(name, files: all)
    }

    @Test("their sources are their files: owned, listed by their RECORD, compiled")
    func owned() throws {
        let plan = try fixture.packer.plan(prefix: fixture.prefix, options)
        #expect(plan.problems.isEmpty, "\(plan.problems)")
        for (path, owner) in [
            ("plain/__init__.py", "plain"), ("plain/data/table.csv", "plain"), ("corp/space/__init__.py", "space"),
            ("old_pkg/__init__.py", "old-pkg"), ("old_pkg.egg-info/PKG-INFO", "old-pkg"),
            ("old_pkg.egg-info/installed-files.txt", "old-pkg"),
        ] {
            #expect(plan.owner(fixture.packed(path)) == owner, "\(path)")
        }
        let tag = "cpython-\(plan.python.replacing(".", with: ""))"
        #expect(plan.owner(fixture.packed("corp/space/__pycache__/__init__.\(tag).pyc")) == "space")
        let result = try fixture.pack(options)
        #expect(result.manifest.packages.map(\.name) == ["old-pkg", "plain", "space"])
        #expect(result.manifest.packages.map(\.version) == ["2.5", "1.0", "1.0"])
        #expect(result.manifest.packages.map(\.topLevel) == [["old_pkg"], ["plain"], ["corp"]])
        let names = try fixture.contents()
        for gone in [".pth", "finder.py", ".egg-link", "direct_url.json"] {
            #expect(!names.contains { $0.hasSuffix(gone) }, "\(gone)")
        }
        let record = try fixture.text(fixture.packed("plain-1.0.dist-info/RECORD"))
        #expect(record.contains("plain/__init__.py,sha256=\(PackFixture.recordHash(Array("x = 1\n".utf8))),6\n"))
        #expect(record.contains("plain/data/table.csv,sha256=") && record.contains("INSTALLER,sha256="))
        #expect(!record.contains(".pth") && !record.contains("direct_url"))
        let list = try fixture.text(fixture.packed("old_pkg.egg-info/installed-files.txt"))
        #expect(list == "PKG-INFO\ntop_level.txt\n../old_pkg/__init__.py\n")
        let sources = try fixture.text(fixture.packed("old_pkg.egg-info/SOURCES.txt"))
        #expect(sources.hasSuffix("\nold_pkg/__init__.py\n"))
        let tool = try fixture.text("bin/tool")
        #expect(tool.hasPrefix("#!/bin/sh\n'''exec'") && tool.hasSuffix("\nimport old_pkg\n"))
        #expect(!tool.contains(fixture.directory))
    }

    @Test("projects elsewhere give the same bytes")
    func sameBytes() throws {
        let other = try Self(place: "another place/of the work")
        let sha256 = try other.fixture.pack(options).sha256
        #expect(try fixture.pack(options).sha256 == sha256)
    }

    @Test("what a filter leaves out has no row")
    func filtered() throws {
        var options = options
        options.filters = [.init(isExclusion: true, pattern: "*/table.csv")]
        _ = try fixture.pack(options)
        #expect(try !fixture.text(fixture.packed("plain-1.0.dist-info/RECORD")).contains("table.csv"))
    }

    @Test(
        "a new file or directory among the sources is noticed, and nothing else is taken for one",
        arguments: [
            ("plain/src/plain/new.txt", true), ("plain/src/plain/empty/new.txt", true), ("plain/src/new/a.py", true),
            ("old/old_pkg/sub/a.py", true), ("old/old_pkg.egg-info/entry_points.txt", true),
            ("space/corp/space/.cache", false), ("space/README.md", false),
            ("plain/src/plain/__pycache__/a.pyc", false),
        ])
    func noticed(_ path: String, _ isPacked: Bool) throws {
        try FileManager.default.createDirectory(
            atPath: "\(work)/plain/src/plain/empty", withIntermediateDirectories: true)
        let first = try fixture.pack(options)
        #expect(try fixture.pack(options).wasUnchanged)
        try fixture.write("\(work)/\(path)", "y = 1\n")
        let second = try fixture.pack(options)
        #expect((second.sha256 != first.sha256) == isPacked)
        #expect(second.wasUnchanged == (second.sha256 == first.sha256))
    }

    @Test("an archive beside the sources doesn't change them")
    func beside() throws {
        let output = "work/old/out.tar.gz"
        _ = try fixture.pack(options, to: output)
        #expect(try fixture.pack(options, to: output).wasUnchanged)
    }

    @Test("a file of the environment where a source belongs is a problem, unless it is the same")
    func conflict() throws {
        try fixture.write(fixture.site + "/plain/__init__.py", "x = 1\n")
        #expect(try fixture.packer.plan(prefix: fixture.prefix, options).problems.isEmpty)
        try fixture.write(fixture.site + "/plain/__init__.py", "x = 7\n")
        let problems = try fixture.packer.plan(prefix: fixture.prefix, options).problems
        #expect(problems.map(\.code) == [.conflictingFiles] && problems.first?.package == "plain 1.0")
    }

    @Test("where they may stay behind, so do their links; the metadata stays, as in conda-pack's archives")
    func ignored() throws {
        var options = options
        options.editable = .refuse
        #expect(throws: PackError.self) { try fixture.pack(options) }
        options.tolerated = [.editablePackage]
        let result = try fixture.pack(options)
        #expect(result.problems.map(\.code) == [.editablePackage, .editablePackage, .editablePackage])
        #expect(result.manifest.packages.map(\.name) == ["plain", "space"])
        let names = try fixture.contents()
        #expect(names.contains(fixture.packed("plain-1.0.dist-info/METADATA")) && names.contains("bin/plain"))
        for gone in [".pth", "finder.py", ".egg-link", "direct_url.json", "table.csv", "bin/tool"] {
            #expect(!names.contains { $0.hasSuffix(gone) }, "\(gone)")
        }
        #expect(try !fixture.text(fixture.packed("plain-1.0.dist-info/RECORD")).contains(".pth"))
    }

    @Test("links among the sources are the files that they lead to, within the project")
    func links() throws {
        try fixture.write("\(work)/plain/shared.txt", "shared\n")
        #expect(symlink("../../shared.txt", "\(work)/plain/src/plain/linked.txt") == 0)
        _ = try fixture.pack(options)
        #expect(try fixture.text(fixture.packed("plain/linked.txt")) == "shared\n")
        #expect(symlink("/etc/passwd", "\(work)/plain/src/plain/out.txt") == 0)
        let problems = try fixture.packer.plan(prefix: fixture.prefix, options).problems
        #expect(problems.map(\.code) == [.unreadable])
    }

    @Test("those of conda environments are told, too")
    func conda() throws {
        try FileManager.default.createDirectory(
            atPath: fixture.prefix + "/conda-meta", withIntermediateDirectories: true)
        unlink(fixture.prefix + "/pyvenv.cfg")
        for path in [fixture.prefix + "/bin/python3", fixture.prefix + "/bin/python"] { unlink(path) }
        try fixture.write(fixture.prefix + "/bin/python", "#!/bin/sh\n", executable: true)
        var options = options
        let plan = try fixture.packer.plan(prefix: fixture.prefix, options)
        #expect(plan.kind == .conda && plan.problems(.editablePackage).isEmpty)
        #expect(plan.owner(fixture.packed("plain/__init__.py")) == "plain")
        options.editable = .workspace
        #expect(try fixture.packer.plan(prefix: fixture.prefix, options).problems(.editablePackage).count == 3)
    }
}
