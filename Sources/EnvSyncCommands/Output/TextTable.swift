import EnvSyncModel

/// Lines of columns, padded to align. Cells may hold any text, file names above all: what could steer a terminal or
/// break the table is escaped.
struct TextTable {
    private var rows: [[String]]

    init(header: [String]) { rows = [header] }

    mutating func add(_ row: [String]) { rows.append(row.map(QuotedText.shown)) }

    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

/// Sizes and times for people.
enum Human {
    /// Bytes with a decimal unit: `274 MB`, `1.2 kB`, `17 B`.
    static func bytes(_ count: Int64) -> String {
        var value = Double(count)
        for unit in ["B", "kB", "MB", "GB", "TB"] {
            if value < 999.5 || unit == "TB" {
                if unit == "B" { return "\(count) B" }
                let tenths = (value * 10).rounded() / 10
                return (tenths < 10 ? "\(tenths)" : "\(Int(value.rounded()))") + " \(unit)"
            }
            value /= 1000
        }
        return "\(count) B"
    }

    /// `2026-11-22 17:04:05 UTC`, from seconds since 1970.
    static func time(_ seconds: Int64) -> String {
        // Days to a civil date, after Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
        let days = Int64((Double(seconds) / 86400).rounded(.down)) + 719_468
        let era = days / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shifted + 2) / 5 + 1
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let clock = ((seconds % 86400) + 86400) % 86400
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(year)-\(two(month))-\(two(day)) \(two(clock / 3600)):\(two(clock / 60 % 60)):\(two(clock % 60)) UTC"
    }

    /// A path in the store relative to its root, with digests cut to 12 digits; `--json` has it whole.
    static func storePath(_ path: String, root: String) -> String {
        guard path.hasPrefix(root + "/") else { return path }
        return path.dropFirst(root.utf8.count + 1).split(separator: "/").map { component in
            let isDigest = component.utf8.count == 64 && component.allSatisfy(\.isHexDigit)
            return isDigest ? component.prefix(12) + "…" : String(component)
        }.joined(separator: "/")
    }

    /// `3 objects`, `1 object`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
