/// The first lines of a script, made to find the interpreter from the script's own place.
///
/// `#!` needs an absolute path, so the script is first read by `sh`, which replaces itself by the interpreter beside the script
/// (the script's symbolic links resolved), and then by Python, to which the same lines are comments and a string:
///
///     #!/bin/sh
///     # comments of the script, among them its coding (PEP 263)
///     '''exec' "$(dirname -- "$(readlink -f -- "$0")")/python" "$0" "$@"
///     ' '''
///
/// If the script goes on with a string (its documentation), the two are joined to one: `from __future__ import` may only come
/// after comments and one string.
struct ScriptHeader {
    static let mark = Array("#!".utf8)

    /// In ascending order.
    let patches: [Rewritten.Patch]
    /// Where the rest of the script starts, which is as it was.
    let end: Int

    /// - Parameters:
    ///   - directory: the interpreter's, relative to the script's.
    ///   - isInBin: whether the script is in that directory.
    ///   - python: the interpreter's name, whatever the script calls it.
    /// - Returns: `nil` if the script's interpreter isn't the environment's.
    init?(_ text: [UInt8], spellings: PrefixSpellings, directory: String, isInBin: Bool, python: String) {
        guard let old = Interpreter(text, spellings: spellings, isInBin: isInBin) else { return nil }
        guard Self.isPython(old.name) else {
            // Another language's: comments aren't strings there.
            guard let line = Self.searching(old) else { return nil }
            patches = [.init(range: 0..<Int64(old.end), bytes: line)]
            end = old.end
            return
        }
        let body = Self.endOfComments(text, from: old.end)
        let place = isInBin ? "" : "/" + directory
        let arguments = old.arguments.map { " " + $0 }.joined()
        var lines =
            "'''exec' \"$(dirname -- \"$(readlink -f -- \"$0\")\")\(place)/\(python)\"\(arguments) \"$0\" \"$@\"\n' '''"
        lines += Self.isString(text, at: body) ? " \\\n" : "\n"
        patches = [
            .init(range: 0..<Int64(old.end), bytes: Array("#!/bin/sh\n".utf8)),
            .init(range: Int64(body)..<Int64(body), bytes: Array(lines.utf8)),
        ]
        end = body
    }

    /// `python`, `python3`, `python3.11`, `python3.13t`, `pythonw`.
    static func isPython(_ name: String) -> Bool {
        guard name.hasPrefix("python") else { return false }
        var rest = Substring(name.dropFirst(6))
        if rest.hasPrefix("w") { rest = rest.dropFirst() }
        if rest.hasSuffix("t") { rest = rest.dropLast() }
        return rest.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") }
    }

    /// The first line for an interpreter that is looked for on the path.
    private static func searching(_ old: Interpreter) -> [UInt8]? {
        guard old.arguments.isEmpty, !old.name.contains("=") else { return nil }
        return Array("#!/usr/bin/env \(old.name)\n".utf8)
    }

    /// The end of the comments and empty lines, which are the same to `sh` and to Python.
    private static func endOfComments(_ text: [UInt8], from start: Int) -> Int {
        var place = start
        while place < text.count, let newline = text[place...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = text[place..<newline]
            guard let first = line.first(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else {
                place = newline + 1
                continue
            }
            // A lone carriage return ends a comment for Python only.
            let comment = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard first == UInt8(ascii: "#"), !comment.contains(UInt8(ascii: "\r")) else { break }
            place = newline + 1
        }
        return place
    }

    private static func isString(_ text: [UInt8], at place: Int) -> Bool {
        let next = text[place...].prefix(2)
        guard let first = next.first else { return false }
        let quotes = [UInt8(ascii: "\""), UInt8(ascii: "'")]
        if quotes.contains(first) { return true }
        return "rRuU".utf8.contains(first) && next.count == 2 && quotes.contains(next[next.startIndex + 1])
    }
}

extension ScriptHeader {
    /// What a script says of its interpreter.
    struct Interpreter {
        /// In `bin`.
        var name: String
        /// As shell words.
        var arguments: [String]
        /// The end of the lines that say so.
        var end: Int

