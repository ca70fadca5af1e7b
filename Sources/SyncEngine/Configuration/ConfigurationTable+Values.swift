import EnvSyncModel

/// Values that have to obey a rule beyond their type.
extension ConfigurationTable {
    /// Runs a validation, giving what it throws the key's place.
    func valid<Value>(_ key: String, _ make: () throws(InvalidName) -> Value) throws(EnvSyncError) -> Value {
        do {
            return try make()
        } catch {
            throw self.error(key, error.description)
        }
    }

    /// A path, as it is written.
    func path(_ key: String) throws(EnvSyncError) -> String? {
        guard let text = try string(key) else { return nil }
        if let (problem, suggestion) = Self.problem(withPath: text) {
            throw error(key, "\(key) \(problem)", suggestion: suggestion)
        }
        return text
    }

    /// A list of paths, as they are written.
    func paths(_ key: String, acceptingOne: Bool = false) throws(EnvSyncError) -> [String]? {
        guard let texts = try strings(key, acceptingOne: acceptingOne) else { return nil }
        for (index, text) in texts.enumerated() {
            if let (problem, suggestion) = Self.problem(withPath: text) {
                throw source.error(
                    at: path + [.key(key), .index(index)], "\(key): a path \(problem)", suggestion: suggestion)
            }
        }
        return texts
    }

    /// A program and its arguments.
    func command(_ key: String) throws(EnvSyncError) -> [String]? {
        if let line = try? string(key) {
            throw error(
                key, "\(key) must be a list of strings: it is run without a shell",
                suggestion:
                    "write \(key) = [\(line.split(separator: " ").map { QuotedText.visible(String($0)) }.joined(separator: ", "))]"
            )
        }
        guard let words = try strings(key) else { return nil }
        guard !words.isEmpty else {
            throw error(key, "\(key) is empty", suggestion: "write the program and its arguments, each in quotes")
        }
        for (index, word) in words.enumerated() where word.isEmpty || Self.hasControl(word) {
            throw source.error(
                at: path + [.key(key), .index(index)],
                "\(key): element \(index + 1) \(word.isEmpty ? "is empty" : "holds a control character: \(QuotedText.visible(word))")"
            )
        }
        return words
    }

    private static func problem(withPath text: String) -> (problem: String, suggestion: String?)? {
        if text.isEmpty { return ("is empty", nil) }
        if hasControl(text) { return ("holds a control character: \(QuotedText.visible(text))", nil) }
        if text.hasPrefix("~") {
            return (
                "begins with ~, which is not expanded: \(QuotedText.visible(text))",
                "write the whole path, or ./~… for a file of such a name"
            )
        }
        if text.contains("://") {
            return ("is a URL: \(QuotedText.visible(text))", "name a file of this machine")
        }
        return nil
    }

    static func hasControl(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
    }

    /// Patterns with the syntax of `.gitignore`.
    func patterns(_ key: String) throws(EnvSyncError) -> [String]? {
        guard let patterns = try strings(key) else { return nil }
        for (index, pattern) in patterns.enumerated() where pattern.isEmpty || Self.hasControl(pattern) {
            throw source.error(
                at: path + [.key(key), .index(index)], "\(key): \(QuotedText.visible(pattern)) is not a pattern",
                suggestion: "write patterns as in .gitignore, for example \"tests/\" or \"*.csv\"")
        }
        return patterns
    }

    /// Globs of paths inside an archive, as shells' `case` has them.
    func globs(_ key: String) throws(EnvSyncError) -> [String]? {
        guard let globs = try strings(key) else { return nil }
        for (index, glob) in globs.enumerated() where glob.isEmpty || Self.hasControl(glob) {
            throw source.error(
                at: path + [.key(key), .index(index)], "\(key): \(QuotedText.visible(glob)) is not a pattern",
                suggestion: "write globs of paths inside the archive, for example \"*/tests/*\"")
        }
        return globs
    }

    /// A list of some of a few words.
    func words<Choice: RawRepresentable & CaseIterable>(
        _ key: String, of type: Choice.Type
    ) throws(EnvSyncError) -> [String]? where Choice.RawValue == String {
        guard let texts = try strings(key) else { return nil }
        let known = Choice.allCases.map(\.rawValue)
        for (index, text) in texts.enumerated() where !known.contains(text) {
            let near = NearestWord.of(text, among: known).map { "did you mean \"\($0)\"?" }
            throw source.error(
                at: path + [.key(key), .index(index)], "\(key): there is no \(QuotedText.visible(text))",
                suggestion: near ?? "the words are \(known.joined(separator: ", "))")
        }
        return texts
    }

    /// One of a few words.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, of type: Choice.Type
    ) throws(EnvSyncError) -> Choice? where Choice.RawValue == String {
        guard let text = try string(key) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        let near = NearestWord.of(text, among: words).map { "did you mean \"\($0)\"?" }
        throw error(
            key,
            "\(key) must be \(words.map { "\"\($0)\"" }.joined(separator: " or ")), not \(QuotedText.visible(text))",
            suggestion: near)
    }

    /// Aliases of archives that there are.
    func aliases(_ key: String, among known: [ArchiveAlias]) throws(EnvSyncError) -> [ArchiveAlias]? {
        guard let texts = try strings(key) else { return nil }
        var aliases: [ArchiveAlias] = []
        for (index, text) in texts.enumerated() {
            let place = path + [.key(key), .index(index)]
            guard let alias = known.first(where: { $0.text == text }) else {
                let near = NearestWord.of(text, among: known.map(\.text)).map { "did you mean \"\($0)\"?" }
                throw source.error(
                    at: place, "\(key): no archive has the alias \(QuotedText.visible(text))",
                    suggestion: near ?? "add an [[archive]] with that alias")
            }
            guard !aliases.contains(alias) else {
                throw source.error(at: place, "\(key) lists \(QuotedText.visible(text)) twice")
            }
            aliases.append(alias)
        }
        return aliases
    }

    /// A URL of scheme and authority alone, for example `hdfs://ns1`; a trailing slash is dropped.
    func sparkURL(_ key: String) throws(EnvSyncError) -> String? {
        guard let text = try string(key) else { return nil }
        let trimmed = text.hasSuffix("/") && !text.hasSuffix("//") ? String(text.dropLast()) : text
        let parts = trimmed.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let suggestion =
            "write the scheme and the authority that jobs use, for example \"hdfs://ns1\" or \"hdfs://host:8020\""
        guard parts.count == 2, parts[1].hasPrefix("//"), parts[0].first?.isLetter == true,
            parts[0].utf8.allSatisfy({ Self.isWordByte($0) || "+-.".utf8.contains($0) })
        else {
            throw error(key, "\(key) \(QuotedText.visible(text)) is not a URL", suggestion: suggestion)
        }
        let authority = parts[1].dropFirst(2)
        guard !authority.contains("@") else {
            throw error(key, "\(key) holds credentials", suggestion: suggestion)
        }
        guard !authority.contains("/") else {
            throw error(
                key, "\(key) \(QuotedText.visible(text)) has a path; the path is that of store.url",
                suggestion: suggestion)
        }
        guard !authority.isEmpty, authority.utf8.allSatisfy({ Self.isWordByte($0) || ".-_:[]".utf8.contains($0) })
        else {
            throw error(key, "\(key) \(QuotedText.visible(text)) has no valid host", suggestion: suggestion)
        }
        return trimmed
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
