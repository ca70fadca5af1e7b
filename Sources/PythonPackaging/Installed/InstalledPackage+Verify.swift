internal import Crypto
import Glibc

extension InstalledPackage {
    /// How the files of a package stand to its RECORD.
    public struct Verification: Sendable, Hashable {
        /// Differences, at most ``differenceLimit`` of them, by path.
        public fileprivate(set) var differences: [Difference] = []
        /// How many there are.
        public fileprivate(set) var differenceCount = 0
        /// Files that RECORD gives a hash of and that were compared.
        public fileprivate(set) var files = 0
        /// Files that were not looked at, because a symbolic link leads out of the environment to them.
        public fileprivate(set) var linkedAway = 0
        /// Bytes that were read to compare them.
        public fileprivate(set) var bytesRead: Int64 = 0
        /// The SHA-256 of what the file system says of all files (paths, sizes, times, inodes), in hexadecimal: a package
        /// with the same one has not changed. `nil` where something differs.
        public fileprivate(set) var signature: String?
        /// When a file was last changed, in nanoseconds since 1970-01-01 UTC of the file system's clock.
        public fileprivate(set) var lastChange: Int64 = 0

        /// More differences than these are only counted.
        public static let differenceLimit = 20

        mutating func add(_ kind: Difference.Kind, _ path: String, _ message: String) {
            differenceCount += 1
            guard differences.count < Self.differenceLimit else { return }
            differences.append(Difference(kind: kind, path: path, message: message))
        }
    }

    /// One file that isn't what RECORD says.
    public struct Difference: Sendable, Hashable {
        /// What kind of difference.
        public enum Kind: Sendable, Hashable {
            /// It isn't there.
            case missing
            /// It has other bytes, or is no regular file.
            case changed
            /// It can't be read.
            case unreadable
            /// Its name leads out of the environment; it was not opened.
            case outside
            /// RECORD itself is missing or can't be understood.
            case record
        }

        /// What kind of difference.
        public let kind: Kind
        /// As RECORD spells it: relative to `site-packages`.
        public let path: String
        /// What is the matter, as a clause about the path.
        public let message: String
    }

    /// RECORD of the largest packages has some megabytes.
    private static let recordLimit = 64 << 20

    /// Compares the files of the package with its RECORD, one after the other; memory is bounded by RECORD's size.
    ///
    /// Entries without a hash and compiled modules (`.pyc`) are passed over. So are, in packages that conda installed, all
    /// outside of `site-packages`: conda writes its prefix into them. Packages without RECORD, which is what old tools
    /// and conda make, have nothing to compare.
    ///
    /// - Parameters:
    ///   - environment: the one that the package was found in.
    ///   - known: a ``Verification/signature`` of the package from when no difference was found; if it is still the same,
    ///     nothing is read.
    ///   - cancelled: called often; throws to end the work.
    /// - Throws: what `cancelled` does.
    public func verify(
        in environment: InstalledEnvironment, known: String? = nil, cancelled: () throws -> Void = {}
    ) throws -> Verification {
        var result = Verification()
        guard form == .distInfo else { return result }
        let record = "\(fileName)/RECORD"
        guard let bytes = LocalDirectory.read("\(path)/RECORD", limit: Self.recordLimit) else {
            let code = errno
            if code != ENOENT || (installer != nil && installer != "conda") {
                result.add(
                    .record, record,
                    "can't be read, so that its files can't be compared: \(String(cString: strerror(code)))")
            }
            return result
        }
        let rows: [String: WheelRecord.Row]
        do { rows = try WheelRecord(bytes).rows } catch let error as WheelRecord.Malformed {
            result.add(.record, record, "can't be understood: \(error.message)")
            return result
        }
        let list = FileList(
            name: "RECORD", directory: sitePackages, prefix: environment.prefix,
            files: rows.sorted { $0.key < $1.key }.compactMap { path, row in
                row.hash == nil || path.hasSuffix(".pyc") ? nil : .init(path: path, hash: row.hash, size: row.size)
            })
        return try list.verify(known: known, cancelled: cancelled) { absolute in
            installer == "conda" && !LocalDirectory.contains(sitePackages, absolute)
        }
    }
}

