/// The parts of a file's name in `__pycache__` (PEP 3147, PEP 488).
struct PycName: Sendable, Hashable {
    /// The source's name without `.py`; may contain dots.
    let module: [UInt8]
    /// For example "cpython-311".
    let tag: [UInt8]
    /// The "1" of `.opt-1`; `nil`: none.
    let optimization: [UInt8]?

    /// Takes a name apart as `importlib.util.source_from_cache` does.
    /// - Returns: `nil` if it's not the name of a `.pyc` of some module.
    static func parse(_ leaf: [UInt8]) -> PycName? {
        guard leaf.hasSuffix(".pyc") else { return nil }
        var parts = leaf.dropLast(4).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)[...]
        guard let last = parts.last else { return nil }
        var optimization: [UInt8]?
        if last.starts(with: Array("opt-".utf8)), parts.count > 2 {
            let level = Array(last.dropFirst(4))
            guard !level.isEmpty, level.allSatisfy(\.isAlphanumeric) else { return nil }
            optimization = level
            parts.removeLast()
        }
        guard parts.count >= 2, let tag = parts.popLast(), !tag.isEmpty else { return nil }
        let module = Array(parts.joined(separator: [UInt8(ascii: ".")]))
        guard !module.isEmpty else { return nil }
        return PycName(module: module, tag: Array(tag), optimization: optimization)
    }

    /// Whether Python would look for a source's bytecode under this name when it doesn't optimize.
    func isPlain(for python: PythonBytecode) -> Bool { optimization == nil && tag == Array(python.tag.utf8) }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ suffix: String) -> Bool {
        count >= suffix.utf8.count && self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }
}

extension UInt8 {
    fileprivate var isAlphanumeric: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
