import Crypto
import ReproducibleArchive

/// Makes a package's `RECORD` tell of its files as they are in the archive: rows of files that are left out go, and those
/// of files that are rewritten get their new hash and size; files that a package gains get a row. Rows of compiled modules go, too: pip writes them only where it
/// compiles, uv never does, and the archive has them all. All else, order and spelling included, stays.
struct RecordRewrite: FileRewrite {
    /// What becomes of a row.
    enum Change: Sendable {
        case drop
        case known([UInt8])
        /// The file's sources follow the RECORD's own, this many.
        case rewritten(any FileRewrite, sources: Int)
        /// A file that the list doesn't have. It is opened when its turn comes: there may be thousands.
        case added(SourceFile)
    }
    /// By the row's path as it is spelled; sources are in the order of the numbers.
    let changes: [(path: [UInt8], change: Change)]

    static let sizeLimit = 64 << 20

    /// Whether a row is of a compiled module, or of the directory of some, as virtualenv's lists have it.
    static func isCompiled(_ path: [UInt8]) -> Bool {
        path.hasSuffix("__pycache__") && path.leafStart == path.count - 11 || path.isInCacheDirectory
    }

    var identity: String {
        var hash = SHA256()
        for (path, change) in changes {
            var bytes: [UInt8] = []
            bytes.append(counted: path)
            switch change {
            case .drop: bytes.append(0)
            case .known(let content):
                bytes.append(1)
                bytes.append(contentsOf: SHA256.hash(data: content))
            case .rewritten(let rewrite, _):
                bytes.append(2)
                bytes.append(counted: Array(rewrite.identity.utf8))
            case .added(let source):
                bytes.append(3)
                bytes.append(fingerprint: source.fingerprint)
            }
            hash.update(data: bytes)
        }
        return "record 3 \(Array(hash.finalize()).lowerHexadecimal)"
    }

    var purpose: String { "list of files as they are packed" }

    func rewrite(_ files: [OpenSource]) throws -> Rewritten {
        guard let record = files.first else { return .unchanged }
        let table: RecordTable
        do { table = try RecordTable(try record.bytes(limit: Self.sizeLimit)) } catch is RecordTable.Malformed {
            return .unchanged
        }
        var next = 1
        var replacements: [[UInt8]: RewrittenContent] = [:]
        var added: [(path: [UInt8], source: SourceFile)] = []
        for (path, change) in changes {
            switch change {
            case .drop: replacements[path] = .absent
            case .known(let bytes): replacements[path] = .bytes(bytes)
            case .rewritten(let rewrite, let count):
                let sources = Array(files[next..<(next + count)])
                next += count
                replacements[path] = try RewrittenContent(rewrite.rewrite(sources), of: sources)
            case .added(let source): added.append((path, source))
            }
        }
        var result: [UInt8] = []
        result.reserveCapacity(table.bytes.count)
        var end = 0
        for row in table.rows {
            let next = Self.lineEnd(table.bytes, row.line.upperBound)
            defer { end = next }
            if row.line.lowerBound > end { result.append(contentsOf: table.bytes[end..<row.line.lowerBound]) }
            if Self.isCompiled(row.path) { continue }
            guard let replacement = replacements[row.path] else {
                result.append(contentsOf: table.bytes[row.line.lowerBound..<next])
                continue
            }
            guard let digest = try replacement.digest() else {
                if case .absent = replacement { continue }
                result.append(contentsOf: table.bytes[row.line.lowerBound..<next])
                continue
            }
            append(row.path, digest, to: &result)
            result.append(contentsOf: table.bytes[row.line.upperBound..<next])
        }
        result.append(contentsOf: table.bytes[end...])
        guard !added.isEmpty else { return .bytes(result) }
        let listed = Set(table.rows.map(\.path))
        if let last = result.last, last != 0x0A { result.append(0x0A) }
        for (path, source) in added where !listed.contains(path) {
            append(path, try Self.digest(of: source), to: &result)
            result.append(0x0A)
        }
        return .bytes(result)
    }

    private func append(_ path: [UInt8], _ digest: MemberDigest, to result: inout [UInt8]) {
        result.append(contentsOf: Self.quoted(path))
        result.append(contentsOf: ",sha256=\(Self.base64(digest.sha256)),\(digest.size)".utf8)
    }

    private static func digest(of source: SourceFile) throws -> MemberDigest {
        let file = try OpenSource(source)
        guard file.file.fingerprint == source.fingerprint else {
            throw ArchiveError(
                code: .fileChanged, path: String(decoding: source.path, as: UTF8.self),
                message: "the file changed while it was packed")
        }
        // Nothing replaced: the file's own bytes.
        guard let digest = try RewrittenContent.patched(file, []).digest() else {
            return MemberDigest(size: 0, sha256: Array(SHA256.hash(data: [])))
        }
        try file.checkUnchanged()
        return digest
    }

    private static func lineEnd(_ bytes: [UInt8], _ position: Int) -> Int {
        var position = position
        if position < bytes.count, bytes[position] == 0x0D { position += 1 }
        if position < bytes.count, bytes[position] == 0x0A { position += 1 }
        return position
    }

    private static func quoted(_ path: [UInt8]) -> [UInt8] {
        guard path.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else { return path }
        return [0x22] + path.flatMap { $0 == 0x22 ? [0x22, 0x22] : [$0] } + [0x22]
    }

    private static func base64(_ digest: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: digest.count, by: 3) {
            let group = digest[start..<min(start + 3, digest.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for _ in 0...group.count {
                text.append(alphabet[Int(bits >> 18 & 63)])
                bits <<= 6
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Whether the last component but one is `__pycache__`.
    fileprivate var isInCacheDirectory: Bool {
        var end = leafStart
        while end > 0, self[end - 1] == 0x2F { end -= 1 }
        let name: StaticString = "__pycache__"
        let start = end - name.utf8CodeUnitCount
        guard start >= 0, start == 0 || self[start - 1] == 0x2F else { return false }
        return (start..<end).allSatisfy { self[$0] == name.utf8Start[$0 - start] }
    }
}
