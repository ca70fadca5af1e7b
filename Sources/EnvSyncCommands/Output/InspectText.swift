import EnvSyncModel
import SyncEngine

/// What `inspect` tells people.
enum InspectText {
    static func text(_ report: InspectReport, listsPackages: Bool) -> String {
        var lines = summary(report)
        if listsPackages, !report.packages.isEmpty { lines += ["", packages(report)] }
        let sides: [(InspectFinding.Side, String)] = [
            (.archive, "not what the archive says of itself:"), (.lock, "not what is locked:"),
        ]
        for (side, title) in sides {
            let findings = report.findings.filter { $0.side == side }
            if !findings.isEmpty { lines += ["", title] + findings.flatMap(Self.lines) }
        }
        lines.append("")
        guard !report.findings.isEmpty else { return (lines + ["no difference found"]).joined(separator: "\n") }
        lines.append("\(Human.count(report.findings.count, "difference")) found")
        var suggestions: [String] = []
        for finding in report.findings where !suggestions.contains(finding.suggestion) {
            suggestions.append(finding.suggestion)
        }
        lines += suggestions.prefix(5).map { "try: \(QuotedText.shown($0))" }
        return lines.joined(separator: "\n")
    }

    // MARK: - What it is

    private static func summary(_ report: InspectReport) -> [String] {
        let maker = report.maker.map { ", made by \($0)" } ?? ""
        var lines = [
            "\(QuotedText.shown(report.path)): \(report.format), \(Human.bytes(report.size))\(maker)",
            "  sha256    \(report.digest.hex)", "  holds     \(contents(report))",
        ]
        if !report.root.isEmpty { lines.append("  below     \(QuotedText.shown(report.root))") }
        if let python = interpreter(report) { lines.append("  python    \(python)") }
        if let lockfile = report.lockfile {
            let standing =
                switch lockfile.isCurrent {
                case true?: ", as in this workspace"
                case false?: ", which isn't what this workspace's lockfile wants"
                case nil: ""
                }
            lines.append("  from      \(QuotedText.shown(lockfile.name)) \(short(lockfile.id))\(standing)")
        }
        lines.append("  lock      \(lock(report))")
        if report.kind != nil {
            let rewritten =
                report.rewrittenFiles > 0
                ? "; \(report.rewrittenFiles) rewritten by the packer can't be compared" : ""
            lines.append(
                "  compared  \(Human.count(report.comparedFiles, "file")) with the hashes of their packages\(rewritten)"
            )
        }
        return lines
    }

    private static func contents(_ report: InspectReport) -> String {
        let python = report.python.map { " of Python \(QuotedText.shown($0))" } ?? ""
        let kind =
            switch report.kind {
            case "conda"?: "a conda environment"
            case "venv"?: "a venv"
            case "tree"?: "a Python installation"
            case "overlay"?: "an overlay, packages that come before those of an archive,"
            case "layer"?: "a layer, packages without an environment,"
            case let kind?: QuotedText.shown(kind)
            case nil: "no Python environment"
            }
        return "\(kind)\(python), \(Human.count(report.packages.count, "package")), "
            + "\(Human.count(report.files, "file")), \(Human.bytes(report.unpackedBytes)) unpacked"
    }

    private static func interpreter(_ report: InspectReport) -> String? {
        guard let interpreter = report.interpreter else {
            return ["overlay", "layer", nil].contains(report.kind) ? nil : "none"
        }
        let path = QuotedText.shown(interpreter.path)
        if interpreter.isIncluded { return "\(path), inside the archive" }
        let base = interpreter.base.map { " to \(QuotedText.shown($0))" } ?? ""
        return "\(path), a link\(base), which all workers must have"
    }

    private static func lock(_ report: InspectReport) -> String {
        let id = report.environment.map { "\($0.name) \($0.id.short)…" } ?? ""
        switch report.standing {
        case .none(let reason): return "not compared: \(reason)"
        case .same(let artifact): return "\(id): it is the lock's \(name(artifact)), byte for byte"
        case .compared(let artifact):
            let rest = report.isComplete ? "" : ", which isn't here: what only it holds isn't compared"
            return "\(id): it isn't the lock's \(name(artifact)), and is compared with that\(rest)"
        case .comparedWithWheels: return "\(id): it has no archive; compared with the packages that it sends"
        case .nothing: return "\(id): it has nothing to compare this with"
        }
    }

    private static func name(_ artifact: Artifact) -> String {
        guard let alias = artifact.alias else { return "\(artifact.kind.rawValue) \(artifact.leaf)" }
        return "\(artifact.base == nil ? artifact.kind.rawValue : "overlay") \(alias)"
    }

    private static func short(_ id: String) -> String { QuotedText.shown(String(id.prefix(12))) + "…" }

