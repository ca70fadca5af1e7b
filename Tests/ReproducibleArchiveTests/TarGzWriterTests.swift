import Foundation
import Testing

@testable import ReproducibleArchive

@Suite struct TarGzWriterTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Writes an archive and returns its bytes.
    private func archive(_ body: (TarGzWriter) throws -> Void) throws -> [UInt8] {
        let path = scratch.path + "/out.tar.gz"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        let writer = try TarGzWriter(descriptor: descriptor)
        try body(writer)
        let result = try writer.finish()
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(result.size == Int64(bytes.count))
        let sum = try #require(try run(["sha256sum", path]))
        #expect(sum.hasPrefix(result.sha256.map { String(format: "%02x", $0) }.joined()))
        return bytes
    }

    /// Checks all entries of a zip file and adds them.
    private func add(_ zip: ZipArchive, to writer: TarGzWriter) throws {
        let checker = ZipEntryChecker(zip)
        let buffers = ZipEntryChecker.Buffers()
        for index in zip.entries.indices {
            var contents: [UInt8] = []
            let entry = try checker.check(entryAt: index, with: buffers) { contents += $0 }
            #expect(contents.count == Int(entry.info.size))
            try writer.addFile(entry.info.name, isExecutable: entry.info.mode & 0o111 != 0, entry: entry)
        }
    }

    /// One line an entry: name, type, mode, owner, date, size or target, CRC-32.
    private static let listing = """
        import sys, tarfile, zlib
        archive = tarfile.open(sys.argv[1])
        for m in archive:
            content = zlib.crc32(archive.extractfile(m).read()) if m.isreg() else m.linkname
            print(m.name, m.type.decode(), oct(m.mode), m.uid, m.gid, m.uname + m.gname, m.mtime, m.size, content)
        """

    private func list() throws -> [String] {
        let text = try #require(try run(["python3", "-c", Self.listing, scratch.path + "/out.tar.gz"]))
        return text.split(separator: "\n").map(String.init)
    }

    private func crc(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { crc32($0) } }

    @Test func tarfileReadsWhatWasWritten() throws {
        let long = String(repeating: "d", count: 90) + "/" + String(repeating: "f", count: 90)
        let longer = String(repeating: "x/", count: 140) + "end"
        let script = Array("#!/bin/sh\necho it runs\n".utf8)
        _ = try archive { writer in
            try writer.addDirectory("bin")
            try writer.addFile("bin/run", isExecutable: true, contents: script)
            try writer.addFile("empty", contents: [])
            try writer.addFile(long, contents: [1])
            try writer.addFile(longer, contents: [2])
            try writer.addFile("päckchen/ñ.txt", contents: [3])
            try writer.addSymlink("link", to: "bin/run")
            try writer.addSymlink("far", to: longer)
            try writer.addFile("large", contents: [UInt8](repeating: 7, count: 300_000))
        }
        let end = "0 0  315532800"
        #expect(
            try list() == [
                "bin 5 0o755 \(end) 0 ", "bin/run 0 0o755 \(end) \(script.count) \(crc(script))",
                "empty 0 0o644 \(end) 0 0", "\(long) 0 0o644 \(end) 1 \(crc([1]))",
                "\(longer) 0 0o644 \(end) 1 \(crc([2]))", "päckchen/ñ.txt 0 0o644 \(end) 1 \(crc([3]))",
                "link 2 0o755 \(end) 0 bin/run", "far 2 0o755 \(end) 0 \(longer)",
                "large 0 0o644 \(end) 300000 \(crc([UInt8](repeating: 7, count: 300_000)))",
            ])
        let out = scratch.path + "/out.tar.gz"
        #expect(try run(["gzip", "-t", out]) != nil)
        #expect(try run(["tar", "-xzf", out, "-C", scratch.path]) != nil)
        #expect(try run([scratch.path + "/link"]) == "it runs\n")
        #expect(try run(["cat", scratch.path + "/" + longer]) == "\u{2}")
    }

    /// Makes a zip of every kind of deflate stream that zlib makes; prints the CRC-32 of each entry.
    private static let manyStreams = """
        import random, struct, sys, zlib
        random.seed(1)
        words = [bytes(random.choices(b'abcdefgh \\n', k=random.randint(1, 9))) for _ in range(500)]
        def text(n): return b''.join(random.choices(words, k=n // 4))[:n]
        contents = [b'', b'a', text(100), text(40_000), text(1_000_000), random.randbytes(200_000), bytes(3_000_000),
                    text(70_000) + random.randbytes(70_000) + text(300_000)]
        out, central, count = bytearray(), bytearray(), 0
        for content in contents:
            for level in (0, 1, 6, 9):
                for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY):
                    for flush in (None, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_BLOCK):
                        c = zlib.compressobj(level, zlib.DEFLATED, -15, 8 if count % 2 else 9, strategy)
                        data, step = b'', max(1, len(content) // 7)
                        for at in range(0, len(content), step):
                            data += c.compress(content[at:at + step])
                            if flush is not None: data += c.flush(flush)
                        data += c.flush()
                        name = b'f%d' % count
                        count += 1
                        common = struct.pack('<HHHIIIIHH', 20, 0, 8, 0x21 << 16, zlib.crc32(content), len(data),
                                             len(content), len(name), 0)
                        central += b'PK\\1\\2' + struct.pack('<H', 0x314) + common + struct.pack(
                            '<HHHII', 0, 0, 0, 0o100644 << 16, len(out)) + name
                        out += b'PK\\3\\4' + common + name + data
                        print(name.decode(), len(content), zlib.crc32(content))
        end = b'PK\\5\\6' + struct.pack('<HHHHIIH', 0, 0, count, count, len(central), len(out), 0)
        open(sys.argv[1], 'wb').write(out + central + end)
        """

    @Test func joinsEveryKindOfDeflateStream() throws {
        let path = scratch.path + "/streams.zip"
        let expected = try #require(try run(["python3", "-c", Self.manyStreams, path]))
        _ = try archive { try add(try ZipArchive(path: path), to: $0) }
        let found = try list().map { line in
            let fields = line.split(separator: " ")
            return "\(fields[0]) \(fields[fields.count - 2]) \(fields[fields.count - 1])"
        }
        #expect(found == expected.split(separator: "\n").map(String.init))
        #expect(found.count == 384)
        // The second member, if there were one, would begin like this.
        let raw = """
            import sys, zlib
            d = zlib.decompressobj(31)
            data = open(sys.argv[1], 'rb').read()
            print(len(d.decompress(data)) % 512, d.eof, len(d.unused_data))
            """
        #expect(try run(["python3", "-c", raw, scratch.path + "/out.tar.gz"]) == "0 True 0\n")
    }

    /// Java's reader, which Spark and YARN use, must see one member that ends with the file.
    @Test(.enabled(if: isAvailable("javac"))) func javaReadsIt() throws {
        let make = """
            import random, sys, zipfile
            random.seed(3)
            with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:
                for i in range(50): z.writestr(f'f{i}', bytes(random.choices(b'abc', k=i * 5000)))
            """
        let zip = scratch.path + "/a.zip"
        _ = try #require(try run(["python3", "-c", make, zip]))
        _ = try archive { try add(try ZipArchive(path: zip), to: $0) }
        let program = """
            import java.io.*;
            import java.util.zip.*;
            class Read {
                public static void main(String[] names) throws IOException {
                    CRC32 crc = new CRC32();
                    byte[] block = new byte[65536];
                    long size = 0;
                    try (InputStream in = new GZIPInputStream(new FileInputStream(names[0]))) {
                        for (int n; (n = in.read(block)) > 0; size += n) crc.update(block, 0, n);
                    }
                    System.out.println(size + " " + crc.getValue());
                }
            }
            """
        let source = try scratch.write("Read.java", program)
        let out = scratch.path + "/out.tar.gz"
        let wanted = """
            import gzip, sys, zlib
            data = gzip.open(sys.argv[1]).read()
            print(len(data), zlib.crc32(data))
            """
        _ = try #require(try run(["javac", "-d", scratch.path, source]))
        let read = try run(["java", "-cp", scratch.path, "Read", out])
        #expect(try read == run(["python3", "-c", wanted, out]))
    }

    @Test func copiesStoredEntries() throws {
        let large = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) }
        var entry = RawZip.Entry("large").with { $0.contents = large }
        entry.mode = 0o100755
        let path = try scratch.write("stored.zip", RawZip(entries: [RawZip.Entry("small", "text"), entry]).bytes)
        _ = try archive { try add(try ZipArchive(path: path), to: $0) }
        #expect(
            try list() == [
                "small 0 0o644 0 0  315532800 4 \(crc(Array("text".utf8)))",
                "large 0 0o755 0 0  315532800 200000 \(crc(large))",
            ])
    }

    @Test func refusesDamagedStreams() throws {
        let path = scratch.path + "/streams.zip"
        let make = """
            import sys, zipfile, random
            random.seed(2)
            z = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED)
            z.writestr('a', bytes(random.choices(b'abcdef', k=100_000)))
            z.close()
            """
        _ = try #require(try run(["python3", "-c", make, path]))
        let sound = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let buffers = ZipEntryChecker.Buffers()
        for position in stride(from: 31, to: sound.count - 80, by: 997) {
            var bytes = sound
            bytes[position] ^= 0x10
            let damaged = try scratch.write("damaged.zip", bytes)
            let code = archiveErrorCode {
                _ = try ZipEntryChecker(try ZipArchive(path: damaged)).check(entryAt: 0, with: buffers) { _ in }
            }
            #expect(code == .damaged, "byte \(position)")
        }
        // The buffers are as good as new afterwards.
        _ = try ZipEntryChecker(try ZipArchive(path: path)).check(entryAt: 0, with: buffers) { _ in }
    }

    @Test func noticesChangesAfterTheCheck() throws {
        let path = try scratch.write("a.zip", RawZip(entries: [RawZip.Entry("a", "text")]).bytes)
        let zip = try ZipArchive(path: path)
        let entry = try ZipEntryChecker(zip).check(entryAt: 0, with: .init()) { _ in }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seek(toOffset: 31)
        try handle.write(contentsOf: Data("lies".utf8))
        try handle.close()
        let code = archiveErrorCode { _ = try archive { try $0.addFile("a", entry: entry) } }
        #expect(code == .fileChanged)
    }

    @Test func refusesUnsafeAndDoubleNames() throws {
        for name in ["../x", "/x", "a//b", "", "a/./b", "a\\b", "a\0b", "C:x"] {
            #expect(
                archiveErrorCode { _ = try archive { try $0.addFile(name, contents: []) } } == .unsafeName, "\(name)")
        }
        let code = archiveErrorCode {
            _ = try archive {
                try $0.addFile("a", contents: [])
                try $0.addDirectory("a")
            }
        }
        #expect(code == .duplicateName)
    }

    @Test func saysThatTheDiskIsFull() throws {
        let descriptor = open("/dev/full", O_WRONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let code = archiveErrorCode { _ = try TarGzWriter(descriptor: descriptor).finish() }
        #expect(code == .noSpace)
    }

    @Test func bytesAreFixed() throws {
        // Recorded from this writer: whoever changes them changes every layer that is stored anywhere.
        let bytes = try archive { writer in
            try writer.addDirectory("pkg")
            try writer.addFile("pkg/a.py", contents: Array("print('a a a a a a a a')\n".utf8))
        }
        #expect(bytes.map { String(format: "%02x", $0) }.joined() == Self.recorded)
    }
    private static let recorded =
        "1f8b08000000000000ff2ac84ed767a031300002735353300d04e834083018181999199b1a1983d986060686a60c0aa6"
        + "40bd3407a5c525894540a700991401a0c341004e0f11008aff44bd824a20936600181c06662626601a08d06903036343"
        + "f4f83733306450a04b208ef4f82fcacc2bd1504f544081ea9a5c40b951300a46c1281805c317000600a0d0ca28000a00"
        + "00"

    @Test(arguments: [(0, 0), (0, 5), (5, 0), (1, 1), (1000, 70_000), (70_000, 1)])
    func combinesChecksums(first: Int, second: Int) {
        let bytes = (0..<first + second).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        let whole = crc(bytes)
        let parts = (crc(Array(bytes.prefix(first))), crc(Array(bytes.suffix(second))))
        #expect(combinedCRC32(parts.0, parts.1, secondLength: Int64(second)) == whole)
    }

    @Test func fixedDeflateIsReversible() throws {
        var state: UInt64 = 42
        var count = 0
        for size in [0, 1, 2, 3, 4, 258, 259, 300, 40_000, 70_000, 200_000] {
            for letters in [1, 3, 250] as [UInt64] {
                let input = (0..<size).map { _ -> UInt8 in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt8((state >> 40) % letters)
                }
                var writer = BitWriter()
                FixedDeflate.append(input, to: &writer)
                FixedDeflate.appendEnd(to: &writer)
                try scratch.write("raw\(count)", writer.bytes)
                try scratch.write("wanted\(count)", input)
                count += 1
            }
        }
        let check = """
            import sys, zlib
            for count in range(int(sys.argv[2])):
                data, wanted = (open(f'{sys.argv[1]}/{kind}{count}', 'rb').read() for kind in ('raw', 'wanted'))
                d = zlib.decompressobj(-15)
                assert d.decompress(data) == wanted and d.eof and not d.unused_data, count
            """
        #expect(count == 33)
        #expect(try run(["python3", "-c", check, scratch.path, String(count)]) != nil)
    }
}
