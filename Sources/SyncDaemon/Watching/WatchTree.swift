import Glibc
import SyncEngine

/// The directories that are watched by events, and what for. Nothing is kept of single files of a tree.
///
/// A watch is of a directory itself, whatever it is called, and only the directory above tells its name. So every
/// directory on the way from `/` to a watched path is watched for its own end, for the removal of the next step and, where
/// that is no directory (a symbolic link, or nothing yet), for its coming; when a step changes, the way is gone again from
/// the beginning.
struct WatchTree {
    /// A watched path, or what a symbolic link in one leads to.
    struct Root {
        /// As it is told to others.
        let path: String
        /// `nil` for what a link leads to: a file or a tree.
        let scope: WatchedPath.Scope?
        let filter: WatchFilter
        /// Links: the root that the link is in, and where in that root's filter it is.
        var owner: Int?
        var prefix = ""
        /// Links: the directory that the link is in, without links, and what is written in it.
        var place: (directory: String, target: String)?
        /// Links: the directories, without links, that the links on the way here are in.
        var passed: [String] = []

        /// The path that the filter judges.
        func filtered(_ below: String, _ name: String) -> String {
            [prefix, below, name].filter { !$0.isEmpty }.joined(separator: "/")
        }

        /// The path that is told.
        func told(_ below: String, _ name: String) -> String {
            ([path == "/" ? "" : path] + [below, name].filter { !$0.isEmpty }).joined(separator: "/")
        }
    }

    /// That a directory is part of a tree.
    struct Part: Hashable {
        let root: Int
        /// Where in the tree; empty at its root.
        var below: String
    }

    /// A link in a root, by the path that is told.
    struct Link: Hashable {
        let owner: Int
        let path: String
    }

    /// What an entry of a directory is to a root.
    struct Named: Hashable {
        let root: Int
        /// A step on the way; otherwise the file itself.
        let isStep: Bool
    }

    struct Directory {
        /// Without links.
        var path: String
        var mask: UInt32 = 0
        var parts: [Part] = []
        /// Wheelhouses.
        var houses: [Int] = []
        var names: [String: [Named]] = [:]

        var isUseless: Bool { parts.isEmpty && houses.isEmpty && names.isEmpty }
    }

    let inotify: Inotify
    var roots: [Int: Root] = [:]
    var directories: [Int32: Directory] = [:]
    /// The roots of links.
    var links: [Link: Int] = [:]
    /// Directories, without links, in which roots end; for finding out what file systems they are on.
    private(set) var ends: Set<String> = []
    /// Roots that have to be set up again once the events that are there were looked at.
    var stale: Set<Int> = []
    private var nextRoot = 0

    /// Links on the way to one path, at most, as the kernel has it (path_resolution(7)).
    private static let maximumLinks = 40

    /// Watches paths.
    init(_ paths: [WatchedPath], limit: Int) throws(Inotify.Failure) {
        inotify = try Inotify(limit: limit)
        for path in paths {
            let id = add(Root(path: path.path, scope: path.scope, filter: path.filter))
            try setUp(id, nil)
        }
    }

    /// Watches these paths from now on.
    mutating func replace(_ paths: [WatchedPath]) throws(Inotify.Failure) {
        let wanted = Set(paths)
        var known = Set<WatchedPath>()
        for (id, root) in roots {
            guard let scope = root.scope else { continue }
            let path = WatchedPath(path: root.path, scope: scope)
            if wanted.contains(path) { known.insert(path) } else { forget([id]) }
        }
        for path in paths where !known.contains(path) {
            try setUp(add(Root(path: path.path, scope: path.scope, filter: path.filter)), nil)
        }
        sweep()
    }

    private mutating func add(_ root: Root) -> Int {
        nextRoot += 1
        roots[nextRoot] = root
        return nextRoot
    }

    // MARK: - Ways

