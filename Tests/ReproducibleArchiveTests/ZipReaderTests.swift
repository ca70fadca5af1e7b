import Foundation
import Testing

@testable import ReproducibleArchive

/// zlib.compressobj(9, DEFLATED, -15) of 1000 zero bytes, by CPython 3.11.
private let thousandZeros: [UInt8] = [0x63, 0x60, 0x18, 0x05, 0xA3, 0x60, 0x14, 0x0C, 0x77, 0x00, 0x00]

@Suite struct ZipReaderTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func readAll(_ zip: RawZip, limit: Int = 1 << 20) throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        try ZipReader.walk(path: try scratch.write("x.zip", zip.bytes)) { info, read in
            found[info.name] = try read(limit)
            return .continue
        }
        return found
    }

    @Test func readsStoredAndDeflatedEntries() throws {
        let deflated = RawZip.Entry("zeros").with {
            $0.contents = thousandZeros
            $0.method = 8
            $0.size = 1000
            $0.crc = 0x060B_1780  // zlib.crc32(bytes(1000)), CPython 3.11
        }
        let link = RawZip.Entry("link", "a.py").with { $0.mode = 0o120777 }
        let zip = RawZip(entries: [RawZip.Entry("pkg/"), RawZip.Entry("pkg/a.py", "x = 1\n"), deflated, link])
        let found = try readAll(zip)
        #expect(found["pkg/a.py"] == Array("x = 1\n".utf8))
        #expect(found["zeros"] == [UInt8](repeating: 0, count: 1000))
        let entries = try ZipReader.entries(ofFileAt: scratch.path + "/x.zip")
        #expect(entries.map(\.name) == ["pkg", "pkg/a.py", "zeros", "link"])
        #expect(entries.map(\.isDirectory) == [true, false, false, false])
        #expect(entries.map(\.isSymlink) == [false, false, false, true])
        #expect(entries.map(\.size) == [0, 6, 1000, 4])
    }

    @Test func acceptsBytesBeforeTheArchiveAndAComment() throws {
        let zip = RawZip(
            entries: [RawZip.Entry("a.py", "1")], prefix: Array("#!/usr/bin/python3\n".utf8), comment: [65, 66])
        #expect(try readAll(zip) == ["a.py": [0x31]])
    }

    @Test func acceptsAnEmptyArchive() throws {
        #expect(try readAll(RawZip(entries: [])).isEmpty)
    }

    @Test func stopsWhenToldTo() throws {
        let path = try scratch.write("x.zip", RawZip(entries: ["a", "b", "c"].map { RawZip.Entry($0) }).bytes)
        var seen: [String] = []
        try ZipReader.walk(path: path) { info, _ in
            seen.append(info.name)
            return info.name == "b" ? .stop : .continue
        }
        #expect(seen == ["a", "b"])
    }

    @Test(arguments: [
        "../evil", "a/../../evil", "..", "/etc/passwd", "C:/x", "c:evil", "a:b", "a\\b", "a\u{0}b", "a\nb",
        "a\u{1B}[31m",
        "a\u{7F}", "a\u{85}b", "a//b", "./a", "a/./b", "", "/",
    ])
    func refusesUnsafeNames(_ name: String) throws {
        let path = try scratch.write("x.zip", RawZip(entries: [RawZip.Entry(name)]).bytes)
        #expect(archiveErrorCode { _ = try ZipReader.entries(ofFileAt: path) } == .unsafeName)
    }

    @Test(arguments: ["a", "..a/b..", "...", "ab:c", "naïve/ü.py", "日本.py", "a b,c#'\"$(x)"])
    func acceptsOtherNames(_ name: String) throws {
        #expect(try readAll(RawZip(entries: [RawZip.Entry(name, "x")])) == [name: [0x78]])
    }

    private struct Hostile: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: ArchiveError.Code
        let zip: RawZip
    }

    private static let hostile: [Hostile] = [
        Hostile(
            testDescription: "name that is not UTF-8", code: .unsafeName,
            zip: RawZip(entries: [RawZip.Entry(bytes: [0x61, 0xFF])])),
        Hostile(
            testDescription: "duplicate names", code: .duplicateName,
            zip: RawZip(entries: [RawZip.Entry("a", "1"), RawZip.Entry("a", "2")])),
        Hostile(
            testDescription: "directory and file of one name", code: .duplicateName,
            zip: RawZip(entries: [RawZip.Entry("a/"), RawZip.Entry("a", "2")])),
        Hostile(
            testDescription: "encrypted", code: .encrypted,
            zip: RawZip(entries: [RawZip.Entry("a", "1").with { $0.flags = 1 }])),
        Hostile(
            testDescription: "a FIFO", code: .notARegularFile,
            zip: RawZip(entries: [RawZip.Entry("a").with { $0.mode = 0o010644 }])),
        Hostile(
            testDescription: "another name in the local header", code: .damaged,
            zip: RawZip(entries: [RawZip.Entry("good.py", "1").with { $0.localName = Array("../e.py".utf8) }])),
        Hostile(
            testDescription: "wrong checksum", code: .damaged,
            zip: RawZip(entries: [RawZip.Entry("a", "1").with { $0.crc = 1 }])),
        Hostile(
            testDescription: "stored sizes that differ", code: .damaged,
            zip: RawZip(entries: [RawZip.Entry("a", "1").with { $0.size = 2 }])),
        Hostile(
            testDescription: "compresses more than deflate can", code: .damaged,
            zip: RawZip(
                entries: [
                    RawZip.Entry("a").with {
                        $0.contents = thousandZeros
                        $0.method = 8
                        $0.size = 1 << 30
                    }
                ])),
        Hostile(
            testDescription: "unpacks to more than it says", code: .damaged,
            zip: RawZip(
                entries: [
                    RawZip.Entry("a").with {
                        $0.contents = thousandZeros
                        $0.method = 8
                        $0.size = 999
                    }
                ])),
        Hostile(
            testDescription: "compressed data cut short", code: .damaged,
            zip: RawZip(
                entries: [
                    RawZip.Entry("a").with {
                        $0.contents = Array(thousandZeros.dropLast(5))
                        $0.method = 8
                        $0.size = 1000
                    }
                ])),
        Hostile(
            testDescription: "compressed data damaged", code: .damaged,
            zip: RawZip(
                entries: [
                    RawZip.Entry("a").with {
                        $0.contents = [0x07, 0xFF, 0xFF]  // block type 3 does not exist (RFC 1951, 3.2.3)
                        $0.method = 8
                        $0.size = 10
                    }
                ])),
        Hostile(
            testDescription: "overlapping entries", code: .damaged,
            zip: RawZip(entries: [RawZip.Entry("a", "12345"), RawZip.Entry("b", "12345").with { $0.offset = 0 }])),
        Hostile(
            testDescription: "entry outside of the file", code: .damaged,
            zip: RawZip(entries: [RawZip.Entry("a", "1").with { $0.offset = 1 << 30 }])),
        Hostile(
            testDescription: "bzip2", code: .unsupportedCompression,
            zip: RawZip(entries: [RawZip.Entry("a", "1").with { $0.method = 12 }])),
    ]

    @Test(arguments: hostile)
    private func refusesHostileArchives(_ hostile: Hostile) throws {
        #expect(archiveErrorCode { _ = try readAll(hostile.zip) } == hostile.code)
    }

    @Test func limitsWhatACallerReads() throws {
        let zip = RawZip(entries: [RawZip.Entry("a", "12345")])
        #expect(archiveErrorCode { _ = try readAll(zip, limit: 4) } == .tooLarge)
        #expect(try readAll(zip, limit: 5)["a"]?.count == 5)
    }

    @Test func neverTakesAnyPrefixForAWholeArchive() throws {
        let whole = RawZip(entries: [RawZip.Entry("a.py", "x = 1"), RawZip.Entry("b/c.py", "y = 2")]).bytes
        for length in 0..<whole.count {
            let path = try scratch.write("cut.zip", Array(whole[..<length]))
            let code = archiveErrorCode { _ = try ZipReader.entries(ofFileAt: path) }
            #expect(code == .truncated || code == .notAZip, "\(length) of \(whole.count) bytes")
        }
    }

    @Test func refusesBytesAfterTheEnd() throws {
        let path = try scratch.write("x.zip", RawZip(entries: [RawZip.Entry("a")]).bytes + [0])
        #expect(archiveErrorCode { _ = try ZipReader.entries(ofFileAt: path) } == .damaged)
    }

    /// Any single damaged byte either leaves names and contents as they were or is an error; it never crashes.
    @Test func survivesEveryFlippedByte() throws {
        let deflated = RawZip.Entry("zeros").with {
            $0.contents = thousandZeros
            $0.method = 8
            $0.size = 1000
            $0.crc = 0x060B_1780
        }
        let zip = RawZip(entries: [RawZip.Entry("a.py", "x = 1"), deflated])
        let whole = zip.bytes
        let intact = try readAll(zip)
        var refused = 0
        for index in whole.indices {
            for flip in [0x01, 0x80, 0xFF] as [UInt8] {
                var damaged = whole
                damaged[index] ^= flip
                let path = try scratch.write("x.zip", damaged)
                var found: [[UInt8]] = []
                let code = archiveErrorCode {
                    try ZipReader.walk(path: path) { _, read in
                        found.append(try read(1 << 20))
                        return .continue
                    }
                }
                if code == nil {
                    #expect(Set(found).isSubset(of: Set(intact.values)), "byte \(index)")
                } else {
                    refused += 1
                }
            }
        }
        #expect(refused > whole.count)
    }

    @Test(.enabled(if: isAvailable("python3"))) func readsWhatPythonWrites() throws {
        let script = """
            import zipfile, hashlib, random
            r = random.Random(1)
            text = bytes(r.choice(b'abcdefgh \\n') for _ in range(700000))
            with zipfile.ZipFile('p.zip', 'w', zipfile.ZIP_DEFLATED) as z:
                z.writestr('text', text)
                z.writestr('noise', r.randbytes(300000))
                z.writestr('dir/', '')
                z.writestr('dir/ü.py', 'x = 1')
                with z.open('streamed', 'w', force_zip64=True) as f: f.write(text * 3)
            with zipfile.ZipFile('p.zip') as z:
                for i in z.infolist():
                    if not i.is_dir(): print(i.filename, hashlib.sha256(z.read(i)).hexdigest())
            """
        let expected = try #require(try run(["python3", "-c", script], in: scratch.path))
        let archive = try ZipArchive(path: scratch.path + "/p.zip")
        var actual = ""
        for index in archive.entries.indices where !archive.entries[index].isDirectory {
            let bytes = try archive.contents(ofEntryAt: index, limit: 1 << 24)
            actual += "\(archive.entries[index].name) \(try sha256(of: bytes))\n"
        }
        #expect(actual == expected)
    }

    private func sha256(of bytes: [UInt8]) throws -> String {
        let path = try scratch.write("hashed", bytes)
        return try #require(try run(["sha256sum", path])).prefix(64).description
    }
}

