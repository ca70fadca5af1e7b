import Testing

@testable import PythonPackaging

@Suite struct TargetEnvironmentTests {
    @Test(arguments: TagTable.all.indices)
    func agreesWithPackaging(index: Int) throws {
        let table = TagTable.all[index]
        let target = try TargetEnvironment(
            python: table.python, platform: table.platform, implementation: table.implementation)
        let platforms = table.platforms.split(separator: " ").map(String.init)
        #expect(target.platformTags == platforms)
        var tags = table.interpreters.split(separator: " ").flatMap { pair in platforms.map { "\(pair)-\($0)" } }
        tags += table.pure.split(separator: " ").map { "\($0)-none-any" }
        for (rank, tag) in tags.enumerated() {
            #expect(target.rank(ofTags: [tag]) == rank, "\(tag)")
            #expect(target.mismatch(ofTags: [tag]) == nil)
        }
    }

    private func linux(_ python: String = "3.11") throws -> TargetEnvironment {
        try TargetEnvironment(python: python, platform: "manylinux_2_28_x86_64")
    }

    @Test func compressedSetsRankAsTheirBestTag() throws {
        let target = try linux()
        let best = target.rank(ofTags: ["cp311-cp311-manylinux_2_17_x86_64"])
        #expect(best != nil)
        #expect(target.rank(ofTags: ["cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64"]) == best)
        #expect(target.rank(ofTags: ["cp310.CP311-cp311-manylinux_2_17_x86_64"]) == best)
        #expect(target.rank(ofTags: ["py2.py3-none-any"]) == target.rank(ofTags: ["py3-none-any"]))
        #expect(target.rank(ofTags: ["py3-none-any", "cp311-cp311-manylinux_2_17_x86_64"]) == best)
        #expect(
            target.rank(ofTags: ["py3-none-any.manylinux_2_17_x86_64"])
                == target.rank(ofTags: ["py3-none-manylinux_2_17_x86_64"]))
    }

    @Test(arguments: [
        ("cp39-cp39-manylinux_2_17_x86_64", "is for cp39, not cp311"),
        ("cp312-abi3-manylinux_2_17_x86_64", "is for cp312, not cp311"),
        ("cp39.cp310.cp312.cp313-none-any", "is for cp39, cp310, cp312, …, not cp311"),
        ("py2-none-any", "is for py2, not cp311"),
        ("pp311-pypy311_pp73-manylinux_2_17_x86_64", "is for pp311, not cp311"),
        ("cp311-cp311t-manylinux_2_17_x86_64", "is for the ABI cp311t, not cp311"),
        ("cp311-cp311d-linux_x86_64", "is for the ABI cp311d, not cp311"),
        ("cp311-cp311-macosx_11_0_arm64", "is for macosx_11_0_arm64, not manylinux_2_28_x86_64"),
        ("py3-none-win32.win_amd64", "is for win32, win_amd64, not manylinux_2_28_x86_64"),
        ("cp311-cp311-manylinux_2_34_x86_64", "needs glibc 2.34, not 2.28"),
        ("cp311-cp311-manylinux_2_35_x86_64.manylinux_2_31_x86_64", "needs glibc 2.31, not 2.28"),
        ("cp311-cp311-manylinux_2_17_aarch64", "is for manylinux_2_17_aarch64, not manylinux_2_28_x86_64"),
        ("cp311-cp311-any", "is for any, not manylinux_2_28_x86_64"),
        ("", "has no tags that say what it is for"), ("a-b", "has no tags that say what it is for"),
        ("a-b-c-d", "has no tags that say what it is for"), ("--", "has no tags that say what it is for"),
    ])
    func saysWhyNot(tag: String, expected: String) throws {
        let target = try linux()
        #expect(target.rank(ofTags: [tag]) == nil)
        #expect(target.mismatch(ofTags: [tag]) == expected)
    }

    @Test func saysWhatIsTooNew() throws {
        let mac = try TargetEnvironment(python: "3.12", platform: "macosx_11_0_arm64")
        #expect(mac.mismatch(ofTags: ["cp312-cp312-macosx_13_0_arm64"]) == "needs macOS 13.0, not 11.0")
        #expect(
            mac.mismatch(ofTags: ["cp312-cp312-macosx_10_9_x86_64"])
                == "is for macosx_10_9_x86_64, not macosx_11_0_arm64")
        let musl = try TargetEnvironment(python: "3.12", platform: "musllinux_1_1_x86_64")
        #expect(musl.mismatch(ofTags: ["cp312-cp312-musllinux_1_2_x86_64"]) == "needs musl 1.2, not 1.1")
        #expect(
            musl.mismatch(ofTags: ["cp312-cp312-manylinux_2_17_x86_64"])
                == "is for manylinux_2_17_x86_64, not musllinux_1_1_x86_64")
    }

    /// The wheel that needs the least is named when nothing suits: a wheel for the right Python says more.
    @Test func namesTheClosestTag() throws {
        let tags = ["cp39-cp39-win32", "cp311-cp311-win32", "cp311-cp311d-linux_x86_64"]
        #expect(try linux().mismatch(ofTags: tags) == "is for win32, not manylinux_2_28_x86_64")
    }

    @Test(arguments: [
        ("3", "manylinux_2_28_x86_64", "cp"), ("2.7", "manylinux_2_28_x86_64", "cp"), ("3.11.", "win32", "cp"),
        ("3.11.1.1", "win32", "cp"), ("3.011", "win32", "cp"), ("3.x", "win32", "cp"), ("", "win32", "cp"),
        ("3.100", "win32", "cp"), ("3.١", "win32", "cp"), ("3.11.9999999999999999999999", "win32", "cp"),
        ("-3.11", "win32", "cp"), ("3.11", "win32", "jy"), ("3.11", "win32", ""), ("3.11", "", "cp"),
        ("3.11", "linux_x86_64", "cp"), ("3.11", "manylinux_2_28", "cp"), ("3.11", "manylinux_2_28_", "cp"),
        ("3.11", "manylinux_2_28_vax", "cp"), ("3.11", "manylinux_3_1_x86_64", "cp"),
        ("3.11", "manylinux_2_4_x86_64", "cp"), ("3.11", "manylinux_2_12_aarch64", "cp"),
        ("3.11", "manylinux2010_aarch64", "cp"), ("3.11", "manylinux2015_x86_64", "cp"),
        ("3.11", "manylinux_2_099_x86_64", "cp"), ("3.11", "manylinux_2_999_x86_64", "cp"),
        ("3.11", "musllinux_2_0_x86_64", "cp"), ("3.11", "macosx_10_9_arm64", "cp"),
        ("3.11", "macosx_10_3_x86_64", "cp"),
        ("3.11", "macosx_14_0_universal2", "cp"), ("3.11", "any", "cp"), ("3.11", "win_ia64", "cp"),
        ("3.11", "manylinux_-2_28_x86_64", "cp"),
    ])
    func refuses(python: String, platform: String, implementation: String) {
        #expect(throws: LockfileError.self) {
            try TargetEnvironment(python: python, platform: platform, implementation: implementation)
        }
    }

    @Test func saysWhatALinuxPlatformLacks() {
        let error = #expect(throws: LockfileError.self) {
            try TargetEnvironment(python: "3.11", platform: "linux_x86_64")
        }
        #expect(error?.message.contains("manylinux_2_28_x86_64") == true)
    }

    @Test func knowsItsVersion() throws {
        #expect(try linux("3.11").pythonVersion == PythonVersion("3.11.0"))
        #expect(try linux("3.11.9").pythonVersion == PythonVersion("3.11.9"))
        #expect(try !linux("3.11").hasPatchRelease)
        #expect(try linux("3.11") != linux("3.11.0"))
        #expect(try linux("3.11") == linux("3.11"))
    }

    @Test(.timeLimit(.minutes(1))) func survivesHostileTags() throws {
        let target = try linux()
        let long = String(repeating: "a.", count: 300_000)
        #expect(target.rank(ofTags: ["\(long)a-\(long)a-\(long)a"]) == nil)
        #expect(target.mismatch(ofTags: ["\(long)a-\(long)a-\(long)a"]) == "has no tags that say what it is for")
        let wide = String(repeating: "a.", count: 150)
        #expect(target.rank(ofTags: Array(repeating: "\(wide)a-\(wide)a-\(wide)a", count: 50)) == nil)
        #expect(target.mismatch(ofTags: Array(repeating: "x\(long)", count: 10)) != nil)
        #expect(target.mismatch(ofTags: []) == "has no tags that say what it is for")
    }

    /// 60 packages with 100 wheels each must not be felt.
    @Test func ranksQuickly() throws {
        let target = try linux()
        let tags = (0..<100).map { "cp311-cp3\($0)-manylinux_2_17_x86_64.manylinux2014_x86_64" }
        let clock = ContinuousClock()
        let time = clock.measure {
            for _ in 0..<60 { #expect(target.rank(ofTags: tags) != nil) }
        }
        #expect(time < .seconds(1))
    }
}
