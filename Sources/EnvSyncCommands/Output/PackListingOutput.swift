import EnvSyncModel
import Foundation
import SyncEngine

/// Prints what would be packed, piece by piece: it may be 100,000 lines.
struct PackListingOutput {
    let listing: PackListing

    func print(to output: Output) throws {
        if output.isJSON { try document(output) } else { text(output) }
    }

    private func text(_ output: Output) {
        var lines = OutputLines(output)
        for entry in listing.entries {
            let size = entry.size.map(String.init) ?? "-"
            var line = String(repeating: " ", count: max(0, 10 - size.utf8.count)) + size + "  "
            line += QuotedText.shown(bytes: entry.path)
            if let target = entry.target { line += " -> " + QuotedText.shown(bytes: target) }
            line += "  [" + (entry.package.map { QuotedText.shown($0) + ", " } ?? "") + entry.how + "]"
            lines.add(line)
        }
        let omissions = listing.omissions
        for omission in omissions {
            lines.add("  left out  \(QuotedText.shown(bytes: omission.path)): \(QuotedText.shown(omission.reason))")
        }
        for problem in listing.problems {
            for (index, line) in problem.lines.enumerated() {
                lines.add((index == 0 ? "   problem  " : "            ") + line)
            }
        }
        for note in listing.notes { lines.add("      note  \(note)") }
        lines.add(
            "\(listing.count) would go in, \(Human.count(omissions.count, "path")) left out, "
                + Human.count(listing.problems.count, "problem"))
        lines.flush()
    }

    private struct Entry: Encodable {
        let path: String
        let pathBase64: String?
        let type: String
        let size: Int64?
        let package: String?
        let how: String
        let target: String?
        let executable: Bool
    }

    private struct Rest: Encodable {
        let kind: String
        let python: String
        let prefix: String
        let omissions: [PackOmissionField]
        let problems: [PackFindingField]
        let notes: [String]
    }

    /// One document; its entries are one line each.
    private func document(_ output: Output) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let rest = Rest(
            kind: listing.kind, python: listing.python, prefix: listing.prefix,
            omissions: listing.omissions.map(PackOmissionField.init),
            problems: listing.problems.map(PackFindingField.init), notes: listing.notes)
        var lines = OutputLines(output)
        lines.add("{\"schemaVersion\":1,\"entries\":[")
        var pending: String?
        for entry in listing.entries {
            if let pending { lines.add(pending + ",") }
            let path = PathField(entry.path)
            let line = Entry(
                path: path.path, pathBase64: path.pathBase64, type: entry.kind.rawValue, size: entry.size,
                package: entry.package, how: entry.how,
                target: entry.target.map { String(decoding: $0, as: UTF8.self) },
                executable: entry.isExecutable)
            pending = String(decoding: try encoder.encode(line), as: UTF8.self)
        }
        if let pending { lines.add(pending) }
        lines.add("]," + String(decoding: try encoder.encode(rest), as: UTF8.self).dropFirst())
        lines.flush()
    }
}

/// Collects lines and prints them some thousands at a time.
struct OutputLines {
    private let output: Output
    private var text = ""

    init(_ output: Output) { self.output = output }

    mutating func add(_ line: String) {
        if !text.isEmpty { text += "\n" }
        text += line
        if text.utf8.count > 1 << 18 { flush() }
    }

    /// Prints what has been collected.
    mutating func flush() {
        if !text.isEmpty { output.part(text) }
        text = ""
    }
}
