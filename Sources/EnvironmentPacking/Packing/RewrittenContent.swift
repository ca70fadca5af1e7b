import Crypto
import ReproducibleArchive

/// A rewriting's result together with the files it is made of.
enum RewrittenContent: Sendable {
    /// The file as it is; nothing new is known of it.
    case same(OpenSource)
    case absent
    case bytes([UInt8])
    case patched(OpenSource, [Rewritten.Patch])

    init(_ result: Rewritten, of files: [OpenSource]) throws {
        guard let first = files.first else {
            throw ArchiveError(code: .damaged, path: "", message: "a rewriting of no file")
        }
        switch result {
        case .unchanged: self = .same(first)
        case .absent: self = .absent
        case .bytes(let bytes): self = .bytes(bytes)
        case .patched(let patches): self = patches.isEmpty ? .same(first) : .patched(first, patches)
        }
    }

    /// Of what is new; `nil` for a file as it is, and for none.
    func digest() throws -> MemberDigest? {
        switch self {
        case .same, .absent: return nil
        case .bytes(let bytes): return MemberDigest(size: Int64(bytes.count), sha256: Array(SHA256.hash(data: bytes)))
        case .patched(let file, let patches):
            let source = try PatchedSource([file], patches)
            var hash = SHA256()
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)
            defer { buffer.deallocate() }
            var offset: Int64 = 0
            while offset < source.size {
                let count = try source.read(into: buffer, at: offset)
                guard count > 0 else {
                    throw ArchiveError(code: .fileChanged, path: "", message: "the file became shorter")
                }
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                offset += Int64(count)
            }
            return MemberDigest(size: source.size, sha256: Array(hash.finalize()))
        }
    }
}

/// A file's bytes with pieces replaced; reads the file as it goes.
final class PatchedSource: ByteSource {
    let size: Int64
    private let files: [OpenSource]
    private let patches: [Rewritten.Patch]

    /// - Parameters:
    ///   - files: the first is the one that is patched; the others are only held to be unchanged.
    /// - Throws: ``ArchiveError`` if the patches overlap or lie beyond the end.
    init(_ files: [OpenSource], _ patches: [Rewritten.Patch]) throws {
        var end: Int64 = 0
        var size = files[0].size
        for patch in patches {
            guard patch.range.lowerBound >= end, patch.range.upperBound <= files[0].size else {
                throw ArchiveError(
                    code: .fileChanged, path: String(decoding: files[0].file.path, as: UTF8.self),
                    message: "the file changed while it was read")
            }
            end = patch.range.upperBound
            size += Int64(patch.bytes.count) - Int64(patch.range.count)
        }
        self.files = files
        self.patches = patches
        self.size = size
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
        var filled = 0
        // Where the piece that is looked at begins, in the file and in what is made of it.
        var source: Int64 = 0
        var made: Int64 = 0
        let wanted = offset..<min(size, offset + Int64(buffer.count))
        func takeFile(until end: Int64) throws {
            let piece = made..<(made + end - source)
            let overlap = piece.clamped(to: wanted)
            if !overlap.isEmpty {
                let start = Int(overlap.lowerBound - offset)
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[start..<(start + overlap.count)])
                filled += try files[0].read(into: part, at: source + overlap.lowerBound - piece.lowerBound)
            }
            made = piece.upperBound
            source = end
        }
        for patch in patches {
            try takeFile(until: patch.range.lowerBound)
            let piece = made..<(made + Int64(patch.bytes.count))
            for position in piece.clamped(to: wanted) {
                buffer[Int(position - offset)] = patch.bytes[Int(position - piece.lowerBound)]
                filled += 1
            }
            made = piece.upperBound
            source = patch.range.upperBound
            if made >= wanted.upperBound { return filled }
        }
        try takeFile(until: files[0].size)
        return filled
    }

    func checkUnchanged() throws { for file in files { try file.checkUnchanged() } }
}