/// What a package says of its files, wherever it says so.
package struct FileList: Sendable {
    package struct File: Sendable {
        package let path: String
        let hash: RecordHash?
        let size: Int64?

        init(path: String, hash: RecordHash?, size: Int64?) {
            self.path = path
            self.hash = hash
            self.size = size
        }

        /// - Parameters:
        ///   - path: relative to the list's directory.
        ///   - sha256: 32 bytes; `nil`: nothing is known but that it is there.
        package init(path: String, sha256: [UInt8]?, size: Int64? = nil) {
            self.init(path: path, hash: sha256.map(RecordHash.init(sha256:)), size: size)
        }
    }

    /// What messages call it.
    let name: String
    /// What paths are relative to.
    let directory: String
    /// The environment; nothing outside of it is opened.
    let prefix: String
    let files: [File]

    /// - Parameter files: by path.
    package init(name: String, directory: String, prefix: String, files: [File]) {
        self.name = name
        self.directory = directory
        self.prefix = prefix
        self.files = files
    }

    /// A file whose size is what the list says.
    private struct Candidate {
        package let path: String
        let absolute: String
        let hash: RecordHash
    }

    /// Compares the files with the list, one after the other.
    ///
    /// - Parameters:
    ///   - known: a signature from when no difference was found; if it is still the same, nothing is read.
    ///   - cancelled: called often; throws to end the work.
    ///   - isPassedOver: whether a file, of which it gets the absolute path, is none of the list's business.
    package func verify(
        known: String?, cancelled: () throws -> Void, isPassedOver: (String) -> Bool = { _ in false }
    ) throws -> InstalledPackage.Verification {
        var result = InstalledPackage.Verification()
        let found = try examine(&result, cancelled, isPassedOver)
        if result.differenceCount == 0, let known, known == result.signature { return result }
        for file in found {
            try cancelled()
            guard let open = OpenFile(file.absolute) else {
                result.add(.unreadable, file.path, "can't be read: \(String(cString: strerror(errno)))")
                continue
            }
            result.bytesRead += open.size
            var failure: Int32?
            let isSame = try file.hash.matches { update in
                failure = try open.forEachChunk { chunk in
                    try cancelled()
                    update(chunk)
                }
            }
            if let failure {
                result.add(.unreadable, file.path, "can't be read to its end: \(String(cString: strerror(failure)))")
            } else if !isSame {
                result.add(.changed, file.path, "has other bytes than \(name) says")
            }
        }
        if result.differenceCount > 0 { result.signature = nil }
        result.differences.sort { $0.path < $1.path }
        return result
    }

    /// Looks at all files without reading them.
    private func examine(
        _ result: inout InstalledPackage.Verification, _ cancelled: () throws -> Void, _ isPassedOver: (String) -> Bool
    ) throws -> [Candidate] {
        var resolver = RecordedPaths(directory: directory, prefix: prefix)
        var candidates: [Candidate] = []
        var signature = SHA256()
        for file in files {
            let path = file.path
            try cancelled()
            let absolute: String
            switch resolver.resolve(path) {
            case .outside:
                result.add(.outside, path, "is named by \(name), but is not in the environment; it was not opened")
                continue
            case .linkedAway:
                result.linkedAway += 1
                continue
            case .inside(let found): absolute = found
            }
            if isPassedOver(absolute) { continue }
            result.files += 1
            var info = stat()
            // What is only said to be there may be a link to anything.
            guard (file.hash == nil ? lstat(absolute, &info) : stat(absolute, &info)) == 0 else {
                let code = errno
                if code == ENOENT || code == ENOTDIR {
                    result.add(.missing, path, "is missing")
                } else {
                    result.add(.unreadable, path, "can't be examined: \(String(cString: strerror(code)))")
                }
                continue
            }
            guard let hash = file.hash else { continue }
            guard info.st_mode & S_IFMT == S_IFREG else {
                result.add(.changed, path, "is not a regular file any more")
                continue
            }
            if let size = file.size, size != Int64(info.st_size) {
                result.add(.changed, path, "has \(info.st_size) bytes, not \(size) as \(name) says")
                continue
            }
            let modified = Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec)
            let changed = Int64(info.st_ctim.tv_sec) * 1_000_000_000 + Int64(info.st_ctim.tv_nsec)
            result.lastChange = max(result.lastChange, modified, changed)
            // The list's own words belong to it: another list is another question.
            let words = [
                path, hash.text, "\(info.st_dev)", "\(info.st_ino)", "\(info.st_size)", "\(modified)", "\(changed)",
            ]
            for word in words {
                Array("\(word.utf8.count):\(word)".utf8).withUnsafeBytes { signature.update(bufferPointer: $0) }
            }
            candidates.append(Candidate(path: path, absolute: absolute, hash: hash))
        }
        result.signature = signature.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return candidates
    }
}

/// Where a list's paths lead, without following them out of the environment.
private struct RecordedPaths {
    enum Place {
        case inside(String)
        /// By its name alone.
        case outside
        /// Through a symbolic link.
        case linkedAway
    }

    private let directory: [Substring]
    private let prefix: String
    private let prefixParts: [Substring]
    /// Whether directories that were asked for are in the environment.
    private var directories: [String: Bool] = [:]

    init(directory: String, prefix: String) {
        self.directory = directory.split(separator: "/")
        self.prefix = prefix
        prefixParts = prefix.split(separator: "/")
    }

    /// A path is relative to the directory (RECORD: `site-packages`), or absolute (recording installed projects, "The RECORD file").
    mutating func resolve(_ path: String) -> Place {
        guard !path.utf8.contains(0) else { return .outside }
        var parts = path.hasPrefix("/") ? [] : directory
        for part in path.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if parts.popLast() == nil {
                return .outside
            }
        }
        guard parts.count > prefixParts.count, parts.starts(with: prefixParts), let leaf = parts.last else {
            return .outside
        }
        let directory = "/" + parts.dropLast().joined(separator: "/")
        guard isInside(parts.dropLast()) else { return .linkedAway }
        let absolute = "\(directory)/\(leaf)"
        var info = stat()
        guard lstat(absolute, &info) == 0, info.st_mode & S_IFMT == S_IFLNK else { return .inside(absolute) }
        guard let real = LocalDirectory.real(absolute) else { return .inside(absolute) }
        return LocalDirectory.contains(prefix, real) ? .inside(absolute) : .linkedAway
    }
    /// Whether a directory is in the environment; of one that isn't there, whether the nearest above it is.
    private mutating func isInside(_ parts: ArraySlice<Substring>) -> Bool {
        guard parts.count > prefixParts.count else { return true }
        let directory = "/" + parts.joined(separator: "/")
        if let known = directories[directory] { return known }
        let isInside =
            LocalDirectory.real(directory).map { LocalDirectory.contains(prefix, $0) }
            ?? self.isInside(parts.dropLast())
        directories[directory] = isInside
        return isInside
    }
}
