import Crypto
import Foundation
import Synchronization
import Testing

@testable import ReproducibleArchive

struct ArchiveAssemblyTests {
    /// What real programs unpack, by name: contents, executable or not, link targets.
    private static let reader = """
        import hashlib, sys, tarfile, zipfile, subprocess, io, json
        path, kind = sys.argv[1:]
        found = []
        if kind == 'zip':
            z = zipfile.ZipFile(path)
            assert z.testzip() is None
            for i in z.infolist():
                mode = i.external_attr >> 16
                found.append([i.filename.rstrip('/'), 'd' if i.is_dir() else 'x' if mode & 0o100 else 'f',
                              '' if i.is_dir() else hashlib.sha256(z.read(i)).hexdigest()])
        else:
            data = open(path, 'rb').read()
            if kind == 'tar.zst': data = subprocess.run(['zstd', '-dc'], input=data, capture_output=True, check=True).stdout
            t = tarfile.open(fileobj=io.BytesIO(data))
            for i in t:
                assert (i.uid, i.gid, i.mtime) == (0, 0, 315532800)
                if i.isdir(): found.append([i.name, 'd', ''])
                elif i.issym(): found.append([i.name, 'l', i.linkname])
                else: found.append([i.name, 'x' if i.mode & 0o100 else 'f',
                                    hashlib.sha256(t.extractfile(i).read()).hexdigest()])
        print(json.dumps(found))
        """

    private static func expected(_ members: [ArchiveMember], _ contents: [KnownContent]) -> [[String]] {
        zip(members, contents).map { member, content in
            let name = String(decoding: member.name, as: UTF8.self)
            switch (member.kind, content) {
            case (.directory, _): return [name, "d", ""]
            case (.symlink(let target), _): return [name, "l", String(decoding: target, as: UTF8.self)]
            case (.file(let isExecutable, _), .present(let digest)):
                let digits = digest.sha256.map { String(format: "%02x", $0) }.joined()
                return [name, isExecutable ? "x" : "f", digits]
            default: return [name, "?", ""]
            }
        }
    }

    @Test(arguments: PackedFormat.allCases)
    func pythonReadsWhatWasGivenAndWorkersDoNotMatter(_ format: PackedFormat) throws {
        let scratch = try Scratch()
        let members = treeMembers(symlinks: format != .zip)
        let path = scratch.path + "/a.\(format.rawValue)"
        let result = try assemble(format, members, workers: 1, to: path)
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(result.size == Int64(data.count))
        #expect(result.sha256 == Array(SHA256.hash(data: data)))
        let printed = try #require(try run(["python3", "-c", Self.reader, path, format.rawValue]))
        let read = try JSONDecoder().decode([[String]].self, from: Data(printed.utf8))
        #expect(read == Self.expected(members, result.contents))
        for workers in [2, 5] {
            #expect(try assemble(format, members, workers: workers, to: path).sha256 == result.sha256)
        }
        switch format {
        case .tarGz: #expect(try run(["gzip", "-t", path]) != nil)
        case .zip: #expect(try run(["unzip", "-tqq", path]) != nil)
        case .tar: #expect(try run(["tar", "tf", path]) != nil)
        case .tarZst: #expect(try run(["zstd", "-tq", path]) != nil)
        }
    }

    @Test func theirOwnNamesBeginUnitsSoThatANewFileMovesFewBoundaries() throws {
        let members = (0..<2000).map { ArchiveMember.bytes("m/\($0)", []) }
        let units = try units(members)
        var more = members
        more.insert(.bytes("m/new", []), at: 1000)
        let shifted = try self.units(more)
        #expect(units.count > 20)
        #expect(Set(shifted).subtracting(units).count <= 2)
    }

    /// The names of each unit's members.
    private func units(_ members: [ArchiveMember]) throws -> [[[UInt8]]] {
        var units = MemberUnits(.tarGz)
        return (try units.add(members) + units.end()).map { $0.map(\.name) }
    }

    @Test(arguments: [1, 7, 400, 100_000])
    func itDoesNotMatterHowManyMembersComeAtOnce(_ count: Int) throws {
        let scratch = try Scratch()
        let members = treeMembers()
        let whole = try assemble(.tarGz, members, to: scratch.path + "/whole")
        let rest = Mutex(members[...])
        let result = try ArchiveAssembly(format: .tarGz, workers: 2).write(
            to: scratch.path + "/parts",
            members: {
                rest.withLock { rest in
                    defer { rest = rest.dropFirst(count) }
                    return rest.isEmpty ? nil : Array(rest.prefix(count))
                }
            })
        #expect(result.sha256 == whole.sha256)
        #expect(result.contents == whole.contents)
    }

