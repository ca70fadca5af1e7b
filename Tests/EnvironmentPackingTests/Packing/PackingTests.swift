import Foundation
import ReproducibleArchive
import Testing

@testable import EnvironmentPacking

@Suite struct PackingTests {
    @Test(
        "environments with the same contents give the same bytes", arguments: [PackedFormat.tarGz, .tar, .zip, .tarZst])
    func sameBytes(_ format: PackedFormat) throws {
        var options = PackOptions()
        options.format = format
        // An archive without links has no interpreter, but the same rules for all else.
        if format == .zip { options.tolerated = [.interpreter] }
        var digests: Set<[UInt8]> = []
        for _ in 0..<2 {
            let fixture = try PackFixture()
            try fixture.install(
                "one",
                files: [
                    "one/__init__.py": "def f():\n    return {1, 2, 'three'}\n",
                    "../../../bin/one": "#!\(fixture.prefix)/bin/python\nprint('one')\n",
                ])
            digests.insert(try fixture.pack(options).sha256)
        }
        #expect(digests.count == 1)
    }

    @Test("an unchanged environment is known, and so is that the archive is gone or another")
    func unchanged() throws {
        let fixture = try PackFixture()
        try fixture.install("one", files: ["one.py": "x = 1\n"])
        let first = try fixture.pack()
        #expect(!first.wasUnchanged && first.bytesRead > 0)
        let second = try fixture.pack()
        #expect(second.wasUnchanged && second.sha256 == first.sha256 && second.manifest == first.manifest)
        try fixture.write(fixture.directory + "/out.tar.gz", "something else")
        let third = try fixture.pack()
        #expect(!third.wasUnchanged && third.sha256 == first.sha256 && third.bytesRead == 0)
        let elsewhere = try fixture.pack(to: "other.tar.gz")
        #expect(!elsewhere.wasUnchanged && elsewhere.sha256 == first.sha256 && elsewhere.bytesRead == 0)
        try fixture.write(fixture.site + "/one.py", "x = 2\n")
        let fourth = try fixture.pack()
        #expect(!fourth.wasUnchanged && fourth.sha256 != first.sha256)
    }

    @Test("what is remembered never hides a change, however soon it comes")
    func racy() throws {
        let fixture = try PackFixture()
        for number in 0..<20 {
            try fixture.write(fixture.site + "/data.txt", "number \(number % 10)")
            _ = try fixture.pack()
            #expect(try fixture.text(fixture.packed("data.txt")) == "number \(number % 10)")
        }
    }

    @Test("an archive inside of the environment is not packed into itself")
    func inside() throws {
        let fixture = try PackFixture()
        // What a killed packing leaves behind, in a directory that no later one writes to.
        try fixture.write(fixture.site + "/.envsync-1f2e3d.tmp", "half an archive")
        let first = try fixture.pack(to: "env/out.tar.gz")
        let second = try fixture.pack(to: "env/out.tar.gz")
        #expect(second.wasUnchanged && second.sha256 == first.sha256)
        #expect(try fixture.pack(to: "other.tar.gz").sha256 == first.sha256)
        #expect(try !fixture.contents("other.tar.gz").contains("out.tar.gz"))
    }

