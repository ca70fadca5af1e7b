import Glibc

/// Paths as a CI shows them: relative to the root of the repository, in which the workspace may be a folder.
struct RepositoryPaths: Sendable {
    /// The workspace's folder in the repository, with a slash at its end; empty if it is the root.
    let prefix: String
    /// What belongs to no file is shown there.
    let lock: String

    /// - Parameters:
    ///   - directory: the workspace's absolute path.
    ///   - lockFileName: the lock's.
    init(directory: String, lockFileName: String) {
        prefix = Self.prefix(of: directory)
        lock = prefix + lockFileName
    }

    /// The path in the repository of one that is relative to the workspace; the lock's if it lies outside.
    func path(_ path: String?) -> String {
        guard let path, !path.isEmpty, !path.hasPrefix("/") else { return lock }
        var parts: [Substring] = []
        for part in (prefix + path).split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if parts.popLast() == nil {
                return lock
            }
        }
        return parts.isEmpty ? lock : parts.joined(separator: "/")
    }

    private static func prefix(of directory: String) -> String {
        var root = directory
        // A worktree and a submodule have a file of that name.
        while access(root + "/.git", F_OK) != 0 {
            guard let slash = root.lastIndex(of: "/"), slash != root.startIndex else { return "" }
            root = String(root[..<slash])
        }
        return root == directory ? "" : String(directory.dropFirst(root.count + 1)) + "/"
    }
}
