internal import Crypto
import Glibc

/// Writes zip files whose bytes depend on nothing but the names and contents of their files.
///
/// Files are stored, not compressed, since what deflate produces differs between libraries, versions and processors.
/// Entries are sorted by the UTF-8 bytes of their names and dated 1980-01-01; files have mode 0644. Every directory on
/// the way to a file gets an entry (mode 0755), because `zipimport` finds a package without `__init__.py` only when
/// its directory has one (CPython issue 59110; seen with 3.6 to 3.13). zip64 structures (PKWARE APPNOTE.TXT 4.3.14,
/// 4.5.3) appear only where they are needed: from 65535 entries or 4 GiB on. Python's `zipimport` reads those from
/// 3.13 on only.
public struct ReproducibleZip: Sendable {
    /// The name inside the archive and the path of the file with the contents.
    public var entries: [(name: String, path: String)]
    private let writesDirectories: Bool

    /// Describes an archive. Nothing is read before ``write(toDescriptor:)``.
    public init(entries: [(name: String, path: String)]) {
        self.init(entries: entries, writesDirectories: true)
    }

    /// Without directories' entries the archive is like most wheels, which tests need.
    init(entries: [(name: String, path: String)], writesDirectories: Bool) {
        self.entries = entries
        self.writesDirectories = writesDirectories
    }

    /// Files up to this size are read once, into memory; larger ones twice, block by block.
    static let smallFileLimit: Int64 = 1 << 20

    /// Writes the archive, from the descriptor's current position on, in constant memory (besides about 100 bytes
    /// for each entry).
    /// - Returns: the number of bytes written and their SHA-256.
    /// - Throws: ``ArchiveError`` for unsafe or duplicate names, files that cannot be read or change meanwhile, and
    ///   failed writes. What was written until then is worthless.
    @discardableResult
    public func write(toDescriptor descriptor: Int32) throws -> (size: Int64, sha256: [UInt8]) {
        let sorted = try sortedItems()
        let output = HashingOutput(descriptor: descriptor)
        var central: [UInt8] = []
        var scratch: [UInt8] = []
        let block = ByteBlock(count: Int(Self.smallFileLimit))
        for item in sorted {
            let header: ZipHeader
            let offset = UInt64(output.size)
            if let path = item.path {
                header = try writeFile(path, named: item.name, at: offset, to: output, block, &scratch)
            } else {
                header = ZipHeader(name: item.name, size: 0, crc: 0, offset: offset, isDirectory: true)
                scratch.removeAll(keepingCapacity: true)
                header.appendLocal(to: &scratch)
                try output.write(scratch)
            }
            header.appendCentral(to: &central)
        }
        let start = UInt64(output.size)
        let size = UInt64(central.count)
        ZipHeader.appendEnd(entries: UInt64(sorted.count), size: size, offset: start, to: &central)
        try output.write(central)
        return try output.finish()
    }

    private struct Item {
        var name: String
        /// Nil for a directory; its name then ends in `/`.
        var path: String?
    }

    private func sortedItems() throws -> [Item] {
        var files = Set<String>(minimumCapacity: entries.count)
        var directories = Set<String>()
        for entry in entries {
            func failure(_ code: ArchiveError.Code, _ message: String) -> ArchiveError {
                ArchiveError(code: code, path: entry.path, entry: printable(entry.name), message: message)
            }
            if let problem = EntryName.problem(entry.name) { throw failure(.unsafeName, problem) }
            guard entry.name.utf8.count < 65535 else { throw failure(.unsafeName, "the name is too long") }
            guard files.insert(entry.name).inserted else {
                throw failure(.duplicateName, "two files would have this name")
            }
            var parent = entry.name[...]
            while let slash = parent.utf8.lastIndex(of: UInt8(ascii: "/")) {
                parent = parent[..<slash]
                guard directories.insert(String(parent)).inserted else { break }
            }
        }
        if let clash = entries.first(where: { directories.contains($0.name) }) {
            throw ArchiveError(
                code: .duplicateName, path: clash.path, entry: printable(clash.name),
                message: "a file and a directory would have this name")
        }
        if !writesDirectories { directories.removeAll() }
        let items = entries.map { Item(name: $0.name, path: $0.path) } + directories.map { Item(name: $0 + "/") }
        return items.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private func writeFile(
        _ path: String, named name: String, at offset: UInt64, to output: HashingOutput, _ block: ByteBlock,
        _ scratch: inout [UInt8]
    ) throws -> ZipHeader {
        let file = try InputFile(path: path)
        let isSmall = file.size <= Self.smallFileLimit
        // The header comes first and holds the checksum, and the output may be a pipe.
        var crc: UInt32 = 0
        try unsafe read(file, block) { unsafe crc = crc32($0, continuing: crc) }
        let header = ZipHeader(name: name, size: UInt64(file.size), crc: crc, offset: offset, isDirectory: false)
        scratch.removeAll(keepingCapacity: true)
        header.appendLocal(to: &scratch)
        try output.write(scratch)
        if isSmall {
            try unsafe output.write(block.prefix(Int(file.size)))
        } else {
            var second: UInt32 = 0
            try unsafe read(file, block) {
                unsafe second = crc32($0, continuing: second)
                try unsafe output.write($0)
            }
            guard second == crc else {
                throw ArchiveError(code: .fileChanged, path: path, message: "the file changed while it was read")
            }
        }
        try file.checkUnchanged()
        return header
    }

    private func read(_ file: InputFile, _ block: ByteBlock, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var offset: Int64 = 0
        while offset < file.size {
            let wanted = Int(min(Int64(block.count), file.size - offset))
            let count = try unsafe file.read(into: block.space(wanted), at: offset)
            guard count == wanted else {
                throw ArchiveError(
                    code: .fileChanged, path: file.path, message: "the file became shorter while it was read")
            }
            try unsafe body(block.prefix(count))
            offset += Int64(count)
        }
    }
}
