/// A command that runs a script among an editable package's sources, as the script itself: what installing it would make.
///
/// The files are the command and the script.
struct SourceScript: FileRewrite {
    /// What an installed script is made of its text, with the environment's own interpreter in its first line.
    let installed: any TextRewrite
    /// The environment's directory.
    let prefix: String

    var identity: String { "source script 1\n\(prefix)\n\(installed.identity)" }
    var purpose: String { "the script among the package's sources" }

    func rewrite(_ files: [OpenSource]) throws -> Rewritten {
        guard files.count == 2 else { return .unchanged }
        return .bytes(text(try files[1].bytes(limit: 1 << 20)))
    }

    /// As distutils did it (`build_scripts`): any first line that names a Python becomes the environment's.
    func text(_ source: [UInt8]) -> [UInt8] {
        let end = source.firstIndex(of: UInt8(ascii: "\n")) ?? source.count
        let words = String(decoding: source[..<end], as: UTF8.self).split(whereSeparator: { " \t/".contains($0) })
        guard source.starts(with: ScriptHeader.mark), words.contains(where: { ScriptHeader.isPython(Self.name($0)) })
        else { return installed.text(source) }
        // In the form for directories with any name.
        let lines = "#!/bin/sh\n'''exec' \"\(prefix)/bin/python\" \"$0\" \"$@\"\n' '''"
        return installed.text(Array(lines.utf8) + source[end...])
    }

    private static func name(_ word: Substring) -> String { String(word.hasPrefix("#!") ? word.dropFirst(2) : word) }
}

/// A rewriting of small texts.
protocol TextRewrite: FileRewrite {
    func text(_ text: [UInt8]) -> [UInt8]
}

extension PrefixRewrite: TextRewrite {
    func text(_ text: [UInt8]) -> [UInt8] {
        guard case .patched(let patches) = rewritten(text) else { return text }
        var result: [UInt8] = []
        var place = 0
        for patch in patches {
            result += text[place..<Int(patch.range.lowerBound)]
            result += patch.bytes
            place = Int(patch.range.upperBound)
        }
        return result + text[place...]
    }
}

extension NamedPrefixRewrite: TextRewrite {}
