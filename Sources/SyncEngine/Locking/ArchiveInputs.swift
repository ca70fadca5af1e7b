import Crypto
import EnvSyncModel
import Glibc

/// What an archive's inputs are now, as far as names, kinds, sizes, modification times and inodes tell; no file is opened.
struct ArchiveInputs: Sendable, Hashable {
    /// One file or directory of `inputs`.
    struct Input: Sendable, Hashable {
        /// As written.
        let name: String
        /// The SHA-256 of all that is below it; `nil` if it isn't there.
        var digest: ContentDigest?
        /// When something of it last changed, in nanoseconds since 1970-01-01 UTC.
        var lastChange: Int64 = 0
    }

    let inputs: [Input]

    /// Whether there is nothing that an archive could be made of.
    var isMissing: Bool { inputs.allSatisfy { $0.digest == nil } }

    /// Looks at the inputs of an archive. The archive itself, and what envsync writes, are not among them wherever they are.
    init(_ archive: ArchiveConfiguration, _ workspace: Workspace) {
        let path = Workspace.absolutePath(workspace.resolve(archive.path))
        let excluded: Set<[UInt8]> = Set(
            [path, MadeArchive.aside(of: path), workspace.stateDirectory, workspace.lockPath].map { Array($0.utf8) })
        inputs = archive.inputs.map { name in
            var walk = InputWalk(excluded: excluded)
            walk.visit(Array(Workspace.absolutePath(workspace.resolve(name)).utf8))
            return Input(name: name, digest: walk.digest, lastChange: walk.lastChange)
        }
    }
}

/// One walk over an input. Symbolic links below it are looked at and not followed.
private struct InputWalk {
    let excluded: Set<[UInt8]>
    private(set) var lastChange: Int64 = 0
    private var sha256 = SHA256()
    private var isThere = false

    init(excluded: Set<[UInt8]>) { self.excluded = excluded }

    var digest: ContentDigest? { isThere ? ContentDigest(sha256.finalize()) : nil }

    /// - Parameter path: absolute; what a symbolic link there leads to is the input.
    mutating func visit(_ path: [UInt8]) {
        var info = stat()
        guard stat(Self.terminated(path), &info) == 0 else { return }
        isThere = true
        add([], info)
        if info.st_mode & S_IFMT == S_IFDIR { visit(directory: path, relative: []) }
    }

    private mutating func visit(directory: [UInt8], relative: [UInt8]) {
        guard let stream = opendir(Self.terminated(directory)) else {
            sha256.update(data: relative + Array("\0unreadable \(errno)\0".utf8))
            return
        }
        var names: [[UInt8]] = []
        while let entry = readdir(stream) {
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) })
        }
        let handle = dirfd(stream)
        defer { closedir(stream) }
        names.sort { $0.lexicographicallyPrecedes($1) }
        // What Python compiles for itself is no change, and neither is what envsync writes. Where there is some, the
        // directory's own time says nothing.
        let cache = Array("__pycache__".utf8)
        if !names.contains(where: { $0 == cache || excluded.contains(directory + [0x2F] + $0) }) {
            var info = stat()
            if fstat(handle, &info) == 0 { lastChange = max(lastChange, Self.nanoseconds(info.st_mtim)) }
        }
        for name in names where name != [0x2E] && name != [0x2E, 0x2E] && name != cache {
            let path = directory + [0x2F] + name
            guard !excluded.contains(path) else { continue }
            var info = stat()
            guard fstatat(handle, Self.terminated(name), &info, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            let below = relative.isEmpty ? name : relative + [0x2F] + name
            add(below, info)
            if info.st_mode & S_IFMT == S_IFDIR { visit(directory: path, relative: below) }
        }
    }

    private mutating func add(_ relative: [UInt8], _ info: stat) {
        // A directory's own times change with files that don't count, and a link's count with other trees.
        if info.st_mode & S_IFMT == S_IFDIR {
            sha256.update(data: relative + Array("\0directory\0".utf8))
            return
        }
        let modified = Self.nanoseconds(info.st_mtim)
        sha256.update(
            data: relative + Array("\0\(info.st_mode)\0\(info.st_size)\0\(modified)\0\(info.st_ino)\0".utf8))
        lastChange = max(lastChange, modified, Self.nanoseconds(info.st_ctim))
    }

    private static func terminated(_ name: [UInt8]) -> [CChar] { name.map { CChar(bitPattern: $0) } + [0] }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
