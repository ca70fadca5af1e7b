/// A file of a source directory that is to be shipped.
public struct SourceFile: Hashable, Sendable {
    /// Relative to the source directory, `/`-separated; safe as a name in an archive.
    public var relativePath: String
    /// The directory's path as given, and the relative path.
    public var absolutePath: String
    /// Bytes.
    public var size: Int64
    /// Time of the last change of contents, in nanoseconds since 1970.
    public var modificationTime: Int64
    /// Time of the last change of contents or metadata, in nanoseconds since 1970.
    public var statusChangeTime: Int64
    /// The inode number; of the target, when the path is a symbolic link.
    public var inode: UInt64
    /// The device the inode is on.
    public var device: UInt64
}

/// Collects the files of a source directory for shipping.
public struct SourceTree {
    /// Left out of every tree, whatever the user's patterns say: what Python, version control, editors and tools leave
    /// behind.
    public static let alwaysExcluded = [
        "__pycache__", "*.pyc", "*.pyo",
        ".git", ".gitignore", ".gitattributes", ".gitmodules", ".gitkeep", ".hg", ".hgignore", ".hgtags", ".svn",
        ".bzr",
        ".bzrignore", "CVS", ".cvsignore", ".jj",
        "*~", ".*.swp", ".*.swo", "#*#", ".#*", ".DS_Store", "Thumbs.db", ".idea", ".vscode", "*.orig", "*.rej",
        ".envsync", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox", ".ipynb_checkpoints",
    ].map { $0.hasPrefix("#") ? "\\" + $0 : $0 }

    /// More files than this are refused; it is most likely the wrong directory.
    public static let fileLimit = 500_000

    /// The files under a directory, sorted by the UTF-8 bytes of their relative paths.
    ///
    /// Symbolic links to files and directories inside the tree are followed: the contents are shipped.
    /// - Parameters:
    ///   - directory: the source directory; may itself be a symbolic link.
    ///   - patterns: what to leave out besides ``alwaysExcluded``, in the syntax of ``IgnorePatterns``. What is left
    ///     out can't fail.
    /// - Throws: ``ArchiveError``, whose path is the culprit, for links that are broken, circular or leave the tree,
    ///   for FIFOs, sockets and devices, for unreadable files and directories, and for names that are unsafe in an
    ///   archive (control characters, backslash, not UTF-8).
    public static func files(under directory: String, excluding patterns: [String] = []) throws -> [SourceFile] {
        var walk = try SourceWalk(root: directory, patterns: IgnorePatterns(patterns))
        try walk.run()
        return walk.files.sorted { $0.relativePath.utf8.lexicographicallyPrecedes($1.relativePath.utf8) }
    }
}