    private static func packages(_ report: InspectReport) -> String {
        let hasConda = report.packages.contains { $0.manager == "conda" }
        var table = TextTable(header: ["PACKAGE", "VERSION"] + (hasConda ? ["BY", "BUILD"] : []) + ["FILES"])
        for package in report.packages {
            table.add(
                [package.name, package.version.isEmpty ? "-" : package.version]
                    + (hasConda ? [package.manager, package.build ?? "-"] : []) + [String(package.files)])
        }
        return table.text
    }

    // MARK: - What is wrong

    private static func lines(_ finding: InspectFinding) -> [String] {
        let isOfPath = finding.paths.first.map { finding.subject == String(decoding: $0, as: UTF8.self) } ?? false
        let subject = isOfPath ? QuotedText.shown(bytes: finding.paths[0]) : QuotedText.shown(finding.subject)
        var line =
            "  [\(finding.code)] " + (finding.subject.isEmpty ? "" : "\(subject) ") + QuotedText.shown(finding.message)
        if finding.side == .lock { line = "  [\(finding.code)] \(subject): \(QuotedText.shown(finding.message))" }
        let listed = isOfPath ? Array(finding.paths.dropFirst()) : finding.paths
        let more = finding.count - (isOfPath ? 1 : 0) - listed.count
        return [line] + listed.map { "      \(QuotedText.shown(bytes: $0))" }
            + (more > 0 ? ["      and \(more) more"] : [])
    }
}

/// What `inspect` tells machines.
struct InspectDocument: Encodable {
    struct Interpreter: Encodable {
        let path: String
        let included: Bool
        let base: String?
    }

    struct Package: Encodable {
        let name: String
        let version: String
        let manager: String
        let build: String?
        let files: Int
        let digest: String?
    }

    struct Lockfile: Encodable {
        let name: String
        let id: String
        let current: Bool?
    }

    struct Lock: Encodable {
        let environment: String
        let id: String
        /// `same`, `compared`, `wheels` or `nothing`.
        let standing: String
        /// The artifact that it is, or was compared with.
        let artifact: LockArtifact?
        let complete: Bool
    }

    struct LockArtifact: Encodable {
        let name: String
        let kind: String
        let alias: String?
        let sha256: String
    }

    struct Finding: Encodable {
        let code: String
        let severity: String
        let against: String
        let subject: String
        let message: String
        let suggestion: String
        let paths: [PathField]
        let count: Int
    }

    let schemaVersion = 1
    let path: String
    let format: String
    let size: Int64
    let sha256: String
    let kind: String?
    let maker: String?
    let python: String?
    let interpreter: Interpreter?
    let root: String
    let files: Int
    let unpackedBytes: Int64
    let comparedFiles: Int
    let rewrittenFiles: Int
    let packages: [Package]
    let lockfile: Lockfile?
    let lock: Lock?
    /// Why there is no lock to compare with.
    let notCompared: String?
    let equal: Bool
    let findings: [Finding]

    init(_ report: InspectReport) {
        path = report.path
        format = report.format
        size = report.size
        sha256 = report.digest.hex
        kind = report.kind
        maker = report.maker
        python = report.python
        interpreter = report.interpreter.map { Interpreter(path: $0.path, included: $0.isIncluded, base: $0.base) }
        root = report.root
        files = report.files
        unpackedBytes = report.unpackedBytes
        comparedFiles = report.comparedFiles
        rewrittenFiles = report.rewrittenFiles
        packages = report.packages.map {
            Package(
                name: $0.name, version: $0.version, manager: $0.manager, build: $0.build, files: $0.files,
                digest: $0.digest)
        }
        lockfile = report.lockfile.map { Lockfile(name: $0.name, id: $0.id, current: $0.isCurrent) }
        lock = Self.lock(report)
        if case .none(let reason) = report.standing { notCompared = reason } else { notCompared = nil }
        equal = report.findings.isEmpty
        findings = report.findings.map {
            Finding(
                code: $0.code, severity: $0.severity.rawValue, against: $0.side.rawValue, subject: $0.subject,
                message: $0.message, suggestion: $0.suggestion, paths: $0.paths.map(PathField.init), count: $0.count)
        }
    }

    private static func lock(_ report: InspectReport) -> Lock? {
        guard let environment = report.environment else { return nil }
        let (standing, artifact): (String, Artifact?) =
            switch report.standing {
            case .none: ("nothing", nil)
            case .same(let artifact): ("same", artifact)
            case .compared(let artifact): ("compared", artifact)
            case .comparedWithWheels: ("wheels", nil)
            case .nothing: ("nothing", nil)
            }
        return Lock(
            environment: environment.name.text, id: environment.id.hex, standing: standing,
            artifact: artifact.map {
                LockArtifact(
                    name: $0.name, kind: $0.kind.rawValue, alias: $0.alias?.text, sha256: $0.digest.hex)
            }, complete: report.isComplete)
    }
}
