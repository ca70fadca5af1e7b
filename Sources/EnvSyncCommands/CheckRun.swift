import EnvSyncModel
import SyncEngine

/// A check with its reports: they tell of a failure unless the check came to its end.
struct CheckRun: Sendable {
    let options: CheckOptions
    let format: DriftFormat
    let files: [ReportFile]
    let context: CommandContext

    /// Checks, prints the result and writes the reports.
    ///
    /// - Throws: whatever kept it from knowing; the reports tell so then.
    func findsDrift() async throws -> Bool {
        let paths = RepositoryPaths(
            directory: Workspace.absolutePath(context.options.directory), lockFileName: Workspace.lockFileName)
        var report = DriftReport(
            environment: nil, store: nil, lockPath: paths.lock, coverage: coverage,
            isNarrowed: !options.only.isEmpty || !options.ignore.isEmpty, duration: nil,
            outcome: .failure(EnvSyncError(.interrupted, "the check did not come to its end")))
        let start = ContinuousClock.now
        do {
            // A report of an earlier run must not be taken for this one's, whatever becomes of this process; and one
            // that can't be written is better known before the work than after it.
            try write(report)
            let engine = try context.engine()
            report.environment = engine.workspace.configuration.environment.text
            report.store = engine.workspace.storeLocation.description
            let result = try await engine.check(options)
            report.duration = ContinuousClock.now - start
            let outcome = DriftReport.Outcome(result, paths, storeRoot: engine.workspace.storeLocation.path)
            report.outcome = .success(outcome)
            for file in files { try file.write(try file.format.text(report, outcome, result)) }
            let text = try format.text(report, outcome, result)
            try context.output.result(DriftDocument(report, outcome, result), text: text)
            return !outcome.findings.isEmpty
        } catch {
            report.duration = ContinuousClock.now - start
            report.outcome = .failure(explained(error))
            tell(report)
            throw error
        }
    }

    private func explained(_ error: any Error) -> EnvSyncError {
        if error is CancellationError { return EnvSyncError(.interrupted, "the check was interrupted") }
        return error as? EnvSyncError ?? EnvSyncError(.system, "unexpected failure: \(error)")
    }

    private func write(_ report: DriftReport) throws {
        guard case .failure(let error) = report.outcome else { return }
        for file in files { try file.write(try file.format.failure(report, error) ?? "") }
    }

    /// Tells of a failure in every format. What can't even be told is less than the failure itself.
    private func tell(_ report: DriftReport) {
        guard case .failure(let error) = report.outcome else { return }
        for file in files { try? file.write(file.format.failure(report, error) ?? "") }
        // The table has nothing for standard output then, and the document of --json is printed with the error.
        guard format != .table, format != .json, let text = try? format.failure(report, error) else { return }
        try? context.output.result(ErrorDocument(error), text: text)
    }

    /// What is looked for, and why the rest isn't.
    private var coverage: [DriftReport.Coverage] {
        DriftFinding.Code.allCases.map { code in
            let reason: String? =
                if !options.wants(code) {
                    options.ignore.contains(code) ? "left out by --ignore" : "left out by --only"
                } else {
                    switch code {
                    case .localMissing where options.remoteOnly: "left out by --remote-only"
                    case .environmentMissing, .environmentExtra, .environmentVersion, .environmentChanged:
                        options.environmentPrefix == nil ? "it needs --env" : nil
                    case .objectContent: options.deep || options.readBack ? nil : "it needs --deep or --read-back"
                    default: nil
                    }
                }
            return DriftReport.Coverage(code: code, leftOut: reason)
        }
    }
}

extension DriftReport.Outcome {
    /// Takes over what the engine found.
    init(_ result: CheckResult, _ paths: RepositoryPaths, storeRoot: String) {
        func what(_ subject: String) -> String { QuotedText.shown(Human.storePath(subject, root: storeRoot)) }
        self.init(
            id: result.id.hex, generation: result.generation?.number, objects: result.objects,
            packages: result.packages,
            notCompared: result.notCompared,
            findings: result.findings.map { finding in
                DriftReport.Finding(
                    code: finding.code, subject: finding.subject, what: what(finding.subject), message: finding.message,
                    suggestion: finding.suggestion,
                    path: paths.path(finding.location?.path), line: finding.location?.line)
            },
            fixes: result.fixed.map { fixed in
                DriftReport.Fix(
                    code: fixed.finding.code, subject: fixed.finding.subject, what: what(fixed.finding.subject),
                    action: fixed.action,
                    path: paths.path(fixed.finding.location?.path))
            })
    }
}
