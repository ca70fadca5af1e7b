import Foundation
import Testing

@Suite(
    "Reports and CI files against the schemas of their formats",
    .enabled(if: TestReportTools.areAvailable, TestReportTools.missing))
struct ReportSchemaTests {
    static let golden = Tool.repository + "/Tests/EnvSyncCommandsTests/DriftFormats/Golden"
    static let reports = Local.names(golden).filter { !$0.hasSuffix(".txt") }

    /// The schema of a recorded report.
    static func schema(of name: String, in workspace: TestWorkspace) throws -> String {
        if name.hasSuffix(".junit.xml") { return "junit.xsd" }
        if name.hasSuffix(".sarif.json") { return "sarif.json" }
        try workspace.write("codequality.json", TestReportTools.codeQualitySchema)
        return workspace.path("codequality.json")
    }

    @Test("each recorded report is valid, those with hostile names too", arguments: reports)
    func recorded(name: String) throws {
        let schema = try Self.schema(of: name, in: try TestWorkspace())
        let workspace = try TestWorkspace()
        #expect(
            try TestReportTools.objections(to: "\(Self.golden)/\(name)", schema: Self.schema(of: name, in: workspace))
                == "", "\(schema)")
    }

    @Test("all three formats that have a schema are recorded")
    func complete() { #expect(Self.reports.count == 12) }

    @Test("what is wrong is not valid: the schemas are looked at")
    func refuses() throws {
        let workspace = try TestWorkspace()
        for (name, old, new) in [
            ("drift.junit.xml", "<testcase classname=", "<testcase nosuch="),
            ("drift.sarif.json", "\"ruleId\"", "\"nosuch\""), ("drift.gitlab.json", "\"critical\"", "\"terrible\""),
            ("drift.gitlab.json", "\"etl/envsync.toml\"", "\"/etl/envsync.toml\""),
        ] {
            let text = try String(contentsOfFile: "\(Self.golden)/\(name)", encoding: .utf8)
            try workspace.write(name, text.replacingOccurrences(of: old, with: new))
            #expect(try workspace.read(name) != text)
            let schema = try Self.schema(of: name, in: workspace)
            #expect(try TestReportTools.objections(to: workspace.path(name), schema: schema) != "", "\(name) \(old)")
        }
    }

    @Test(
        "the workflow and the pipeline are what GitHub's and GitLab's own schemas allow",
        arguments: [("github-actions.yml", "github-workflows.json"), ("gitlab-ci.yml", "gitlab-ci.json")])
    func pipelines(file: String, schema: String) throws {
        #expect(try TestReportTools.objections(to: "\(CIManifest.folder)/\(file)", schema: schema) == "")
        let workspace = try TestWorkspace()
        let broken = try CIManifest.text(file).replacingOccurrences(of: "  - test\n", with: "  test: 1\n")
            .replacingOccurrences(of: "runs-on:", with: "runs:")
        try workspace.write(file, broken)
        #expect(try TestReportTools.objections(to: workspace.path(file), schema: schema) != "")
    }

    @Test("JUnit's test cases are one for each kind of drift, with the same names whatever is found")
    func testCases() throws {
        let program = """
            import sys, xml.etree.ElementTree as tree
            for name in sys.argv[1:]:
                suite = tree.parse(name).getroot().find("testsuite")
                cases = suite.findall("testcase")
                for count, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                    assert int(suite.get(count)) == len(suite.findall("testcase/" + kind)), (name, kind)
                assert int(suite.get("tests")) == len(cases)
                assert all(len(case.findall("failure")) <= 1 for case in cases)
                print(" ".join(case.get("classname") + "." + case.get("name") for case in cases))
            """
        let files = ["in-sync", "drift", "fixed", "failed"].map { "\(Self.golden)/\($0).junit.xml" }
        let result = try TestReportTools.python(program, files)
        #expect(result.status == 0, "\(result)")
        let lines = Set(result.stdout.split(separator: "\n"))
        #expect(lines.count == 1 && lines.first?.contains("envsync.etl.object-missing") == true, "\(result)")
    }

    @Test("the rules that SARIF's results name are the ones at their index")
    func rules() throws {
        let program = """
            import json, sys
            for name in sys.argv[1:]:
                run = json.load(open(name, encoding="utf-8"))["runs"][0]
                rules = run["tool"]["driver"]["rules"]
                for result in run["results"]:
                    assert rules[result["ruleIndex"]]["id"] == result["ruleId"], result
                    for location in result["locations"]:
                        base = location["physicalLocation"]["artifactLocation"]["uriBaseId"]
                        assert base in run["originalUriBaseIds"]
                for note in run["invocations"][0]["toolExecutionNotifications"]:
                    rule = note.get("associatedRule")
                    assert rule is None or rules[rule["index"]]["id"] == rule["id"]
                prints = [each["partialFingerprints"]["envsyncDrift/v1"] for each in run["results"]]
                assert len(set(prints)) == len(prints)
            """
        let files = ["in-sync", "drift", "fixed", "failed"].map { "\(Self.golden)/\($0).sarif.json" }
        let result = try TestReportTools.python(program, files)
        #expect(result.status == 0, "\(result)")
    }
}
