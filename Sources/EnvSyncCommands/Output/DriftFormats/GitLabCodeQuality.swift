import EnvSyncModel
import SyncEngine

/// GitLab's Code Quality report: an array of issues in the subset of Code Climate's format that GitLab documents under
/// "Code Quality report format": `description`, `check_name`, `fingerprint`, `severity`, `location.path` and
/// `location.lines.begin`.
enum GitLabCodeQuality {
    static func text(_ report: DriftReport) throws -> String { try Output.json(issues(report)) }

    private static func issues(_ report: DriftReport) -> [Issue] {
        switch report.outcome {
        case .failure(let error):
            let details = [error.reason, error.suggestion.map { "try: " + $0 }].compactMap { $0 }
            return [
                Issue(
                    description: "envsync could not check: "
                        + ([error.message] + details).joined(separator: "; "),
                    checkName: DriftRule.notCheckedCode,
                    fingerprint: DriftReport.fingerprint([report.environment ?? "", DriftRule.notCheckedCode]),
                    severity: .blocker, location: Issue.Location(report.lockPath, 1))
            ]
        case .success(let outcome):
            var issues = report.fingerprinted(outcome.findings).map { finding, fingerprint in
                Issue(
                    description: "\(finding.sentence); try: \(finding.suggestion)", checkName: finding.code.rawValue,
                    fingerprint: fingerprint, severity: severity(finding),
                    location: Issue.Location(finding.path, finding.line))
            }
            issues += outcome.fixes.map { fix in
                Issue(
                    description: fix.sentence, checkName: fix.code.rawValue,
                    fingerprint: DriftReport.fingerprint(
                        [report.environment ?? "", "fixed", fix.code.rawValue, fix.subject]),
                    severity: .info, location: Issue.Location(fix.path, 1))
            }
            if let caveat = outcome.caveat {
                issues.append(
                    Issue(
                        description: caveat, checkName: DriftFinding.Code.objectContent.rawValue,
                        fingerprint: DriftReport.fingerprint([report.environment ?? "", "not-compared"]),
                        severity: .minor, location: Issue.Location(report.lockPath, 1)))
            }
            return issues
        }
    }

    private static func severity(_ finding: DriftReport.Finding) -> Issue.Severity {
        if finding.isWarning { return .minor }
        return switch finding.code {
        // Jobs that start now fail.
        case .notPublished, .publicationDamaged, .objectMissing, .objectSize, .objectContent: .critical
        default: .major
        }
    }

    private struct Issue: Encodable {
        enum Severity: String, Encodable { case info, minor, major, critical, blocker }

        struct Location: Encodable {
            struct Lines: Encodable { let begin: Int }

            let path: String
            let lines: Lines

            init(_ path: String, _ line: Int?) {
                self.path = path
                lines = Lines(begin: max(1, line ?? 1))
            }
        }

        enum CodingKeys: String, CodingKey {
            case description, fingerprint, severity, location
            case checkName = "check_name"
        }

        let description: String
        let checkName: String
        let fingerprint: String
        let severity: Severity
        let location: Location
    }
}
