import EnvSyncModel
import SyncEngine

/// What a check has to tell, whatever the format: what every renderer of this folder is given.
struct DriftReport: Sendable {
    /// One difference.
    struct Finding: Sendable, Hashable {
        let code: DriftFinding.Code
        /// What it is about, as ``DriftFinding/subject``: any text.
        let subject: String
        /// The same for people: paths in the store relative to its root, and no control characters.
        let what: String
        let message: String
        let suggestion: String
        /// The file of the repository that it belongs to, relative to the repository's root.
        let path: String
        let line: Int?
    }

    /// What `--fix` did about a difference.
    struct Fix: Sendable, Hashable {
        let code: DriftFinding.Code
        let subject: String
        let what: String
        let action: String
        let path: String
    }

    /// A kind of drift, and whether it was looked for.
    struct Coverage: Sendable, Hashable {
        let code: DriftFinding.Code
        /// Why it wasn't, as a clause; `nil` if it was.
        let leftOut: String?
    }

    /// What a check that came to its end found.
    struct Outcome: Sendable {
        /// The lock's environment, in hexadecimal.
        var id: String
        var generation: Int?
        var objects: Int
        /// Installed packages that were looked at.
        var packages: Int
        /// Objects whose content could not be compared.
        var notCompared: Int
        var findings: [Finding]
        var fixes: [Fix]
    }

    /// The environment's name; `nil` if the configuration couldn't be read.
    var environment: String?
    /// Where the store is; `nil` if the configuration couldn't be read.
    var store: String?
    /// The lock, relative to the repository's root: where what belongs to no other file is shown.
    var lockPath: String
    /// What was looked for, in the order of the codes.
    var coverage: [Coverage]
    /// Whether `--only` or `--ignore` left something out.
    var isNarrowed = false
    /// How long the check took; `nil` if that is not to be told.
    var duration: Duration?
    /// What came of it. A check that failed is never in sync.
    var outcome: Result<Outcome, EnvSyncError>

    /// The exit code that goes with it.
    var exitCode: Int {
        switch outcome {
        case .success(let outcome): outcome.findings.isEmpty ? 0 : 1
        case .failure: 2
        }
    }

    /// What there is to say when nothing was found. "In sync" is said only if all was looked for.
    func allIsWell(_ outcome: Outcome) -> String {
        let name = "\"\(environment ?? "")\""
        guard !isNarrowed else {
            let codes = coverage.filter { $0.leftOut == nil }.map(\.code.rawValue)
            return "no drift: \(name) was looked through for \(codes.joined(separator: ", "))"
        }
        let generation = outcome.generation.map { "generation \($0), " } ?? ""
        let packages = outcome.packages > 0 ? "; \(Human.count(outcome.packages, "installed package"))" : ""
        return "in sync: \(name) is \(generation)\(outcome.id.prefix(12)), "
            + "\(Human.count(outcome.objects, "object")) in \(store ?? "")\(packages)"
    }

    /// Findings and what tells them apart from all others, the same in every run.
    ///
    /// It is made of what the finding is about and not of how it is told: a message names generations and sizes.
    func fingerprinted(_ findings: [Finding]) -> [(finding: Finding, fingerprint: String)] {
        var seen: [String: Int] = [:]
        return findings.map { finding in
            let base = [environment ?? "", finding.code.rawValue, finding.subject, finding.path]
            let ordinal = seen[base.joined(separator: "\0"), default: 0]
            seen[base.joined(separator: "\0")] = ordinal + 1
            return (finding, Self.fingerprint(base + (ordinal == 0 ? [] : [String(ordinal)])))
        }
    }

    static func fingerprint(_ parts: [String]) -> String {
        ContentDigest.of(parts.joined(separator: "\0").utf8).hex
    }
}

extension DriftReport.Finding {
    var isWarning: Bool { code.severity == .warning }

    /// `conf/app.yaml: what is the matter`; the message alone where it names what it is about.
    var sentence: String { message.contains(QuotedText.visible(subject)) ? message : "\(what): \(message)" }
}

extension DriftReport.Fix {
    /// `fixed object-missing: objects/…: what was done`.
    var sentence: String { "fixed \(code.rawValue): \(what): \(action)" }
}

extension DriftReport.Outcome {
    /// What a check with `--deep` could not tell; `nil` if it could all.
    var caveat: String? {
        guard notCompared > 0 else { return nil }
        return "\(Human.count(notCompared, "object")) could not be compared without downloading; use --read-back"
    }
}
