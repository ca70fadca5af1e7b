/// Tells which format a file has.
enum LockfileRecognition {
    /// By the names that the tools give; `nil` for others.
    static func byName(_ fileName: String) -> LockfileFormat? {
        switch fileName {
        case "uv.lock": return .uv
        case "poetry.lock": return .poetry
        case "Pipfile.lock": return .pipfile
        case "pdm.lock": return .pdm
        case "pylock.toml": return .pylock
        case "conda-lock.yml", "conda-lock.yaml": return .condaLock
        case "environment.yml", "environment.yaml": return .condaEnvironment
        default: break
        }
        if fileName.hasPrefix("pylock."), fileName.hasSuffix(".toml") { return .pylock }
        if fileName.hasSuffix(".conda-lock.yml") || fileName.hasSuffix(".conda-lock.yaml") { return .condaLock }
        if fileName.hasSuffix(".txt") { return .requirements }
        return nil
    }

    /// By what only one format has at the beginning of a line.
    static func byContent(_ content: [UInt8]) -> LockfileFormat? {
        var hasPackages = false
        var sections: [LockfileFormat: Bool] = [:]
        var isFirst = true
        for line in content.split(separator: UInt8(ascii: "\n")) {
            let isIndented = line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "\t")
            let words = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 >= 0x80 }
            if isFirst, words.first == UInt8(ascii: "{") {
                return begins(content, with: "pipfile-spec") ? .pipfile : nil
            }
            if words.isEmpty || words.first == UInt8(ascii: "#") { continue }
            isFirst = false
            if words.starts(with: "--hash".utf8) || begins(words, with: " --hash") { return .requirements }
            guard !isIndented else { continue }
            if words.starts(with: "[[packages]]".utf8) { return .pylock }
            if words.starts(with: "[[package]]".utf8) { hasPackages = true }
            if words.starts(with: "lock_version".utf8) { return .pdm }
            if words.starts(with: "lock-version".utf8) { return hasPackages ? .poetry : .pylock }
            if words.starts(with: "source = {".utf8), hasPackages { return .uv }
            if words.starts(with: "package:".utf8) { sections[.condaLock] = true }
            if words.starts(with: "dependencies:".utf8) { sections[.condaEnvironment] = true }
        }
        return sections[.condaLock] != nil ? .condaLock : sections[.condaEnvironment] != nil ? .condaEnvironment : nil
    }

    private static func begins(_ text: some Collection<UInt8>, with word: String) -> Bool {
        text.firstRange(of: Array(word.utf8)) != nil
    }
}
