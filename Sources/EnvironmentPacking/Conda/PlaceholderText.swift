import Crypto

/// Text in which conda put the environment's prefix in the place of the package's placeholder.
struct PlaceholderText {
    /// Where the environment may have been when it was installed: where it is, as the user spells that, and where it was copied
    /// from.
    var prefixes: [[UInt8]]
    var placeholder: [UInt8]

    /// The text as the package has it.
    ///
    /// - Parameter sha256: of the file in the package. What has it is returned; without it, or if nothing has it, every path at or
    ///   below a prefix is replaced.
    func restored(_ text: [UInt8], sha256: [UInt8]?) -> [UInt8] {
        guard let sha256 else { return replacingPaths(in: text) }
        func isPackaged(_ candidate: [UInt8]) -> Bool { SHA256.hash(data: candidate).elementsEqual(sha256) }
        for prefix in prefixes {
            let replaced = PlaceholderStrings.replacing(prefix, by: placeholder, in: text)
            if isPackaged(replaced) { return replaced }
            // conda puts `env` in the place of an interpreter whose path is too long for the kernel or has a space.
            if let named = Self.withInterpreter(of: placeholder, replaced), isPackaged(named) { return named }
            let paths = Self.replacingPaths(of: prefix, by: placeholder, in: text)
            if isPackaged(paths) { return paths }
        }
        return isPackaged(text) ? text : replacingPaths(in: text)
    }

    private func replacingPaths(in text: [UInt8]) -> [UInt8] {
        prefixes.sorted { $0.count > $1.count }.reduce(text) {
            Self.replacingPaths(of: $1, by: placeholder, in: $0)
        }
    }

    /// `#!/usr/bin/env NAME` as `#!PREFIX/bin/NAME`.
    private static func withInterpreter(of prefix: [UInt8], _ text: [UInt8]) -> [UInt8]? {
        let env = Array("#!/usr/bin/env ".utf8)
        guard text.starts(with: env) else { return nil }
        return Array("#!".utf8) + prefix + Array("/bin/".utf8) + text[env.count...]
    }

    /// Replaces a prefix where it is a whole path or followed by a slash: `/opt/env` isn't in `/opt/env2`, nor in `/data/opt/env`.
    static func replacingPaths(of prefix: [UInt8], by replacement: [UInt8], in text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        var from = 0
        while let found = SearchableFile.first(prefix, in: text, from: from) {
            let end = found + prefix.count
            from = end
            let isWhole =
                (found == 0 || !continuesName(text[found - 1])) && (end == text.count || !continuesName(text[end]))
            guard isWhole else { continue }
            result += text[index..<found]
            result += replacement
            index = end
        }
        return result + text[index...]
    }

    private static func continuesName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), 0x80...:
            true
        default: false
        }
    }

    /// The text as conda writes it for a prefix (`conda/core/portability.py`, `replace_long_shebang`): a first line that names an
    /// interpreter by more than 127 bytes, or by a path with a space, gets `env` instead.
    static func installed(_ text: [UInt8], placeholder: [UInt8], at prefix: [UInt8]) -> [UInt8] {
        let line = text.prefix { $0 != UInt8(ascii: "\n") }
        let replaced = PlaceholderStrings.replacing(placeholder, by: prefix, in: text)
        guard line.starts(with: Array("#!".utf8) + placeholder) else { return replaced }
        let newLine = PlaceholderStrings.replacing(placeholder, by: prefix, in: Array(line))
        guard newLine.count > 127 || prefix.contains(UInt8(ascii: " ")) else { return replaced }
        let command = line.dropFirst(2).prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        let options = line[command.endIndex...]
        guard let slash = command.lastIndex(of: UInt8(ascii: "/")) else { return replaced }
        return Array("#!/usr/bin/env ".utf8) + command[(slash + 1)...] + options + replaced[newLine.count...]
    }
}
