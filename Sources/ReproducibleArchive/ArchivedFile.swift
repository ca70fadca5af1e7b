/// Where a path inside a packed environment leads once the archive is unpacked.
public enum ArchivedFile: Hashable, Sendable {
    /// To a regular file of the archive with this name, after following links.
    case file(String)
    /// To a directory of the archive.
    case directory(String)
    /// Out of the archive, through a symbolic link with this target: it works only where the target exists.
    case outside(link: String, target: String)
    /// To nothing: the name that is missing, after following links.
    case missing(String)
    /// Round in circles.
    case loop
}

extension ArchiveReader {
    /// Says what a path leads to in each archive; `bin/python`, for example, may be a link to a link to a file.
    /// - Parameters:
    ///   - names: paths relative to the archive's root.
    ///   - path: a tar, tar.gz or zip file, which is read once, to its end.
    /// - Returns: an answer for each of `names`, in their order.
    /// - Throws: ``ArchiveError`` as ``scan(path:visit:)`` does.
    public static func resolve(_ names: [String], inArchiveAt path: String) throws -> [ArchivedFile] {
        try resolve(names, inArchiveAt: path, readingUpTo: 0, of: { _ in false }, visit: { _, _ in })
    }

    /// Says what paths lead to, as ``resolve(_:inArchiveAt:)`` does, and visits all entries in the same pass.
    /// - Parameters:
    ///   - limit: the most bytes of a file that are read.
    ///   - isWanted: whether a regular file's contents are.
    ///   - visit: is given an entry and, if they are wanted, its first bytes.
    public static func resolve(
        _ names: [String], inArchiveAt path: String, readingUpTo limit: Int, of isWanted: (TarEntryInfo) -> Bool,
        visit: (TarEntryInfo, [UInt8]?) throws -> Void
    ) throws -> [ArchivedFile] {
        var tree = ArchivedTree()
        try scan(path: path, readingUpTo: limit, of: isWanted) { entry, beginning in
            tree.insert(entry)
            try visit(entry, beginning)
            return .continue
        }
        return names.map { tree.resolve($0) }
    }
}

/// The names of an archive, for following its links.
struct ArchivedTree {
    private enum Node {
        case file
        case directory
        case link(String)
    }

    private var nodes: [String: Node] = [:]

    mutating func insert(_ entry: TarEntryInfo) {
        switch entry.type {
        case .file, .hardLink, .other: nodes[entry.name] = .file
        case .directory: nodes[entry.name] = .directory
        case .symlink: nodes[entry.name] = .link(entry.linkTarget ?? "")
        }
        // Directories often have no entry of their own.
        var parent = entry.name[...]
        while let slash = parent.utf8.lastIndex(of: UInt8(ascii: "/")) {
            parent = parent[..<slash]
            guard nodes[String(parent)] == nil else { break }
            nodes[String(parent)] = .directory
        }
    }

    func resolve(_ name: String) -> ArchivedFile {
        var waiting = components(name)[...]
        var reached: [Substring] = []
        // As many as Linux follows (path_resolution(7)).
        var linksLeft = 40
        while let component = waiting.popFirst() {
            if component == ".." {
                // Only a link's target gets here with nothing left to climb from, and that was caught below.
                _ = reached.popLast()
                continue
            }
            reached.append(component)
            let path = reached.joined(separator: "/")
            switch nodes[path] {
            case .link(let target):
                guard linksLeft > 0 else { return .loop }
                linksLeft -= 1
                reached.removeLast()
                guard !target.hasPrefix("/"), !climbsOut(target, from: reached.count) else {
                    return .outside(link: path, target: target)
                }
                waiting = components(target) + waiting
            case .file where !waiting.isEmpty, nil:
                return .missing((reached + waiting).joined(separator: "/"))
            case .file: return .file(path)
            case .directory: continue
            }
        }
        return .directory(reached.joined(separator: "/"))
    }

    private func components(_ path: String) -> [Substring] {
        path.split(separator: "/").filter { $0 != "." }
    }

    private func climbsOut(_ target: String, from depth: Int) -> Bool {
        var depth = depth
        for component in components(target) {
            depth += component == ".." ? -1 : 1
            if depth < 0 { return true }
        }
        return false
    }
}
