import EnvSyncModel
import SyncEngine

/// The result of `envsync check --json`.
struct DriftDocument: Encodable {
    struct Location: Encodable {
        let path: String
        let line: Int?
    }

    struct Finding: Encodable {
        let code: String
        let severity: String
        let subject: String
        let message: String
        let suggestion: String
        let location: Location
    }

    struct Fix: Encodable {
        let code: String
        let subject: String
        let action: String
    }

    let schemaVersion = 1
    let environment: String
    let store: String
    let id: String
    let generation: Int?
    let inSync: Bool
    let objects: Int
    let packages: Int
    let findings: [Finding]
    let fixed: [Fix]
    let notLookedFor: [String]
    let requests: Int
    let notCompared: Int
    let bytesReceived: Int64

    init(_ report: DriftReport, _ outcome: DriftReport.Outcome, _ result: CheckResult) {
        environment = report.environment ?? ""
        store = report.store ?? ""
        id = outcome.id
        generation = outcome.generation
        inSync = outcome.findings.isEmpty
        objects = outcome.objects
        packages = outcome.packages
        findings = outcome.findings.map {
            Finding(
                code: $0.code.rawValue, severity: $0.isWarning ? "warning" : "error", subject: $0.subject,
                message: $0.message, suggestion: $0.suggestion, location: Location(path: $0.path, line: $0.line))
        }
        fixed = outcome.fixes.map { Fix(code: $0.code.rawValue, subject: $0.subject, action: $0.action) }
        notLookedFor = report.coverage.filter { $0.leftOut != nil }.map(\.code.rawValue)
        requests = result.requests
        notCompared = result.notCompared
        bytesReceived = result.bytesReceived
    }
}
