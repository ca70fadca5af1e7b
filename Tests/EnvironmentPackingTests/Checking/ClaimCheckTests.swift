import Foundation
import Testing

@testable import EnvironmentPacking

@Suite struct ClaimCheckTests {
    @Test("two packages that claim a file with other content are a problem; with the same they aren't")
    func conflicts() throws {
        let fixture = try PackFixture()
        try fixture.install("one", files: ["shared/__init__.py": "", "shared/data.txt": "of one", "one.py": ""])
        try fixture.install("two", files: ["shared/__init__.py": "", "shared/data.txt": "of two", "two.py": ""])
        let plan = try fixture.packer.plan(prefix: fixture.prefix, PackOptions())
        let found = plan.problems(.conflictingFiles)
        #expect(found.count == 1 && plan.problems.count == 1)
        #expect(found.first?.package == "two 1.0")
        #expect(found.first?.paths == [Array(fixture.packed("shared/data.txt").utf8)])
        #expect(throws: PackError.self) { try fixture.pack() }
        #expect(!FileManager.default.fileExists(atPath: fixture.directory + "/out.tar.gz"))
        var options = PackOptions()
        options.tolerated = [.conflictingFiles]
        #expect(try fixture.pack(options).problems.count == 1)
    }

    @Test("files that a package lists and that aren't there are a problem, but for compiled modules")
    func missing() throws {
        let fixture = try PackFixture()
        try fixture.install(
            "one", files: ["one.py": "", "gone.txt": "x"],
            extraRows: ["__pycache__/one.cpython-311.pyc,,", "/etc/nothing,,", "../../../../../../outside,,"])
        unlink(fixture.site + "/gone.txt")
        let plan = try fixture.packer.plan(prefix: fixture.prefix, PackOptions())
        #expect(plan.problems.map(\.code) == [.missingFiles])
        #expect(plan.problems.first?.paths == [Array(fixture.packed("gone.txt").utf8)])
    }

    @Test("a list that can't be read is a problem of its package")
    func metadata() throws {
        let fixture = try PackFixture()
        try fixture.install("one", files: ["one.py": ""])
        try fixture.write(fixture.site + "/one-1.0.dist-info/RECORD", "\"open,,\n")
        let plan = try fixture.packer.plan(prefix: fixture.prefix, PackOptions())
        #expect(plan.problems.map(\.code) == [.metadata])
    }

    @Test("another Python than the target's is a problem")
    func version() throws {
        let fixture = try PackFixture()
        var options = PackOptions()
        options.targetPython = "2.7"
        #expect(try fixture.packer.plan(prefix: fixture.prefix, options).problems.map(\.code) == [.pythonVersion])
        options.targetPython = try fixture.packer.plan(prefix: fixture.prefix, PackOptions()).python
        #expect(try fixture.packer.plan(prefix: fixture.prefix, options).problems.isEmpty)
    }
}
