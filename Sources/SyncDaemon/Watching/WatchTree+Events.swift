import Glibc
import SyncEngine

extension WatchTree {
    /// Reads the events that there are, and follows what they tell.
    ///
    /// - Parameter batch: gets what changed.
    /// - Returns: `false` if the kernel lost events: everything has to be watched anew.
    mutating func read(
        into buffer: UnsafeMutableRawBufferPointer, _ batch: inout WatchBatch
    ) throws(Inotify.Failure) -> Bool {
        var events: [Inotify.Event] = []
        inotify.read(into: buffer) { events.append($0) }
        if events.contains(where: { $0.has(Int32(IN_Q_OVERFLOW)) }) { return false }
        for event in events { try take(event, &batch) }
        try renew(&batch)
        return true
    }

    /// Follows one event.
    private mutating func take(_ event: Inotify.Event, _ batch: inout WatchBatch) throws(Inotify.Failure) {
        guard let directory = directories[event.watch] else { return }
        if event.has(Int32(IN_DELETE_SELF), Int32(IN_MOVE_SELF), Int32(IN_UNMOUNT), Int32(IN_IGNORED)) {
            stale.formUnion(directory.names.values.joined().map(\.root))
            stale.formUnion(directory.houses)
            stale.formUnion(directory.parts.filter(\.below.isEmpty).map(\.root))
            if event.has(Int32(IN_IGNORED)) { directories[event.watch] = nil }
            return
        }
        if event.name.isEmpty {
            // The mode of a directory decides whether it can be read.
            for part in directory.parts { batch.add(roots[part.root]?.told(part.below, "") ?? directory.path) }
            return
        }
        let path = directory.path + "/" + event.name
        let isNew = event.has(Int32(IN_CREATE), Int32(IN_MOVED_TO))
        let isWriting = event.has(Int32(IN_MODIFY))
        for named in directory.names[event.name] ?? [] {
            guard let root = roots[named.root] else { continue }
            if named.isStep {
                // Times and modes of what is on the way don't matter, unless it can be entered only now.
                if event.has(Int32(IN_ATTRIB)), try known(path) != nil { continue }
                stale.insert(named.root)
            } else {
                batch.add(root.path, isWriting: isWriting)
                if isNew, case .other = EntryKind(path) {} else if isNew { stale.insert(named.root) }
            }
        }
        for id in directory.houses {
            guard let root = roots[id], !root.filter.isIgnored(relativePath: event.name, isDirectory: false) else {
                continue
            }
            batch.add(root.told("", event.name), isWriting: isWriting)
            try follow(event, Part(root: id, below: ""), directory.path, &batch)
        }
        for part in directory.parts {
            guard let root = roots[part.root] else { continue }
            let relative = root.filtered(part.below, event.name)
            guard !root.filter.isIgnored(relativePath: relative, isDirectory: event.isDirectory) else { continue }
            batch.add(root.told(part.below, event.name), isWriting: isWriting)
            try follow(event, part, directory.path, &batch)
        }
    }

    /// The watch of a directory that is watched; `nil` if it isn't one, or isn't watched.
    private func known(_ path: String) throws(Inotify.Failure) -> Int32? {
        guard let watch = try inotify.add(path, Inotify.entryChanges, count: 0) else { return nil }
        if directories[watch] != nil { return watch }
        inotify.remove(watch)
        return nil
    }

    /// An entry of a tree or a wheelhouse came, went, or became readable.
    private mutating func follow(
        _ event: Inotify.Event, _ part: Part, _ directory: String, _ batch: inout WatchBatch
    ) throws(Inotify.Failure) {
        let isNew = event.has(Int32(IN_CREATE), Int32(IN_MOVED_TO))
        let isGone = event.has(Int32(IN_DELETE), Int32(IN_MOVED_FROM))
        guard isNew || isGone || (event.isDirectory && event.has(Int32(IN_ATTRIB))), let root = roots[part.root] else {
            return
        }
        let path = directory + "/" + event.name
        let below = part.below.isEmpty ? event.name : part.below + "/" + event.name
        if !isNew, !isGone, let watch = try known(path), let there = directories[watch],
            there.parts.contains(Part(root: part.root, below: below))
        {
            return
        }
        if let link = links[Link(owner: part.root, path: root.told(part.below, event.name))] { forget([link]) }
        // A directory that was deleted takes its watch with it; one that was moved keeps it.
        if event.isDirectory, event.has(Int32(IN_MOVED_FROM)) { leave(part.root, below) }
        guard !isGone else { return }
        let found = Found()
        switch EntryKind(path) {
        case .directory where root.scope != .directory: try walk(part.root, path, below: below, found.add)
        case .link: try link(part.root, directory, part.below, event.name, found.add)
        default: break
        }
        for path in found.paths { batch.add(path) }
    }

    /// Forgets what is in a directory that was moved away.
    private mutating func leave(_ id: Int, _ below: String) {
        for watch in directories.keys {
            directories[watch]?.parts.removeAll { part in
                part.root == id && (part.below == below || part.below.hasPrefix(below + "/"))
            }
        }
        guard let root = roots[id] else { return }
        let path = root.told(below, "") + "/"
        let inside = links.filter { $0.key.owner == id && $0.key.path.hasPrefix(path) }.map(\.value)
        if !inside.isEmpty { forget(Set(inside)) }
        sweep()
    }

    private func isInside(_ ids: Set<Int>, _ id: Int) -> Bool {
        var owner = roots[id]?.owner
        while let next = owner {
            if ids.contains(next) { return true }
            owner = roots[next]?.owner
        }
        return false
    }

    /// Goes the ways anew of which a step changed.
    private mutating func renew(_ batch: inout WatchBatch) throws(Inotify.Failure) {
        guard !stale.isEmpty else { return }
        // Links in what is gone through anew are found anew.
        let ids = stale.filter { !isInside(stale, $0) }
        stale = []
        forget(ids, keeping: ids)
        let found = Found()
        for id in ids.sorted() {
            guard let root = roots[id] else { continue }
            found.add(root.path)
            try setUp(id, found.add)
        }
        for path in found.paths { batch.add(path) }
        sweep()
    }
}

/// Collects paths, and no more than a batch takes.
private final class Found {
    private(set) var paths: [String] = []
    func add(_ path: String) {
        if paths.count <= WatchBatch.limit { paths.append(path) }
    }
}
