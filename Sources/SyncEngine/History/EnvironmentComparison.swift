import EnvSyncModel

/// How two environments differ.
public struct EnvironmentComparison: Sendable {
    /// What differs: packages, then layers, archives and files, each by name.
    public let changes: [PackageChange]
    /// Objects that only the second environment has.
    public let newObjects: [ObjectKey]
    /// Objects that only the first environment has.
    public let goneObjects: [ObjectKey]
    /// Whether only names and versions were compared, since one of them is an installed environment.
    public let isOfVersionsOnly: Bool
    /// Whether the same artifacts are listed in another order, and nothing else differs.
    public let isReordered: Bool

    /// Whether nothing differs.
    public var isEqual: Bool { changes.isEmpty && !isReordered }

    /// Compares what two environments are made of.
    init(from first: EnvironmentContent, to second: EnvironmentContent) {
        isOfVersionsOnly = first.hasVersionsOnly || second.hasVersionsOnly
        guard !isOfVersionsOnly else {
            changes = Self.changes(
                from: first.versions(against: second), to: second.versions(against: first))
            newObjects = []
            goneObjects = []
            isReordered = false
            return
        }
        changes = Self.changes(from: first.items, to: second.items)
        let (before, after) = (Set(first.objects), Set(second.objects))
        newObjects = second.objects.filter { !before.contains($0) }
        goneObjects = first.objects.filter { !after.contains($0) }
        isReordered = changes.isEmpty && first.id != nil && second.id != nil && first.id != second.id
    }

    private typealias Item = EnvironmentContent.Item

    private static func changes(from first: [Item], to second: [Item]) -> [PackageChange] {
        var groups: [EnvironmentContent.Key: (before: [Item], after: [Item])] = [:]
        for item in first { groups[item.key, default: ([], [])].before.append(item) }
        for item in second { groups[item.key, default: ([], [])].after.append(item) }
        var changes: [PackageChange] = []
        for (_, group) in groups.sorted(by: { $0.key < $1.key }) {
            changes += Self.changes(of: group.before, group.after)
        }
        // A layer of other packages is other bytes; that is told of the layer, but is no news of its own.
        let moved = Set(changes.flatMap { [$0.layerBefore, $0.layerAfter] }.compactMap { $0 })
        for index in changes.indices where changes[index].type == .layer && moved.contains(changes[index].name) {
            changes[index].followsFromPackages = true
        }
        return changes
    }

    /// Pairs what has the same name: what didn't change, then what the same jobs want, then the rest in order.
    private static func changes(of before: [Item], _ after: [Item]) -> [PackageChange] {
        var (before, after) = (before, after)
        var pairs: [(Item, Item)] = []
        func pair(_ belongs: (Item, Item) -> Bool, _ isNews: Bool) {
            before.removeAll { old in
                guard let index = after.firstIndex(where: { belongs(old, $0) }) else { return false }
                let new = after.remove(at: index)
                if isNews { pairs.append((old, new)) }
                return true
            }
        }
        pair(isSame, false)
        pair({ $0.jobs == $1.jobs && $0.type == $1.type }, true)
        pair({ $0.jobs == $1.jobs }, true)
        pair({ _, _ in true }, true)
        return pairs.map { PackageChange(from: $0, to: $1) } + before.map { PackageChange(from: $0, to: nil) }
            + after.map { PackageChange(from: nil, to: $0) }
    }

    private static func isSame(_ old: Item, _ new: Item) -> Bool {
        old.version == new.version && old.object == new.object && !hasOtherContent(old, new)
            && old.properties == new.properties
    }

    /// What isn't known of both can't differ.
    fileprivate static func hasOtherContent(
        _ old: EnvironmentContent.Item, _ new: EnvironmentContent.Item
    ) -> Bool {
        guard let before = old.digest, let after = new.digest else { return false }
        return before != after
    }
}

extension PackageChange {
    /// - Parameters:
    ///   - old: `nil` if it is new; not both are.
    ///   - new: `nil` if it is gone.
    fileprivate init(from old: EnvironmentContent.Item?, to new: EnvironmentContent.Item?) {
        var details: [Detail] = []
        let kind: Kind
        if let old, let new {
            details = Self.details(old, new)
            if old.version != new.version {
                kind = .version
            } else if EnvironmentComparison.hasOtherContent(old, new) {
                kind = .content
            } else {
                kind = .delivery
            }
        } else {
            kind = old == nil ? .added : .removed
        }
        self.init(
            kind: kind, type: new?.type ?? old?.type ?? .file, name: new?.name ?? old?.name ?? "",
            before: old?.version, after: new?.version, bytesBefore: old?.object?.size, bytesAfter: new?.object?.size,
            digestBefore: old?.digest, digestAfter: new?.digest, layerBefore: old?.layer, layerAfter: new?.layer,
            details: details)
    }

    private static func details(_ old: EnvironmentContent.Item, _ new: EnvironmentContent.Item) -> [Detail] {
        let before = Dictionary(old.properties.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.properties.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        let order = ["delivery", "alias", "layer", "jobs", "interpreter", "type", "name"]
        var details = order.compactMap { name -> Detail? in
            let (first, second) = (before[name] ?? nil, after[name] ?? nil)
            return first == second ? nil : Detail(property: name, before: first, after: second)
        }
        // Where the content is another, so is the name that is made of it.
        if let first = old.object, let second = new.object, first.digest == second.digest, first.leaf != second.leaf {
            details.append(Detail(property: "file name", before: first.leaf.text, after: second.leaf.text))
        }
        return details
    }
}
