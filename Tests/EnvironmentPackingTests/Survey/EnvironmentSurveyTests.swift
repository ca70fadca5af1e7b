import Foundation
import Testing

@testable import EnvironmentPacking

@Suite struct EnvironmentSurveyTests {
    @Test("everything is listed in the order of its path's bytes, whatever it is")
    func order() throws {
        let fixture = try PackFixture()
        for name in ["a/z", "a-b", "a.c/d", "a0", "a/b/c", "a/b-c"] {
            try fixture.write(fixture.site + "/" + name, "x")
        }
        #expect(mkfifo(fixture.site + "/pipe", 0o644) == 0)
        let survey = try EnvironmentSurvey(prefix: fixture.prefix)
        let paths = survey.files.map(\.path)
        #expect(paths == paths.sorted { $0.lexicographicallyPrecedes($1) })
        let found = try PackFixture.run("find", [fixture.prefix, "-mindepth", "1"]).split(separator: "\n").count
        #expect(paths.count == found)
        #expect(survey.kind == .venv)
        let pipe = survey.files.first { $0.path.hasSuffix("/pipe") }
        #expect(pipe?.kind == .special("a FIFO"))
    }

    @Test("the digest tells a change of any file, and nothing else")
    func digest() throws {
        let fixture = try PackFixture()
        try fixture.write(fixture.site + "/m.py", "a = 1\n")
        let first = try EnvironmentSurvey(prefix: fixture.prefix).digest
        #expect(try EnvironmentSurvey(prefix: fixture.prefix).digest == first)
        try fixture.write(fixture.site + "/m.py", "a = 2\n")
        let second = try EnvironmentSurvey(prefix: fixture.prefix).digest
        #expect(second != first)
        chmod(fixture.site + "/m.py", 0o755)
        #expect(try EnvironmentSurvey(prefix: fixture.prefix).digest != second)
    }

    @Test("directories that are no environments of their own are refused")
    func refused() throws {
        let fixture = try PackFixture()
        for path in ["/", "/usr", fixture.directory, fixture.directory + "/nothing", fixture.prefix + "/pyvenv.cfg"] {
            #expect(throws: PackError.self) { try EnvironmentSurvey(prefix: path) }
        }
        var options = PackOptions()
        options.workspace = fixture.prefix
        let error = #expect(throws: PackError.self) { try fixture.packer.plan(prefix: fixture.prefix, options) }
        #expect(error?.message?.contains("workspace") == true)
    }

    @Test("directories deeper than the system takes in one path are listed")
    func deep() throws {
        let fixture = try PackFixture()
        try PackFixture.run(
            "python3",
            [
                "-c",
                """
                import os, sys
                os.chdir(sys.argv[1])
                for _ in range(45):
                    os.mkdir("d" * 100)
                    os.chdir("d" * 100)
                open("end", "w").close()
                """, fixture.site,
            ])
        let survey = try EnvironmentSurvey(prefix: fixture.prefix)
        #expect(survey.files.contains { $0.path.hasSuffix("/end") && $0.path.count > 4500 })
        let plan = try fixture.packer.plan(prefix: fixture.prefix, PackOptions())
        #expect(plan.problems(.unusableName).count == 1)
    }
}
