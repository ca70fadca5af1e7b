import EnvSyncModel

/// How a user names a generation: `7` or `@7`, `published`, `published~2`, or the first digits of its id.
public enum GenerationSelector: Sendable, Hashable {
    /// By its number.
    ///
    /// - Parameter orID: the digits, where they may be the beginning of an id as well.
    case number(Int, orID: String?)
    /// The one that the store's ref names, or that many generations before it.
    case published(back: Int)
    /// By the first hexadecimal digits of its id, at least 6, in lower case.
    case id(String)

    /// Parses what a user wrote; `nil` for anything else.
    public init?(_ text: String) {
        let digits = text.hasPrefix("@") ? text.dropFirst() : text[...]
        if !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            let mayBeID = !text.hasPrefix("@") && (6...64).contains(digits.utf8.count)
            if let number = Int(digits), number > 0 {
                self = .number(number, orID: mayBeID ? text : nil)
            } else if mayBeID {
                self = .id(text)
            } else {
                return nil
            }
            return
        }
        let parts = text.split(separator: "~", maxSplits: 1, omittingEmptySubsequences: false)
        if ["published", "current", "newest"].contains(parts[0]) {
            guard parts.count == 2 else {
                self = .published(back: 0)
                return
            }
            guard let back = Int(parts[1]), back >= 0, String(back) == parts[1] else { return nil }
            self = .published(back: back)
            return
        }
        guard (6...64).contains(text.utf8.count), text.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit })
        else { return nil }
        self = .id(text.lowercased())
    }
}

/// The generations of an environment, as a store listed them.
struct GenerationIndex: Sendable {
    let environment: EnvironmentName
    let storeName: String
    /// Oldest first.
    let names: [GenerationName]
    /// The one that the ref names.
    let published: GenerationName?

    /// The generation before another: the last one with a lower number. Two of one number follow the same one.
    func before(_ name: GenerationName) -> GenerationName? { names.last { $0.number < name.number } }

    /// Finds the generation that a user means.
    ///
    /// - Parameter allowsTwins: whether one of two generations of one number may be taken: the one that counts.
    /// - Throws: ``EnvSyncError`` if there is none, or more than one.
    func find(_ selector: GenerationSelector, allowsTwins: Bool = false) throws(EnvSyncError) -> GenerationName {
        switch selector {
        case .number(let number, let digits):
            let found = names.filter { $0.number == number }
            if found.count > 1, !allowsTwins {
                throw EnvSyncError(
                    .notPublished,
                    "\(found.count) generations of environment \"\(environment)\" have the number \(number)",
                    suggestion: "name one by its id: " + found.map(\.id.short).joined(separator: " or "))
            }
            if let name = found.last { return name }
            if let digits, names.contains(where: { $0.id.hex.hasPrefix(digits) }) { return try find(.id(digits)) }
            throw missing("no generation \(number)")
        case .id(let digits):
            let found = names.filter { $0.id.hex.hasPrefix(digits) }
            guard let newest = found.last else { throw missing("no generation with the id \(digits)…") }
            let ids = Set(found.map(\.id))
            guard ids.count == 1 else {
                throw EnvSyncError(
                    .notPublished,
                    "\(ids.count) generations of environment \"\(environment)\" have ids that begin with "
                        + digits,
                    suggestion: "write more digits: "
                        + found.map { "\($0.id.short) (\($0.number))" }.joined(separator: ", "))
            }
            return newest
        case .published(let back):
            guard var name = published else { throw missing("no published generation") }
            for step in 0..<back {
                guard let older = before(name) else {
                    throw missing("only \(step + 1) generations up to \(published?.number ?? 0), not \(back + 1)")
                }
                name = older
            }
            return name
        }
    }

    private func missing(_ what: String) -> EnvSyncError {
        EnvSyncError(
            .notPublished, "environment \"\(environment)\" has \(what) in \(storeName)",
            reason: names.last.map { "the newest is \($0.number)" } ?? "none was published",
            suggestion: names.isEmpty ? "envsync push" : "envsync log shows those that are there")
    }
}
