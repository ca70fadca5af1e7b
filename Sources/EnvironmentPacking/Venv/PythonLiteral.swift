/// The small part of Python's literals that setuptools writes into the finders of editable packages: dictionaries, lists and
/// tuples of strings.
enum PythonLiteral: Equatable {
    case string(String)
    case list([PythonLiteral])
    case dictionary([String: PythonLiteral])

    /// The value assigned to a name at the start of a line: `MAPPING: dict[str, str] = {…}`.
    /// - Returns: `nil` if there is none, or one of another form.
    static func assigned(to name: String, in source: String) -> PythonLiteral? {
        for line in source.split(separator: "\n") where line.hasPrefix(name) {
            let rest = line.dropFirst(name.count)
            guard let next = rest.first, next == " " || next == ":" || next == "=" else { continue }
            guard let equals = rest.firstIndex(of: "=") else { continue }
            var parser = Parser(Array(rest[rest.index(after: equals)...].unicodeScalars))
            return parser.value(depth: 0)
        }
        return nil
    }

    private struct Parser {
        let text: [Unicode.Scalar]
        var place = 0

        init(_ text: [Unicode.Scalar]) { self.text = text }

        mutating func skip() {
            while place < text.count, text[place] == " " || text[place] == "\t" || text[place] == "\r" { place += 1 }
        }

        mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
            skip()
            guard place < text.count, text[place] == scalar else { return false }
            place += 1
            return true
        }

        mutating func value(depth: Int) -> PythonLiteral? {
            guard depth < 8 else { return nil }
            skip()
            guard place < text.count else { return nil }
            switch text[place] {
            case "'", "\"": return string().map { .string($0) }
            case "[":
                place += 1
                return items("]", depth).map { .list($0) }
            case "(":
                place += 1
                return items(")", depth).map { .list($0) }
            case "{":
                place += 1
                return dictionary(depth)
            default: return nil
            }
        }

        private mutating func items(_ end: Unicode.Scalar, _ depth: Int) -> [PythonLiteral]? {
            var items: [PythonLiteral] = []
            while !accept(end) {
                guard let item = value(depth: depth + 1) else { return nil }
                items.append(item)
                if !accept(",") { return accept(end) ? items : nil }
            }
            return items
        }

        private mutating func dictionary(_ depth: Int) -> PythonLiteral? {
            var entries: [String: PythonLiteral] = [:]
            while !accept("}") {
                skip()
                guard let key = string(), accept(":"), let item = value(depth: depth + 1) else { return nil }
                entries[key] = item
                if !accept(",") { return accept("}") ? .dictionary(entries) : nil }
            }
            return .dictionary(entries)
        }

        /// As `repr` writes it.
        private mutating func string() -> String? {
            guard place < text.count, text[place] == "'" || text[place] == "\"" else { return nil }
            let quote = text[place]
            place += 1
            var result = String.UnicodeScalarView()
            while place < text.count, text[place] != quote {
                if text[place] == "\\" {
                    guard let scalar = escape() else { return nil }
                    result.append(scalar)
                } else {
                    result.append(text[place])
                    place += 1
                }
            }
            guard place < text.count else { return nil }
            place += 1
            return String(result)
        }

        private mutating func escape() -> Unicode.Scalar? {
            guard place + 1 < text.count else { return nil }
            let kind = text[place + 1]
            place += 2
            switch kind {
            case "\\", "'", "\"": return kind
            case "n": return "\n"
            case "t": return "\t"
            case "r": return "\r"
            case "x", "u", "U":
                let digits = kind == "x" ? 2 : kind == "u" ? 4 : 8
                guard place + digits <= text.count else { return nil }
                var hexadecimal = ""
                hexadecimal.unicodeScalars.append(contentsOf: text[place..<place + digits])
                place += digits
                return UInt32(hexadecimal, radix: 16).flatMap { Unicode.Scalar($0) }
            default: return nil
            }
        }
    }
}
