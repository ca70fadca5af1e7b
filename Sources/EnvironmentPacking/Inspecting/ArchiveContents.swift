import ReproducibleArchive

/// The entries of an archive with the hashes of its files, and the contents of those that are metadata.
///
/// Memory grows with the number of entries, about 300 bytes each, and with the metadata; both are bounded.
struct ArchiveContents {
    struct Entry: Equatable {
        var kind: Kind
        var isExecutable: Bool
        var size: Int64
    }
    enum Kind: Equatable {
        /// `nil`: its bytes can't be told.
        case file(sha256: [UInt8]?)
        case directory
        case symlink([UInt8])
        /// A device or a FIFO.
        case other
    }

    let format: PackedFormat
    private(set) var entries: PathTable<Entry> = .init()
    /// Files that are read for what they say, and the beginnings of scripts.
    private(set) var texts: PathTable<[UInt8]> = .init()
    /// Paths that have more than one entry, which aren't the same.
    private(set) var repeated: PathSet = .init()
    /// The directory that holds the environment, with a final slash; empty: the root.
    private(set) var root: [UInt8] = []

    private static let entryLimit = 1_000_000
    private static let textLimit: Int64 = 64 << 20
    private static let allTextsLimit = 256 << 20
    /// Enough of a script to tell how it is started.
    private static let scriptBeginning = 256

    init(path: String, cancelled: () throws -> Void) throws {
        var entries: PathTable<Entry> = .init()
        var texts: PathTable<[UInt8]> = .init()
        var repeated: PathSet = .init()
        var count = 0
        var kept = 0
        format = try ArchiveReader.read(path: path, cancelled: cancelled, keeping: Self.wantedBytes) { content in
            count += 1
            kept += content.beginning.count + content.path.count
            guard count <= Self.entryLimit, kept <= Self.allTextsLimit else {
                throw ArchiveError(
                    code: .tooLarge, path: path, message: "there are more entries or metadata than any environment has")
            }
            var entry = Entry(kind: .other, isExecutable: content.mode & 0o100 != 0, size: content.size)
            texts[content.path] = nil
            switch content.type {
            case .file:
                entry.kind = .file(sha256: content.sha256)
                if !content.beginning.isEmpty { texts[content.path] = content.beginning }
            case .directory: entry.kind = .directory
            case .symlink: entry.kind = .symlink(content.linkTarget ?? [])
            case .hardLink:
                guard let target = content.linkTarget, let earlier = entries[target] else {
                    throw ArchiveError(
                        code: .damaged, path: path, entry: content.path.shown,
                        message: "it is a second name of an entry that isn't there")
                }
                entry = earlier
                texts[content.path] = texts[target]
            case .other: break
            }
            // venv-pack adds pyvenv.cfg twice; what is the same doesn't matter.
            if let earlier = entries[content.path], earlier != entry { repeated.insert(content.path) }
            entries[content.path] = entry
        }
        self.entries = entries
        self.texts = texts
        self.repeated = repeated
        root = Self.root(entries)
        if !root.isEmpty { enter() }
    }

    /// Of which files how much is kept.
    private static func wantedBytes(_ path: [UInt8], _ size: Int64) -> Int {
        let leaf = path.leafStart
        let parent = path[..<max(0, leaf - 1)]
        if path.hasSuffix(".json") {
            let isWanted = parent.hasLast("conda-meta") || path.hasSuffix(".envsync/environment.json")
            return isWanted && size <= textLimit ? Int(size) : 0
        }
        if parent.hasLast("bin") { return scriptBeginning }
        if path.hasSuffix(".egg-info") { return 64 << 10 }
        guard parent.last == UInt8(ascii: "o"), parent.hasEnd(".dist-info") || parent.hasEnd(".egg-info") else {
            return 0
        }
        switch String(decoding: path[leaf...], as: UTF8.self) {
        case "RECORD", "installed-files.txt": return size <= textLimit ? Int(size) : 0
        // Name and version come first, long descriptions last.
        case "METADATA", "PKG-INFO": return 64 << 10
        case "INSTALLER": return 256
        default: return 0
        }
    }

    /// What comes before `conda-meta` or `lib/pythonX.Y`; the shortest, since conda's package cache has some, too.
    private static func root(_ entries: PathTable<Entry>) -> [UInt8] {
        var best: [UInt8]?
        for path in entries.keys {
            let leaf = path.leafStart
            let parent = path[..<max(0, leaf - 1)]
            var root: ArraySlice<UInt8>?
            if path[leaf...].elementsEqual("pyvenv.cfg".utf8) {
                root = path[..<leaf]
            } else if path.hasSuffix(".json"), parent.hasLast("conda-meta") {
                root = parent.dropLast("conda-meta".utf8.count)
            } else if path.hasSuffix("/environment.json"), parent.hasLast(".envsync") {
                root = parent.dropLast(".envsync".utf8.count)
            }
            guard let root = root ?? library(in: path) else { continue }
            if let known = best, (known.count, known.shown) <= (root.count, Array(root).shown) { continue }
            best = Array(root)
            if root.isEmpty { break }
        }
        return best ?? []
    }

    /// What comes before `lib/pythonX.Y/site-packages`, if that isn't far down.
    private static func library(in path: [UInt8]) -> ArraySlice<UInt8>? {
        let parts = path.split(separator: 0x2F, maxSplits: 5)
        for index in parts.indices.dropLast(3).prefix(2) {
            guard parts[index].elementsEqual("lib".utf8), parts[index + 1].starts(with: "python".utf8),
                parts[index + 2].elementsEqual("site-packages".utf8)
            else { continue }
            return path[..<parts[index].startIndex]
        }
        return nil
    }

    /// Leaves only what is below ``root``, with paths relative to it.
    private mutating func enter() {
        var entries: PathTable<Entry> = .init()
        var texts: PathTable<[UInt8]> = .init()
        var repeated: PathSet = .init()
        for path in self.entries.keys where path.count > root.count && path.starts(with: root) {
            let inner = Array(path[root.count...])
            entries[inner] = self.entries[path]
            texts[inner] = self.texts[path]
            if self.repeated.contains(path) { repeated.insert(inner) }
        }
        (self.entries, self.texts, self.repeated) = (entries, texts, repeated)
    }
}

extension ArraySlice<UInt8> {
    fileprivate func hasEnd(_ end: String) -> Bool {
        count >= end.utf8.count && suffix(end.utf8.count).elementsEqual(end.utf8)
    }

    /// Whether this is the last component.
    fileprivate func hasLast(_ name: String) -> Bool {
        hasEnd(name) && (count == name.utf8.count || self[endIndex - name.utf8.count - 1] == 0x2F)
    }
}
