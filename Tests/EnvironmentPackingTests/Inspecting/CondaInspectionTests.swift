import Crypto
import Foundation
import ReproducibleArchive
import Testing

@testable import EnvironmentPacking

@Suite("Archives of conda environments, and what they say of themselves") struct CondaInspectionTests {
    private static let built = "/opt/placeholder_placehold_placehold_placehold"

    /// A conda environment of a Python and a package with a module and a file that names the prefix.
    private static func environment() throws -> CondaDirectory {
        let prefix = try CondaDirectory()
        try install(prefix, "python", "3.11.9", ["bin/python3.11": "#!/bin/sh\n", "lib/python3.11/os.py": "\n"])
        try prefix.link("bin/python", "python3.11")
        try install(
            prefix, "thing", "2.0",
            [
                "lib/python3.11/site-packages/thing.py": "T = 1\n",
                "lib/python3.11/site-packages/thing-2.0.dist-info/METADATA": "Name: thing\nVersion: 2.0\n",
                "lib/python3.11/site-packages/thing-2.0.dist-info/INSTALLER": "conda\n",
                "etc/thing.conf": "root = \(built)/share\n",
            ])
        return prefix
    }

    private static func install(
        _ prefix: CondaDirectory, _ name: String, _ version: String, _ files: [String: String]
    ) throws {
        func digest(_ text: String) -> String { Array(SHA256.hash(data: Array(text.utf8))).lowerHexadecimal }
        var paths: [[String: Any]] = []
        for (path, text) in files {
            let placed = text.replacing(built, with: prefix.path)
            try prefix.write(path, placed, executable: path.hasPrefix("bin/"))
            var entry: [String: Any] = [
                "_path": path, "path_type": "hardlink", "sha256": digest(text), "sha256_in_prefix": digest(placed),
                "size_in_bytes": text.utf8.count,
            ]
            if placed != text {
                entry["prefix_placeholder"] = built
                entry["file_mode"] = "text"
            }
            paths.append(entry)
        }
        let record: [String: Any] = [
            "name": name, "version": version, "build": "h1_0", "build_number": 0, "files": Array(files.keys),
            "paths_data": ["paths": paths, "paths_version": 1],
        ]
        try prefix.write(
            "conda-meta/\(name)-\(version)-h1_0.json",
            Array(try JSONSerialization.data(withJSONObject: record, options: .sortedKeys)))
    }

    @Test("packed by envsync", arguments: PackedFormat.allCases)
    func packed(_ format: PackedFormat) throws {
        let prefix = try Self.environment()
        let directory = try CondaDirectory("out")
        let path = directory.path + "/packed"
        for destination in [nil, "/opt/there"] {
            var options = PackOptions()
            options.format = format
            options.bytecode = .omit
            options.destination = destination
            let packer = EnvironmentPacker(cacheDirectory: directory.path + "/cache")
            _ = try packer.pack(prefix: prefix.path, options, to: path)
            let inspection = try ArchiveInspection.inspect(path: path)
            #expect(inspection.told == [] && inspection.kind == "conda" && inspection.maker == .envsync)
            #expect(inspection.packages.map { "\($0.name) \($0.build ?? "")" } == ["python h1_0", "thing h1_0"])
            #expect(inspection.interpreter?.isIncluded == true && inspection.python == "3.11")
            guard format != .tarZst else { continue }
            let module = "lib/python3.11/site-packages/thing.py"
            try ArchiveEdit.apply([.flip(module), .remove("lib/python3.11/os.py")], path, to: path + "-edited")
            #expect(
                try ArchiveInspection.inspect(path: path + "-edited").told == [
                    "file-missing python 3.11.9: lib/python3.11/os.py", "file-changed thing 2.0: \(module)",
                ])
        }
    }

    @Test("packed by others: files are those of the package, those in the prefix, or rewritten")
    func byOthers() throws {
        let prefix = try Self.environment()
        let directory = try CondaDirectory("out")
        let path = directory.path + "/packed.tar.gz"
        try PackFixture.run("tar", ["-czf", path, "-C", prefix.path, "."])
        let inspection = try ArchiveInspection.inspect(path: path)
        #expect(inspection.told == [] && inspection.maker == nil && inspection.manifest == nil)
        #expect(inspection.comparedFiles == 6 && inspection.rewrittenFiles == 0)
        let edited = directory.path + "/edited.tar.gz"
        // A tar by `tar .` has names that begin with ./
        let packaged = ArchiveEdit.write("./etc/thing.conf", "root = \(Self.built)/share\n")
        try ArchiveEdit.apply([packaged], path, to: edited)
        #expect(try ArchiveInspection.inspect(path: edited).told == [])
        try ArchiveEdit.apply([.write("./etc/thing.conf", "root = /elsewhere/share\n")], path, to: edited)
        let rewritten = try ArchiveInspection.inspect(path: edited)
        #expect(rewritten.told == [] && rewritten.rewrittenFiles == 1)
        let module = "lib/python3.11/site-packages/thing.py"
        try ArchiveEdit.apply([.flip("./" + module)], path, to: edited)
        #expect(try ArchiveInspection.inspect(path: edited).told == ["file-changed thing 2.0: \(module)"])
    }
}
