import Crypto
import Glibc
import ReproducibleArchive

/// A plan's entries as members of an archive.
struct PackWork {
    let members: [ArchiveMember]
    /// Of each member; `nil` for those that aren't files.
    let contents: [PlannedContent?]

    /// Entries that a thread takes at once.
    private static let stride = 1024

    init(_ plan: PackPlan, _ index: FileIndex) {
        let entries = plan.entries
        let parts = Parallel.map(count: (entries.count + Self.stride - 1) / Self.stride) { part in
            entries[(part * Self.stride)..<min(entries.count, (part + 1) * Self.stride)].map {
                entry -> PlannedContent? in
                guard case .file(_, let content) = entry.kind else { return nil }
                return PlannedContent(content, index)
            }
        }
        contents = parts.flatMap { $0 }
        members = zip(entries, contents).map { entry, content in
            switch entry.kind {
            case .file(let isExecutable, _):
                if let content {
                    ArchiveMember(name: entry.path, kind: .file(isExecutable: isExecutable, content: content))
                } else {
                    ArchiveMember(name: entry.path, kind: .directory)
                }
            case .directory: ArchiveMember(name: entry.path, kind: .directory)
            case .symlink(let target): ArchiveMember(name: entry.path, kind: .symlink(target: target))
            }
        }
    }
}

/// The archive's account of itself, its last entries.
enum ManifestMembers {
    private struct Fixed: MemberContent {
        let bytes: [UInt8]
        let known: KnownContent
        func open() -> OpenedContent { .bytes(bytes) }
    }

    static func make(_ manifest: EnvironmentManifest, _ plan: PackPlan) throws -> [ArchiveMember] {
        let path = Array(EnvironmentManifest.path.utf8)
        let bytes = try manifest.encoded()
        let digest = MemberDigest(size: Int64(bytes.count), sha256: Array(SHA256.hash(data: bytes)))
        let content = Fixed(bytes: bytes, known: .present(digest))
        let file = ArchiveMember(name: path, kind: .file(isExecutable: false, content: content))
        let hasDirectory = plan.entries.contains { $0.path == path.parent }
        return hasDirectory ? [file] : [ArchiveMember(name: path.parent, kind: .directory), file]
    }
}

/// Times by which a file's content can be trusted to be that of its fingerprint: a file system tells times in steps of
/// some milliseconds, and two changes within one of them look like one.
enum Clock {
    static let step: Int64 = 20_000_000

    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Waits, for at most one step, until all that changed lately is old enough.
    /// - Returns: the time then.
    static func settled(after contents: [PlannedContent?]) -> Int64 {
        let now = now
        var recent = Int64.min
        for content in contents {
            if let changed = content?.changed, changed <= now { recent = max(recent, changed) }
        }
        guard recent > now - step else { return now }
        usleep(UInt32((recent + step - now) / 1000 + 1000))
        return Clock.now
    }
}