    @Test("RECORD tells of the files as they are in the archive")
    func record() throws {
        let fixture = try PackFixture()
        try fixture.install(
            "one",
            files: ["one.py": "", "extra.txt": "x", "../../../bin/one": "#!\(fixture.prefix)/bin/python\nprint(1)\n"])
        var options = PackOptions()
        options.filters = [.init(isExclusion: true, pattern: "*/extra.txt")]
        _ = try fixture.pack(options)
        let record = try fixture.text(fixture.packed("one-1.0.dist-info/RECORD"))
        let script = try fixture.text("bin/one")
        #expect(!script.contains(fixture.prefix))
        #expect(
            record.contains(
                "../../../bin/one,sha256=\(PackFixture.recordHash(Array(script.utf8))),\(script.utf8.count)\n"))
        #expect(!record.contains("extra.txt"))
    }

    @Test("names may hold any byte; special files are left out; modes are the owner's")
    func hostile() throws {
        let fixture = try PackFixture()
        let names: [[UInt8]] = [Array("line\nbreak".utf8), [0x66, 0xFF, 0xFE], Array("-rf".utf8), Array("*?[".utf8)]
        for name in names {
            let path = Array((fixture.site + "/").utf8) + name
            let descriptor = path.withTerminator { open($0, O_CREAT | O_WRONLY, 0o4711) }
            #expect(descriptor >= 0)
            close(descriptor)
        }
        #expect(mkfifo(fixture.site + "/pipe", 0o644) == 0)
        #expect(link(fixture.prefix + "/pyvenv.cfg", fixture.site + "/linked.txt") == 0)
        let result = try fixture.pack()
        #expect(result.omissions.contains { $0.path.hasSuffix("/pipe") && $0.reason == "a FIFO" })
        let plan = try fixture.packer.plan(prefix: fixture.prefix, PackOptions())
        for name in names { #expect(plan.entries.contains { $0.path.suffix(name.count).elementsEqual(name) }) }
        let listing = try PackFixture.run("tar", ["-tvf", fixture.directory + "/out.tar.gz"])
        #expect(!listing.contains("rws") && listing.contains("linked.txt") && listing.contains("-rwxr-xr-x"))
        var zip = PackOptions()
        zip.format = .zip
        #expect(try fixture.packer.plan(prefix: fixture.prefix, zip).problems(.unusableName).count == 1)
    }

    @Test("packages are told from each other by what is in them")
    func describing() throws {
        let fixture = try PackFixture()
        try fixture.install("one", files: ["one.py": "x = 1\n"])
        try fixture.install("two", files: ["two.py": "x = 1\n"])
        let first = try fixture.packer.describe(prefix: fixture.prefix, PackOptions())
        #expect(first.packages.map(\.name) == ["one", "two"] && first.packages.map(\.topLevel) == [["one"], ["two"]])
        #expect(try fixture.pack().manifest == first)
        try fixture.install("two", files: ["two.py": "x = 2\n"])
        let second = try fixture.packer.describe(prefix: fixture.prefix, PackOptions())
        #expect(second.packages[0] == first.packages[0] && second.packages[1] != first.packages[1])
        #expect(second.other == first.other)
        let text = try fixture.text(EnvironmentManifest.path)
        #expect(try JSONDecoder().decode(EnvironmentManifest.self, from: Data(text.utf8)) == first)
    }

    @Test("an overlay holds some packages' modules alone, if that is all they have")
    func overlays() throws {
        let fixture = try PackFixture()
        try fixture.install("one", files: ["one/__init__.py": "", "../../../bin/one": "#!/bin/sh\n"])
        try fixture.install("pth", files: ["pth.pth": "import one\n"])
        try fixture.install("data", files: ["data.py": "", "../../../share/data.txt": "x"])
        try fixture.install("left", files: ["space/left.py": ""])
        try fixture.install("right", files: ["space/right.py": ""])
        let result = try fixture.packer.packOverlay(
            prefix: fixture.prefix, PackOptions(), packages: ["One"], to: fixture.directory + "/over.tar.gz")
        #expect(result.manifest.kind == "overlay" && result.manifest.packages.map(\.name) == ["one"])
        let names = try fixture.contents("over.tar.gz")
        #expect(names.contains("one/__init__.py") && names.last == EnvironmentManifest.path)
        #expect(!names.contains { $0.hasPrefix("bin/") || $0.hasPrefix("lib/") })
        for (name, word) in [
            ("pth", "pth.pth"), ("data", "share/data.txt"), ("left", "right"), ("none", "not installed"),
        ] {
            let obstacle = try fixture.packer.overlayObstacle([name], in: fixture.prefix, PackOptions())
            #expect(obstacle?.contains(word) == true, "\(name): \(obstacle ?? "")")
        }
        #expect(try fixture.packer.overlayObstacle(["left", "right"], in: fixture.prefix, PackOptions()) == nil)
    }
}
