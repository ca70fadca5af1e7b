import EnvSyncModel

/// How an environment stands to what is locked of it, and what follows.
struct OverlayDecision: Sendable, Hashable {
    /// What is to be shipped.
    enum Outcome: Sendable, Hashable {
        /// What the lock says.
        case current
        /// The locked archive without its overlay.
        case baseAlone
        /// The locked archive, and a layer with the packages that differ from it.
        case overlay
        /// Another archive.
        case newBase(Reason)
    }

    /// Why an overlay won't do.
    enum Reason: Sendable, Hashable {
        /// Nothing is locked yet.
        case first
        /// The lock doesn't say what the archive holds.
        case unknownContents
        case python(before: String, after: String)
        case options(before: [String], after: [String])
        case removed([String])
        /// Files that belong to no package.
        case other
        /// A package is installed twice.
        case ambiguous(String)
        case disabled
        case unpublished
        /// Neither the store nor this machine has the archive.
        case gone
        /// The packer can't make an overlay of these packages.
        case obstacle(String)
        case tooLarge(size: Int64, share: Double, limit: Double)
    }

    let outcome: Outcome
    /// The packages that differ from the locked archive, by name.
    var changes: [PackedPackageChange] = []

    /// Compares an environment with what is locked of it. Whether the archive is published, how large the overlay gets and
    /// what the packer thinks of it comes later.
    ///
    /// - Parameter share: what an overlay may take; 0: there are to be none.
    init(locked: PackedArchive.Locked?, now: PackedContents, share: Double) {
        guard let locked else {
            outcome = .newBase(.first)
            return
        }
        guard let base = locked.base.contents, let effective = locked.contents else {
            outcome = .newBase(.unknownContents)
            return
        }
        let changes = PackedPackageChange.changes(from: base.packages, to: now.packages)
        self.changes = changes
        if base.python != now.python {
            outcome = .newBase(.python(before: base.python, after: now.python))
        } else if base.options != now.options {
            outcome = .newBase(.options(before: base.options, after: now.options))
        } else if base.other != now.other {
            outcome = .newBase(.other)
        } else if effective.packages == now.packages, locked.overlay.map({ _ in !changes.isEmpty }) ?? true {
            outcome = .current
        } else if let twice = Self.twice(base.packages) ?? Self.twice(now.packages) {
            outcome = .newBase(.ambiguous(twice))
        } else if changes.isEmpty {
            outcome = .baseAlone
        } else {
            let removed = changes.filter { $0.after == nil }.map(\.name)
            outcome = !removed.isEmpty ? .newBase(.removed(removed)) : share > 0 ? .overlay : .newBase(.disabled)
        }
    }

    /// The name of a package that is there twice; which of them is imported, nobody can tell.
    private static func twice(_ packages: [PackedPackage]) -> String? {
        var seen = Set<PackedPackage.Key>()
        return packages.first { !seen.insert($0.key).inserted }?.name
    }
}

/// How a package differs between an archive and an environment.
public struct PackedPackageChange: Sendable, Hashable {
    /// The package's name.
    public let name: String
    /// Its version in the archive; `nil` if it is new.
    public let before: String?
    /// Its version in the environment; `nil` if it is gone.
    public let after: String?

    /// For example `numpy 1.26.4 -> 2.0.0`.
    public var description: String {
        switch (before, after) {
        case (let before?, let after?):
            before == after ? "\(name) \(after) (other files)" : "\(name) \(before) -> \(after)"
        case (nil, let after?): "\(name) \(after) (new)"
        case (let before?, nil): "\(name) \(before) (removed)"
        case (nil, nil): name
        }
    }

    /// Compares two sorted lists of packages.
    static func changes(from before: [PackedPackage], to after: [PackedPackage]) -> [PackedPackageChange] {
        let old = Dictionary(grouping: before, by: \.key)
        let new = Dictionary(grouping: after, by: \.key)
        let changes = Set(old.keys).union(new.keys).compactMap { key -> PackedPackageChange? in
            let (first, second) = (old[key] ?? [], new[key] ?? [])
            guard first != second else { return nil }
            return PackedPackageChange(
                name: first.first?.name ?? second.first?.name ?? "", before: first.first?.version,
                after: second.first?.version)
        }
        return changes.sorted {
            ($0.name, $0.before ?? "", $0.after ?? "") < ($1.name, $1.before ?? "", $1.after ?? "")
        }
    }
}

extension OverlayDecision.Reason: CustomStringConvertible {
    /// A clause, for `explain`.
    var description: String {
        switch self {
        case .first: "it was not locked before"
        case .unknownContents: "the lock did not say what the former archive held"
        case .python(let before, let after): "its Python is \(after), and was \(before)"
        case .options(let before, let after):
            "its options changed: " + Self.words(before) + " before, now " + Self.words(after)
        case .removed(let names):
            "\(names.prefix(5).joined(separator: ", "))\(names.count > 5 ? " and \(names.count - 5) more" : "") "
                + (names.count == 1 ? "was removed" : "were removed") + ", which an overlay can't do"
        case .other: "files changed that belong to no package"
        case .ambiguous(let name): "\(name) is installed twice"
        case .disabled: "overlay = 0 wants none"
        case .unpublished: "the former archive was never published"
        case .gone: "the former archive is neither here nor in the store"
        case .obstacle(let message): "the changed packages can't be an overlay: \(message)"
        case .tooLarge(let size, let share, let limit):
            "the overlay would be \(size) bytes, \(Self.percent(share)) of the archive, and \(Self.percent(limit)) is the limit"
        }
    }

    private static func words(_ options: [String]) -> String {
        options.isEmpty ? "none" : options.map(QuotedText.shown).joined(separator: " ")
    }

    /// `12.5 %` of 0.125.
    static func percent(_ share: Double) -> String {
        let tenths = Int64((share * 1000).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
    }
}
