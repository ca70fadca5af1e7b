import EnvSyncModel
import SyncEngine

/// What `explain` says of an environment that envsync packs.
enum PackedArchiveText {
    static func text(_ report: PackedArchiveReport) -> String {
        var lines = ["archive \(report.alias): \(QuotedText.shown(report.prefix)), packed by envsync"]
        if let archive = report.archive {
            let time = report.packedAt.map { ", packed \(Human.time($0))" } ?? ""
            let place = report.isPublished ? ", published" : ""
            lines.append("  base     \(archive.digest.short)…, \(Human.bytes(archive.size))\(time)\(place)")
        } else {
            lines.append("  base     nothing is locked yet")
        }
        if let reason = report.reason {
            lines.append("  because  \(reason)")
            lines += report.changes.prefix(10).map { "             \($0)" }
            if report.changes.count > 10 { lines.append("             and \(report.changes.count - 10) more") }
        }
        if let overlay = report.overlay {
            lines.append(
                "  overlay  \(overlay.digest.short)…, \(Human.bytes(overlay.size)), \(percent(overlay.share)) of the base"
                    + " (at most \(percent(report.limit)))")
            lines += overlay.packages.map { "             \($0.description)" }
        } else if report.archive != nil {
            let limit = report.limit > 0 ? "at most \(percent(report.limit)) of the base" : "overlay = 0"
            lines.append("  overlay  none (\(limit))")
        }
        if let pending = report.pending { lines.append("  lock     would \(pending)") }
        return lines.joined(separator: "\n")
    }

    private static func percent(_ share: Double) -> String {
        let tenths = Int64((share * 1000).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
    }

    /// The same as JSON.
    struct Document: Encodable {
        struct Change: Encodable {
            let name: String
            let before: String?
            let after: String?
        }

        struct Overlay: Encodable {
            let sha256: String
            let bytes: Int64
            let share: Double
            let packages: [Change]
        }

        let alias: String
        let prefix: String
        let sha256: String?
        let bytes: Int64?
        let packedAt: Int64?
        let reason: String?
        let changes: [String]
        let published: Bool
        let overlay: Overlay?
        let limit: Double
        let pending: String?

        init(_ report: PackedArchiveReport) {
            alias = report.alias.text
            prefix = report.prefix
            sha256 = report.archive?.digest.hex
            bytes = report.archive?.size
            packedAt = report.packedAt
            reason = report.reason
            changes = report.changes
            published = report.isPublished
            overlay = report.overlay.map { overlay in
                Overlay(
                    sha256: overlay.digest.hex, bytes: overlay.size, share: overlay.share,
                    packages: overlay.packages.map { Change(name: $0.name, before: $0.before, after: $0.after) })
            }
            limit = report.limit
            pending = report.pending
        }
    }
}
