import Glibc

/// `--include` and `--exclude` in their order: the last one that matches decides, and without any a path is included. What
/// matches a directory goes for all in it that no later one matches.
///
/// As in conda-pack, a pattern is a `fnmatch` glob against the whole path, in which `*` also stands for slashes.
struct FilterList {
    private let patterns: [(filter: PackOptions.Filter, glob: [UInt8])]

    init(_ filters: [PackOptions.Filter]) {
        patterns = filters.map { filter in
            var glob = Array(filter.pattern.utf8.filter { $0 != 0 })
            while glob.count > 1, glob.last == 0x2F { glob.removeLast() }
            if glob.starts(with: [0x2E, 0x2F]) { glob.removeFirst(2) }
            return (filter, glob)
        }
    }

    var isEmpty: Bool { patterns.isEmpty }

    /// The number of the last that matches a path, or the one that decides about the directory it is in.
    func decisive(_ path: [UInt8], inherited: Int?) -> Int? {
        guard !patterns.isEmpty else { return nil }
        let first = (inherited ?? -1) + 1
        return path.withTerminator { spelled in
            for index in patterns.indices.reversed() where index >= first {
                let isMatch = patterns[index].glob.withTerminator { fnmatch($0, spelled, FNM_NOESCAPE) == 0 }
                if isMatch { return index }
            }
            return inherited
        }
    }

    /// Why a path is left out; `nil`: it isn't.
    func reason(_ index: Int?) -> String? {
        guard let index, patterns[index].filter.isExclusion else { return nil }
        return "excluded by --exclude '\(patterns[index].filter.pattern)'"
    }

    /// Whether something could be included again below a directory that a filter excludes.
    func mayInclude(after index: Int) -> Bool {
        patterns[(index + 1)...].contains { !$0.filter.isExclusion }
    }
}
