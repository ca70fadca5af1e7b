import Glibc

/// Directories that have several names, by symbolic links.
enum DirectoryNames {
    /// The name without symbolic links; the name itself if there is no such directory.
    static func physical(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Each directory once, by the name that it has first.
    static func distinct(_ paths: [String]) -> [String] {
        var seen = Set<String>()
        return paths.filter { seen.insert(physical($0)).inserted }
    }
}
