/// A command that a wheel asks for in `entry_points.txt` (entry points specification).
struct EntryPointScript: Hashable {
    var name: String
    var module: String
    /// What to call in the module; dots lead to attributes of attributes.
    var attribute: String

    /// Something that can't be made into a command.
    struct Malformed: Error, Hashable {
        var message: String
    }

    /// The scripts of the groups `console_scripts` and `gui_scripts`, in order.
    static func all(in text: [UInt8]) throws(Malformed) -> [EntryPointScript] {
        guard let text = String(validating: text, as: UTF8.self) else { throw Malformed(message: "is not UTF-8") }
        var group = ""
        var scripts: [EntryPointScript] = []
        for rawLine in text.split(whereSeparator: \.isNewline) {
            let line = trimmed(rawLine)
            guard let first = line.first, first != "#", first != ";" else { continue }
            if first == "[" {
                guard let end = line.firstIndex(of: "]") else { throw Malformed(message: "has an unclosed group") }
                group = String(trimmed(line[..<end].dropFirst()))
                continue
            }
            guard group == "console_scripts" || group == "gui_scripts" else { continue }
            scripts.append(try EntryPointScript(line: line))
        }
        return scripts
    }

    /// Reads `name = package.module:object.attribute [extra]`.
    private init(line: Substring) throws(Malformed) {
        let shown = String(line).debugDescription
        guard let equals = line.firstIndex(of: "=") else { throw Malformed(message: "has a line without =: \(shown)") }
        let name = Self.trimmed(line[..<equals])
        let reference = Self.trimmed(line[line.index(after: equals)...].prefix { $0 != "[" })
        guard let colon = reference.firstIndex(of: ":") else {
            throw Malformed(message: "has a command without a function: \(shown)")
        }
        let module = Self.trimmed(reference[..<colon])
        let attribute = Self.trimmed(reference[reference.index(after: colon)...])
        // Letters, digits, "-", "_" and "." are recommended; what matters is that it is one file of one name.
        let isFileName =
            !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
            && name.unicodeScalars.allSatisfy {
                $0 != "/" && $0 != "\\" && $0.properties.generalCategory != .control && $0.value != 0
            }
        guard isFileName, Self.isDotted(module), Self.isDotted(attribute) else {
            throw Malformed(message: "has a command that can't be made: \(shown)")
        }
        self.name = String(name)
        self.module = String(module)
        self.attribute = String(attribute)
    }

    /// The script's text. The layer's root is put at the end of the path, for when it isn't on `PYTHONPATH`.
    var contents: [UInt8] {
        let first = attribute.prefix { $0 != "." }
        return Array(
            """
            #!/usr/bin/env python3
            import os
            import sys

            sys.path.append(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

            from \(module) import \(first)

            if __name__ == "__main__":
                sys.exit(\(attribute)())

            """.utf8)
    }

    private static func isDotted(_ text: Substring) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(PythonNames.isModuleName)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var rest = text.drop(while: \.isWhitespace)
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return rest
    }
}
