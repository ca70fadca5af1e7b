import PythonPackaging

extension ActivationRewrite {
    /// The prompt's name in an archive whose environment was given none: tools write that of the directory, which is nobody
    /// else's.
    static let neutralPrompt = "environment"

    /// Places where the directory's name is the prompt's: a word of its own in a line about the prompt.
    func prompts(_ text: [UInt8]) -> [Rewritten.Patch] {
        guard !promptNames.isEmpty else { return [] }
        var patches: [Rewritten.Patch] = []
        text.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                if Self.words.contains(where: { PrefixSpellings.find(Array($0.utf8), in: line, from: 0) != nil }) {
                    for name in promptNames { patches += occurrences(of: name, in: line, at: start) }
                }
                start = end + 1
            }
        }
        return patches
    }

    private static let words = ["VIRTUAL_ENV_PROMPT", "PS1=", "printf "]

    private func occurrences(of name: [UInt8], in line: UnsafeRawBufferPointer, at offset: Int) -> [Rewritten.Patch] {
        var patches: [Rewritten.Patch] = []
        var start = 0
        while let range = PrefixSpellings.find(name, in: line, from: start) {
            start = range.upperBound
            let before = range.lowerBound > 0 ? line[range.lowerBound - 1] : 0
            let after = range.upperBound < line.count ? line[range.upperBound] : UInt8(ascii: "\n")
            guard Array("(\"'=".utf8).contains(before), Array(")\"'\n".utf8).contains(after) else { continue }
            patches.append(
                .init(
                    range: Int64(offset + range.lowerBound)..<Int64(offset + range.upperBound),
                    bytes: Array(Self.neutralPrompt.utf8)))
        }
        return patches
    }

    /// The names that tools give a prompt without being told one: those of the directories.
    static func promptNames(_ spellings: PrefixSpellings) -> [[UInt8]] {
        let names = spellings.spellings.compactMap { $0.split(separator: UInt8(ascii: "/")).last.map { Array($0) } }
        return Set(names).sorted { $0.count != $1.count ? $0.count > $1.count : $0.lexicographicallyPrecedes($1) }
    }
}
