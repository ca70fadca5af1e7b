import Crypto
import Foundation
import Testing

@testable import EnvironmentPacking

/// conda-meta of the shape that conda 23.11 writes.
struct CondaRulesTests {
    private static let placeholder = "/opt/h_env_placehold_placehold"

    private static func hex(_ text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// A package with one file of each kind, installed.
    private static func environment() throws -> CondaDirectory {
        let directory = try CondaDirectory()
        let prefix = directory.path
        try directory.write("conda-meta/history", "==> 2024-01-01 00:00:00 <==\n# cmd: conda create -p \(prefix)\n")
        try directory.write("conda-meta/state", #"{"env_vars": {"TOKEN": "secret"}}"#)
        try directory.write("bin/python3.11", "#!/bin/sh\nexec python3 \"$@\"\n", executable: true)
        try directory.link("bin/python", "python3.11")
        let tool = "#!\(placeholder)/bin/python3.11\nprint('x')\n"
        let settings = "prefix=\(placeholder)\nother=\(placeholder)2\n"
        try directory.write("bin/tool", tool.replacing(placeholder, with: prefix), executable: true)
        try directory.write("lib/settings", settings.replacing(placeholder, with: prefix))
        try directory.write("bin/made", "#!\(prefix)/bin/python3.11\nimport m\n", executable: true)
        try directory.write("lib/python3.11/site-packages/m.py", "pass\n")
        try directory.write("pkgs.txt", "mine")
        try directory.write("etc/own.conf", "home=\(prefix)/etc\nnear=\(prefix)-2\n")
        try directory.link("lib/absolute", "\(prefix)/lib/settings")
        try directory.write(
            "conda-meta/tool-1.0-0.json",
            """
            {"name": "tool", "version": "1.0", "build": "0", "build_number": 0, "noarch": "python", "depends": [],
             "channel": "https://ana:pw@index.example/t/tk-123/main/noarch",
             "url": "https://ana:pw@index.example/t/tk-123/main/noarch/tool-1.0-0.conda", "requested_spec": "tool",
             "extracted_package_dir": "\(prefix)/../pkgs/tool-1.0-0", "link": {"source": "\(prefix)/../pkgs", "type": 1},
             "files": ["bin/tool", "lib/settings", "bin/made", "lib/python3.11/site-packages/m.py",
                       "lib/python3.11/site-packages/__pycache__/m.cpython-311.pyc"],
             "paths_data": {"paths_version": 1, "paths": [
              {"_path": "site-packages/m.py", "path_type": "hardlink", "sha256": "\(hex("pass\n"))",
               "sha256_in_prefix": "\(hex("pass\n"))", "size_in_bytes": 5},
              {"_path": "python-scripts/tool", "path_type": "hardlink", "sha256": "\(hex(tool))", "file_mode": "text",
               "prefix_placeholder": "\(placeholder)", "size_in_bytes": \(tool.utf8.count)},
              {"_path": "lib/settings", "path_type": "hardlink", "sha256": "\(hex(settings))", "file_mode": "text",
               "prefix_placeholder": "\(placeholder)", "size_in_bytes": \(settings.utf8.count)},
              {"_path": "bin/made", "path_type": "unix_python_entry_point"},
              {"_path": "lib/python3.11/site-packages/__pycache__/m.cpython-311.pyc", "path_type": "pyc_file"}]}}
            """)
        return directory
    }

    @Test func everyKindOfFile() throws {
        let directory = try Self.environment()
        let survey = try directory.survey()
        let rules = try CondaRules(survey, PackOptions())
        #expect(rules.problems == [])
        let packed = try CondaDirectory.packed(survey, rules).mapValues { String(decoding: $0, as: UTF8.self) }
        let start = "#!/bin/sh\n'''exec' \"$(dirname -- \"$(readlink -f -- \"$0\")\")\"/python3.11 \"$0\" \"$@\" #'''\n"
        #expect(packed["bin/tool"] == start + "print('x')\n")
        #expect(packed["bin/made"] == start + "import m\n")
        #expect(packed["lib/settings"] == "prefix=\(Self.placeholder)\nother=\(Self.placeholder)2\n")
        let own = String(decoding: NamedPrefixRewrite.placeholder, as: UTF8.self)
        #expect(packed["etc/own.conf"] == "home=\(own)/etc\nnear=\(directory.path)-2\n")
        #expect(packed["lib/absolute"] == "-> ../lib/settings")
        #expect(packed["conda-meta/history"] == "")
        #expect(packed["conda-meta/state"] == nil)
        #expect(rules.notes.count == 1)
        let record = try #require(packed["conda-meta/tool-1.0-0.json"])
        for word in ["pw", "tk-123", directory.path, "requested_spec", "sha256_in_prefix"] {
            #expect(!record.contains(word))
        }
        #expect(record.contains(#""url":"https://index.example/main/noarch/tool-1.0-0.conda""#))
        let claim = try #require(rules.claims.first)
        #expect(
            claim.files.map { String(decoding: $0.path, as: UTF8.self) } == [
                "lib/python3.11/site-packages/m.py", "bin/tool", "lib/settings", "bin/made",
                "lib/python3.11/site-packages/__pycache__/m.cpython-311.pyc",
            ])
        #expect(claim.files.map(\.isOptional) == [false, false, false, false, true])
        #expect(claim.files.map { $0.sha256 == nil } == [false, true, true, true, true])
    }

    @Test func destination() throws {
        let directory = try Self.environment()
        var options = PackOptions()
        options.destination = "/srv/env/"
        let packed = try directory.packed(options).mapValues { String(decoding: $0, as: UTF8.self) }
        #expect(packed["bin/tool"] == "#!/srv/env/bin/python3.11\nprint('x')\n")
        #expect(packed["bin/made"] == "#!/srv/env/bin/python3.11\nimport m\n")
        #expect(packed["lib/settings"] == "prefix=/srv/env\nother=/srv/env2\n")
        #expect(packed["bin/conda-unpack"] == nil)
        options.destination = "/srv/" + String(repeating: "x", count: 130)
        #expect(try directory.packed(options)["bin/tool"] == Array("#!/usr/bin/env python3.11\nprint('x')\n".utf8))
    }

    @Test func aCopyIsPackedAsWhatItIsACopyOf() throws {
        let directory = try Self.environment()
        let copy = try CondaDirectory("copy")
        let here = copy.path
        try FileManager.default.removeItem(atPath: here)
        try FileManager.default.copyItem(atPath: directory.path, toPath: here)
        var original = try directory.packed()
        var copied = try copy.packed()
        // The absolute link still leads to the original, which is a problem of its own.
        #expect(copied.removeValue(forKey: "lib/absolute") == original.removeValue(forKey: "lib/absolute"))
        #expect(copied == original)
    }

    @Test func destinationIsTooLongForBinaries() throws {
        let directory = try Self.environment()
        try directory.write("lib/x.so", "\0")
        try directory.write(
            "conda-meta/x-1-0.json",
            """
            {"name": "x", "version": "1", "build": "0", "files": ["lib/x.so"], "paths_data": {"paths": [{"_path": "lib/x.so",
             "path_type": "hardlink", "file_mode": "binary", "prefix_placeholder": "/opt/twelve_b"}]}}
            """)
        var options = PackOptions()
        options.destination = "/opt/fourteen_"
        let rules = try CondaRules(try directory.survey(), options)
        #expect(rules.problems.map(\.code) == [.unusableName])
        #expect(rules.problems.first?.package == "x 1")
        options.destination = "/opt/thirteen"
        #expect(try CondaRules(try directory.survey(), options).problems == [])
    }

    @Test(arguments: [
        #"{"name": "a", "version": "1", "files": ["/etc/passwd"]}"#,
        #"{"name": "a", "version": "1", "files": ["../x"]}"#,
        #"{"name": "a", "version": "1", "files": ["a//b"]}"#, #"{"name": "a"}"#, "[]", "", "{", "nonsense",
        #"{"name": "a", "version": "1", "paths_data": {"paths": [{"_path": "lib/../../x"}]}}"#,
        #"{"name": "a", "version": "1", "paths_data": {"paths": [{}]}}"#,
        #"{"name": "a", "version": "1", "paths_data": {"paths": [{"_path": "x", "sha256": "zz"}]}}"#,
        #"{"name": "\ud800", "version": "1"}"#, String(repeating: "[", count: 100_000),
        #"{"name": "a", "version": "1", "paths_data": {"paths": [{"_path": "x", "prefix_placeholder": "x"}]}}"#,
    ])
    func unusableMetadata(_ text: String) throws {
        let directory = try Self.environment()
        try directory.write("conda-meta/a-1-0.json", text)
        let rules = try CondaRules(try directory.survey(), PackOptions())
        #expect(rules.problems.map(\.code) == [.metadata])
        #expect(rules.problems.first?.paths == [Array("conda-meta/a-1-0.json".utf8)])
    }

    @Test("whatever happens to a record's bytes, it is read or refused")
    func mutatedMetadata() throws {
        let directory = try Self.environment()
        let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/conda-meta/tool-1.0-0.json")))
        var state: UInt64 = 42
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var read = 0
        for _ in 0..<3000 {
            var mutated = bytes
            for _ in 0...next(3) {
                let place = next(mutated.count - 8)
                switch next(3) {
                case 0: mutated[place] = UInt8(next(256))
                case 1: mutated.removeSubrange(place..<place + next(8))
                default: mutated.insert(contentsOf: Array("{}[]\"\\,:/.".utf8).suffix(next(10)), at: place)
                }
            }
            guard let json = try? CondaJSON(mutated),
                let record = try? CondaRecord(json, sitePackages: "lib/python3.11/site-packages")
            else { continue }
            read += 1
            for file in record.files { #expect(file.path.first != UInt8(ascii: "/")) }
            // What can be read can be written, and read again.
            let canonical = CondaMetadataRewrite.canonical(json)
            #expect(try CondaJSON(canonical.text) == canonical)
        }
        #expect(read > 100)
    }
}
