extension ArchiveContents {
    /// Where a path leads over all links.
    enum Place {
        case entry(path: [UInt8], Entry)
        case missing
        /// Out of the archive, through a link with this target.
        case outside(target: [UInt8])
    }

    /// Follows a path as it would be followed where the archive is unpacked. Links of the way's directories count, too
    /// (`lib64`).
    func place(of path: [UInt8]) -> Place {
        if let entry = entries[path] {
            if case .symlink = entry.kind {} else { return .entry(path: path, entry) }
        }
        var reached: [UInt8] = []
        var rest = Array(path.split(separator: 0x2F).map(Array.init).reversed())
        // As many as Linux follows (path_resolution(7)).
        var linksLeft = 40
        while let part = rest.popLast() {
            if part == [0x2E] { continue }
            if part == [0x2E, 0x2E] {
                // What climbs out was caught where the link was read.
                reached = reached.parent
                continue
            }
            let next = reached.isEmpty ? part : reached + [0x2F] + part
            if case .symlink(let target)? = entries[next]?.kind {
                guard linksLeft > 0 else { return .missing }
                linksLeft -= 1
                // A name at the end, since the root itself is no path.
                guard target.first != 0x2F, RecordTable.resolve(target + Array("/x".utf8), in: reached) != nil else {
                    return .outside(target: target)
                }
                rest += target.split(separator: 0x2F).map(Array.init).reversed()
                continue
            }
            reached = next
        }
        return entries[reached].map { .entry(path: reached, $0) } ?? .missing
    }
}
