/// A command in `bin` whose first lines name an interpreter of the environment.
struct CondaScript {
    /// What the environment's prefix may be spelled as in it.
    var prefixes: [[UInt8]]

    /// The script with a beginning that finds the interpreter beside it, wherever it is unpacked; `nil` if it names none of
    /// the environment's, or one that can't be found so.
    func relocated(_ script: [UInt8]) -> [UInt8]? {
        guard let header = header(script) else { return nil }
        let rest = script[header.end...]
        if header.isPython {
            // A declaration of the encoding only counts in the first two lines; these two take its place.
            guard !Self.declaresEncoding(rest.prefix { $0 != UInt8(ascii: "\n") }) else { return nil }
            return Self.beginning(python: header.name, options: header.options) + rest
        }
        // Other languages don't read a shell's line. `env` can't pass options everywhere.
        guard header.options.isEmpty else { return nil }
        return Array("#!/usr/bin/env ".utf8) + header.name + [UInt8(ascii: "\n")] + rest
    }

    /// Lines that the shell reads as a command and Python as a string. The archive's `bin` is found through any links.
    static func beginning(python: [UInt8], options: [UInt8]) -> [UInt8] {
        let space = options.isEmpty ? [] : [UInt8(ascii: " ")]
        return Array("#!/bin/sh\n'''exec' \"$(dirname -- \"$(readlink -f -- \"$0\")\")\"/".utf8) + python + space
            + options
            + Array(" \"$0\" \"$@\" #'''\n".utf8)
    }

    private struct Header {
        /// Where the rest begins.
        var end: Int
        /// The interpreter's file name.
        var name: [UInt8]
        var options: [UInt8]
        var isPython: Bool { name.starts(with: Array("python".utf8)) }
    }

    private func header(_ script: [UInt8]) -> Header? {
        guard script.starts(with: Array("#!".utf8)) else { return nil }
        let first = script.prefix { $0 != UInt8(ascii: "\n") }
        let end = min(first.count + 1, script.count)
        let command = Self.trimmed(first.dropFirst(2))
        if command.elementsEqual("/bin/sh".utf8) {
            return polyglot(script, from: end)
        }
        for prefix in prefixes {
            let bin = prefix + Array("/bin/".utf8)
            guard command.starts(with: bin) else { continue }
            let name = command.dropFirst(bin.count).prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
            let options = Self.trimmed(command[name.endIndex...])
            guard Self.isPlain(name), options.allSatisfy({ Self.isPlain([$0]) || $0 == UInt8(ascii: " ") }) else {
                return nil
            }
            return Header(end: end, name: Array(name), options: Array(options))
        }
        return nil
    }

    /// `'''exec' "PREFIX/bin/python" "$0" "$@"`, closed in the same line or the next, as conda and pip write it where the
    /// interpreter's path is long.
    private func polyglot(_ script: [UInt8], from start: Int) -> Header? {
        let line = script[start...].prefix { $0 != UInt8(ascii: "\n") }
        for prefix in prefixes {
            for quote in ["\"", ""] {
                let opening = Array("'''exec' \(quote)".utf8) + prefix + Array("/bin/".utf8)
                guard line.starts(with: opening) else { continue }
                let name = line.dropFirst(opening.count).prefix { Self.isPlain([$0]) }
                let closing = line[name.endIndex...]
                var end = min(line.endIndex + 1, script.count)
                guard !name.isEmpty else { return nil }
                if closing.elementsEqual("\(quote) \"$0\" \"$@\" #'''".utf8) {
                    return Header(end: end, name: Array(name), options: [])
                }
                let second = script[end...].prefix { $0 != UInt8(ascii: "\n") }
                guard closing.elementsEqual("\(quote) \"$0\" \"$@\"".utf8), second.elementsEqual("' '''".utf8) else {
                    return nil
                }
                end = min(second.endIndex + 1, script.count)
                return Header(end: end, name: Array(name), options: [])
            }
        }
        return nil
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        while let last = rest.last, [0x20, 0x09, 0x0D].contains(last) { rest.removeLast() }
        return rest
    }

    /// Nothing that a shell would take for more than text.
    private static func isPlain(_ name: ArraySlice<UInt8>) -> Bool {
        !name.isEmpty
            && name.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                    UInt8(ascii: "+"):
                    true
                default: false
                }
            }
    }

    /// PEP 263; UTF-8 is what Python takes it for anyway.
    private static func declaresEncoding(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.first == UInt8(ascii: "#") else { return false }
        let text = String(decoding: line, as: UTF8.self).lowercased()
        return text.contains("coding") && !text.contains("utf-8") && !text.contains("utf8")
    }
}
