import Foundation
import Testing

@testable import ReproducibleArchive

/// Archives made by the programs that users make them with.
@Suite(.enabled(if: isAvailable("python3"))) struct ArchiveReaderTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func python(_ script: String) throws {
        _ = try #require(try run(["python3", "-c", script], in: scratch.path))
    }

    /// Makes one tree in the tar format given; long names force extended headers.
    private func makeTar(_ file: String, format: String) throws {
        try python(
            """
            import tarfile, io
            mode = 'w:gz' if '\(file)'.endswith('gz') else 'w'
            with tarfile.open('\(file)', mode, format=tarfile.\(format)_FORMAT) as t:
                def add(name, data=b'', type=tarfile.REGTYPE, link='', mode=0o644):
                    i = tarfile.TarInfo(name); i.size = len(data); i.type = type; i.linkname = link; i.mode = mode
                    t.addfile(i, io.BytesIO(data))
                add('./', type=tarfile.DIRTYPE, mode=0o755)
                add('./bin', type=tarfile.DIRTYPE, mode=0o755)
                add('./bin/python3.11', b'ELF' * 1000, mode=0o755)
                add('./bin/python3', type=tarfile.SYMTYPE, link='python3.11')
                add('./bin/python', type=tarfile.SYMTYPE, link='./python3')
                add('./bin/hard', type=tarfile.LNKTYPE, link='./bin/python3.11')
                add('lib/' + 'd' * 90 + '/' + 'e' * 60 + '.py', b'x' * 513)
                add('fifo', type=tarfile.FIFOTYPE)
            """)
    }

    private func scan(_ file: String) throws -> [TarEntryInfo] {
        var entries: [TarEntryInfo] = []
        try ArchiveReader.scan(path: scratch.path + "/" + file) {
            entries.append($0)
            return .continue
        }
        return entries
    }

    @Test(arguments: ["USTAR", "GNU", "PAX"], ["tar", "tar.gz"])
    func listsTarArchives(format: String, suffix: String) throws {
        try makeTar("x." + suffix, format: format)
        #expect(try ArchiveReader.format(ofFileAt: scratch.path + "/x." + suffix) == (suffix == "tar" ? .tar : .tarGz))
        let long = "lib/" + String(repeating: "d", count: 90) + "/" + String(repeating: "e", count: 60) + ".py"
        #expect(
            try scan("x." + suffix) == [
                TarEntryInfo(name: "bin", type: .directory, size: 0, mode: 0o755),
                TarEntryInfo(name: "bin/python3.11", type: .file, size: 3000, mode: 0o755),
                TarEntryInfo(name: "bin/python3", type: .symlink, size: 0, mode: 0o644, linkTarget: "python3.11"),
                TarEntryInfo(name: "bin/python", type: .symlink, size: 0, mode: 0o644, linkTarget: "./python3"),
                TarEntryInfo(name: "bin/hard", type: .hardLink, size: 0, mode: 0o644, linkTarget: "bin/python3.11"),
                TarEntryInfo(name: long, type: .file, size: 513, mode: 0o644),
                TarEntryInfo(name: "fifo", type: .other, size: 0, mode: 0o644),
            ])
    }

    @Test func readsLongLinksOfBothKinds() throws {
        for format in ["GNU", "PAX"] {
            try python(
                """
                import tarfile
                with tarfile.open('l.tar', 'w', format=tarfile.\(format)_FORMAT) as t:
                    i = tarfile.TarInfo('ü' * 80); i.type = tarfile.SYMTYPE; i.linkname = 't/' * 100 + 'end'
                    t.addfile(i)
                """)
            let entry = try #require(try scan("l.tar").first)
            #expect(entry.name == String(repeating: "ü", count: 80))
            #expect(entry.linkTarget == String(repeating: "t/", count: 100) + "end")
        }
    }

    @Test(.enabled(if: isAvailable("tar")), arguments: ["gnu", "posix", "oldgnu"])
    func readsSparseFilesOfGNUTar(format: String) throws {
        // 40 extents: more than the header of the old format has room for.
        try python(
            """
            with open('sparse', 'wb') as f:
                for i in range(40): f.seek(i * 200000); f.write(b'x' * 5000)
                f.truncate(10_000_000)
            open('after', 'wb').write(b'12345')
            """)
        _ = try #require(
            try run(["tar", "--format=\(format)", "-S", "-cf", "s.tar", "sparse", "after"], in: scratch.path))
        let entries = try scan("s.tar")
        #expect(entries.map(\.name) == ["sparse", "after"])
        #expect(entries.map(\.size) == [10_000_000, 5])
    }

    @Test func readsGzipFilesOfSeveralMembersAndZeroPadding() throws {
        try makeTar("x.tar", format: "PAX")
        try python(
            """
            import gzip
            b = open('x.tar', 'rb').read()
            cut = [0, 1, 700, 5000, len(b)]
            parts = [gzip.compress(b[i:j]) for i, j in zip(cut, cut[1:])] + [gzip.compress(b'')]
            open('m.tar.gz', 'wb').write(b''.join(parts) + bytes(1000))
            open('foreign.tar.gz', 'wb').write(b''.join(parts) + b'junk')
            open('bad.tar.gz', 'wb').write(b''.join(parts)[:-8] + b'\\1' * 8)
            """)
        #expect(try scan("m.tar.gz") == scan("x.tar"))
        #expect(archiveErrorCode { _ = try scan("foreign.tar.gz") } == .damaged)
        #expect(archiveErrorCode { _ = try scan("bad.tar.gz") } == .damaged)
    }

    @Test(arguments: ["x.tar", "x.tar.gz"]) func neverTakesATruncatedArchiveForAWholeOne(file: String) throws {
        try makeTar(file, format: "PAX")
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/" + file)))
        // Python pads to 10240 bytes; the archive proper ends with two zero blocks, of which one suffices.
        let end = file == "x.tar" ? try #require(whole.lastIndex { $0 != 0 }) + 1 : whole.count
        for length in stride(from: 0, to: end, by: file == "x.tar" ? 100 : 1) {
            try scratch.write("cut", Array(whole[..<length]))
            let code = archiveErrorCode { _ = try scan("cut") }
            #expect(code != nil, "\(length) of \(whole.count) bytes")
        }
    }

    @Test func survivesDamagedBytes() throws {
        try makeTar("x.tar.gz", format: "GNU")
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/x.tar.gz")))
        let entries = try scan("x.tar.gz")
        // gzip's header is not covered by the checksum: ten bytes and, as Python writes it, the file's name and a NUL.
        let body = try #require(whole[10...].firstIndex(of: 0)) + 1
        for index in body..<whole.count {
            var damaged = whole
            damaged[index] ^= 0x55
            try scratch.write("bad", damaged)
            let code = archiveErrorCode {
                let found = try scan("bad")
                #expect(found == entries)
            }
            #expect(code != nil, "byte \(index)")
        }
    }

    @Test(arguments: ["../x", "/etc/passwd", "a/../../x"]) func refusesNamesThatLeaveTheArchive(name: String) throws {
        try python(
            """
            import tarfile
            with tarfile.open('h.tar', 'w') as t: t.addfile(tarfile.TarInfo('\(name)'))
            """)
        #expect(archiveErrorCode { _ = try scan("h.tar") } == .unsafeName)
    }

    @Test func listsZipArchivesOfWholeTrees() throws {
        let link = RawZip.Entry("./bin/python", "python3").with { $0.mode = 0o120777 }
        let zip = RawZip(entries: [
            RawZip.Entry("./").with { $0.mode = 0o040755 }, link,
            RawZip.Entry("./bin/python3", "ELF").with { $0.mode = 0o100755 },
        ])
        try scratch.write("x.zip", zip.bytes)
        #expect(
            try scan("x.zip") == [
                TarEntryInfo(name: "bin/python", type: .symlink, size: 0, mode: 0o777, linkTarget: "python3"),
                TarEntryInfo(name: "bin/python3", type: .file, size: 3, mode: 0o755),
            ])
        let found = try ArchiveReader.resolve(["bin/python", "bin/pip"], inArchiveAt: scratch.path + "/x.zip")
        #expect(found == [.file("bin/python3"), .missing("bin/pip")])
    }

    @Test func tellsFormatsByContentsNotByName() throws {
        try makeTar("t.tar.gz", format: "PAX")
        try python(
            """
            import gzip, bz2, lzma, shutil
            shutil.copy('t.tar.gz', 'a.zip')
            open('b.tar.gz', 'wb').write(bz2.compress(b'x'))
            open('c.tar.gz', 'wb').write(lzma.compress(b'x'))
            open('d.tar.gz', 'wb').write(gzip.compress(b'just text'))
            open('e.tar', 'wb').write(b'x' * 5000)
            open('f.tar', 'wb').write(bytes(10240))
            open('g.tar', 'wb')
            """)
        let empty = RawZip(entries: []).bytes
        try scratch.write("h.tar.gz", empty)
        try scratch.write("i", Array("#!python\n".utf8) + empty)
        let expected: [(String, ArchiveFormat)] = [
            ("a.zip", .tarGz), ("b.tar.gz", .tarOther(compression: "bzip2")),
            ("c.tar.gz", .tarOther(compression: "xz")), ("d.tar.gz", .unknown), ("e.tar", .unknown),
            ("f.tar", .unknown), ("g.tar", .unknown), ("h.tar.gz", .zip), ("i", .zip),
        ]
        for (file, format) in expected {
            #expect(try ArchiveReader.format(ofFileAt: scratch.path + "/" + file) == format, "\(file)")
        }
        #expect(archiveErrorCode { _ = try scan("b.tar.gz") } == .unsupportedFormat)
        #expect(archiveErrorCode { _ = try scan("e.tar") } == .unsupportedFormat)
    }
}

