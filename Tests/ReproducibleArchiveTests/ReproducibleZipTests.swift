import Crypto
import Foundation
import Testing

@testable import ReproducibleArchive

@Suite struct ReproducibleZipTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @discardableResult
    private func write(
        _ entries: [(name: String, path: String)], to name: String = "out.zip"
    ) throws -> (
        path: String, size: Int64, sha256: String
    ) {
        let path = scratch.path + "/" + name
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        let written = try ReproducibleZip(entries: entries).write(toDescriptor: descriptor)
        return (path, written.size, hex(written.sha256))
    }

    private func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func makeTree() throws -> [(name: String, path: String)] {
        [
            ("pkg/mod.py", try scratch.write("a", "VALUE = 42\n")),
            ("pkg/__init__.py", try scratch.write("b", "")),
            ("space/inner/deep.py", try scratch.write("c", "DEEP = 'ü'\n")),
            ("Zeta.py", try scratch.write("d", "Z = 1\n")),
            ("data/größe.txt", try scratch.write("e", "x")),
        ]
    }

    /// The digest was recorded when the writer was made and Python's `zipfile` and `zipimport` had read the archive. It
    /// changes only when the format does, and then every source artifact gets a new name in the store.
    @Test func bytesAreTheSameOnEveryMachine() throws {
        var entries = try makeTree()
        let first = try write(entries)
        #expect(first.sha256 == "5e78243cf66675ace2d5cba1c0d4dfc967da3b41cf6a5453438f35f712cb994a")
        entries.reverse()
        for entry in entries {
            var times = [timeval(tv_sec: 1_000_000_000, tv_usec: 0), timeval(tv_sec: 1_100_000_000, tv_usec: 0)]
            #expect(utimes(entry.path, &times) == 0)
            #expect(chmod(entry.path, 0o755) == 0)
        }
        #expect(try write(entries).sha256 == first.sha256)
    }

    @Test func reportsSizeAndHashOfWhatItWrote() throws {
        let written = try write(try makeTree())
        let bytes = try Data(contentsOf: URL(fileURLWithPath: written.path))
        #expect(written.size == Int64(bytes.count))
        #expect(written.sha256 == hex(SHA256.hash(data: bytes)))
    }

    @Test func sortsByBytesAndListsDirectories() throws {
        let path = try write(try makeTree()).path
        let entries = try ZipReader.entries(ofFileAt: path)
        #expect(
            entries.map(\.name) == [
                "Zeta.py", "data", "data/größe.txt", "pkg", "pkg/__init__.py", "pkg/mod.py", "space", "space/inner",
                "space/inner/deep.py",
            ])
        #expect(entries.allSatisfy { $0.mode == ($0.isDirectory ? 0o755 : 0o644) && $0.method == 0 })
    }

    @Test(.enabled(if: isAvailable("python3"))) func pythonReadsAndImportsIt() throws {
        let path = try write(try makeTree()).path
        let script = """
            import sys, zipfile
            z = zipfile.ZipFile(sys.argv[1])
            assert z.testzip() is None
            for i in z.infolist():
                assert i.date_time == (1980, 1, 1, 0, 0, 0), i
                assert i.compress_type == zipfile.ZIP_STORED and i.flag_bits == 0x800, i
                assert i.external_attr >> 16 == (0o040755 if i.is_dir() else 0o100644), i
            assert z.read('data/größe.txt') == b'x'
            sys.path.insert(0, sys.argv[1])
            import pkg.mod, space.inner.deep, Zeta
            assert pkg.mod.__file__.startswith(sys.argv[1])
            print(pkg.mod.VALUE, space.inner.deep.DEEP, Zeta.Z)
            """
        #expect(try run(["python3", "-X", "utf8", "-c", script, path]) == "42 ü 1\n")
    }

    @Test func anEmptyArchiveIsReadable() throws {
        #expect(try ZipReader.entries(ofFileAt: try write([]).path).isEmpty)
    }

    @Test func filesLargerThanABlockSurvive() throws {
        var bytes = [UInt8](repeating: 0, count: Int(ReproducibleZip.smallFileLimit) * 2 + 12345)
        var state: UInt32 = 1
        for index in bytes.indices {
            state = state &* 1_664_525 &+ 1_013_904_223
            bytes[index] = UInt8(truncatingIfNeeded: state >> 24)
        }
        let sizes = [0, 1, Int(ReproducibleZip.smallFileLimit), Int(ReproducibleZip.smallFileLimit) + 1, bytes.count]
        var entries: [(name: String, path: String)] = []
        for size in sizes { entries.append(("f\(size)", try scratch.write("f\(size)", Array(bytes[..<size])))) }
        let archive = try ZipArchive(path: try write(entries).path)
        for (index, entry) in archive.entries.enumerated() {
            let size = try #require(Int(entry.name.dropFirst()))
            #expect(try archive.contents(ofEntryAt: index, limit: bytes.count) == Array(bytes[..<size]))
        }
    }

    @Test func usesZip64FromSixtyFiveThousandEntriesOn() throws {
        let file = try scratch.write("one", "x = 1\n")
        let many = (0..<65535).map { (name: "m\($0).py", path: file) }
        let large = try write(many)
        let archive = try ZipArchive(path: large.path)
        #expect(archive.usesZip64)
        #expect(archive.entries.count == 65535)
        #expect(try ZipArchive(path: try write(Array(many.dropLast())).path).usesZip64 == false)
    }

    /// Fields by hand from PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.5.3.
    @Test func usesZip64FromFourGibibytesOn() throws {
        let size: UInt64 = 5 << 30
        let header = ZipHeader(name: "big", size: size, crc: 7, offset: 6 << 30, isDirectory: false)
        var bytes: [UInt8] = []
        header.appendLocal(to: &bytes)
        let local = LittleEndian(bytes: bytes)
        #expect(local.u16(4) == 45)
        #expect(local.u32(18) == 0xFFFF_FFFF && local.u32(22) == 0xFFFF_FFFF)
        #expect(local.u16(26) == 3 && local.u16(28) == 20)
        #expect(local.u16(33) == 1 && local.u16(35) == 16 && local.u64(37) == size && local.u64(45) == size)
        #expect(bytes.count == 30 + 3 + 20)

        bytes = []
        header.appendCentral(to: &bytes)
        let central = LittleEndian(bytes: bytes)
        #expect(central.u32(20) == 0xFFFF_FFFF && central.u32(24) == 0xFFFF_FFFF && central.u32(42) == 0xFFFF_FFFF)
        #expect(central.u16(49) == 1 && central.u16(51) == 24)
        #expect(central.u64(53) == size && central.u64(61) == size && central.u64(69) == 6 << 30)

        bytes = []
        ZipHeader(name: "late", size: 1, crc: 7, offset: 6 << 30, isDirectory: false).appendCentral(to: &bytes)
        let late = LittleEndian(bytes: bytes)
        #expect(late.u32(20) == 1 && late.u32(24) == 1 && late.u32(42) == 0xFFFF_FFFF)
        #expect(late.u16(52) == 8 && late.u64(54) == 6 << 30)
    }

    @Test func refusesNamesItWouldNotRead() throws {
        let file = try scratch.write("f", "x")
        for name in ["../x", "/x", "a\\b", "", "a\nb", "a//b", "a/"] {
            #expect(archiveErrorCode { try write([(name, file)]) } == .unsafeName, "\(name)")
        }
        #expect(archiveErrorCode { try write([("a", file), ("a", file)]) } == .duplicateName)
        #expect(archiveErrorCode { try write([("a", file), ("a/b", file)]) } == .duplicateName)
        #expect(archiveErrorCode { try write([("a", scratch.path + "/absent")]) } == .notFound)
        #expect(archiveErrorCode { try write([("a", scratch.path)]) } == .notARegularFile)
    }

    @Test func reportsAFullDevice() throws {
        let descriptor = open("/dev/full", O_WRONLY)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let zip = ReproducibleZip(entries: try makeTree())
        #expect(archiveErrorCode { try zip.write(toDescriptor: descriptor) } == .noSpace)
    }

    /// The pipe is read only after the file has grown, and is too small for the writer to get ahead.
    @Test func noticesAFileThatChangesMeanwhile() throws {
        let big = try scratch.write("big", [UInt8](repeating: 1, count: 4 << 20))
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let reader = ends[0]
        let thread = Thread {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            // The first bytes arrive after the first of the two readings.
            _ = Glibc.read(reader, &buffer, 1)
            if let handle = FileHandle(forWritingAtPath: big) {
                handle.seekToEndOfFile()
                handle.write(Data([1]))
            }
            while Glibc.read(reader, &buffer, buffer.count) > 0 {}
            close(reader)
        }
        thread.start()
        let zip = ReproducibleZip(entries: [("big", big)])
        let writer = ends[1]
        #expect(archiveErrorCode { try zip.write(toDescriptor: writer) } == .fileChanged)
        close(writer)
    }
}