    /// Goes the way to a root and watches it.
    ///
    /// - Parameter found: told of the files that are there.
    mutating func setUp(_ id: Int, _ found: ((String) -> Void)?) throws(Inotify.Failure) {
        guard let root = roots[id] else { return }
        let isLink = root.place != nil
        var current = root.place.map { $0.target.hasPrefix("/") ? "/" : $0.directory } ?? "/"
        var steps = Array((root.place?.target ?? root.path).split(separator: "/").map(String.init).reversed())
        var linksLeft = Self.maximumLinks
        while let step = steps.popLast() {
            if step == "." { continue }
            if step == ".." {
                current = Self.parent(of: current)
                continue
            }
            // Watched before it is looked at, so that no change is missed.
            let isEnd = steps.isEmpty
            let wantsFile = isEnd && (isLink || root.scope == .file)
            let watch = try watch(current, wantsFile ? Inotify.allChanges : Self.stepChanges(in: current))
            let next = (current == "/" ? "" : current) + "/" + step
            var kind = EntryKind(next)
            if watch == nil {
                try watchAbove(current)
            } else if !wantsFile, kind != .directory {
                // What is no directory can't tell itself that something else is in its place.
                _ = try self.watch(current, Inotify.entryChanges)
                kind = EntryKind(next)
            }
            func note(isStep: Bool) {
                guard let watch else { return }
                let named = Named(root: id, isStep: isStep)
                if directories[watch]?.names[step]?.contains(named) != true {
                    directories[watch]?.names[step, default: []].append(named)
                }
            }
            switch kind {
            case .link:
                note(isStep: true)
                linksLeft -= 1
                guard linksLeft > 0, let target = DirectoryListing.target(of: next) else { return }
                steps += target.split(separator: "/").map(String.init).reversed()
                if target.hasPrefix("/") { current = "/" }
            case .directory where !isEnd || !wantsFile || isLink:
                note(isStep: true)
                current = next
            case .directory, .other, .missing:
                var isFile = wantsFile
                if isEnd, kind == .other, case .tree = root.scope {
                    // A file in the place of a tree: its contents count.
                    isFile = true
                    _ = try self.watch(current, Inotify.allChanges)
                }
                // Something that is no directory can be replaced by one.
                note(isStep: !isFile)
                ends.insert(current)
                if kind == .other, isEnd { found?(root.path) }
                return
            }
        }
        ends.insert(current)
        switch root.scope {
        case .tree: try walk(id, current, below: "", found)
        case .directory: try list(id, current, found)
        case .file: break
        case nil:
            // A directory behind a link counts in trees only; SourceWalk refuses one that leads to where it is.
            let isLoop = root.passed.contains { $0 == current || $0.hasPrefix(current == "/" ? "/" : current + "/") }
            guard case .tree? = outermost(id)?.scope, !isLoop else { return }
            try walk(id, current, below: "", found)
        }
    }

