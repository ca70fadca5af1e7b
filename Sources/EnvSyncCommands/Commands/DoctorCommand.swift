import ArgumentParser
import SyncEngine
import Synchronization

/// `envsync doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Examine whether the store can be reached, written and shared.",
        discussion: """
            Writes a small file to the store's staging directory, verifies it and removes it again.

            EXAMPLE
              envsync doctor
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await CommandRunner.run(options) { context in
            let all = Mutex<[Diagnosis]>([])
            try await context.engine().doctor { diagnosis in
                all.withLock { $0.append(diagnosis) }
            }
            let found = all.withLock { $0 }
            try context.output.result(Document(found), text: Self.text(found))
            if found.contains(where: { $0.verdict == .failure }) { throw ExitCode(2) }
        }
    }

    private static func text(_ found: [Diagnosis]) -> String {
        var table = TextTable(header: [])
        for diagnosis in found {
            table.add([diagnosis.verdict.rawValue, diagnosis.subject, diagnosis.message])
            if let suggestion = diagnosis.suggestion { table.add(["", "", "try: " + suggestion]) }
        }
        return String(table.text.drop { $0 == "\n" })
    }

    private struct Document: Encodable {
        struct Row: Encodable {
            let subject: String
            let verdict: String
            let message: String
            let suggestion: String?
        }

        let schemaVersion = 1
        let findings: [Row]

        init(_ found: [Diagnosis]) {
            findings = found.map {
                Row(subject: $0.subject, verdict: $0.verdict.rawValue, message: $0.message, suggestion: $0.suggestion)
            }
        }
    }
}
