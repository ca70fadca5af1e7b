/// What happened to watched files since the last batch.
public struct WatchBatch: Sendable, Hashable {
    /// More changed paths than this are not told one by one.
    public static let limit = 1000

    /// What changed, absolute, as ``WatchedPath`` names it; a directory stands for everything in it. Incomplete if
    /// ``isOverflow``.
    public var paths: Set<String>
    /// Those of ``paths`` that were written to and not closed since. What was written before the watch began, or is
    /// looked at by polling, is not among them: ``OpenForWriting`` tells.
    public var openForWriting: Set<String>
    /// More happened than is told here: everything has to be looked at again.
    public var isOverflow: Bool

    /// Makes a batch.
    public init(paths: Set<String> = [], openForWriting: Set<String> = [], isOverflow: Bool = false) {
        self.paths = paths
        self.openForWriting = openForWriting
        self.isOverflow = isOverflow
    }

    /// Whether nothing happened.
    public var isEmpty: Bool { paths.isEmpty && !isOverflow }

    mutating func add(_ other: WatchBatch) {
        for path in other.paths { add(path, isWriting: other.openForWriting.contains(path)) }
        isOverflow = isOverflow || other.isOverflow
    }

    mutating func add(_ path: String, isWriting: Bool = false) {
        guard paths.count < Self.limit || paths.contains(path) else {
            isOverflow = true
            return
        }
        paths.insert(path)
        if isWriting { openForWriting.insert(path) } else { openForWriting.remove(path) }
    }
}

/// That changes are noticed in another way from now on.
public struct WatchNotice: Sendable, Hashable {
    /// The way.
    public var mode: WorkspaceStatus.WatchMode
    /// Why, and what to do about it.
    public var message: String
}
