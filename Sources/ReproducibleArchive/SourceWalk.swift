import Glibc

/// One walk over a source directory.
struct SourceWalk {
    private(set) var files: [SourceFile] = []
    private let root: String
    /// Without symbolic links; what links lead to must begin with it.
    private let realRoot: String
    private let patterns: IgnorePatterns
    private static let alwaysExcluded = IgnorePatterns(SourceTree.alwaysExcluded)

    private struct Identity: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    init(root: String, patterns: IgnorePatterns) throws {
        guard !root.utf8.contains(0) else {
            throw ArchiveError(code: .unsafeName, path: root, message: "the path contains a NUL character")
        }
        self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
        self.patterns = patterns
        realRoot = try Self.realPath(root)
    }

    mutating func run() throws {
        let status = try Self.status(of: root, following: true)
        guard status.st_mode & S_IFMT == S_IFDIR else {
            let message = "is \(fileKind(status.st_mode)), not a directory"
            throw ArchiveError(code: .notADirectory, path: root, message: message)
        }
        try visit(directory: root, components: [], ancestors: [Self.identity(status)])
    }

    private mutating func visit(directory: String, components: [[UInt8]], ancestors: [Identity]) throws {
        for name in try Self.names(in: directory) {
            let path = directory + "/" + String(decoding: name, as: UTF8.self)
            let below = components + [name]
            let isUTF8 = String(validating: name, as: UTF8.self) != nil
            // A name that can't be a Swift string can't be opened by one either; only its patterns are looked at.
            let unresolved = isUTF8 ? try Self.status(of: path, following: false) : stat()
            let isLink = unresolved.st_mode & S_IFMT == S_IFLNK
            let followed = isLink ? try? Self.status(of: path, following: true) : unresolved
            let isDirectory = (followed ?? unresolved).st_mode & S_IFMT == S_IFDIR
            if isExcluded(below, isDirectory: isDirectory) { continue }
            guard isUTF8 else {
                throw ArchiveError(code: .unsafeName, path: path, message: "the name is not UTF-8")
            }
            if let problem = EntryName.problem(String(decoding: name, as: UTF8.self)) {
                throw ArchiveError(code: .unsafeName, path: path, message: problem)
            }
            let status = isLink ? try checkedTarget(of: path) : unresolved
            switch status.st_mode & S_IFMT {
            case S_IFREG: try add(path, below, status)
            case S_IFDIR:
                let identity = Self.identity(status)
                guard !ancestors.contains(identity) else {
                    throw ArchiveError(
                        code: .symlinkLoop, path: path, message: "the symbolic link leads to a directory it is in")
                }
                try visit(directory: path, components: below, ancestors: ancestors + [identity])
            default:
                throw ArchiveError(
                    code: .notARegularFile, path: path,
                    message: "is \(fileKind(status.st_mode)), which can't be shipped")
            }
        }
    }

    private mutating func add(_ path: String, _ components: [[UInt8]], _ status: stat) throws {
        guard unsafe faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0 else {
            throw ArchiveError.system(errno, path: path, doing: "read the file")
        }
        guard files.count < SourceTree.fileLimit else {
            throw ArchiveError(
                code: .tooLarge, path: root, message: "the directory has more than \(SourceTree.fileLimit) files")
        }
        files.append(
            SourceFile(
                relativePath: String(decoding: Array(components.joined(separator: "/".utf8)), as: UTF8.self),
                absolutePath: path, size: Int64(status.st_size),
                modificationTime: Self.nanoseconds(status.st_mtim),
                statusChangeTime: Self.nanoseconds(status.st_ctim), inode: UInt64(status.st_ino),
                device: UInt64(status.st_dev)))
    }

    private func isExcluded(_ components: [[UInt8]], isDirectory: Bool) -> Bool {
        Self.alwaysExcluded.verdict(on: components[...], isDirectory: isDirectory) == .excluded
            || patterns.verdict(on: components[...], isDirectory: isDirectory) == .excluded
    }

    /// The status of what a symbolic link leads to, which must be inside the tree.
    private func checkedTarget(of path: String) throws -> stat {
        let real: String
        do {
            real = try Self.realPath(path)
        } catch let error as ArchiveError where error.code == .notFound || error.code == .notADirectory {
            throw ArchiveError(code: .brokenSymlink, path: path, message: "the symbolic link leads to nothing")
        }
        guard real == realRoot || realRoot == "/" || real.utf8.starts(with: (realRoot + "/").utf8) else {
            throw ArchiveError(
                code: .symlinkEscapes, path: path,
                message: "the symbolic link leads out of the source directory, to \(printable(real))")
        }
        return try Self.status(of: path, following: true)
    }

    // MARK: System calls

    private static func names(in directory: String) throws -> [[UInt8]] {
        guard let stream = unsafe opendir(directory) else {
            throw ArchiveError.system(errno, path: directory, doing: "list the directory")
        }
        defer { unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw ArchiveError.system(errno, path: directory, doing: "list the directory") }
                return names
            }
            guard let start = unsafe entry.pointer(to: \.d_name.0) else { continue }
            let name = unsafe Array(UnsafeRawBufferPointer(start: start, count: strlen(start)))
            if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
            names.append(name)
        }
    }

    private static func status(of path: String, following: Bool) throws -> stat {
        var status = stat()
        guard unsafe fstatat(AT_FDCWD, path, &status, following ? 0 : AT_SYMLINK_NOFOLLOW) == 0 else {
            throw ArchiveError.system(errno, path: path, doing: "examine the file")
        }
        return status
    }

    private static func realPath(_ path: String) throws -> String {
        guard let resolved = unsafe realpath(path, nil) else {
            throw ArchiveError.system(errno, path: path, doing: "resolve the path")
        }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    private static func identity(_ status: stat) -> Identity {
        Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
