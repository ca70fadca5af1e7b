import EnvSyncModel

/// Workflow commands, from which GitHub Actions makes annotations: `::error file=…,line=…,title=…::message`.
///
/// The grammar and what is escaped are those of actions/runner, `ActionCommand.cs` (`TryParseV2`), and actions/toolkit,
/// `packages/core/src/command.ts`. The runner takes a command from every line, so no text from outside may start one.
enum GitHubCommands {
    static func text(_ report: DriftReport) -> String {
        switch report.outcome {
        case .failure(let error):
            let details = error.lines.dropFirst().map { "\n" + $0 }.joined()
            return command("error", "envsync: could not check", error.message + details, report.lockPath, 1)
        case .success(let outcome):
            var lines = outcome.findings.map { finding in
                command(
                    finding.isWarning ? "warning" : "error", "envsync: \(finding.code.rawValue)",
                    "\(finding.sentence)\ntry: \(finding.suggestion)", finding.path, finding.line ?? 1)
            }
            lines += outcome.fixes.map {
                command("notice", "envsync: \($0.code.rawValue)", $0.sentence, $0.path, 1)
            }
            if let caveat = outcome.caveat {
                lines.append(command("warning", "envsync: object-content", caveat, report.lockPath, 1))
            }
            // GitHub shows ten annotations of a kind for each step, and the log shows all.
            let count = outcome.findings.count
            lines.append(
                count == 0
                    ? report.allIsWell(outcome)
                    : "\(Human.count(count, "difference")) \(outcome.fixes.isEmpty ? "found" : "left")")
            return lines.joined(separator: "\n")
        }
    }

    private static func command(
        _ name: String, _ title: String, _ message: String, _ path: String, _ line: Int
    ) -> String {
        "::\(name) file=\(property(path)),line=\(line),title=\(property(title))::\(data(message))"
    }

    private static func data(_ text: String) -> String { escaped(text) { _ in false } }

    private static func property(_ text: String) -> String { escaped(text) { $0 == ":" || $0 == "," } }

    private static func escaped(_ text: String, also isSpecial: (Unicode.Scalar) -> Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "%" || scalar == "\r" || scalar == "\n" || isSpecial(scalar) {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += (digits.count == 1 ? "%0" : "%").unicodeScalars
                result += digits.unicodeScalars
            } else if scalar.value < 0x20 && scalar != "\t" || (0x7F...0x9F).contains(scalar.value)
                || scalar == "\u{2028}" || scalar == "\u{2029}"
            {
                // A log is read in terminals too; some readers end a line at these.
                result += "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }
}