@Suite struct InputFileTests {
    @Test func refusesWhatIsNoRegularFileWithoutHanging() throws {
        let scratch = try Scratch()
        let fifo = scratch.path + "/fifo"
        #expect(mkfifo(fifo, 0o600) == 0)
        try scratch.link("loop", to: "loop")
        try scratch.link("broken", to: "nowhere")
        try scratch.link("good", to: "empty")
        try scratch.write("empty", "")
        let expected: [(String, ArchiveError.Code)] = [
            (fifo, .notARegularFile), (scratch.path, .notARegularFile), ("/dev/null", .notARegularFile),
            (scratch.path + "/loop", .symlinkLoop), (scratch.path + "/broken", .notFound),
            (scratch.path + "/absent", .notFound), (scratch.path + "/empty/x", .notADirectory),
            (scratch.path + "/empty", .notAZip), (scratch.path + "/good", .notAZip),
            (scratch.path + "/em\u{0}pty", .unsafeName),
        ]
        for (path, code) in expected {
            #expect(archiveErrorCode { _ = try ZipArchive(path: path) } == code, "\(path)")
        }
    }

    @Test(.enabled(if: isAvailable("python3"))) func refusesASocket() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/socket"
        let script = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
        _ = try #require(try run(["python3", "-c", script, path]))
        #expect(archiveErrorCode { _ = try ZipArchive(path: path) } == .notARegularFile)
    }
}
