/// How a submission is written.
public enum LaunchFormat: String, Sendable, CaseIterable {
    /// Words after `spark-submit`, to paste and for `$(…)`.
    case sparkSubmit = "spark-submit"
    /// The same words, quoted for `eval`.
    case shell
    /// For machines.
    case json
    /// A fragment of `spark-defaults.conf`.
    case conf
    /// Python for a running session.
    case python
    /// The body of Livy's `POST /batches`.
    case livy
    /// Keyword arguments of Airflow's `SparkSubmitOperator`.
    case airflow
    /// A `SparkApplication` of the Kubernetes operator.
    case sparkOperator = "spark-operator"

    /// Whether it carries `spark-submit` options that envsync doesn't know.
    var carriesExtraOptions: Bool {
        switch self {
        case .sparkSubmit, .shell, .json: true
        case .conf, .python, .livy, .airflow, .sparkOperator: false
        }
    }

    /// Whether it starts a main program.
    var needsMain: Bool {
        switch self {
        case .livy, .airflow, .sparkOperator: true
        case .sparkSubmit, .shell, .json, .conf, .python: false
        }
    }
}

extension SubmissionPlan {
    /// The submission in a format. Ends without a line break.
    ///
    /// - Precondition: there are no ``errors``; the plan was made for this format (``SubmissionRequest/format``).
    public func text(_ format: LaunchFormat) throws -> String {
        switch format {
        case .sparkSubmit, .shell: ShellLine(SparkSubmitEmitter().words(submission)).quoted
        case .json: String(try JSONEmitter().text(self).dropLast())
        case .conf: SparkDefaultsEmitter().text(submission)
        case .python: PythonSnippetEmitter().text(submission)
        case .livy: try LivyEmitter().text(submission)
        case .airflow: AirflowEmitter().text(submission)
        case .sparkOperator: SparkOperatorEmitter().text(submission)
        }
    }
}