@Suite struct ArchivedTreeTests {
    @Test(arguments: [
        ("bin/real", ArchivedFile.file("bin/real")),
        ("./bin/real", .file("bin/real")),
        ("bin/a", .file("bin/real")),
        ("bin/up", .file("bin/real")),
        ("lib64/x.so", .file("lib/x.so")),
        ("lib64", .directory("lib")),
        ("bin", .directory("bin")),
        ("bin/none", .missing("bin/none")),
        ("bin/dangling", .missing("bin/gone")),
        ("bin/real/x", .missing("bin/real/x")),
        ("bin/absolute", .outside(link: "bin/absolute", target: "/usr/bin/python3")),
        ("bin/climbs", .outside(link: "bin/climbs", target: "../../python")),
        ("bin/one", .loop),
        ("bin/self", .loop),
        ("deep/er/link", .file("bin/real")),
    ])
    func resolves(name: String, expected: ArchivedFile) {
        var tree = ArchivedTree()
        for file in ["bin/real", "lib/x.so"] {
            tree.insert(TarEntryInfo(name: file, type: .file, size: 1, mode: 0o755))
        }
        let links = [
            "bin/a": "b", "bin/b": "./c", "bin/c": "real", "bin/up": "../bin/real", "lib64": "lib",
            "bin/dangling": "gone", "bin/absolute": "/usr/bin/python3", "bin/climbs": "../../python", "bin/one": "two",
            "bin/two": "one", "bin/self": "self", "deep/er/link": "../../lib64/../bin/a",
        ]
        for (link, target) in links {
            tree.insert(TarEntryInfo(name: link, type: .symlink, size: 0, mode: 0o777, linkTarget: target))
        }
        #expect(tree.resolve(name) == expected)
    }
}
