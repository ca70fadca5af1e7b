import Crypto

/// A file that conda rewrote for this prefix, as it was in the package, or for the prefix where it will be unpacked.
struct PlaceholderRewrite: FileRewrite {
    /// What is read at once; text of more is no file that names a prefix.
    static let textLimit = 64 << 20

    var placeholder: CondaRecord.Placeholder
    /// Of the file in the package.
    var sha256: [UInt8]?
    /// See ``PlaceholderText/prefixes``.
    var prefixes: [[UInt8]]
    /// Where it will be unpacked, if that is known.
    var destination: [UInt8]?
    /// Whether it is a command: made to find its interpreter itself.
    var isCommand: Bool

    var identity: String {
        let parts = [
            placeholder.text, sha256.map { $0.flatMap { [$0 >> 4 + 97, $0 & 15 + 97] } } ?? [], destination ?? [],
        ]
        let texts = (parts + prefixes).map { String(decoding: $0, as: UTF8.self) }
        return "conda placeholder 1 \(placeholder.mode.rawValue) \(isCommand) \(texts)"
    }

    var purpose: String {
        let place = destination.map { String(decoding: $0, as: UTF8.self) } ?? "conda's placeholder"
        let isStarter = isCommand && destination == nil
        return "\(placeholder.mode.rawValue): \(place) for the prefix"
            + (isStarter ? ", finds its interpreter from its own place" : "")
    }

    func rewrite(_ files: [OpenSource]) throws -> Rewritten {
        switch placeholder.mode {
        case .text:
            let installed = try files[0].bytes(limit: Self.textLimit)
            let result = text(installed)
            return result == installed ? .unchanged : .bytes(result)
        case .binary:
            let patches = try binary(SearchableFile(files[0]), size: files[0].size)
            return patches.isEmpty ? .unchanged : .patched(patches)
        }
    }

    /// A text file's bytes in the archive.
    func text(_ installed: [UInt8]) -> [UInt8] {
        let packaged = PlaceholderText(prefixes: prefixes, placeholder: placeholder.text).restored(
            installed, sha256: sha256)
        if let destination {
            return PlaceholderText.installed(packaged, placeholder: placeholder.text, at: destination)
        }
        guard isCommand else { return packaged }
        return CondaScript(prefixes: [placeholder.text]).relocated(packaged) ?? packaged
    }

    /// What differs in a binary file.
    func binary(_ file: SearchableFile, size: Int64) throws -> [Rewritten.Patch] {
        var fallback: [Rewritten.Patch] = []
        for prefix in prefixes {
            let strings = PlaceholderStrings(prefix: prefix, placeholder: placeholder.text)
            let found = try strings.found(in: file)
            guard !found.isEmpty else { continue }
            let patches = strings.patches(found, by: destination ?? placeholder.text)
            if let sha256 {
                let packaged = destination == nil ? patches : strings.patches(found, by: placeholder.text)
                if try Self.digest(file, size: size, packaged) == sha256 { return patches }
            }
            // Something else changed the file, or it says nothing of what it was: each string has its padding still.
            if fallback.isEmpty { fallback = patches }
        }
        return fallback
    }

    static func digest(_ file: SearchableFile, size: Int64, _ patches: [Rewritten.Patch]) throws -> [UInt8] {
        var hash = SHA256()
        var offset: Int64 = 0
        func pass(to end: Int64) throws {
            while offset < end {
                let next = min(end, offset + Int64(SearchableFile.windowSize))
                hash.update(data: try file.bytes(offset..<next))
                offset = next
            }
        }
        for patch in patches {
            try pass(to: patch.range.lowerBound)
            hash.update(data: patch.bytes)
            offset = patch.range.upperBound
        }
        try pass(to: size)
        return Array(hash.finalize())
    }
}

/// A file that belongs to no package and may name the prefix: a command that pip installed, what a package's script made.
struct NamedPrefixRewrite: FileRewrite {
    /// Takes the prefix's place where it isn't known where the archive will be unpacked.
    static let placeholder = Array("/opt/envsync-prefix-placehold_placehold_placehold".utf8)
    /// Larger ones are taken for data.
    static let sizeLimit: Int64 = 1 << 20

    var prefixes: [[UInt8]]
    var destination: [UInt8]?
    var isCommand: Bool

    var identity: String {
        let texts = (prefixes + [destination ?? []]).map { String(decoding: $0, as: UTF8.self) }
        return "conda prefix 1 \(isCommand) \(texts)"
    }

    var purpose: String { "without the prefix" }

    func effect(_ files: () throws -> [OpenSource]) throws -> RewriteEffect? {
        let file = try files()[0]
        guard file.size <= Self.sizeLimit else { return nil }
        let bytes = try file.bytes(limit: Int(Self.sizeLimit))
        guard !bytes.contains(0) else { return nil }
        var words: [String] = []
        var text = bytes
        if isCommand, destination == nil, let relocated = CondaScript(prefixes: prefixes).relocated(bytes) {
            words.append("finds its interpreter from its own place")
            text = relocated
        }
        let isNamed = rest(text) != text
        if isNamed {
            words.append("text: \(String(decoding: destination ?? Self.placeholder, as: UTF8.self)) for the prefix")
        }
        return words.isEmpty
            ? nil : RewriteEffect(words.joined(separator: ", "), replacesPrefix: isNamed && destination == nil)
    }

    func rewrite(_ files: [OpenSource]) throws -> Rewritten {
        guard files[0].size <= Self.sizeLimit else { return .unchanged }
        let bytes = try files[0].bytes(limit: Int(Self.sizeLimit))
        let result = text(bytes)
        return result == bytes ? .unchanged : .bytes(result)
    }

    func text(_ bytes: [UInt8]) -> [UInt8] {
        // A zero byte: strings of unknown form, whose length must not change.
        guard !bytes.contains(0) else { return bytes }
        if isCommand, destination == nil, let relocated = CondaScript(prefixes: prefixes).relocated(bytes) {
            return rest(relocated)
        }
        return rest(bytes)
    }

    private func rest(_ bytes: [UInt8]) -> [UInt8] {
        prefixes.sorted { $0.count > $1.count }.reduce(bytes) {
            PlaceholderText.replacingPaths(of: $1, by: destination ?? Self.placeholder, in: $0)
        }
    }
}
