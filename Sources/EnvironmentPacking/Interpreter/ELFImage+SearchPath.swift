extension ELFImage {
    /// The patches that give the file another library search path, in ascending order; `nil` if there is no place for one.
    ///
    /// The new text takes the old one's place. If it is longer, or there is none, it goes to the end of a read-only segment's last
    /// page, which is loaded anyway. Nothing of the old text remains: the length of the path that a program was built for doesn't
    /// show, if all else is the same.
    func patches(searchPath new: [UInt8]) -> [Rewritten.Patch]? {
        var patches: [Rewritten.Patch] = []
        if let first = searchPaths.first, new.count <= first.text.count {
            if first.text != new { patches.append(first.replacing(with: new)) }
            patches += searchPaths.dropFirst().filter { !$0.text.isEmpty }.map { $0.replacing(with: []) }
        } else {
            guard let room, new.count < room.count else { return nil }
            patches = searchPaths.filter { !$0.text.isEmpty }.map { $0.replacing(with: []) }
            patches.append(.init(range: room.offset..<room.offset + Int64(new.count), bytes: new))
            // DT_RUNPATH = 29.
            if !room.isSearchPath { patches.append(.init(range: room.entry..<room.entry + 8, bytes: Self.bytes(29))) }
            patches.append(.init(range: room.entry + 8..<room.entry + 16, bytes: Self.bytes(room.value)))
            let more = UInt64(new.count + 1)
            patches.append(
                .init(
                    range: room.segment + 32..<room.segment + 48,
                    bytes: Self.bytes(room.fileSize + more) + Self.bytes(room.memorySize + more)))
        }
        return patches.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    private static func bytes(_ value: UInt64) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}

/// Gives a program, a library or an extension module of an interpreter the search path that it needs in an archive.
struct RelinkRewrite: FileRewrite {
    /// Directories, separated by colons.
    let searchPath: [UInt8]

    var identity: String { "relink 1 " + String(decoding: searchPath, as: UTF8.self) }
    var purpose: String { "finds its libraries from its own place" }

    func rewrite(_ files: [OpenSource]) throws -> Rewritten {
        guard let file = files.first else { return .unchanged }
        let image = try ELFImage({ try file.piece(at: $0, count: $1) }, size: file.size)
        guard let patches = image.patches(searchPath: searchPath) else {
            throw ELFImage.Malformed("has no room for the search path \(String(decoding: searchPath, as: UTF8.self))")
        }
        return patches.isEmpty ? .unchanged : .patched(patches)
    }
}