    @Test func closingMembersSeeAllContents() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/a.tar"
        let result = try ArchiveAssembly(format: .tar, workers: 2).write(
            [.bytes("a", [1]), .bytes("b", [2, 3])], to: path,
            closing: { contents in
                let sizes = contents.map { if case .present(let digest) = $0 { digest.size } else { Int64(-1) } }
                return [.bytes("sizes", Array("\(sizes)".utf8))]
            })
        #expect(result.contents.count == 2)
        #expect(try run(["tar", "xOf", path, "sizes"]) == "[1, 2]")
    }

    @Test func bytesOfNamesAreKept() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/a.tar.gz"
        let name: [UInt8] = [0x61, 0xFF, 0x0A, 0x62]
        let member = ArchiveMember(
            name: name, kind: .file(isExecutable: false, content: MadeContent { .bytes([7]) }))
        _ = try assemble(.tarGz, [member], to: path)
        let script = "import os,sys,tarfile; print(os.fsencode(tarfile.open(sys.argv[1]).getnames()[0]).hex())"
        #expect(try run(["python3", "-c", script, path]) == "61ff0a62\n")
        #expect(archiveErrorCode { _ = try assemble(.zip, [member], to: path) } == .unsafeName)
    }

    @Test(arguments: ["", "/a", "a//b", "a/", "../a", "a/..", "a/./b", "a\0b"])
    func namesThatAreNoPlainPathsAreRefused(_ name: String) throws {
        let scratch = try Scratch()
        #expect(
            archiveErrorCode { _ = try assemble(.tar, [.bytes(name, [])], to: scratch.path + "/a") } == .unsafeName)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
    }

    @Test func aZipHoldsNoSymlinks() throws {
        let scratch = try Scratch()
        let link = ArchiveMember(name: [0x61], kind: .symlink(target: [0x62]))
        #expect(
            archiveErrorCode { _ = try assemble(.zip, [link], to: scratch.path + "/a") } == .unsupportedFormat)
    }

    @Test(arguments: [PackedFormat.tarGz, .zip])
    func largeSparseContentStreams(_ format: PackedFormat) throws {
        let scratch = try Scratch()
        let path = scratch.path + "/a"
        let content = MadeContent { .source(ZeroSource(300 << 20)) }
        let member = ArchiveMember(name: [0x61], kind: .file(isExecutable: false, content: content))
        let result = try assemble(format, [member], to: path)
        #expect(result.bytesCompressed >= 300 << 20)
        let program = format == .zip ? ["unzip", "-tqq", path] : ["gzip", "-t", path]
        #expect(try run(program) != nil)
    }

    @Test func theDeflatersAddressDoesNotMatter() throws {
        // A short input that begins as it goes on: without the step that `cisal_deflate_block` takes first, about one address
        // in forty gives other bytes.
        let input = Array("class A: x = 1\nclass B: y = 2\n".utf8)
        let output = ByteBlock(count: 4096)
        var kept: [BlockEncoder] = []
        var results = Set<[UInt8]>()
        for _ in 0..<300 {
            let encoder = try BlockEncoder(.tarGz)
            kept.append(encoder)
            let count = try input.withUnsafeBytes { try encoder.encode($0, into: output.bytes) }
            results.insert(Array(output.prefix(count)))
        }
        #expect(results.count == 1)
        #expect(kept.count == 300)
    }

    @Test func theEncodersAreThoseOfTheExpectedDigests() {
        // True for the versions that Debian 12 has; elsewhere the digests of archives differ, nothing else.
        #expect(ArchiveAssembly.isReproducibleHere(.tar))
        #expect(BlockEncoder.check(of: .tarGz).digest.count == 32)
        #expect(BlockEncoder.check(of: .tarZst).digest.count == 32)
    }

    @Test func digestsAreThoseOfTheArchive() throws {
        let scratch = try Scratch()
        let members = treeMembers()
        let result = try assemble(.tar, members, to: scratch.path + "/a")
        #expect(try ArchiveAssembly.digests(members).contents == result.contents)
    }
}
