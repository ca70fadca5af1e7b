import Foundation
import Synchronization

@testable import ReproducibleArchive

/// A file on disk as a member's content.
final class FileContent: MemberContent {
    let known: KnownContent
    private let path: String
    private let opens = Atomic<Int>(0)
    /// Called before the file is opened, with the number of times that it was.
    private let beforeOpening: @Sendable (Int) -> Void

    init(_ path: String, known: KnownContent = .unknown, beforeOpening: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.path = path
        self.known = known
        self.beforeOpening = beforeOpening
    }

    var openCount: Int { opens.load(ordering: .relaxed) }

    func open() throws -> OpenedContent {
        beforeOpening(opens.add(1, ordering: .relaxed).oldValue)
        return .source(FileSource(try InputFile(path: path)))
    }

    private final class FileSource: ByteSource {
        let file: InputFile
        init(_ file: InputFile) { self.file = file }
        var size: Int64 { file.size }
        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
            try file.read(into: buffer, at: offset)
        }
        func checkUnchanged() throws { try file.checkUnchanged() }
    }
}

/// Bytes in memory as a member's content, or a computed source.
struct MadeContent: MemberContent {
    var known: KnownContent = .unknown
    var make: @Sendable () throws -> OpenedContent
    func open() throws -> OpenedContent { try make() }
}

/// Zeros, without memory; may change for the first reader.
final class ZeroSource: ByteSource {
    let size: Int64
    private let isChanged: Bool
    init(_ size: Int64, isChanged: Bool = false) {
        self.size = size
        self.isChanged = isChanged
    }
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        return buffer.count
    }
    func checkUnchanged() throws {
        if isChanged { throw ArchiveError(code: .fileChanged, path: "zeros", message: "the file changed") }
    }
}

extension ArchiveMember {
    static func bytes(_ name: String, _ bytes: [UInt8], isExecutable: Bool = false) -> ArchiveMember {
        ArchiveMember(
            name: Array(name.utf8),
            kind: .file(isExecutable: isExecutable, content: MadeContent { .bytes(bytes) }))
    }

    /// The same with its content known.
    func knowing(_ content: KnownContent) -> ArchiveMember {
        guard case .file(let isExecutable, let old) = kind else { return self }
        let known = MadeContent(known: content) { try old.open() }
        return ArchiveMember(name: name, kind: .file(isExecutable: isExecutable, content: known))
    }
}

/// Bytes that compress somewhat, the same for the same seed.
func text(_ count: Int, seed: Int) -> [UInt8] {
    var state = UInt64(seed) &* 2_862_933_555_777_941_757 &+ 3_037_000_493
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let word = state >> 40
        bytes += word % 3 == 0 ? Array("self.\(word % 97) = ".utf8) : [UInt8(truncatingIfNeeded: word)]
    }
    return Array(bytes.prefix(count))
}

/// A tree of all that is hard: many small files (the first begin alike), large ones, links, long names.
func treeMembers(symlinks: Bool = true) -> [ArchiveMember] {
    var members: [ArchiveMember] = []
    for directory in 0..<12 {
        members.append(ArchiveMember(name: Array("d\(directory)".utf8), kind: .directory))
        for file in 0..<40 {
            let size = [0, 1, 15, 16, 17, 511, 512, 513, 3000, 40_000][file % 10]
            let bytes = Array("TZif2".utf8.prefix(size)) + text(max(0, size - 5), seed: file % 7)
            members.append(.bytes("d\(directory)/f\(file)", bytes, isExecutable: file % 5 == 0))
        }
    }
    for (index, size) in [(1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5_300_001].enumerated() {
        members.append(.bytes("large/\(index)", text(size, seed: index)))
    }
    members.append(.bytes(String(repeating: "n", count: 101), [1]))
    members.append(.bytes(Array(repeating: "part", count: 60).joined(separator: "/"), [2]))
    members.append(.bytes("new\nline é", [3]))
    if symlinks {
        members.append(ArchiveMember(name: Array("link".utf8), kind: .symlink(target: Array("d0/f3".utf8))))
        let far = Array(String(repeating: "../", count: 50).utf8)
        members.append(ArchiveMember(name: Array("far".utf8), kind: .symlink(target: far)))
    }
    return members
}

func assemble(
    _ format: PackedFormat, _ members: [ArchiveMember], cache: MemberCache? = nil, workers: Int = 2, to path: String
) throws -> ArchiveAssembly.Result {
    try ArchiveAssembly(format: format, cache: cache, workers: workers).write(members, to: path)
}
