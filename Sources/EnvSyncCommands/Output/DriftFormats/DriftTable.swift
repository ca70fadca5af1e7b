/// The result of `envsync check` for people.
enum DriftTable {
    static func text(_ report: DriftReport, _ outcome: DriftReport.Outcome) -> String {
        let fixes = outcome.fixes.map { $0.sentence + "\n" }
        guard !outcome.findings.isEmpty else { return fixes.joined() + report.allIsWell(outcome) }
        var table = TextTable(header: ["DRIFT", "WHAT", "HOW"])
        var suggestions: [String] = []
        for finding in outcome.findings {
            table.add([finding.code.rawValue, finding.what, finding.message])
            if !suggestions.contains(finding.suggestion) { suggestions.append(finding.suggestion) }
        }
        let tries = suggestions.prefix(5).map { "\ntry: \($0)" }.joined()
        let count = Human.count(outcome.findings.count, "difference")
        return fixes.joined() + table.text + "\n\n\(count) \(outcome.fixes.isEmpty ? "found" : "left")" + tries
    }
}
