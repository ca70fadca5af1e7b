import EnvSyncModel
import Foundation
import SyncEngine

/// What `pack` tells people.
enum PackText {
    /// Omissions that are listed; the others are counted.
    private static let shownOmissions = 10

    static func text(_ report: PackReport) -> String {
        let python = report.kind == "conda" ? "conda environment" : report.kind == "venv" ? "venv" : "Python"
        var lines = [
            (report.wasUnchanged ? "unchanged: " : "packed ") + QuotedText.shown(report.output) + ", "
                + Human.bytes(report.size),
            "  sha256    \(report.digest.hex)",
            "  of        \(QuotedText.shown(report.prefix)): \(python) \(report.python), "
                + "\(Human.count(report.packages.count, "package")), \(report.entries) entries",
        ]
        if let base = report.base {
            lines.append(
                "  python    \(QuotedText.shown(base)), which all workers must have; --with-python takes it along")
        } else {
            lines.append("  python    \(QuotedText.shown(report.interpreter)), inside the archive")
        }
        if !report.wasUnchanged {
            lines.append(
                "  work      read \(Human.bytes(report.bytesRead)), compressed \(Human.bytes(report.bytesCompressed)), "
                    + "known from before \(Human.bytes(report.bytesReused))")
        }
        lines += report.notes.map { "  note      " + $0 }
        lines += report.problems.flatMap { problem in
            let lines = problem.lines
            return ["  ignored   " + (lines.first ?? "")] + lines.dropFirst().map { "          " + $0 }
        }
        lines += omissions(report.omissions)
        return lines.joined(separator: "\n")
    }

    /// What was left out, most common reasons first.
    private static func omissions(_ omissions: [PackOmission]) -> [String] {
        guard !omissions.isEmpty else { return [] }
        let groups = Dictionary(grouping: omissions, by: \.reason).sorted {
            ($1.value.count, $0.key) < ($0.value.count, $1.key)
        }
        var lines = groups.prefix(shownOmissions).map { reason, paths in
            let first = paths.first.map { QuotedText.shown(bytes: $0.path) } ?? ""
            return "  left out  " + (paths.count == 1 ? first : "\(paths.count) paths, \(first) for example")
                + ": \(QuotedText.shown(reason))"
        }
        if groups.count > shownOmissions {
            lines.append("  and for \(groups.count - shownOmissions) other reasons; see --list")
        }
        return lines
    }
}

/// A path in JSON, which has no bytes.
struct PathField: Encodable {
    /// With U+FFFD for what is not UTF-8.
    let path: String
    /// The bytes in base64, if they are not UTF-8.
    let pathBase64: String?

    init(_ bytes: [UInt8]) {
        path = String(decoding: bytes, as: UTF8.self)
        pathBase64 = String(validating: bytes, as: UTF8.self) == nil ? Data(bytes).base64EncodedString() : nil
    }
}

/// A problem of an environment, for machines.
struct PackFindingField: Encodable {
    let code: String
    let package: String?
    let paths: [PathField]
    let count: Int
    let message: String
    let advice: String

    init(_ finding: PackFinding) {
        code = finding.code
        package = finding.package
        paths = finding.paths.map(PathField.init)
        count = finding.count
        message = finding.message
        advice = finding.advice
    }
}

/// Something that is left out, for machines.
struct PackOmissionField: Encodable {
    let path: String
    let pathBase64: String?
    let reason: String

    init(_ omission: PackOmission) {
        let field = PathField(omission.path)
        path = field.path
        pathBase64 = field.pathBase64
        reason = omission.reason
    }
}

/// What `pack` tells machines.
struct PackDocument: Encodable {
    struct Package: Encodable {
        let name: String
        let version: String
        let manager: String
        let files: Int
    }

    let schemaVersion = 1
    let prefix: String
    let output: String
    let format: String
    let size: Int64
    let sha256: String
    let kind: String
    let python: String
    let interpreter: String
    let interpreterBase: String?
    let unchanged: Bool
    let entries: Int
    let bytesRead: Int64
    let bytesReused: Int64
    let bytesCompressed: Int64
    let packages: [Package]
    let omissions: [PackOmissionField]
    let problems: [PackFindingField]
    let notes: [String]

    init(_ report: PackReport) {
        prefix = report.prefix
        output = report.output
        format = report.format.rawValue
        size = report.size
        sha256 = report.digest.hex
        kind = report.kind
        python = report.python
        interpreter = report.interpreter
        interpreterBase = report.base
        unchanged = report.wasUnchanged
        entries = report.entries
        bytesRead = report.bytesRead
        bytesReused = report.bytesReused
        bytesCompressed = report.bytesCompressed
        packages = report.packages.map {
            Package(name: $0.name, version: $0.version, manager: $0.manager, files: $0.files)
        }
        omissions = report.omissions.map(PackOmissionField.init)
        problems = report.problems.map(PackFindingField.init)
        notes = report.notes
    }
}

/// Why nothing was packed, for machines.
struct PackRefusalDocument: Encodable {
    let schemaVersion = 1
    let error: ErrorDocument.Body
    let problems: [PackFindingField]

    init(_ refusal: PackRefusal) {
        error = ErrorDocument(refusal.error).error
        problems = refusal.findings.map(PackFindingField.init)
    }
}
