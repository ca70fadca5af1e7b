/// The extras and groups that are wanted, normalized and known to the lockfile.
struct WantedNames {
    let extras: Set<String>
    let groups: Set<String>

    init(extras: Set<String>, groups: Set<String>?, in lockfile: PythonLockfile) throws(LockfileError) {
        let knownExtras = lockfile.extras.union((lockfile.roots ?? []).compactMap(\.extra))
        let knownGroups = lockfile.packages.reduce(
            into: lockfile.groups.union(lockfile.defaultGroups).union((lockfile.roots ?? []).compactMap(\.group))
        ) { $0.formUnion($1.groups) }
        // Some tools, PDM among them, write extras down as groups.
        if let group = extras.map({ PythonNames.normalize($0) }).sorted().first(where: {
            !knownExtras.contains($0) && knownGroups.contains($0)
        }) {
            throw LockfileError(
                "there is no extra \(Excerpt(group)), but a group of that name: give it as one of the groups")
        }
        self.extras = try Self.known(extras, among: knownExtras, kind: "extra")
        if let groups {
            self.groups = try Self.known(groups, among: knownGroups, kind: "dependency group")
        } else {
            self.groups = lockfile.defaultGroups
        }
    }

    private static func known(
        _ names: Set<String>, among known: Set<String>, kind: String
    ) throws(LockfileError) -> Set<String> {
        for name in names.sorted() where !known.contains(PythonNames.normalize(name)) {
            guard !known.isEmpty else {
                throw LockfileError("there is no \(kind) \(Excerpt(name)): the lockfile names none")
            }
            let nearest = nearest(to: PythonNames.normalize(name), among: known)
            throw LockfileError(
                "there is no \(kind) \(Excerpt(name)); the lockfile has "
                    + nearest.prefix(5).map { Excerpt($0).description }.joined(separator: ", ")
                    + (nearest.count > 5 ? " and \(known.count - 5) more" : ""))
        }
        return Set(names.map { PythonNames.normalize($0) })
    }

    /// The most similar names first.
    private static func nearest(to name: String, among known: Set<String>) -> [String] {
        let bytes = Array(name.utf8.prefix(64))
        let ranked = known.sorted().prefix(1000).map { (distance(bytes, Array($0.utf8.prefix(64))), $0) }
        return ranked.sorted { $0 < $1 }.map(\.1)
    }

    /// How many bytes have to be put in, taken out or changed (the Levenshtein distance).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var previous = index + 1
            var next = [previous]
            for (column, other) in right.enumerated() {
                previous = min(previous + 1, row[column + 1] + 1, row[column] + (byte == other ? 0 : 1))
                next.append(previous)
            }
            row = next
        }
        return row[right.count]
    }
}
