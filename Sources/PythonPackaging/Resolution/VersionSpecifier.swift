/// One clause of a version specifier (PEP 440, "Version specifiers"): an operator and a version.
struct VersionSpecifier: Sendable {
    enum Operator: String, CaseIterable, Sendable {
        // The longer spellings come first, as they are tried in this order.
        case arbitrary = "==="
        case equal = "=="
        case notEqual = "!="
        case compatible = "~="
        case atMost = "<="
        case atLeast = ">="
        case less = "<"
        case greater = ">"
    }

    /// What an operator compares with.
    private enum Operand: Sendable {
        case version(VersionParts)
        /// `1.1.*`.
        case prefix(VersionParts)
        /// Of `===`, in lower case.
        case text(String)
    }

    let comparison: Operator
    /// The version as it was written, without blanks around it.
    let versionText: String
    private let operand: Operand

    /// Reads `>=1.0`, with blanks around both parts allowed; `nil` for anything else.
    init?(_ text: some StringProtocol) {
        let trimmed = text.trimmingBlanks()
        guard let comparison = Operator.allCases.first(where: { trimmed.utf8.starts(with: $0.rawValue.utf8) }) else {
            return nil
        }
        self.init(comparison, trimmed.dropFirst(comparison.rawValue.count))
    }

    /// Makes a clause; `nil` for a version that the operator doesn't take.
    init?(_ comparison: Operator, _ version: some StringProtocol) {
        let text = String(version.trimmingBlanks())
        self.comparison = comparison
        versionText = text
        if comparison == .arbitrary {
            // Anything but what ends a specifier in a requirement.
            guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ")") }) else {
                return nil
            }
            operand = .text(text.lowercased())
            return
        }
        if text.hasSuffix(".*") {
            guard comparison == .equal || comparison == .notEqual, let prefix = VersionParts(String(text.dropLast(2))),
                !prefix.isPrerelease, prefix.post == nil, prefix.local.isEmpty
            else { return nil }
            operand = .prefix(prefix)
            return
        }
        guard let parts = VersionParts(text) else { return nil }
        let takesLocal = comparison == .equal || comparison == .notEqual
        guard takesLocal || parts.local.isEmpty else { return nil }
        guard comparison != .compatible || parts.writtenReleaseCount > 1 else { return nil }
        operand = .version(parts)
    }

    /// Whether a version satisfies the clause; pre-releases are versions like others.
    func contains(_ candidate: PythonVersion) -> Bool {
        contains(parts: candidate.parts, written: candidate.written)
    }

    /// Whether a text is a version, spelled as PEP 440 allows, that satisfies the clause.
    func contains(text: some StringProtocol) -> Bool {
        let text = text.trimmingBlanks().lowercased()
        return contains(parts: VersionParts(text), written: text)
    }

    private func contains(parts: VersionParts?, written: String) -> Bool {
        if case .text(let text) = operand { return written == text }
        guard let parts else { return false }
        switch operand {
        case .prefix(let prefix):
            return parts.begins(with: prefix, count: prefix.writtenReleaseCount) == (comparison == .equal)
        case .version(let version):
            return compare(parts, with: version)
        case .text:
            return false
        }
    }

    private func compare(_ candidate: VersionParts, with version: VersionParts) -> Bool {
        // A local part of the candidate counts only where the specifier has one.
        let released = candidate.withoutLocal
        switch comparison {
        case .equal:
            return version.local.isEmpty ? released == version : candidate == version
        case .notEqual:
            return version.local.isEmpty ? released != version : candidate != version
        case .atMost:
            return released <= version
        case .atLeast:
            return released >= version
        case .compatible:
            return released >= version && released.begins(with: version, count: version.writtenReleaseCount - 1)
        case .less:
            // "<1.0" doesn't mean the pre-releases of 1.0, nor "<1.0.post1" those of the post release.
            var bound = version
            if !version.isPrerelease { bound.dev = .zero }
            return released < bound
        case .greater:
            // ">1.0" doesn't mean the post releases of 1.0; ">1.0.post1" means 1.0.post2.
            guard released > version else { return false }
            let namesFinal = version.post == nil && version.dev == nil
            return
                !(namesFinal && released.epoch == version.epoch && released.release == version.release
                && released.pre == version.pre)
        case .arbitrary:
            return false
        }
    }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    func trimmingBlanks() -> Substring {
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let text = Substring(self)
        guard let start = text.utf8.firstIndex(where: { !isBlank($0) }),
            let last = text.utf8.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return text[start..<text.utf8.index(after: last)]
    }
}
