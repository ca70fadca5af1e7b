import Glibc

/// Makes a file of an environment independent of the environment's directory:
///
/// - a script whose first line names an interpreter of the environment finds it beside itself (``ScriptHeader``);
/// - other places of a text that name the directory name ``replacement`` in its place;
/// - the library search path of an ELF file (`DT_RPATH`, `DT_RUNPATH`) becomes relative to `$ORIGIN` where there is room.
///
/// Text is what has no zero byte in its first 8 KiB and is at most 16 MiB large. Other files stay as they are.
struct PrefixRewrite: FileRewrite {
    /// Where an environment is taken to be by texts that name its directory and that can't be made relative, if nobody says where
    /// it will be. Fixed, so that an archive doesn't depend on where it was made.
    static let neutralPrefix = "/opt/environment"
    /// Larger files aren't looked at as texts.
    static let textLimit: Int64 = 16 << 20
    static let probe = 8 << 10

    let spellings: PrefixSpellings
    let replacement: [UInt8]
    /// From the file's directory to the environment's: empty, `..`, `../..`.
    let up: String
    /// The interpreter's name in `bin`.
    let python: String
    let identity: String

    /// - Parameters:
    ///   - path: the file's, relative to the environment.
    init(_ context: PrefixContext, path: [UInt8]) {
        spellings = context.spellings
        replacement = context.replacement
        python = context.python
        let depth = path.count { $0 == UInt8(ascii: "/") }
        up = Array(repeating: "..", count: depth).joined(separator: "/")
        identity = context.identity + String(depth)
    }

    var purpose: String { "without the environment's directory" }

    func effect(_ files: () throws -> [OpenSource]) throws -> RewriteEffect? {
        let files = try files()
        guard case .patched(let patches) = try rewrite(files), let first = patches.first else { return nil }
        let head = try files[0].piece(at: 0, count: Int(min(files[0].size, 4)))
        if head.starts(with: ELFImage.magic) { return RewriteEffect("finds its libraries from its own place") }
        let isScript = first.range.lowerBound == 0 && first.bytes.starts(with: ScriptHeader.mark)
        let place = String(decoding: replacement, as: UTF8.self)
        let isNamed = patches.contains { $0.bytes == replacement }
        let words =
            (isScript ? ["finds its interpreter from its own place"] : [])
            + (isNamed ? ["names \(place) for the environment's directory"] : [])
        return RewriteEffect(words.joined(separator: ", "), replacesPrefix: isNamed)
    }

    func rewrite(_ files: [OpenSource]) throws -> Rewritten {
        guard let file = files.first, file.size > 0 else { return .unchanged }
        var head = [UInt8](repeating: 0, count: Int(min(file.size, Int64(Self.probe))))
        let read = try head.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        head.removeLast(head.count - read)
        if head.starts(with: ELFImage.magic) { return try relinked(file) }
        let isScript = head.starts(with: ScriptHeader.mark)
        guard isScript || !head.contains(0) else { return .unchanged }
        guard file.size <= Self.textLimit else { return isScript ? started(head) : .unchanged }
        let text = file.size <= Int64(head.count) ? head : try file.bytes(limit: Int(Self.textLimit))
        return rewritten(text)
    }

    /// What becomes of a text.
    func rewritten(_ text: [UInt8]) -> Rewritten {
        var patches: [Rewritten.Patch] = []
        var start = 0
        if let header = header(text) {
            patches = header.patches
            start = header.end
        }
        if !text.prefix(Self.probe).contains(0) {
            text.withUnsafeBytes { bytes in
                for range in spellings.occurrences(in: bytes, from: start) {
                    patches.append(.init(range: Int64(range.lowerBound)..<Int64(range.upperBound), bytes: replacement))
                }
            }
        }
        return patches.isEmpty ? .unchanged : .patched(patches)
    }

    private func started(_ head: [UInt8]) -> Rewritten {
        header(head).map { .patched($0.patches) } ?? .unchanged
    }

    private func header(_ text: [UInt8]) -> ScriptHeader? {
        ScriptHeader(
            text, spellings: spellings, directory: up.isEmpty ? "bin" : up + "/bin", isInBin: up == "..", python: python
        )
    }

    private func relinked(_ file: OpenSource) throws -> Rewritten {
        guard let image = try? ELFImage({ try file.piece(at: $0, count: $1) }, size: file.size) else {
            return .unchanged
        }
        let new = image.searchPaths.map { relative($0.text) }
        guard new.contains(where: { $0 != nil }) else { return .unchanged }
        let pairs = zip(image.searchPaths, new)
        if pairs.allSatisfy({ ($1?.count ?? 0) <= $0.text.count }) {
            let patches = pairs.compactMap { path, new in new.map { path.replacing(with: $0) } }
            return .patched(patches.sorted { $0.range.lowerBound < $1.range.lowerBound })
        }
        let joined = pairs.map { $1 ?? $0.text }.joined(separator: [UInt8(ascii: ":")])
        return image.patches(searchPath: Array(joined)).map { .patched($0) } ?? .unchanged
    }

    /// A search path with `$ORIGIN` for what is in the environment; `nil` if nothing is.
    private func relative(_ searchPath: [UInt8]) -> [UInt8]? {
        var isChanged = false
        let parts = searchPath.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
            part -> [UInt8] in
            guard let rest = spellings.relative(part) else { return Array(part) }
            isChanged = true
            var steps = up.isEmpty ? [] : [up]
            if !rest.isEmpty { steps.append(String(decoding: rest, as: UTF8.self)) }
            return Array((["$ORIGIN"] + steps).joined(separator: "/").utf8)
        }
        return isChanged ? Array(parts.joined(separator: [UInt8(ascii: ":")])) : nil
    }
}

/// What all files' ``PrefixRewrite``s of an environment have in common.
struct PrefixContext: Sendable {
    var spellings: PrefixSpellings
    var replacement: [UInt8]
    var python: String
    var identity: String

    /// - Parameters:
    ///   - destination: where the archive will be unpacked, if known.
    ///   - python: the interpreter's name in `bin`.
    init(_ spellings: PrefixSpellings, destination: String?, python: String) {
        self.spellings = spellings
        replacement = Array((destination ?? PrefixRewrite.neutralPrefix).utf8)
        self.python = python
        let names = spellings.spellings.map { String(decoding: $0, as: UTF8.self) }
        // Paths of the spellings hold no newline.
        identity = (["prefix 1", destination ?? PrefixRewrite.neutralPrefix, python] + names + [""]).joined(
            separator: "\n")
    }
}

extension OpenSource {
    /// Some bytes of it.
    /// - Throws: if the file ends before.
    func piece(at offset: Int64, count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let read = try bytes.withUnsafeMutableBytes { try self.read(into: $0, at: offset) }
        guard read == count else { throw ELFImage.Malformed("ends too early") }
        return bytes
    }
}
