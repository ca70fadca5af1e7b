import EnvSyncModel
import SyncEngine

@testable import EnvSyncCommands

/// Reports that the renderers are tested with: the same ones as long as these tests live.
enum DriftFixture {
    /// Everything that could end a line, a literal, an element, a property or a terminal's patience.
    static let hostile =
        "conf/a,b:c=%0A\n::error file=x::y\r\n\u{1B}[31m\u{202E}\u{2028}\u{7}😀é\"<&>']]>\\ \u{FFFE}##[error]z.yaml"

    static let names = ["in-sync", "drift", "fixed", "failed"]

    static func report(_ name: String) -> DriftReport {
        switch name {
        case "in-sync": inSync
        case "drift": drift
        case "fixed": fixed
        default: failed
        }
    }

    static func finding(
        _ code: DriftFinding.Code, _ subject: String, _ message: String, path: String = "etl/envsync.lock",
        line: Int? = nil
    ) -> DriftReport.Finding {
        DriftReport.Finding(
            code: code, subject: subject, what: QuotedText.shown(Human.storePath(subject, root: "/apps/envsync")),
            message: message, suggestion: "envsync lock, then envsync push", path: path, line: line)
    }

    static let object = "/apps/envsync/objects/98/\(String(repeating: "98", count: 32))/six.whl"

    private static let inSync = report(
        leftOut: [
            .environmentMissing: "it needs --env", .environmentExtra: "it needs --env",
            .environmentVersion: "it needs --env", .environmentChanged: "it needs --env",
            .objectContent: "it needs --deep or --read-back",
        ])

    private static let drift = report(
        findings: [
            finding(.staleLock, "src/own", "\"src/own\" is not in the lock", path: "etl/envsync.toml", line: 12),
            finding(.localChanged, hostile, "it has other bytes: \(hostile)", path: "etl/\(hostile)"),
            finding(.environmentVersion, "six", "1.16.0 is installed, the lock has 1.17.0"),
            finding(.objectMissing, object, "the object is not in the store"),
            finding(.objectMissing, object, "the object is not in the store"),
            finding(.objectMode, "/apps/envsync/objects/98", "its mode is 700; 755 lets others use it"),
        ], notCompared: 3, leftOut: [.localMissing: "left out by --remote-only"])

    private static let fixed = report(
        findings: [finding(.generationDiffers, "/apps/envsync/refs/etl", "generation 8, by ana, is another one")],
        fixes: [
            DriftReport.Fix(
                code: .objectMissing, subject: object, what: Human.storePath(object, root: "/apps/envsync"),
                action: "sent again", path: "etl/envsync.lock"),
            DriftReport.Fix(
                code: .objectMode, subject: hostile, what: QuotedText.shown(hostile), action: "set to 755",
                path: "etl/envsync.lock"),
        ])

    private static let failed = DriftReport(
        environment: "etl", store: "webhdfs://namenode.example:9870/apps/envsync", lockPath: "etl/envsync.lock",
        coverage: coverage(leftOut: [.objectContent: "it needs --deep or --read-back"]),
        duration: .milliseconds(30_004),
        outcome: .failure(
            EnvSyncError(
                .unreachable, "cannot check environment \"etl\": namenode.example:9870 does not answer",
                reason: "Connection refused\n::error::<hostile> & 100 %", suggestion: "check store.url and the network",
                consequence: "nothing was changed")))

    private static func coverage(leftOut: [DriftFinding.Code: String]) -> [DriftReport.Coverage] {
        DriftFinding.Code.allCases.map { DriftReport.Coverage(code: $0, leftOut: leftOut[$0]) }
    }

    private static func report(
        findings: [DriftReport.Finding] = [], fixes: [DriftReport.Fix] = [], notCompared: Int = 0,
        leftOut: [DriftFinding.Code: String] = [:]
    ) -> DriftReport {
        DriftReport(
            environment: "etl", store: "webhdfs://namenode.example:9870/apps/envsync", lockPath: "etl/envsync.lock",
            coverage: coverage(leftOut: leftOut), duration: .milliseconds(1_234.6),
            outcome: .success(
                DriftReport.Outcome(
                    id: String(repeating: "6c", count: 32), generation: 7, objects: 64, packages: 12,
                    notCompared: notCompared,
                    findings: findings, fixes: fixes)))
    }
}
