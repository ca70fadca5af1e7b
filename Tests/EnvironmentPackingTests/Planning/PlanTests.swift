import Foundation
import Testing

@testable import EnvironmentPacking

@Suite struct PlanTests {
    @Test("files belong to the packages that list them; modules get bytecode")
    func owners() throws {
        let fixture = try PackFixture()
        try fixture.install("One", files: ["one/__init__.py": "x = 1\n", "../../../bin/one": "#!/bin/sh\n"])
        try fixture.write(fixture.site + "/loose.py", "y = 1\n")
        let plan = try fixture.packer.plan(prefix: fixture.prefix, PackOptions())
        #expect(plan.problems.isEmpty)
        #expect(plan.owner(fixture.packed("one/__init__.py")) == "one")
        #expect(plan.owner("bin/one") == "one")
        #expect(plan.owner(fixture.packed("loose.py")) == nil)
        let tag = "cpython-\(plan.python.replacingOccurrences(of: ".", with: ""))"
        #expect(plan.owner(fixture.packed("one/__pycache__/__init__.\(tag).pyc")) == "one")
        #expect(plan.entry(fixture.packed("__pycache__/loose.\(tag).pyc")) != nil)
        #expect(plan.entry(fixture.packed("one/__pycache__")) != nil)
        var options = PackOptions()
        options.bytecode = .omit
        let without = try fixture.packer.plan(prefix: fixture.prefix, options)
        #expect(!without.entries.contains { $0.path.hasSuffix(".pyc") || $0.path.hasSuffix("__pycache__") })
    }

    @Test("the last filter that matches decides")
    func filters() throws {
        let fixture = try PackFixture()
        try fixture.install("one", files: ["one/__init__.py": "", "one/tests/a.txt": "a", "one/tests/b.txt": "b"])
        var options = PackOptions()
        options.bytecode = .omit
        let tests = fixture.packed("one/tests")
        let cases: [(filters: [(Bool, String)], kept: Set<String>)] = [
            ([], ["a.txt", "b.txt"]), ([(true, "*/tests/*")], []), ([(true, "*/tests")], []),
            ([(true, tests + "/*")], []), ([(true, "*/tests/*"), (false, "*/b.txt")], ["b.txt"]),
            ([(false, "*/b.txt"), (true, "*/tests/*")], []), ([(true, "*/tests"), (false, "*/a.txt")], ["a.txt"]),
            ([(true, "tests/*")], ["a.txt", "b.txt"]), ([(true, "*/[!b].txt")], ["b.txt"]),
        ]
        for (filters, kept) in cases {
            options.filters = filters.map { .init(isExclusion: $0.0, pattern: $0.1) }
            let plan = try fixture.packer.plan(prefix: fixture.prefix, options)
            #expect(Set(["a.txt", "b.txt"].filter { plan.entry(tests + "/" + $0) != nil }) == kept, "\(filters)")
            #expect((plan.entry(tests) != nil) == !kept.isEmpty)
            #expect(plan.problems.isEmpty)
        }
    }

    @Test("what tells of this machine or is left behind is not packed")
    func leftovers() throws {
        let fixture = try PackFixture()
        try fixture.install(
            "one",
            files: [
                "one.py": "", "one-1.0.dist-info/direct_url.json": #"{"url": "file:///home/ana/one", "dir_info": {}}"#,
                "one-1.0.dist-info/uv_cache.json": "{}",
            ])
        try fixture.write(fixture.site + "/~ne/__init__.py", "")
        try fixture.write(fixture.prefix + "/.lock", "")
        let plan = try fixture.packer.plan(prefix: fixture.prefix, PackOptions())
        for path in [
            ".lock", fixture.packed("~ne"), fixture.packed("one-1.0.dist-info/direct_url.json"),
            fixture.packed("one-1.0.dist-info/uv_cache.json"),
        ] {
            #expect(plan.reason(path) != nil, "\(path)")
            #expect(plan.entry(path) == nil, "\(path)")
        }
        _ = try fixture.pack()
        let record = try fixture.text(fixture.packed("one-1.0.dist-info/RECORD"))
        #expect(!record.contains("direct_url") && !record.contains("uv_cache") && record.contains("one.py,sha256="))
    }

    @Test("links that lead out are problems; those that stay inside become relative")
    func links() throws {
        let fixture = try PackFixture()
        try fixture.write(fixture.site + "/real.txt", "real")
        let cases: [(target: String, wanted: String?)] = [
            ("real.txt", "real.txt"), (fixture.site + "/real.txt", "real.txt"), ("nowhere", "nowhere"),
            ("/etc/passwd", nil), ("../../../../../outside", nil), ("self", "self"),
            ("../../../../env/\(fixture.packed("real.txt"))", "real.txt"),
        ]
        for (target, wanted) in cases {
            let link = fixture.site + "/self"
            #expect(symlink(target, link) == 0)
            let plan = try fixture.packer.plan(prefix: fixture.prefix, PackOptions())
            if let wanted {
                guard case .symlink(let found)? = plan.entry(fixture.packed("self"))?.kind else {
                    Issue.record("\(target) is no link: \(plan.problems)")
                    continue
                }
                #expect(String(decoding: found, as: UTF8.self) == wanted)
            } else {
                #expect(plan.problems(.escapingLink).count == 1, "\(target)")
                #expect(plan.entry(fixture.packed("self")) == nil)
            }
            unlink(link)
        }
    }

    @Test("a zip of a virtual environment without its interpreter would have no Python")
    func zipWithoutPython() throws {
        let fixture = try PackFixture()
        var options = PackOptions()
        options.format = .zip
        let problem = try fixture.packer.plan(prefix: fixture.prefix, options).problems(.interpreter).first
        #expect(problem?.paths == [Array("bin/python".utf8)])
        #expect(problem?.advice.contains("--with-python") == true)
        #expect(throws: PackError.self) { try fixture.pack(options, to: "out.zip") }
        options.withPython = true
        #expect(try fixture.packer.plan(prefix: fixture.prefix, options).problems.isEmpty)
        try PackFixture.run("python3", ["-m", "venv", "--without-pip", "--clear", "--copies", fixture.prefix])
        options.withPython = false
        #expect(try fixture.packer.plan(prefix: fixture.prefix, options).problems(.interpreter).isEmpty)
    }
}
