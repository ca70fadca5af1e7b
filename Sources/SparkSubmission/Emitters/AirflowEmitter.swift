/// Writes a submission as keyword arguments of Airflow's `SparkSubmitOperator` (apache-airflow-providers-apache-spark,
/// `operators/spark_submit.py`), in Python.
public struct AirflowEmitter: Sendable {
    /// Makes an emitter.
    public init() {}

    /// One argument after the other, each ending in a comma: to paste between the parentheses. The master is that of the
    /// Airflow connection, which the first line says.
    public func text(_ submission: Submission) -> String {
        var lines = ["# conn_id: a Spark connection whose master is \(submission.master)"]
        func add(_ name: String, _ value: String) { lines.append("\(name)=\(value),") }
        func list(_ entries: [SubmissionEntry]) -> String { entries.map(\.argument).joined(separator: ",") }
        if let main = submission.main { add("application", QuotedLiteral.text(Self.template(main))) }
        if !submission.mainArguments.isEmpty {
            add(
                "application_args",
                PythonLiteral.list(submission.mainArguments.map(Self.template), indentation: ""))
        }
        add("deploy_mode", QuotedLiteral.text(submission.deployMode.rawValue))
        add("name", QuotedLiteral.text(Self.template(name(submission))))
        for (argument, entries) in [("py_files", submission.pyFiles), ("files", submission.files)]
        where !entries.isEmpty {
            add(argument, QuotedLiteral.text(Self.template(list(entries))))
        }
        // Not among the operator's template fields.
        if !submission.archives.isEmpty { add("archives", QuotedLiteral.text(list(submission.archives))) }
        // The operator sets spark.app.name by its own argument.
        let properties = submission.conf.filter { $0.key != "spark.app.name" }
        if !properties.isEmpty {
            add(
                "conf",
                PythonLiteral.dictionary(
                    properties.map { (Self.template($0.key), Self.template($0.value)) }, indentation: ""))
        }
        return lines.joined(separator: "\n")
    }

    private func name(_ submission: Submission) -> String {
        submission.conf.last { $0.key == "spark.app.name" }?.value ?? submission.jobName
    }

    /// Most of the arguments are Jinja templates; text that Jinja would read as one is marked as plain.
    static func template(_ text: String) -> String {
        guard ["{{", "{%", "{#"].contains(where: text.contains) else { return text }
        // Each opening brace on its own, so that nothing in the text can end what marks it.
        return text.replacing("{", with: "{{ '{' }}")
    }
}
