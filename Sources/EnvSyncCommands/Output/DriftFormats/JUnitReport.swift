import EnvSyncModel

/// JUnit's XML, as Jenkins and GitLab read it: one test case for each kind of drift, so that its name is the same in
/// every run, and a first one that tells whether the check could be made.
///
/// The dialect is that of the Jenkins xUnit plug-in, `junit-10.xsd`. A test case has at most one failure that lists all
/// findings of its kind, since readers keep only the first one.
enum JUnitReport {
    static func text(_ report: DriftReport) -> String {
        let name = report.environment ?? "unknown"
        var cases: [Case] = []
        switch report.outcome {
        case .success(let outcome):
            cases.append(Case(name: "check", body: outcome.caveat.map { [element("system-out", $0)] } ?? []))
            cases += report.coverage.map { Self.testCase($0, outcome) }
        case .failure(let error):
            let attributes = [("type", error.code.rawValue), ("message", error.message)]
            cases.append(
                Case(name: "check", body: [element("error", error.description, attributes)], isError: true))
            cases += report.coverage.map {
                Case(name: $0.code.rawValue, body: [skipped($0.leftOut ?? "it could not be checked")], isSkipped: true)
            }
        }
        let counts = [
            ("tests", String(cases.count)), ("failures", String(cases.count { $0.isFailure })),
            ("errors", String(cases.count { $0.isError })),
        ]
        let time = report.duration.map { [("time", seconds($0))] } ?? []
        let skips = [("skipped", String(cases.count { $0.isSkipped }))]
        var lines = [#"<?xml version="1.0" encoding="UTF-8"?>"#]
        lines.append("<testsuites\(attributes([("name", "envsync check")] + counts + time))>")
        lines.append("  <testsuite\(attributes([("name", "envsync check \(name)")] + counts + skips + time))>")
        lines += properties(report)
        for testCase in cases {
            let start = "    <testcase\(attributes([("classname", "envsync.\(name)"), ("name", testCase.name)]))"
            lines += testCase.body.isEmpty ? [start + "/>"] : [start + ">"] + testCase.body + ["    </testcase>"]
        }
        lines += ["  </testsuite>", "</testsuites>"]
        return lines.joined(separator: "\n")
    }

    private struct Case {
        var name: String
        var body: [String]
        var isFailure = false
        var isError = false
        var isSkipped = false
    }

    private static func testCase(_ coverage: DriftReport.Coverage, _ outcome: DriftReport.Outcome) -> Case {
        let code = coverage.code
        var result = Case(name: code.rawValue, body: [])
        if let reason = coverage.leftOut {
            result.isSkipped = true
            result.body = [skipped(reason)]
            return result
        }
        let findings = outcome.findings.filter { $0.code == code }
        if let first = findings.first {
            result.isFailure = true
            let message =
                findings.count == 1
                ? first.sentence : "\(findings.count) differences, the first of which is \(first.sentence)"
            let text = findings.map { finding in
                let place = finding.line.map { "\(finding.path):\($0)" } ?? finding.path
                return "\(finding.sentence)\n  try: \(finding.suggestion)\n  in:  \(QuotedText.shown(place))"
            }
            result.body.append(
                element("failure", text.joined(separator: "\n"), [("type", code.rawValue), ("message", message)]))
        }
        let fixes = outcome.fixes.filter { $0.code == code }.map(\.sentence)
        if !fixes.isEmpty { result.body.append(element("system-out", fixes.joined(separator: "\n"))) }
        return result
    }

    private static func properties(_ report: DriftReport) -> [String] {
        var pairs: [(String, String)] = []
        if let environment = report.environment { pairs.append(("environment", environment)) }
        if let store = report.store { pairs.append(("store", store)) }
        if case .success(let outcome) = report.outcome {
            pairs.append(("id", outcome.id))
            if let generation = outcome.generation { pairs.append(("generation", String(generation))) }
            pairs.append(("objects", String(outcome.objects)))
        }
        guard !pairs.isEmpty else { return [] }
        let lines = pairs.map { "      <property\(attributes([("name", $0.0), ("value", $0.1)]))/>" }
        return ["    <properties>"] + lines + ["    </properties>"]
    }

    private static func skipped(_ reason: String) -> String { "      <skipped\(attributes([("message", reason)]))/>" }

    private static func element(_ name: String, _ text: String, _ pairs: [(String, String)] = []) -> String {
        "      <\(name)\(attributes(pairs))>\(XMLText.content(text))</\(name)>"
    }

    private static func attributes(_ pairs: [(String, String)]) -> String {
        pairs.map { " \($0.0)=\"\(XMLText.attribute($0.1))\"" }.joined()
    }

    /// Seconds with three digits after the point.
    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = max(0, duration / .milliseconds(1))
        let whole = Int(milliseconds.rounded())
        let fraction = String(whole % 1000)
        return "\(whole / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }
}
