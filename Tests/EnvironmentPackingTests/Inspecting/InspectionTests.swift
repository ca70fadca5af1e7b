import Foundation
import ReproducibleArchive
import Testing

@testable import EnvironmentPacking

@Suite("Archives and what they say of themselves") struct InspectionTests {
    /// An environment of two packages and of a file that belongs to none.
    private static func fixture() throws -> PackFixture {
        let fixture = try PackFixture()
        try fixture.install(
            "one",
            files: [
                "one/__init__.py": "X = 1\n", "one/data.txt": "data\n",
                "../../../bin/one": "#!\(fixture.prefix)/bin/python\nprint('one')\n",
            ])
        try fixture.install("Two.Pkg", "2.1", files: ["two.py": "Y = 2\n"])
        try fixture.write(fixture.site + "/loose.py", "Z = 3\n")
        return fixture
    }

    private static func packed(
        _ fixture: PackFixture, _ format: PackedFormat = .tarGz, bytecode: PackOptions.Bytecode = .omit
    ) throws -> String {
        var options = PackOptions()
        options.format = format
        // A zip has no link to the base's interpreter.
        if format == .zip { options.tolerated.insert(.interpreter) }
        options.bytecode = bytecode
        _ = try fixture.pack(options, to: "packed")
        return fixture.directory + "/packed"
    }

    private static func told(
        _ fixture: PackFixture, _ edits: [ArchiveEdit], _ format: PackedFormat = .tarGz
    ) throws -> [String] {
        let target = fixture.directory + "/edited"
        try ArchiveEdit.apply(edits, try packed(fixture, format), to: target)
        return try ArchiveInspection.inspect(path: target).told
    }

    @Test("what the packer made is as it says, in every format", arguments: PackedFormat.allCases)
    func intact(_ format: PackedFormat) throws {
        let fixture = try Self.fixture()
        let inspection = try ArchiveInspection.inspect(path: Self.packed(fixture, format, bytecode: .compile))
        #expect(inspection.told == [])
        #expect(inspection.format == format && inspection.kind == "venv" && inspection.maker == .envsync)
        #expect(inspection.packages.map { "\($0.name) \($0.version)" } == ["one 1.0", "two-pkg 2.1"])
        let manifest = try #require(inspection.manifest)
        #expect(inspection.packages.map(\.digest) == manifest.packages.map(\.digest))
        #expect(inspection.packages.map(\.files) == manifest.packages.map(\.files))
        #expect(inspection.other == manifest.other && inspection.python == manifest.python)
        // Their modules and data, the command, METADATA, INSTALLER.
        #expect(inspection.comparedFiles == 8 && inspection.rewrittenFiles == 0)
        #expect(inspection.interpreter?.isIncluded == false && inspection.interpreter?.base != nil)
    }

    @Test("an overlay is as it says")
    func overlay() throws {
        let fixture = try Self.fixture()
        let path = fixture.directory + "/overlay.tar.gz"
        _ = try fixture.packer.packOverlay(
            prefix: fixture.prefix, PackOptions(), packages: ["one", "two-pkg"], to: path)
        let inspection = try ArchiveInspection.inspect(path: path)
        #expect(inspection.told == [] && inspection.kind == "overlay" && inspection.interpreter == nil)
        #expect(inspection.packages.map(\.name) == ["one", "two-pkg"] && inspection.comparedFiles > 4)
        try ArchiveEdit.apply([.flip("two.py")], path, to: fixture.directory + "/edited")
        let edited = try ArchiveInspection.inspect(path: fixture.directory + "/edited")
        #expect(edited.told == ["file-changed two-pkg 2.1: two.py"])
    }

    @Test("a changed byte is told with its path and package", arguments: [PackedFormat.tarGz, .tar, .zip])
    func changed(_ format: PackedFormat) throws {
        let fixture = try Self.fixture()
        let module = fixture.packed("one/__init__.py")
        #expect(try Self.told(fixture, [.flip(module)], format) == ["file-changed one 1.0: \(module)"])
    }

