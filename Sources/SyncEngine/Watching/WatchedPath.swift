import EnvSyncModel
import PythonPackaging

/// A file or directory whose changes can change what `lock` finds.
public struct WatchedPath: Sendable, Hashable {
    /// How much of it counts.
    public enum Scope: Sendable, Hashable {
        /// This file; it need not exist yet.
        case file
        /// The entries of this directory that a wheelhouse is made of: wheels, eggs, zips and source distributions.
        case directory
        /// Everything below, except what these patterns with the syntax of `.gitignore`, and the built-in ones of
        /// sources, leave out. If it is a file, that file.
        case tree(exclude: [String])
    }

    /// The absolute path, as the workspace names it: symbolic links are not resolved.
    public let path: String
    /// How much of it counts.
    public let scope: Scope

    /// Makes a watched path.
    public init(path: String, scope: Scope) {
        self.path = path
        self.scope = scope
    }

    /// What of it doesn't count, ready to be asked often.
    public var filter: WatchFilter { WatchFilter(scope) }
}

extension Workspace {
    /// The files that a configuration may be read from; for a workspace whose configuration can't be read.
    ///
    /// - Parameter directory: the workspace, absolute.
    public static func configurationPaths(directory: String) -> [WatchedPath] {
        [ConfigurationReader.fileName, ConfigurationReader.projectFileName].map { name in
            WatchedPath(path: directory + "/" + name, scope: .file)
        }
    }

    /// Everything that `lock` reads, in a stable order and each once; nothing of what envsync itself keeps in `.envsync`.
    ///
    /// Reads the lockfile, which may name further files; what it names can change with it.
    public var watchedPaths: [WatchedPath] {
        var paths = Self.configurationPaths(directory: directory).filter { path in
            // While there is envsync.toml, pyproject.toml isn't looked at.
            configurationFile == ConfigurationReader.projectFileName
                || !path.path.hasSuffix("/" + ConfigurationReader.projectFileName)
        }
        func add(_ path: String, _ scope: WatchedPath.Scope) {
            paths.append(WatchedPath(path: Self.absolutePath(resolve(path)), scope: scope))
        }
        add(Self.lockFileName, .file)
        if let lockfile = configuration.lockfile { lockedFiles(lockfile).forEach { add($0, .file) } }
        for wheelhouse in configuration.wheelhouses { add(wheelhouse, .directory) }
        for source in configuration.sources { add(source.path, .tree(exclude: source.exclude)) }
        for archive in configuration.archives {
            add(archive.path, .file)
            for input in archive.inputs { add(input, .tree(exclude: [])) }
            if let prefix = archive.pack?.prefix { add(prefix, .tree(exclude: [])) }
        }
        for path in configuration.files + configuration.pyFiles { add(path, .file) }
        for job in configuration.jobs {
            for path in job.files + job.pyFiles { add(path, .file) }
            if let main = job.main { add(main, .file) }
        }
        var seen = Set<WatchedPath>()
        return paths.filter { path in
            path.path != stateDirectory && !path.path.hasPrefix(stateDirectory + "/") && seen.insert(path).inserted
        }
    }

    /// The lockfile, the files that it includes or leaves something to, and the wheels that it names by their paths.
    private func lockedFiles(_ lockfile: LockfileConfiguration) -> [String] {
        let path = Self.absolutePath(resolve(lockfile.path))
        let leaf = path.split(separator: "/").last.map(String.init) ?? path
        let directory = String(path.dropLast(leaf.utf8.count + 1))
        var files = [path]
        guard let content = (try? LocalFile.readAll(path, limit: LockfileReader.maximumSize)) ?? nil else {
            return files
        }
        // Also of a file that can't be used: it may be the other file that has to change.
        let read = try? LockfileReader.read(content, fileName: leaf) { companion in
            files.append("\(directory)/\(companion)")
            return try? LocalFile.readAll("\(directory)/\(companion)", limit: LockfileReader.maximumSize)
        }
        for package in read?.packages ?? [] {
            for wheel in package.wheels {
                guard let path = wheel.path else { continue }
                files.append(path.hasPrefix("/") ? path : "\(directory)/\(path)")
            }
        }
        return files
    }
}
