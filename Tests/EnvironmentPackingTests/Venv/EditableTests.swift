import Foundation
import Testing

@testable import EnvironmentPacking

@Suite struct EditableTests {
    /// An environment with editable packages as setuptools 65 (both of its ways) and 40 (`setup.py develop`), hatchling 1.18 and
    /// meson-python 0.15 leave them.
    static func make(_ scratch: VenvScratch) throws -> (place: String, site: String) {
        try VenvRulesTests.make(scratch, "venv")
        let site = try #require(VenvRulesTests.site(scratch.path + "/venv"))
        let work = scratch.path + "/work"
        func metadata(_ name: String, _ project: String, _ links: [String], top: String? = nil) throws {
            let directory = "venv/\(site)/\(name)-1.0.dist-info"
            try scratch.write("\(directory)/METADATA", "Metadata-Version: 2.1\nName: \(name)\nVersion: 1.0\n")
            try scratch.write(
                "\(directory)/direct_url.json",
                "{\"dir_info\": {\"editable\": true}, \"url\": \"file://\(project.replacing(" ", with: "%20"))\"}")
            try scratch.write(
                "\(directory)/RECORD", (links + ["\(name)-1.0.dist-info/METADATA"]).map { "\($0),,\n" }.joined())
            if let top { try scratch.write("\(directory)/top_level.txt", top + "\n") }
        }
        // A finder, with a package, a module and a package of another name than its directory.
        try scratch.write("work/found/source/found/__init__.py", "y = 'found'\n")
        try scratch.write("work/found/source/found/data/table.csv", "1,2\n")
        try scratch.write("work/found/source/found/__pycache__/x.cpython-311.pyc", "x")
        try scratch.write("work/found/source/found/.git/config", "x")
        try scratch.write("work/found/single.py", "y = 'single'\n")
        try scratch.write(
            "venv/\(site)/__editable___found_1_0_finder.py",
            "import sys\nMAPPING: dict[str, str] = {'found': '\(work)/found/source/found', 'single': '\(work)/found/single'}\nNAMESPACES: dict[str, list[str]] = {}\ndef install():\n    pass\n"
        )
        try scratch.write(
            "venv/\(site)/__editable__.found-1.0.pth",
            "import __editable___found_1_0_finder; __editable___found_1_0_finder.install()")
        try metadata(
            "found", work + "/found", ["__editable__.found-1.0.pth", "__editable___found_1_0_finder.py"], top: "found")
        // A path, src layout.
        try scratch.write("work/my src/src/src_pkg/__init__.py", "y = 'src'\n")
        try scratch.write("work/my src/src/src_pkg/sub/tests/test_x.py", "")
        try scratch.write("work/my src/src/src_pkg.egg-info/PKG-INFO", "x")
        try scratch.write("venv/\(site)/_src_pkg.pth", work + "/my src/src\n")
        try metadata("src_pkg", work + "/my src", ["_src_pkg.pth"])
        // A path, flat layout.
        try scratch.write("work/flat/flat/__init__.py", "y = 'flat'\n")
        try scratch.write("work/flat/tests/__init__.py", "")
        try scratch.write("work/flat/setup.py", "")
        try scratch.write("venv/\(site)/__editable__.flat-1.0.pth", work + "/flat")
        try metadata("flat", work + "/flat", ["__editable__.flat-1.0.pth"])
        // setup.py develop.
        try scratch.write("work/old/old_pkg/__init__.py", "y = 'old'\n")
        try scratch.write("work/old/old_pkg.egg-info/top_level.txt", "old_pkg\n")
        try scratch.write("work/old/old_pkg.egg-info/PKG-INFO", "Metadata-Version: 1.0\nName: old-pkg\nVersion: 2.5\n")
        try scratch.write("venv/\(site)/old-pkg.egg-link", work + "/old\n.")
        try scratch.write("venv/\(site)/easy-install.pth", work + "/old\n")
        return (scratch.path + "/venv", site)
    }