    @Test("a removed file is told, and so are a package that came and one that went")
    func packages() throws {
        let fixture = try Self.fixture()
        let data = fixture.packed("one/data.txt")
        #expect(try Self.told(fixture, [.remove(data)]) == ["file-missing one 1.0: \(data)"])

        let metadata = fixture.packed("three-3.0.dist-info")
        let added: [ArchiveEdit] = [
            .add(fixture.packed("three.py"), "W = 4\n"), .add(metadata + "/METADATA", "Name: three\nVersion: 3.0\n"),
            .add(
                metadata + "/RECORD",
                "three.py,sha256=\(PackFixture.recordHash(Array("W = 4\n".utf8))),6\nthree-3.0.dist-info/RECORD,,\n"),
        ]
        #expect(try Self.told(fixture, added) == ["package-extra three 3.0"])

        let leaves = ["", "/METADATA", "/INSTALLER", "/RECORD"]
        let removals = leaves.map { ArchiveEdit.remove(fixture.packed("one-1.0.dist-info" + $0)) }
        #expect(try Self.told(fixture, removals) == ["package-missing one 1.0"])

        let version = ArchiveEdit.write(fixture.packed("one-1.0.dist-info/METADATA"), "Name: one\nVersion: 1.5\n")
        let changed = try Self.told(fixture, [version])
        #expect(
            changed == [
                "package-missing one 1.0", "package-extra one 1.5",
                "file-changed one 1.5: \(fixture.packed("one-1.0.dist-info/METADATA"))",
            ])
    }

    @Test("what has no hash in a RECORD is compared with the manifest")
    func withoutHash() throws {
        let fixture = try Self.fixture()
        let record = fixture.packed("one-1.0.dist-info/RECORD")
        let row = "one/data.txt,sha256=\(PackFixture.recordHash(Array("data\n".utf8))),5\n"
        let text = { try fixture.text(record, in: "packed") }
        _ = try Self.packed(fixture)
        let changed = try text().replacing(row, with: "one/data.txt,,\n")
        #expect(changed != (try text()))
        #expect(try Self.told(fixture, [.write(record, changed)]) == ["package-changed one 1.0"])
        #expect(
            try Self.told(fixture, [.execute(fixture.packed("two.py"))]) == ["package-changed two-pkg 2.1"])
        let loose = fixture.packed("loose.py")
        #expect(try Self.told(fixture, [.flip(loose)]) == ["other-changed: \(loose)"])
        #expect(try Self.told(fixture, [.flip("pyvenv.cfg")]).map { $0.prefix(13) } == ["other-changed"])
    }

    @Test("names are bytes, whatever they do to a terminal")
    func hostileNames() throws {
        let fixture = try Self.fixture()
        let name = fixture.packed("no\u{FF}\nt\u{1B}[2J.py")
        let target = fixture.directory + "/edited"
        try ArchiveEdit.apply([.add(name, "x")], try Self.packed(fixture), to: target)
        let finding = try #require(try ArchiveInspection.inspect(path: target).findings.first)
        #expect(finding.code == .otherChanged)
        #expect(finding.paths.contains(Array(name.unicodeScalars.map { UInt8($0.value) })))
    }

    @Test("two entries of one path are told if they differ; of a zip they are refused")
    func twice() throws {
        let fixture = try Self.fixture()
        let module = fixture.packed("two.py")
        #expect(try Self.told(fixture, [.add(module, "Y = 2\n")], .tar) == [])
        #expect(
            try Self.told(fixture, [.add(module, "Y = 3\n")]) == [
                "file-changed two-pkg 2.1: \(module)", "file-twice: \(module)",
            ])
        let error = #expect(throws: ArchiveError.self) { try Self.told(fixture, [.add(module, "Y = 3\n")], .zip) }
        #expect(error?.code == .duplicateName)
    }

    @Test("links: to nothing, out of the archive, and where an interpreter should be")
    func links() throws {
        let fixture = try Self.fixture()
        let error = #expect(throws: ArchiveError.self) {
            try Self.told(fixture, [.hardlink(fixture.packed("again.py"), "nowhere")])
        }
        #expect(error?.code == .damaged && error?.entry?.hasSuffix("again.py") == true)
        for target in ["/etc/passwd", "../../../../etc/passwd"] {
            #expect(
                try Self.told(fixture, [.symlink("share/out", target)])
                    == ["link-outside: share/out", "other-changed: \(fixture.packed("loose.py"))"])
        }
        #expect(
            try Self.told(fixture, [.symlink("share/in", "../bin/one")])
                == ["other-changed: \(fixture.packed("loose.py"))"])
        let manifest = EnvironmentManifest.path
        // A file through a link is the file, as it is where the archive is unpacked.
        let data = fixture.packed("one/data.txt")
        #expect(
            try Self.told(fixture, [.remove(manifest), .remove(data), .symlink(data, "/dev/null")]) == [
                "file-changed one 1.0: \(data)", "link-outside: \(data)",
            ])
        let python = try fixture.contents("packed").filter { $0.hasPrefix("bin/python") }
        #expect(
            try Self.told(fixture, [.remove(manifest)] + python.map { .remove($0) })
                == ["interpreter-missing: bin/python"])
        #expect(
            try Self.told(fixture, [.remove(manifest), .symlink("bin/python4", "python3"), .remove("bin/python")]) == []
        )
    }

    @Test("cut short anywhere, it is no archive", arguments: PackedFormat.allCases)
    func truncated(_ format: PackedFormat) throws {
        let fixture = try Self.fixture()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: Self.packed(fixture, format)))
        let path = fixture.directory + "/cut"
        // A tar's last 1,024 bytes are zeros, and what pads it to 10,240 bytes.
        let end = format == .tar ? bytes.count - 12_000 : bytes.count
        for step in 0..<24 {
            try bytes.prefix(end * step / 24).write(to: URL(fileURLWithPath: path))
            #expect(throws: ArchiveError.self, "\(format) cut at \(end * step / 24)") {
                try ArchiveInspection.inspect(path: path)
            }
        }
    }

    @Test("a changed byte of the archive is found", arguments: [PackedFormat.tarGz, .tarZst, .zip])
    func damaged(_ format: PackedFormat) throws {
        let fixture = try Self.fixture()
        // Most of the archive is this, so that what is changed is no padding.
        var generator = SystemRandomNumberGenerator()
        try fixture.write(
            fixture.site + "/random.bin", (0..<200_000).map { _ in UInt8.random(in: 0...255, using: &generator) })
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: Self.packed(fixture, format))))
        let path = fixture.directory + "/damaged"
        for step in 1..<20 {
            var changed = bytes
            changed[bytes.count * step / 20] ^= 0x10
            try fixture.write(path, changed)
            do {
                let told = try ArchiveInspection.inspect(path: path).told
                #expect(told != [], "\(format), byte \(bytes.count * step / 20)")
            } catch is ArchiveError {}
        }
    }

    @Test("a zip whose checksum is wrong is damaged")
    func wrongChecksum() throws {
        let fixture = try Self.fixture()
        var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: Self.packed(fixture, .zip))))
        // The central directory's header of the module (APPNOTE 4.3.12): 46 bytes before its last name, with the CRC-32 at
        // offset 16.
        let name = Array(fixture.packed("two.py").utf8)
        let last = try #require(bytes.indices.last { bytes[$0...].starts(with: name) })
        try #require(bytes[(last - 46)...].starts(with: [0x50, 0x4B, 0x01, 0x02]))
        bytes[last - 30] ^= 1
        try fixture.write(fixture.directory + "/edited", bytes)
        let error = #expect(throws: ArchiveError.self) {
            try ArchiveInspection.inspect(path: fixture.directory + "/edited")
        }
        #expect(error?.code == .damaged)
    }

    @Test("a manifest, a RECORD or a conda record that can't be understood")
    func unreadableMetadata() throws {
        let fixture = try Self.fixture()
        let manifest = EnvironmentManifest.path
        #expect(try Self.told(fixture, [.write(manifest, "{}")]) == ["manifest-damaged: \(manifest)"])
        #expect(
            try Self.told(fixture, [.write(manifest, #"{"schemaVersion": 2}"#)]) == ["manifest-damaged: \(manifest)"])
        let record = fixture.packed("one-1.0.dist-info/RECORD")
        let told = try Self.told(fixture, [.write(record, "one.py\n")])
        #expect(told.first == "metadata-damaged one 1.0: \(record)")
        #expect(
            try Self.told(fixture, [.remove(manifest), .add("conda-meta/x-1-0.json", "{]")])
                == ["metadata-damaged: conda-meta/x-1-0.json"])
    }

    @Test("archives without a Python environment, below a directory, and what is no archive")
    func others() throws {
        let fixture = try Self.fixture()
        let other = fixture.directory + "/other.tar"
        try fixture.write(fixture.directory + "/some/file", "x")
        try PackFixture.run("tar", ["-cf", other, "-C", fixture.directory, "some"])
        let inspection = try ArchiveInspection.inspect(path: other)
        #expect(inspection.told == ["no-environment"] && inspection.kind == nil && inspection.files == 1)
        try PackFixture.run("tar", ["-czf", other, "-C", fixture.directory, "env"])
        let below = try ArchiveInspection.inspect(path: other)
        #expect(below.told == [] && below.root == "env" && below.kind == "venv" && below.maker == nil)
        #expect(below.packages.map(\.name) == ["one", "two-pkg"] && below.packages.allSatisfy { $0.digest == nil })
        try fixture.write(other, "no archive at all, but some text that is long enough to be one")
        #expect(throws: ArchiveError.self) { try ArchiveInspection.inspect(path: other) }
        #expect(throws: ArchiveError.self) { try ArchiveInspection.inspect(path: fixture.prefix) }
    }

    @Test("it can be stopped")
    func cancelled() throws {
        let fixture = try Self.fixture()
        let path = try Self.packed(fixture)
        #expect(throws: CancellationError.self) {
            try ArchiveInspection.inspect(path: path) { throw CancellationError() }
        }
    }
}
