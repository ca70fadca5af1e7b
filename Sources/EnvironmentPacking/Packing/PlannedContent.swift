import Crypto
import ReproducibleArchive
import Synchronization

/// A file of a plan as the assembly wants it.
final class PlannedContent: MemberContent {
    let known: KnownContent
    /// `nil`: nothing to remember.
    let key: FileIndex.Key?
    private let content: PackPlan.FileContent
    private let hasDrifted = Atomic(false)
    /// As ``PackPlan/FileContent/changed``.
    var changed: Int64 { content.changed }

    init(_ content: PackPlan.FileContent, _ index: FileIndex) {
        self.content = content
        switch content {
        case .generated(let bytes):
            key = nil
            known = .present(MemberDigest(size: Int64(bytes.count), sha256: Array(SHA256.hash(data: bytes))))
        case .file(let source):
            let key = FileIndex.Key(source)
            self.key = key
            known = index.contents[key] ?? .unknown
        case .rewritten(let sources, let rewrite):
            let key = FileIndex.Key(sources, rewrite)
            self.key = key
            known = index.contents[key] ?? .unknown
        }
    }

    /// Whether a file was no longer what the survey saw.
    var isOutdated: Bool { hasDrifted.load(ordering: .relaxed) }

    func open() throws -> OpenedContent {
        switch content {
        case .generated(let bytes): return .bytes(bytes)
        case .file(let source): return .source(PlainSource(try open(source)))
        case .rewritten(let sources, let rewrite):
            let files = try sources.map(open)
            let result = try rewrite.rewrite(files)
            switch try RewrittenContent(result, of: files) {
            case .same(let file): return .source(PlainSource(file, others: files))
            case .absent:
                for file in files { try file.checkUnchanged() }
                return .absent
            case .bytes(let bytes):
                for file in files { try file.checkUnchanged() }
                return .bytes(bytes)
            case .patched(_, let patches): return .source(try PatchedSource(files, patches))
            }
        }
    }

    private func open(_ source: SourceFile) throws -> OpenSource {
        let file = try OpenSource(source)
        // The path may lead elsewhere by now, through a directory that became a link: only what the survey saw is packed.
        guard file.file.fingerprint.isSameFile(as: source.fingerprint) else {
            hasDrifted.store(true, ordering: .relaxed)
            throw ArchiveError(
                code: .fileChanged, path: String(decoding: source.path, as: UTF8.self),
                message: "the file was replaced by another while it was packed")
        }
        if file.file.fingerprint != source.fingerprint { hasDrifted.store(true, ordering: .relaxed) }
        return file
    }
}

extension PackPlan.FileContent {
    /// When the youngest of its files last changed, in nanoseconds since 1970.
    var changed: Int64 {
        switch self {
        case .generated: Int64.min
        case .file(let source): source.fingerprint.changed
        case .rewritten(let sources, _): sources.reduce(Int64.min) { max($0, $1.fingerprint.changed) }
        }
    }
}

/// A file as it is.
final class PlainSource: ByteSource {
    private let file: OpenSource
    private let others: [OpenSource]

    init(_ file: OpenSource, others: [OpenSource] = []) {
        self.file = file
        self.others = others
    }

    var size: Int64 { file.size }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
        guard offset < size else { return 0 }
        let wanted = Int(min(Int64(buffer.count), size - offset))
        return try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: offset)
    }

    func checkUnchanged() throws {
        try file.checkUnchanged()
        for other in others where other !== file { try other.checkUnchanged() }
    }
}
