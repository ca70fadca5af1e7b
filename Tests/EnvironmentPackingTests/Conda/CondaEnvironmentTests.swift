import Crypto
import Foundation
import Testing

@testable import EnvironmentPacking

/// On environments that `scripts/lib/conda-environment.py` builds from a real Python.
struct CondaEnvironmentTests {
    private static let builder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("scripts/lib/conda-environment.py").path

    /// A wheel of pure Python with a command.
    private static func wheel(in directory: CondaDirectory) throws -> String {
        let script = """
            import sys, zipfile
            with zipfile.ZipFile(sys.argv[1], "w") as wheel:
                for name, text in {
                    "hello/__init__.py": "import sys\\ndef main():\\n    print('hello from', sys.prefix)\\n",
                    "hello-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: hello\\nVersion: 1.0\\n",
                    "hello-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
                    "hello-1.0.dist-info/entry_points.txt": "[console_scripts]\\nhello = hello:main\\n",
                    "hello-1.0.dist-info/RECORD": "",
                }.items():
                    wheel.writestr(zipfile.ZipInfo(name), text)
            """
        let path = "\(directory.path)/hello-1.0-py3-none-any.whl"
        let made = try condaRun(["python3", "-c", script, path])
        try #require(made.status == 0, "\(made.output)")
        return path
    }

    private static func build(_ prefix: CondaDirectory, _ arguments: [String]) throws {
        let built = try condaRun(["python3", builder, "--prefix", prefix.path] + arguments)
        try #require(built.status == 0, "\(built.output)")
    }

    @Test(
        "environments at prefixes of other lengths give the same bytes, which run elsewhere and can be fitted to their place"
    )
    func sameAtAnyPrefix() throws {
        let cache = try CondaDirectory()
        let wheel = try Self.wheel(in: cache)
        let short = try CondaDirectory("a")
        // Longer than what the kernel takes for an interpreter in a script's first line.
        let long = try CondaDirectory(String(repeating: "long_", count: 20))
        for prefix in [short, long] { try Self.build(prefix, ["--wheel", wheel, "--packages", "\(cache.path)/pkgs"]) }
        let survey = try short.survey()
        let rules = try CondaRules(survey, PackOptions())
        #expect(rules.problems == [])
        let packed = try CondaDirectory.packed(survey, rules)
        let other = try long.packed()
        #expect(Set(packed.keys) == Set(other.keys))
        // pyc files that were compiled in the prefix hold times; those of the archive are made by others.
        let different = packed.keys.filter { packed[$0] != other[$0] && !$0.hasSuffix(".pyc") }.sorted()
        #expect(different == [])
        // Each file that conda rewrote is the package's again; commands excepted.
        for (entry, claim) in rules.managed.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            guard let sha256 = claim.file.packaged, claim.file.placeholder != nil, !entry.starts(with: CondaPaths.bin)
            else { continue }
            let bytes = try #require(packed[String(decoding: entry, as: UTF8.self)])
            #expect(Array(SHA256.hash(data: bytes)) == sha256, "\(String(decoding: entry, as: UTF8.self))")
        }
        let naming = packed.filter { Self.contains($0.value, short.path) }.keys.sorted()
        #expect(naming == [])

        let place = try CondaDirectory("elsewhere")
        let executables = Set(
            survey.files.filter { $0.mode & 0o100 != 0 }.map { String(decoding: $0.path, as: UTF8.self) })
        try place.unpack(packed) { executables.contains($0) || $0 == "bin/conda-unpack" }
        try FileManager.default.moveItem(atPath: short.path, toPath: short.path + ".away")
        let hello = try condaRun(["\(place.path)/bin/hello"], environment: ["PATH": "/usr/bin:/bin"])
        #expect(hello.output == "hello from \(place.path)\n")

        let unpacked = try condaRun(["\(place.path)/bin/conda-unpack", "-v"])
        #expect(unpacked.status == 0, "\(unpacked.output)")
        let found = try condaRun([
            "grep", "-rlaF", "--exclude=relocation.json", "--exclude=*.pyc", "--exclude-dir=conda-meta",
            "_placehold_placehold",
            place.path,
        ])
        #expect(found.output == "")
        let again = try condaRun(["\(place.path)/bin/conda-unpack", "-v"])
        #expect(again.output.contains("0 files changed, 0 failed"))
        let runs = try condaRun(
            ["\(place.path)/bin/python", "-c", "import sysconfig, ssl; print(sysconfig.get_config_var('prefix'))"])
        #expect(runs.output == place.path + "\n")
        let library = try condaRun([
            "grep", "-c", place.path + "/lib", "\(place.path)/bin/python3.\(try Self.minor(place))",
        ])
        #expect(library.status == 0)
    }

    private static func minor(_ place: CondaDirectory) throws -> String {
        try condaRun(["\(place.path)/bin/python", "-c", "import sys; print(sys.version_info[1])"])
            .output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        SearchableFile.first(Array(text.utf8), in: bytes, from: 0) != nil
    }
}