        init?(_ text: [UInt8], spellings: PrefixSpellings, isInBin: Bool) {
            guard text.starts(with: mark), let newline = text.firstIndex(of: UInt8(ascii: "\n")), newline < 4096 else {
                return nil
            }
            var line = text[2..<newline]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            line = line.drop { Self.isBlank($0) }
            if line.elementsEqual("/bin/sh".utf8) {
                self.init(polyglot: text, from: newline + 1, spellings: spellings, isInBin: isInBin)
                return
            }
            guard let (path, rest) = Self.word(line), let name = Self.name(path, spellings) else { return nil }
            self.init(name: name, arguments: rest, end: newline + 1)
        }

        private init?(name: [UInt8], arguments: ArraySlice<UInt8>, end: Int) {
            guard !name.isEmpty, name.allSatisfy({ Self.isPlain($0) }) else { return nil }
            var words: [String] = []
            for word in arguments.split(whereSeparator: { Self.isBlank($0) }) {
                guard word.allSatisfy({ Self.isPlain($0) }) else { return nil }
                words.append(String(decoding: word, as: UTF8.self))
            }
            self.name = String(decoding: name, as: UTF8.self)
            self.arguments = words
            self.end = end
        }

        /// The form for paths that `#!` can't hold, as pip, distlib and uv write it: an `exec` that is half a string to Python.
        private init?(polyglot text: [UInt8], from start: Int, spellings: PrefixSpellings, isInBin: Bool) {
            let opening = Array("'''exec' ".utf8)
            let closing = Array(" \"$0\" \"$@\"".utf8)
            guard text[start...].starts(with: opening), let newline = text[start...].firstIndex(of: UInt8(ascii: "\n")),
                text[(newline + 1)...].starts(with: Array("' '''".utf8)),
                let last = text[(newline + 1)...].firstIndex(of: UInt8(ascii: "\n"))
            else { return nil }
            let line = text[(start + opening.count)..<newline]
            guard line.count > closing.count, line.suffix(closing.count).elementsEqual(closing) else { return nil }
            let command = line.dropLast(closing.count)
            if command.starts(with: Array("\"$(".utf8)) {
                // uv's for relocatable environments: already relative to the script's place.
                guard isInBin, let slash = command.lastIndex(of: UInt8(ascii: "/")) else { return nil }
                let tail = command[(slash + 1)...].filter { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") }[...]
                guard let (name, rest) = Self.word(tail) else { return nil }
                self.init(name: name, arguments: rest, end: last + 1)
            } else {
                guard let (path, rest) = Self.word(command), let name = Self.name(path, spellings) else { return nil }
                self.init(name: name, arguments: rest, end: last + 1)
            }
        }

        /// The first word, which may be quoted, and what is after it.
        private static func word(_ line: ArraySlice<UInt8>) -> ([UInt8], ArraySlice<UInt8>)? {
            guard let first = line.first else { return nil }
            if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
                guard let close = line.dropFirst().firstIndex(of: first) else { return nil }
                return (Array(line[(line.startIndex + 1)..<close]), line[(close + 1)...])
            }
            let end = line.firstIndex(where: { isBlank($0) }) ?? line.endIndex
            return (Array(line[..<end]), line[end...])
        }

        private static func name(_ path: [UInt8], _ spellings: PrefixSpellings) -> [UInt8]? {
            guard let relative = spellings.relative(path), relative.starts(with: Array("bin/".utf8)) else { return nil }
            return Array(relative.dropFirst(4))
        }

        private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

        /// Means itself to the shell, inside and outside of quotes.
        private static func isPlain(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "_-+.,:=@%".utf8.contains(byte)
            }
        }
    }
}