    private func outermost(_ id: Int) -> Root? {
        var root = roots[id]
        while let owner = root?.owner { root = roots[owner] }
        return root
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// What to be told of the entries of a directory on the way to something, of which the next step is a directory, too.
    ///
    /// That tells itself when it is moved or removed; but not while somebody sits in it, as a shell does. In the
    /// system's temporary directories, where everybody may write, files come and go all the time, and would wake us.
    private static func stepChanges(in path: String) -> UInt32 {
        var info = stat()
        let isShared = stat(path, &info) == 0 && info.st_mode & S_ISVTX != 0 && info.st_mode & S_IWOTH != 0
        return isShared ? 0 : Inotify.removals
    }

    /// Waits for a directory that went, or can't be read, in the one above.
    private mutating func watchAbove(_ path: String) throws(Inotify.Failure) {
        guard path != "/" else { return }
        _ = try watch(Self.parent(of: path), Inotify.entryChanges)
    }

    private mutating func watch(_ path: String, _ mask: UInt32) throws(Inotify.Failure) -> Int32? {
        guard let watch = try inotify.add(path, mask, count: directories.count) else { return nil }
        directories[watch, default: Directory(path: path)].path = path
        return watch
    }

    // MARK: - Contents

    /// Watches a directory of a tree and those in it.
    mutating func walk(
        _ id: Int, _ directory: String, below: String, _ found: ((String) -> Void)?
    ) throws(Inotify.Failure) {
        guard let root = roots[id] else { return }
        var waiting = [(directory, below)]
        while let (directory, below) = waiting.popLast() {
            guard let watch = try watch(directory, Inotify.allChanges) else {
                if below.isEmpty { try watchAbove(directory) }
                continue
            }
            let part = Part(root: id, below: below)
            if directories[watch]?.parts.contains(part) != true { directories[watch]?.parts.append(part) }
            for (name, kind) in DirectoryListing.entries(of: directory) {
                let path = directory + "/" + name
                switch kind {
                case .directory:
                    guard !root.filter.isIgnored(relativePath: root.filtered(below, name), isDirectory: true) else {
                        continue
                    }
                    waiting.append((path, below.isEmpty ? name : below + "/" + name))
                case .link:
                    try link(id, directory, below, name, found)
                case .other:
                    guard let found,
                        !root.filter.isIgnored(relativePath: root.filtered(below, name), isDirectory: false)
                    else { continue }
                    found(root.told(below, name))
                case .missing: break
                }
            }
        }
    }

    /// Watches a wheelhouse.
    private mutating func list(
        _ id: Int, _ directory: String, _ found: ((String) -> Void)?
    ) throws(Inotify.Failure) {
        guard let root = roots[id] else { return }
        guard let watch = try watch(directory, Inotify.allChanges) else {
            try watchAbove(directory)
            return
        }
        if directories[watch]?.houses.contains(id) != true { directories[watch]?.houses.append(id) }
        for (name, kind) in DirectoryListing.entries(of: directory) where kind == .link || found != nil {
            if root.filter.isIgnored(relativePath: name, isDirectory: false) { continue }
            if kind == .link { try link(id, directory, "", name, found) } else { found?(root.told("", name)) }
        }
    }

    /// Watches what a symbolic link leads to.
    mutating func link(
        _ owner: Int, _ directory: String, _ below: String, _ name: String, _ found: ((String) -> Void)?
    ) throws(Inotify.Failure) {
        guard let root = roots[owner] else { return }
        let path = directory + "/" + name
        let prefix = root.filtered(below, name)
        var info = stat()
        let isDirectory = stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
        guard !root.filter.isIgnored(relativePath: prefix, isDirectory: isDirectory),
            root.passed.count < Self.maximumLinks, let target = DirectoryListing.target(of: path)
        else { return }
        let told = root.told(below, name)
        let link = Link(owner: owner, path: told)
        if let known = links[link] { forget([known]) }
        let id = add(
            Root(
                path: told, scope: nil, filter: root.filter, owner: owner, prefix: prefix,
                place: (directory, target), passed: root.passed + [directory]))
        links[link] = id
        try setUp(id, found)
    }

    // MARK: - Forgetting

    /// Forgets roots and what belongs to them, and for those that are to be set up again only the way.
    mutating func forget(_ ids: Set<Int>, keeping: Set<Int> = []) {
        var gone = ids
        // Links in links come after the links that they are in.
        for (id, root) in roots.sorted(by: { $0.key < $1.key }) {
            if let owner = root.owner, gone.contains(owner) { gone.insert(id) }
        }
        for watch in directories.keys {
            directories[watch]?.parts.removeAll { gone.contains($0.root) }
            directories[watch]?.houses.removeAll { gone.contains($0) }
            guard let names = directories[watch]?.names, !names.isEmpty else { continue }
            for (name, list) in names where list.contains(where: { gone.contains($0.root) }) {
                let left = list.filter { !gone.contains($0.root) }
                directories[watch]?.names[name] = left.isEmpty ? nil : left
            }
        }
        for id in gone where !keeping.contains(id) {
            guard let root = roots.removeValue(forKey: id), let owner = root.owner else { continue }
            let link = Link(owner: owner, path: root.path)
            if links[link] == id { links[link] = nil }
        }
    }

    /// Takes the watches away that nobody needs.
    mutating func sweep() {
        for (watch, directory) in directories where directory.isUseless {
            directories[watch] = nil
            inotify.remove(watch)
        }
    }
}
