/// The logical lines of a requirements file: continued lines are joined, comments and empty lines left out (pip,
/// "Requirements File Format").
enum RequirementsLines {
    struct Line {
        var text: String
        /// Of its first part, counted from 1.
        var number: Int
    }

    static func split(_ text: String) -> [Line] {
        var lines: [Line] = []
        var joined: [UInt8] = []
        var number = 0
        var first = 1
        func endLine() {
            let text = trimmed(Substring(String(decoding: joined, as: UTF8.self)))
            if !text.isEmpty { lines.append(Line(text: String(text), number: first)) }
            joined.removeAll(keepingCapacity: true)
        }
        for raw in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            if joined.isEmpty { first = number }
            let line = raw.last == UInt8(ascii: "\r") ? raw.dropLast() : raw
            let part = withoutComment(line)
            // A comment ends the line that it stands in, even within a continued one.
            if part.endIndex == line.endIndex, part.last == UInt8(ascii: "\\") {
                joined += part.dropLast()
                // A line that is continued has begun, even if nothing stands in it.
                if joined.isEmpty { joined = [UInt8(ascii: " ")] }
            } else {
                joined += part
                endLine()
            }
        }
        endLine()
        return lines
    }

    /// A `#` begins a comment at the beginning of a line or after white space; elsewhere it belongs to a URL.
    private static func withoutComment(_ line: Substring.UTF8View) -> Substring.UTF8View {
        var previous = UInt8(ascii: " ")
        for index in line.indices {
            if line[index] == UInt8(ascii: "#"), isBlank(previous) { return line[..<index] }
            previous = line[index]
        }
        return line
    }

    static func trimmed(_ text: Substring) -> Substring {
        let bytes = text.utf8
        guard let start = bytes.firstIndex(where: { !isBlank($0) }), let end = bytes.lastIndex(where: { !isBlank($0) })
        else { return text.prefix(0) }
        return text[start..<bytes.index(after: end)]
    }

    /// Splits a requirement from the options that follow it: everything from the first word that begins with `--`.
    static func options(of line: String) -> (requirement: String, options: [String]) {
        let words = line.utf8.split(whereSeparator: isBlank)
        let count = words.firstIndex { $0.starts(with: "--".utf8) } ?? words.count
        return (
            words[..<count].map { String(Substring($0)) }.joined(separator: " "),
            words[count...].map { String(Substring($0)) }
        )
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte) }
}
