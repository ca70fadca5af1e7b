import Crypto
import Foundation
import Testing

@testable import EnvironmentPacking

/// Files that conda and pip both have a word in.
@Suite struct CondaClaimTests {
    private let fixture: PackFixture

    init() throws {
        fixture = try PackFixture()
        for path in ["/pyvenv.cfg", "/bin/python", "/bin/python3"] { unlink(fixture.prefix + path) }
        try fixture.write(fixture.prefix + "/bin/python", "#!/bin/sh\n", executable: true)
        try fixture.write(fixture.prefix + "/conda-meta/history", "==> 2024-01-01 00:00:00 <==\n")
    }

    /// Installs a conda package as conda 23.11 does.
    private func install(_ name: String, _ files: [String: String]) throws {
        let version = "1.0"
        var paths: [String] = []
        for (path, text) in files {
            try fixture.write("\(fixture.prefix)/\(path)", text, executable: path.hasPrefix("bin/"))
            guard !path.hasPrefix("bin/") else {
                paths.append(#"{"_path": "\#(path)", "path_type": "unix_python_entry_point"}"#)
                continue
            }
            let sha256 = SHA256.hash(data: Data(text.utf8)).map { String($0, radix: 16) }.map {
                $0.count == 1 ? "0" + $0 : $0
            }.joined()
            paths.append(
                """
                {"_path": "\(path)", "path_type": "hardlink", "sha256": "\(sha256)", "sha256_in_prefix": "\(sha256)",
                 "size_in_bytes": \(text.utf8.count)}
                """)
        }
        let names = files.keys.map { "\"\($0)\"" }.joined(separator: ", ")
        try fixture.write(
            "\(fixture.prefix)/conda-meta/\(name)-\(version)-0.json",
            """
            {"name": "\(name)", "version": "\(version)", "build": "0", "files": [\(names)],
             "paths_data": {"paths_version": 1, "paths": [\(paths.joined(separator: ","))]}}
            """)
    }

    /// A Python package as conda's packages have it: with a RECORD of the files that it was built with.
    private func python(
        _ name: String, installer: String = "conda", files: [String: String], built: [String: String] = [:]
    ) -> [String: String] {
        let metadata = fixture.packed("\(name)-1.0.dist-info")
        var all = Dictionary(uniqueKeysWithValues: files.map { (fixture.packed($0.key), $0.value) })
        all["\(metadata)/METADATA"] = "Metadata-Version: 2.1\nName: \(name)\nVersion: 1.0\n"
        all["\(metadata)/INSTALLER"] = installer + "\n"
        let rows = files.merging(built) { $1 }.sorted { $0.key < $1.key }.map {
            "\($0.key),sha256=\(PackFixture.recordHash(Array($0.value.utf8))),\($0.value.utf8.count)\n"
        }
        all["\(metadata)/RECORD"] = rows.joined() + "\(name)-1.0.dist-info/RECORD,,\n"
        return all
    }

    private func problems() throws -> [PackProblem] {
        try fixture.packer.plan(prefix: fixture.prefix, PackOptions()).problems
    }

    @Test(
        "what conda installed may differ from what the package was built with; its RECORD is made true",
        arguments: ["conda", "pip"])
    func record(_ installer: String) throws {
        var files = python(
            "one", installer: installer, files: ["one.py": "x = 1\n"],
            built: ["../../../bin/one": "#!/build/bin/python\n", "one/removed.exe": "MZ"])
        files["bin/one"] = "#!\(fixture.prefix)/bin/python\nimport one\n"
        try install("one", files)
        #expect(try problems() == [])
        // There is no Python that could compile.
        var options = PackOptions()
        options.bytecode = .omit
        _ = try fixture.pack(options)
        let script = try fixture.text("bin/one")
        let record = try fixture.text(fixture.packed("one-1.0.dist-info/RECORD"))
        #expect(!script.contains(fixture.prefix) && !record.contains("removed.exe"))
        #expect(
            record.contains(
                "../../../bin/one,sha256=\(PackFixture.recordHash(Array(script.utf8))),\(script.utf8.count)\n"))
        options.filters = [.init(isExclusion: true, pattern: "*/one.py")]
        _ = try fixture.pack(options)
        #expect(try !fixture.text(fixture.packed("one-1.0.dist-info/RECORD")).contains("one.py,"))
    }

    @Test("two conda packages with other content for one file")
    func clobbered() throws {
        try install("first", ["share/data.txt": "of first"])
        try install("second", ["share/data.txt": "of second"])
        try install("third", ["share/other.txt": "same"])
        try install("fourth", ["share/other.txt": "same"])
        let found = try problems()
        #expect(found.map(\.code) == [.conflictingFiles] && found.first?.package == "second 1.0")
        #expect(found.first?.advice.contains("conda remove second") == true)
    }

    @Test("a package that pip put over conda's is one problem that says what to do")
    func overwritten() throws {
        try install("numpy", python("numpy", files: ["numpy/__init__.py": "1\n", "numpy/old.py": "old\n"]))
        #expect(try problems().isEmpty)
        // As `pip install --upgrade` leaves it: the old files and metadata gone, conda-meta as it was.
        for path in ["numpy-1.0.dist-info", "numpy"] {
            try FileManager.default.removeItem(atPath: fixture.site + "/" + path)
        }
        try fixture.install("numpy", "2.0", files: ["numpy/__init__.py": "2\n"])
        let found = try problems()
        #expect(found.map(\.code) == [.conflictingFiles], "\(found)")
        #expect(found.first?.package == "numpy 2.0")
        #expect(found.first?.message.contains("conda's numpy 1.0") == true)
        #expect(found.first?.advice.contains("pip uninstall numpy; conda install --force-reinstall numpy") == true)
    }

    @Test("a package of which pip left nothing that conda lists")
    func replaced() throws {
        try install("tool", python("tool", files: ["tool_old.py": "1\n"]))
        for path in ["tool-1.0.dist-info", "tool_old.py"] {
            try FileManager.default.removeItem(atPath: fixture.site + "/" + path)
        }
        try fixture.install("tool", "2.0", files: ["tool_new.py": "2\n"])
        let found = try problems()
        #expect(found.map(\.code) == [.conflictingFiles] && found.first?.package == "tool 1.0")
        #expect(found.first?.message.contains("tool 2.0") == true)
    }

    @Test("pip's copy of the same version is told by its INSTALLER and RECORD")
    func reinstalled() throws {
        try install("one", python("one", files: ["one.py": "x = 1\n"]))
        try fixture.install("one", files: ["one.py": "x = 1\n"], extraRows: ["one-1.0.dist-info/REQUESTED,,0"])
        let found = try problems()
        #expect(found.map(\.code) == [.conflictingFiles] && found.first?.package == "one 1.0", "\(found)")
    }

    @Test("when and how it was installed is not packed")
    func history() throws {
        try install("one", ["share/data.txt": "x"])
        let first = try fixture.pack().sha256
        try fixture.write(
            fixture.prefix + "/conda-meta/history", "==> 2025-01-01 00:00:00 <==\n# cmd: conda install x\n")
        #expect(try fixture.pack().sha256 == first)
    }
}
