import Glibc

/// What a directory entry is, without following links.
enum EntryKind {
    case directory
    case link
    case other
    case missing

    /// Looks at a path.
    init(_ path: String) {
        var info = stat()
        guard lstat(path, &info) == 0 else {
            self = .missing
            return
        }
        self.init(mode: info.st_mode)
    }

    init(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFDIR: self = .directory
        case S_IFLNK: self = .link
        default: self = .other
        }
    }
}

/// Reading directories and links.
enum DirectoryListing {
    /// The entries of a directory that can be read; names that aren't UTF-8 are left out, as they can't be shipped.
    static func entries(of path: String) -> [(name: String, kind: EntryKind)] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var entries: [(name: String, kind: EntryKind)] = []
        while let entry = readdir(stream) {
            guard let name = name(of: entry) else { continue }
            let kind: EntryKind
            switch Int(entry.pointee.d_type) {
            case Int(DT_DIR): kind = .directory
            case Int(DT_LNK): kind = .link
            case Int(DT_UNKNOWN): kind = EntryKind(path + "/" + name)
            default: kind = .other
            }
            entries.append((name, kind))
        }
        return entries
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String? {
        guard let start = entry.pointer(to: \.d_name.0) else { return nil }
        let bytes = UnsafeRawBufferPointer(start: start, count: strlen(start))
        if bytes.elementsEqual(".".utf8) || bytes.elementsEqual("..".utf8) { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Where a symbolic link leads, as it is written.
    static func target(of path: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
            guard let start = buffer.baseAddress, case let count = readlink(path, start, buffer.count), count > 0 else {
                return nil
            }
            return String(validating: buffer[..<count], as: UTF8.self)
        }
    }
}
