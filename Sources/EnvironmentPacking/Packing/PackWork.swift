import Crypto
import Glibc
import ReproducibleArchive
import Synchronization

/// A plan's entries as members of an archive, made portion by portion.
final class PackWork: Sendable {
    private let entries: [PackPlan.Entry]
    private let index: FileIndex
    private let made = Mutex<[PlannedContent?]>([])

    /// Entries of a portion.
    private static let portion = 512

    init(_ plan: PackPlan, _ index: FileIndex) {
        entries = plan.entries
        self.index = index
    }

    /// Of each member so far; `nil` for those that aren't files.
    var contents: [PlannedContent?] { made.withLock { $0 } }

    /// The next members; `nil` after the last.
    func next() -> [ArchiveMember]? {
        made.withLock { contents in
            guard contents.count < entries.count else { return nil }
            contents.reserveCapacity(entries.count)
            return entries[contents.count...].prefix(Self.portion).map { entry in
                switch entry.kind {
                case .file(let isExecutable, let content):
                    let content = PlannedContent(content, index)
                    contents.append(content)
                    return ArchiveMember(name: entry.path, kind: .file(isExecutable: isExecutable, content: content))
                case .directory:
                    contents.append(nil)
                    return ArchiveMember(name: entry.path, kind: .directory)
                case .symlink(let target):
                    contents.append(nil)
                    return ArchiveMember(name: entry.path, kind: .symlink(target: target))
                }
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

    /// - Parameter bytes: the manifest.
    static func make(_ bytes: [UInt8], _ plan: PackPlan) -> [ArchiveMember] {
        let path = Array(EnvironmentManifest.path.utf8)
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
    static func settled(after plan: PackPlan) -> Int64 {
        let now = now
        var recent = Int64.min
        for number in plan.entries.indices {
            guard case .file(_, let content) = plan.entries[number].kind else { continue }
            let changed = content.changed
            if changed <= now { recent = max(recent, changed) }
        }
        guard recent > now - step else { return now }
        usleep(UInt32((recent + step - now) / 1000 + 1000))
        return Clock.now
    }
}
