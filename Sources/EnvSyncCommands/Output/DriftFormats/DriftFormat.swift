import ArgumentParser
import EnvSyncModel
import SyncEngine

/// How the result of a check is told.
enum DriftFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    case table, json, junit, github, gitlab, sarif

    /// The text of a check that came to its end.
    func text(_ report: DriftReport, _ outcome: DriftReport.Outcome, _ result: CheckResult) throws -> String {
        switch self {
        case .table: DriftTable.text(report, outcome)
        case .json: try Output.json(DriftDocument(report, outcome, result))
        case .junit, .github, .gitlab, .sarif: try machineText(report) ?? ""
        }
    }

    /// The text of a check that failed; `nil` if there is none that a machine would read from standard output.
    func failure(_ report: DriftReport, _ error: EnvSyncError) throws -> String? {
        switch self {
        case .table: "error: " + error.description
        case .json: try Output.json(ErrorDocument(error))
        case .junit, .github, .gitlab, .sarif: try machineText(report)
        }
    }

    private func machineText(_ report: DriftReport) throws -> String? {
        switch self {
        case .table, .json: nil
        case .junit: JUnitReport.text(report)
        case .github: GitHubCommands.text(report)
        case .gitlab: try GitLabCodeQuality.text(report)
        case .sarif: try SARIFLog.text(report)
        }
    }
}
