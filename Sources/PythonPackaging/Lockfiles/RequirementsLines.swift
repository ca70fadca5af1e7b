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
        var current: Line?
        var number = 0
        for raw in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            var part = withoutComment(raw)
            let hadComment = part.endIndex != raw.endIndex
            let continues = !hadComment && part.hasSuffix("\\")
            if continues { part = part.dropLast() }
            if current == nil { current = Line(text: "", number: number) }
            current?.text += part
            // A comment ends the line that it stands in, even within a continued one.
            if !continues, let line = current {
                lines.append(line)
                current = nil
            }
        }
        if let current { lines.append(current) }
        return lines.compactMap { line in
            let text = trimmed(line.text[...])
            return text.isEmpty ? nil : Line(text: String(text), number: line.number)
        }
    }

    /// A `#` begins a comment at the beginning of a line or after white space; elsewhere it belongs to a URL.
    private static func withoutComment(_ line: Substring) -> Substring {
        var previous: Character = " "
        for index in line.indices {
            if line[index] == "#", previous.isWhitespace { return line[..<index] }
            previous = line[index]
        }
        return line
    }

    static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }

    /// Splits a requirement from the options that follow it: everything from the first word that begins with `--`.
    static func options(of line: String) -> (requirement: String, options: [String]) {
        var requirement: [Substring] = []
        var options: [String] = []
        for word in line.split(whereSeparator: \.isWhitespace) {
            if options.isEmpty, !word.hasPrefix("--") { requirement.append(word) } else { options.append(String(word)) }
        }
        return (requirement.joined(separator: " "), options)
    }
}
