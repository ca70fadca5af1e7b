import Crypto
import Foundation
import Testing

@testable import ReproducibleArchive

/// Whole archives with what is in them, in each form.
@Suite(.enabled(if: isAvailable("python3"))) struct ArchiveContentsTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func path(_ name: String) -> String { scratch.path + "/" + name }

    private func python(_ script: String) throws {
        _ = try #require(try run(["python3", "-c", script], in: scratch.path))
    }

    /// A tar with a long file, an empty one, a hard link, a symbolic link and a name that isn't UTF-8.
    private func makeTar(_ more: String = "") throws {
        try python(
            """
            import tarfile, io
            with tarfile.open('x.tar', 'w', errors='surrogateescape') as t:
                def add(name, data=b'', type=tarfile.REGTYPE, link=''):
                    i = tarfile.TarInfo(name); i.size = len(data); i.type = type; i.linkname = link
                    t.addfile(i, io.BytesIO(data))
                add('./d', type=tarfile.DIRTYPE)
                add('./d/long', bytes(range(256)) * 1000)
                add('./d/empty')
                add('./hard', type=tarfile.LNKTYPE, link='./d/long')
                add('./soft', type=tarfile.SYMTYPE, link='./d/long')
                add('odd\\udcff', b'odd')
                \(more)
            """)
    }

    private func read(_ name: String, _ wanted: ([UInt8], Int64) -> Int = { _, _ in 4 }) throws -> [ArchivedContent] {
        var contents: [ArchivedContent] = []
        _ = try ArchiveReader.read(path: path(name), keeping: wanted) { contents.append($0) }
        return contents
    }

    private static let long = (0..<1000).flatMap { _ in (0...255).map(UInt8.init) }

    private func expectAll(_ contents: [ArchivedContent]) {
        let names = ["d", "d/long", "d/empty", "hard", "soft"].map { Array($0.utf8) } + [Array("odd".utf8) + [0xFF]]
        #expect(contents.map(\.path) == names)
        #expect(contents.map(\.type) == [.directory, .file, .file, .hardLink, .symlink, .file])
        let hashes = [Self.long, [], Array("odd".utf8)].map { Array(SHA256.hash(data: $0)) }
        #expect(contents.compactMap(\.sha256) == hashes)
        #expect(contents.map(\.beginning) == [[], [0, 1, 2, 3], [], [], [], Array("odd".utf8)])
        #expect(contents[3].linkTarget == Array("d/long".utf8) && contents[4].linkTarget == Array("./d/long".utf8))
        #expect(contents.map(\.size) == [0, 256_000, 0, 0, 0, 3])
    }

    /// A frame of raw blocks (RFC 8878, section 3.1.1), so that no compressor is needed.
    private func frame(_ data: some Collection<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xA0]
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: data.count >> (8 * $0)) }
        var rest = Array(data)[...]
        repeat {
            let block = rest.prefix(100_000)
            rest = rest.dropFirst(block.count)
            let header = block.count << 3 | (rest.isEmpty ? 1 : 0)
            bytes += (0..<3).map { UInt8(truncatingIfNeeded: header >> (8 * $0)) } + Array(block)
        } while !rest.isEmpty
        return bytes
    }

    @Test func tarInEachCompression() throws {
        try makeTar()
        expectAll(try read("x.tar"))
        try python("import gzip; open('x.gz', 'wb').write(gzip.compress(open('x.tar', 'rb').read()))")
        expectAll(try read("x.gz"))
        let tar = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path("x.tar"))))
        // Several frames, an empty one and one that is to be skipped (section 3.1.2) among them.
        let skipped: [UInt8] = [0x53, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 9, 9, 9]
        let frames = frame(tar[..<70_000]) + skipped + frame([]) + frame(tar[70_000...])
        try Data(frames).write(to: URL(fileURLWithPath: path("x.zst")))
        expectAll(try read("x.zst"))
        for end in [1, 4, 20, 70_000, 70_020, 70_029, frames.count - 1] {
            try Data(frames[..<end]).write(to: URL(fileURLWithPath: path("cut.zst")))
            #expect(throws: ArchiveError.self, "cut at \(end)") { try read("cut.zst") }
        }
        try Data(frames + [1, 2, 3, 4, 5]).write(to: URL(fileURLWithPath: path("more.zst")))
        let error = #expect(throws: ArchiveError.self) { try read("more.zst") }
        #expect(error?.code == .damaged)
    }

    @Test func zip() throws {
        try python(
            """
            import zipfile
            with zipfile.ZipFile('x.zip', 'w', zipfile.ZIP_DEFLATED) as z:
                z.writestr('d/', '')
                z.writestr('d/long', bytes(range(256)) * 1000)
                link = zipfile.ZipInfo('soft'); link.external_attr = 0o120777 << 16; z.writestr(link, 'd/long')
            """)
        let contents = try read("x.zip")
        #expect(contents.map(\.type) == [.directory, .file, .symlink])
        #expect(contents.map(\.path) == ["d", "d/long", "soft"].map { Array($0.utf8) })
        #expect(contents[1].sha256 == Array(SHA256.hash(data: Self.long)) && contents[1].size == 256_000)
        #expect(contents[2].linkTarget == Array("d/long".utf8))
    }

    @Test func onlyWhatIsWantedIsKept() throws {
        try makeTar()
        let contents = try read("x.tar") { path, size in path.last == UInt8(ascii: "g") ? Int(size) : 0 }
        #expect(contents.map(\.beginning.count) == [0, 256_000, 0, 0, 0, 0])
    }

    @Test func pathsThatTheSystemDoesNotOpenAreRefused() throws {
        try makeTar("add('/'.join(['p' * 100] * 41), b'x')")
        let error = #expect(throws: ArchiveError.self) { try read("x.tar") }
        #expect(error?.code == .tooLarge)
    }

    @Test func stopsInsideOfAFile() throws {
        try makeTar()
        var calls = 0
        #expect(throws: CancellationError.self) {
            _ = try ArchiveReader.read(
                path: path("x.tar"),
                cancelled: {
                    calls += 1
                    if calls == 2 { throw CancellationError() }
                }, keeping: { _, _ in 0 }, visit: { _ in })
        }
    }
}