    @Test(arguments: [PackOptions.Editable.workspace, .include]) func shipsThemAsIfInstalled(
        _ mode: PackOptions.Editable
    ) throws {
        let scratch = try VenvScratch()
        let (place, site) = try Self.make(scratch)
        let assembly = try VenvRulesTests.assemble(place, scratch.path + "/out") {
            $0.editable = mode
            $0.workspace = mode == .workspace ? scratch.path + "/work" : nil
        }
        #expect(assembly.rules.problems.isEmpty, "\(assembly.rules.problems)")
        try FileManager.default.moveItem(atPath: scratch.path + "/work", toPath: scratch.path + "/hidden")
        let run = try venvRun([
            scratch.path + "/out/bin/python", "-c",
            "import found, single, src_pkg, flat, old_pkg; print(found.y, single.y, src_pkg.y, flat.y, old_pkg.y)",
        ])
        #expect(run.output == "found single src flat old\n", "\(run.errors)")
        let names = try VenvRulesTests.contents(scratch.path + "/out").keys.filter {
            $0.hasPrefix(site) && !$0.contains("dist-info")
        }
        #expect(
            Set(names.map { String($0.dropFirst(site.count + 1)) }) == [
                "pkg.py", "found/__init__.py", "found/data/table.csv", "single.py", "src_pkg/__init__.py",
                "src_pkg/sub/tests/test_x.py", "flat/__init__.py", "old_pkg/__init__.py",
                "old_pkg.egg-info/PKG-INFO", "old_pkg.egg-info/top_level.txt",
            ])
        let shipped = assembly.rules.shippedSources
        #expect(shipped.map(\.name).sorted() == ["flat", "found", "old-pkg", "src-pkg"])
        #expect(shipped.first { $0.name == "old-pkg" }?.version == "2.5")
        #expect(
            shipped.first { $0.name == "found" }?.added.map { String(decoding: $0, as: UTF8.self) }.sorted() == [
                "\(site)/found/__init__.py", "\(site)/found/data/table.csv", "\(site)/single.py",
            ])
    }

    @Test func refusesOthers() throws {
        let scratch = try VenvScratch()
        let (place, _) = try Self.make(scratch)
        for mode in [PackOptions.Editable.workspace, .refuse] {
            let assembly = try VenvRulesTests.assemble(place, scratch.path + "/\(mode)") {
                $0.editable = mode
                $0.workspace = scratch.path + "/work/flat"
            }
            let problems = assembly.rules.problems
            #expect(problems.allSatisfy { $0.code == .editablePackage && !$0.advice.isEmpty })
            #expect(
                problems.compactMap(\.package).sorted()
                    == ["flat 1.0", "found 1.0", "old-pkg 2.5", "src-pkg 1.0"].filter {
                        mode == .refuse || $0 != "flat 1.0"
                    })
        }
    }

    @Test func refusesWhatIsBuiltOnImport() throws {
        let scratch = try VenvScratch()
        let (place, site) = try Self.make(scratch)
        try scratch.write("venv/\(site)/_flat_editable_loader.py", "def install(): pass\n")
        try scratch.write("venv/\(site)/flat-1.0.dist-info/RECORD", "_flat_editable_loader.py,,\n")
        let assembly = try VenvRulesTests.assemble(place, scratch.path + "/out") { $0.editable = .include }
        #expect(
            assembly.rules.problems.map(\.package) == ["flat 1.0"] + [nil]
                || assembly.rules.problems.map(\.package) == ["flat 1.0"])
    }

    @Test func refusesPathsOfTheUser() throws {
        let scratch = try VenvScratch()
        try VenvRulesTests.make(scratch, "venv")
        let site = try #require(VenvRulesTests.site(scratch.path + "/venv"))
        try scratch.write("venv/\(site)/mine.pth", "/usr/share\n")
        let assembly = try VenvRulesTests.assemble(scratch.path + "/venv", scratch.path + "/out")
        #expect(assembly.rules.problems.count == 1)
        #expect(assembly.rules.problems.first?.message.contains("/usr/share") == true)
    }

    static let literals: [(String, PythonLiteral?)] = [
        ("MAPPING = {}", .dictionary([:])),
        (
            "MAPPING: dict[str, str] = {'a': '/x', \"b.c\": '/it\\'s'}",
            .dictionary(["a": .string("/x"), "b.c": .string("/it's")])
        ),
        ("x = 1\nMAPPING={'a': ['b', ('c',)],}", .dictionary(["a": .list([.string("b"), .list([.string("c")])])])),
        ("MAPPING = {'a': '\\u00e4\\x41'}", .dictionary(["a": .string("\u{E4}A")])),
        ("MAPPING = {'a': f()}", nil), ("MAPPING = {'a'", nil), ("MAPPING = [[[[[[[[[[['x']]]]]]]]]]]", nil),
        ("MAPPINGS = {}", nil),
    ]

    @Test(arguments: literals.indices) func readsLiterals(_ index: Int) {
        #expect(PythonLiteral.assigned(to: "MAPPING", in: Self.literals[index].0) == Self.literals[index].1)
    }
}
