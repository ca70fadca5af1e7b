/// The wheel tags that an interpreter on a platform can install, and their order (PEP 425), as the packaging library
/// makes it.
///
/// The list is made of blocks: one interpreter and ABI with every platform, best first, then interpreters with the
/// platform `any`. So a tag's place follows from its block and its platform, and no list of all tags is needed.
struct CompatibleTags: Sendable {
    /// Texts of tags that are longer can't be part of a file name.
    static let maximumLength = 1024

    /// The platforms, best first, without `any`.
    let platforms: [String]
    private let platformRank: [String: Int]
    /// Blocks with a platform, by interpreter and then ABI.
    private let nativeBlocks: [String: [String: Int]]
    private let nativeBlockCount: Int
    /// Interpreters of tags such as `py3-none-any`.
    private let pureRank: [String: Int]
    let interpreter: String
    let abi: String

    init(minor: Int, implementation: TargetEnvironment.Implementation, platforms: [String]) {
        self.platforms = platforms
        platformRank = Self.ranks(platforms)
        let pythons = ["py3\(minor)", "py3"] + (0..<minor).reversed().map { "py3\($0)" }
        var blocks: [(interpreter: String, abi: String)]
        switch implementation {
        case .cpython:
            interpreter = "cp3\(minor)"
            // Until 3.7 the ABI had a letter for pymalloc, until 3.2 another for wide characters (PEP 3149, PEP 393).
            abi = interpreter + (minor < 3 ? "mu" : minor < 8 ? "m" : "")
            blocks = [(interpreter, abi)]
            // Wheels for the stable ABI of any older version do as well, which began with 3.2 (PEP 384).
            if minor >= 2 { blocks.append((interpreter, "abi3")) }
            blocks.append((interpreter, "none"))
            if minor > 2 { blocks += (2..<minor).reversed().map { ("cp3\($0)", "abi3") } }
        case .pypy:
            interpreter = "pp3\(minor)"
            abi = "pypy3\(minor)_pp73"
            blocks = [(interpreter, abi), (interpreter, "none")]
        }
        blocks += pythons.map { ($0, "none") }
        nativeBlockCount = blocks.count
        nativeBlocks = blocks.enumerated().reduce(into: [:]) {
            $0[$1.element.interpreter, default: [:]][$1.element.abi] = $1.offset
        }
        pureRank = Self.ranks([implementation == .cpython ? interpreter : "pp3"] + pythons)
    }

    private static func ranks(_ texts: [String]) -> [String: Int] {
        Dictionary(texts.enumerated().map { ($1, $0) }, uniquingKeysWith: min)
    }

    /// The place of a tag, possibly a compressed set of them, in the list; `nil` if it is not in it.
    func rank(of tag: String) -> Int? {
        guard let set = TagSet(tag) else { return nil }
        if let platform = set.platforms.compactMap({ platformRank[$0] }).min(),
            let block = set.interpreters.compactMap({ block(interpreter: $0, abis: set.abis) }).min()
        {
            return block * platforms.count + platform
        }
        guard set.abis.contains("none"), set.platforms.contains("any"),
            let pure = set.interpreters.compactMap({ pureRank[$0] }).min()
        else { return nil }
        return nativeBlockCount * platforms.count + pure
    }

    private func block(interpreter: String, abis: [String]) -> Int? {
        guard let blocks = nativeBlocks[interpreter] else { return nil }
        return abis.compactMap { blocks[$0] }.min()
    }

    /// Whether a set's interpreters and ABIs would do, if only its platforms did.
    func acceptsInterpreter(of set: TagSet) -> Bool {
        set.interpreters.contains { block(interpreter: $0, abis: set.abis) != nil }
            || set.platforms.contains("any") && set.abis.contains("none")
                && set.interpreters.contains { pureRank[$0] != nil }
    }

    /// Whether an interpreter is among them with some ABI.
    func accepts(interpreter: String) -> Bool {
        interpreter == self.interpreter || pureRank[interpreter] != nil
    }
}

/// A compressed tag set of a wheel's file name (PEP 425, "Compressed Tag Sets"): `py2.py3-none-any`.
struct TagSet {
    let interpreters: [String]
    let abis: [String]
    let platforms: [String]

    /// `nil` if it isn't three sets, or longer than a file name can be.
    init?(_ text: String) {
        guard text.utf8.count <= CompatibleTags.maximumLength else { return nil }
        let sets = text.lowercased().split(separator: "-", omittingEmptySubsequences: false).map {
            $0.split(separator: ".").map(String.init)
        }
        guard sets.count == 3, sets.allSatisfy({ !$0.isEmpty }) else { return nil }
        (interpreters, abis, platforms) = (sets[0], sets[1], sets[2])
    }
}
