import Foundation
import Testing

@testable import PythonPackaging

/// Files that the real tools wrote, held against what the same tools say about them.
struct LockfileFixtureTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var directory: String
        var expected: String
        var extras: Set<String> = []
        var groups: Set<String>?

        var testDescription: String { "\(directory), \(expected)" }
    }

    @Test(arguments: [
        Case(directory: "uv", expected: "main"),
        Case(directory: "uv", expected: "parquet", extras: ["parquet"]),
        Case(directory: "uv", expected: "dev", groups: ["dev"]),
        Case(directory: "pylock-uv", expected: "main"),
        Case(directory: "pylock-pip", expected: "main"),
        Case(directory: "requirements-uv", expected: "main"),
        Case(directory: "requirements-pip-tools", expected: "main"),
        Case(directory: "poetry-2.1", expected: "main"),
        Case(directory: "poetry-2.1", expected: "parquet", extras: ["parquet"]),
        Case(directory: "poetry-2.1", expected: "dev", groups: ["dev"]),
        Case(directory: "poetry-2.0", expected: "main"),
        Case(directory: "poetry-2.0", expected: "parquet", extras: ["parquet"]),
        Case(directory: "poetry-2.0", expected: "dev", groups: ["dev"]),
        Case(directory: "pdm", expected: "main"),
        Case(directory: "pdm", expected: "parquet", groups: ["parquet"]),
        Case(directory: "pdm", expected: "dev", groups: ["dev"]),
        Case(directory: "pipenv", expected: "main"),
        Case(directory: "pipenv", expected: "develop", groups: ["develop"]),
    ])
    func whatIsSelectedIsWhatTheToolInstalls(_ example: Case) throws {
        let fixture = try LockfileFixture.named(example.directory)
        let target = try TargetEnvironment(python: "3.11", platform: "manylinux_2_28_x86_64")
        let selection = try PackageSelection.select(
            from: try fixture.read(), for: target, extras: example.extras, groups: example.groups)
        #expect(selection.problems.isEmpty)
        let selected = selection.choices.map { "\($0.package.name)==\($0.package.version ?? "")" }
        #expect(selected.sorted() == (try fixture.expected(example.expected)))
    }

    /// Every hash of the file is kept, at a wheel, as one without a name, or is that of a source distribution.
    @Test(arguments: LockfileFixture.all.filter { $0.directory != "conda-environment" })
    func everyHashIsRead(_ fixture: LockfileFixture) throws {
        let lockfile = try fixture.read()
        var hashes: Set<String> = []
        for line in String(decoding: try fixture.content(), as: UTF8.self).split(separator: "\n") {
            // The hashes of the project's own definition, of source distributions and of conda packages are not kept.
            if line.contains("content") || line.contains(".tar.gz") || line.contains("\"sha256\": ") { continue }
            for match in line.matches(of: /(?:sha256(?:[:=]| = "))([0-9a-f]{64})/) { hashes.insert(String(match.1)) }
        }
        let wheels = Set(lockfile.packages.flatMap(\.wheels).compactMap(\.sha256))
        let read = wheels.union(lockfile.packages.flatMap(\.hashes))
        if fixture.directory == "conda-lock" {
            #expect(read.count == 2)
        } else {
            #expect(read == hashes)
            #expect(read.count > 8)
        }
    }

    @Test(arguments: LockfileFixture.all)
    func theFormatIsFoundByNameAndByContent(_ fixture: LockfileFixture) throws {
        let content = try fixture.content()
        let format = LockfileReader.format(fileName: fixture.fileName, content: [])
        #expect(format != nil)
        #expect(LockfileReader.format(fileName: "lock", content: content) == format)
        #expect(try fixture.read().format == format)
    }

    @Test(arguments: LockfileFixture.all)
    func nothingThatIsKeptHoldsCredentials(_ fixture: LockfileFixture) throws {
        for package in try fixture.read().packages {
            for url in package.wheels.compactMap(\.url) + [package.location ?? ""] {
                #expect(!url.contains("secret") && !url.contains("@") && !url.contains("#"))
            }
        }
    }

    @Test func uvSaysHowPackagesHangTogether() throws {
        let lockfile = try LockfileFixture.named("uv").read()
        #expect(lockfile.formatVersion == "1")
        #expect(lockfile.requiresPython == ">=3.10, <3.13")
        #expect(lockfile.extras == ["parquet"])
        #expect(lockfile.groups == ["dev"])
        #expect(lockfile.defaultGroups.isEmpty)
        let roots = try #require(lockfile.roots)
        #expect(roots.map(\.name) == ["sample", "pandas", "pandas", "pytest"])
        #expect(roots.map(\.extra) == [nil, "parquet", "parquet", nil])
        #expect(roots.map(\.group) == [nil, nil, nil, "dev"])
        #expect(roots[1].extras == ["parquet"])
        let project = try #require(lockfile.packages.first { $0.name == "sample" })
        #expect(project.source == .directory)
        #expect(project.dependencies.map(\.name).prefix(3) == ["colorama", "numpy", "numpy"])
        #expect(project.dependencies[1].version == "2.2.6")
        #expect(project.dependencies[1].marker?.text == "python_full_version < '3.11'")
        let pandas = lockfile.packages.filter { $0.name == "pandas" }
        #expect(pandas.map(\.version) == ["2.3.3", "3.1.1"])
        #expect(pandas[0].marker?.text == "python_full_version < '3.11'")
        #expect(pandas[0].extraDependencies["parquet"]?.map(\.name) == ["pyarrow"])
        let wheel = try #require(lockfile.packages.first { $0.name == "certifi" }?.wheels.first)
        #expect(wheel.fileName == "certifi-2026.10.18-py3-none-any.whl")
        #expect(wheel.size == 134093)
        #expect(wheel.url?.hasSuffix("/certifi-2026.10.18-py3-none-any.whl") == true)
    }

    @Test func poetrySaysGroupsAndMarkers() throws {
        let lockfile = try LockfileFixture.named("poetry-2.1").read()
        #expect(lockfile.formatVersion == "2.1")
        #expect(lockfile.roots == nil)
        #expect(lockfile.groups == ["dev"])
        let pytest = try #require(lockfile.packages.first { $0.name == "pytest" })
        #expect(!pytest.isMain && pytest.groups == ["dev"])
        let colorama = try #require(lockfile.packages.first { $0.name == "colorama" })
        #expect(colorama.isMain && colorama.groups == ["dev"])
        #expect(colorama.marker?.text == "sys_platform == \"win32\"")
        let pyarrow = lockfile.packages.filter { $0.name == "pyarrow" }
        #expect(pyarrow.map(\.marker?.text).contains("python_version >= \"3.11\" and extra == \"parquet\""))
    }

    @Test func condaLockHasAMarkerForEachPlatform() throws {
        let lockfile = try LockfileFixture.named("conda-lock").read()
        #expect(lockfile.packages.count == 6)
        #expect(lockfile.packages.map(\.source) == [.conda, .conda, .conda, .registry, .registry, .registry])
        #expect(lockfile.packages[0].name == "_libgcc_mutex")
        #expect(lockfile.packages[1].marker?.text == "sys_platform == \"linux\" and platform_machine == \"x86_64\"")
        #expect(lockfile.packages[2].marker?.text == "sys_platform == \"darwin\" and platform_machine == \"arm64\"")
        #expect(lockfile.packages[3].wheels.map(\.fileName) == ["requests-2.34.2-py3-none-any.whl"])
        #expect(lockfile.groups == ["dev"])
        #expect(lockfile.packages[5].groups == ["dev"] && !lockfile.packages[5].isMain)
        let target = try TargetEnvironment(python: "3.11", platform: "manylinux_2_28_x86_64")
        let selection = try PackageSelection.select(from: lockfile, for: target)
        #expect(selection.choices.map(\.package.name) == ["requests"])
        #expect(selection.others.map(\.name) == ["_libgcc_mutex", "numpy"])
    }

    @Test func condaEnvironmentHasNamesAndPins() throws {
        let lockfile = try LockfileFixture.named("conda-environment").read()
        let pins = lockfile.packages.map { "\($0.name) \($0.version ?? "-") \($0.source)" }
        #expect(
            pins == [
                "python 3.11.* conda", "numpy 1.26.4 conda", "pandas 2.2.3 conda", "scipy - conda",
                "pyarrow 15.0.2 conda", "xgboost 2.0.3 conda", "_openmp_mutex - conda", "pip - conda",
                "requests 2.34.2 registry", "urllib3 - registry", "tiny - direct",
            ])
        #expect(lockfile.packages[2].location == "conda-forge")
    }
}
