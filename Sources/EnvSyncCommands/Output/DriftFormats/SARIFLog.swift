import EnvSyncModel
import SyncEngine

/// SARIF 2.1.0 (OASIS, errata 01): one run with a rule for each kind of drift, a result for each finding, and an
/// invocation that says whether the check came to its end.
enum SARIFLog {
    static func text(_ report: DriftReport) throws -> String { try Output.json(log(report)) }

    private static func log(_ report: DriftReport) -> SARIF.Log {
        let codes = DriftFinding.Code.allCases
        let rules =
            codes.map { rule($0.rawValue, DriftRule.of($0), $0.severity == .warning ? .warning : .error) }
            + [rule(DriftRule.notCheckedCode, DriftRule.notChecked, .error)]
        let indexes = Dictionary(uniqueKeysWithValues: rules.enumerated().map { ($0.element.id, $0.offset) })
        var results: [SARIF.Result] = []
        var notifications: [SARIF.Notification] = []
        var properties = SARIF.RunProperties(environment: report.environment, store: report.store)
        switch report.outcome {
        case .success(let outcome):
            results = report.fingerprinted(outcome.findings).map { finding, fingerprint in
                let code = finding.code.rawValue
                return SARIF.Result(
                    ruleId: code, ruleIndex: indexes[code] ?? -1, level: finding.isWarning ? .warning : .error,
                    message: .init("\(finding.sentence); try: \(finding.suggestion)"),
                    locations: [location(finding.path, finding.line, subject: finding.subject)],
                    partialFingerprints: .init(drift: fingerprint))
            }
            // Not results: what was fixed needs nobody's attention.
            notifications += outcome.fixes.map { fix in
                SARIF.Notification(
                    level: .note, message: .init(fix.sentence),
                    associatedRule: .init(id: fix.code.rawValue, index: indexes[fix.code.rawValue] ?? -1))
            }
            if let caveat = outcome.caveat {
                let code = DriftFinding.Code.objectContent.rawValue
                notifications.append(
                    SARIF.Notification(
                        level: .warning, message: .init(caveat),
                        associatedRule: .init(id: code, index: indexes[code] ?? -1)))
            }
            properties.id = outcome.id
            properties.generation = outcome.generation
            properties.objects = outcome.objects
        case .failure(let error):
            notifications.append(SARIF.Notification(level: .error, message: .init(error.description)))
            // A reader that looks at results only must not take a failure for a run without findings.
            let code = DriftRule.notCheckedCode
            results.append(
                SARIF.Result(
                    ruleId: code, ruleIndex: indexes[code] ?? -1, level: .error,
                    message: .init("the check could not do its work: \(error.message)"),
                    locations: [location(report.lockPath, 1, subject: nil)],
                    partialFingerprints: .init(
                        drift: DriftReport.fingerprint([report.environment ?? "", code]))))
        }
        properties.notLookedFor = report.coverage.compactMap { each in
            each.leftOut.map { "\(each.code.rawValue): \($0)" }
        }
        let invocation = SARIF.Invocation(
            executionSuccessful: report.exitCode != 2, exitCode: report.exitCode,
            toolExecutionNotifications: notifications)
        let driver = SARIF.Driver(
            name: "envsync", version: EnvSyncVersion.text, semanticVersion: EnvSyncVersion.text, rules: rules)
        return SARIF.Log(
            runs: [
                SARIF.Run(
                    tool: .init(driver: driver),
                    // Keeps several workspaces of a repository apart.
                    automationDetails: .init(id: "envsync-check/\(report.environment ?? "unknown")/"),
                    invocations: [invocation], results: results, properties: properties)
            ])
    }

    private static func rule(_ code: String, _ rule: DriftRule, _ level: SARIF.Level) -> SARIF.Rule {
        let name = code.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        return SARIF.Rule(
            id: code, name: name, shortDescription: .init(rule.summary), fullDescription: .init(rule.summary),
            help: .init(rule.help), defaultConfiguration: .init(level: level))
    }

    private static func location(_ path: String, _ line: Int?, subject: String?) -> SARIF.Location {
        SARIF.Location(
            physicalLocation: .init(
                artifactLocation: .init(uri: uriReference(path), uriBaseId: SARIF.Run.root),
                region: .init(startLine: max(1, line ?? 1))),
            logicalLocations: subject.map { [.init(fullyQualifiedName: $0)] })
    }

    /// A relative path as an RFC 3986 reference: what is not unreserved is percent-encoded, `/` aside.
    static func uriReference(_ path: String) -> String {
        var result = ""
        for byte in path.utf8 {
            switch byte {
            case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x2D, 0x2E, 0x5F, 0x7E, 0x2F:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += (digits.count == 1 ? "%0" : "%") + digits
            }
        }
        return result
    }
}

/// The objects of SARIF that are used here, by the names of the specification.
private enum SARIF {
    enum Level: String, Encodable { case note, warning, error }

    struct Log: Encodable {
        enum CodingKeys: String, CodingKey {
            case version, runs
            case schema = "$schema"
        }

        let schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
        let version = "2.1.0"
        let runs: [Run]
    }

    struct Run: Encodable {
        /// What paths are relative to. Where that is on this machine is nobody else's business, so it has no URI.
        static let root = "SRCROOT"

        let tool: Tool
        let automationDetails: AutomationDetails
        let invocations: [Invocation]
        let originalUriBaseIds = [root: BaseLocation(description: Message("The root of the repository."))]
        let columnKind = "unicodeCodePoints"
        let results: [Result]
        let properties: RunProperties
    }

    struct Message: Encodable {
        let text: String

        init(_ text: String) { self.text = text }
    }

    struct BaseLocation: Encodable { let description: Message }

    struct AutomationDetails: Encodable { let id: String }

    struct Tool: Encodable { let driver: Driver }

    struct Driver: Encodable {
        let name: String
        let version: String
        let semanticVersion: String
        let rules: [Rule]
    }

    struct Rule: Encodable {
        struct Configuration: Encodable { let level: Level }

        let id: String
        let name: String
        let shortDescription: Message
        let fullDescription: Message
        let help: Message
        let defaultConfiguration: Configuration
    }

    struct RuleReference: Encodable {
        let id: String
        let index: Int
    }

    struct Notification: Encodable {
        let level: Level
        let message: Message
        var associatedRule: RuleReference?
    }

    struct Invocation: Encodable {
        let executionSuccessful: Bool
        let exitCode: Int
        let toolExecutionNotifications: [Notification]
    }

    struct Result: Encodable {
        struct Fingerprints: Encodable {
            enum CodingKeys: String, CodingKey { case drift = "envsyncDrift/v1" }

            let drift: String
        }

        let ruleId: String
        let ruleIndex: Int
        let level: Level
        let message: Message
        let locations: [Location]
        let partialFingerprints: Fingerprints
    }

    struct Location: Encodable {
        struct Physical: Encodable {
            let artifactLocation: Artifact
            let region: Region
        }

        struct Artifact: Encodable {
            let uri: String
            let uriBaseId: String
        }

        struct Region: Encodable { let startLine: Int }

        struct Logical: Encodable {
            let fullyQualifiedName: String
            let kind = "resource"
        }

        let physicalLocation: Physical
        let logicalLocations: [Logical]?
    }

    struct RunProperties: Encodable {
        let environment: String?
        let store: String?
        var id: String?
        var generation: Int?
        var objects: Int?
        var notLookedFor: [String]?
    }
}
