import Testing

@testable import PythonPackaging

@Suite struct VersionSpecifierTests {
    @Test func ordersVersions() {
        let versions = SpecifierTable.versions.map { PythonVersion($0) }
        for (index, version) in versions.enumerated() {
            for (other, otherVersion) in versions.enumerated() {
                #expect((version < otherVersion) == (index < other), "\(version.canonical) < \(otherVersion.canonical)")
                #expect((version == otherVersion) == (index == other))
            }
        }
    }

    @Test func orderIgnoresSpelling() {
        for (left, right) in [("1.0", "v1"), ("1.0-1", "1.post1"), ("1.0ALPHA", "1a0"), ("01.0+A_01", "1+a.1")] {
            #expect(PythonVersion(left) == PythonVersion(right))
            #expect(!(PythonVersion(left) < PythonVersion(right)) && !(PythonVersion(right) < PythonVersion(left)))
        }
    }

    /// The order is total, also where PEP 440 says nothing.
    @Test func ordersOtherVersionsBeforeAll() {
        #expect(PythonVersion("2004d") < PythonVersion("0.dev0"))
        #expect(PythonVersion("2004d") < PythonVersion("2004e"))
        #expect(!(PythonVersion("0") < PythonVersion("2004e")))
        // Without the difference both would be "1.1.1".
        #expect(PythonVersion("1+1+1") != PythonVersion("1.1.1"))
        #expect(!PythonVersion("1+1+1").isStandard)
    }

    @Test func knowsPrereleases() {
        for text in ["1a1", "1.dev0", "1.post1.dev2", "1rc1+x"] { #expect(PythonVersion(text).isPrerelease, "\(text)") }
        for text in ["1", "1.post1", "1+a", "2004d"] { #expect(!PythonVersion(text).isPrerelease, "\(text)") }
    }

    @Test(arguments: SpecifierTable.specifiers.split(separator: "\n").map(String.init))
    func agreesWithPackaging(row: String) throws {
        let fields = row.split(separator: "|", maxSplits: 1)
        let text = try #require(fields.first)
        let specifiers = try VersionSpecifiers(text)
        #expect(specifiers.text == text)
        let bits = try #require(fields.last).flatMap { digit -> [Bool] in
            let value = digit.hexDigitValue ?? 0
            return [8, 4, 2, 1].map { value & $0 != 0 }
        }
        for (version, expected) in zip(SpecifierTable.versions, bits.suffix(SpecifierTable.versions.count)) {
            #expect(specifiers.contains(PythonVersion(version)) == expected, "\(version) in \(text)")
        }
    }

    @Test(arguments: SpecifierTable.malformed)
    func refuses(text: String) {
        #expect(throws: LockfileError.self) { try VersionSpecifiers(text) }
    }

    @Test func namesWhatIsWrong() {
        let error = #expect(throws: LockfileError.self) { try VersionSpecifiers(">=1,~=2") }
        #expect(error?.message == "\"~=2\" is no version specifier; one looks like \">=1.0\" or \"==1.2.*\"")
    }

    @Test func leavesPrereleasesOutWhenAsked() throws {
        let specifiers = try VersionSpecifiers(">=1.0")
        #expect(specifiers.contains(PythonVersion("1.1a1")))
        #expect(!specifiers.contains(PythonVersion("1.1a1"), prereleases: false))
        #expect(!specifiers.contains(PythonVersion("1.1.dev1"), prereleases: false))
        #expect(specifiers.contains(PythonVersion("1.1.post1"), prereleases: false))
    }

    /// `packaging` gives the same answers.
    @Test func otherVersionsSatisfyIdentityOnly() throws {
        let version = PythonVersion("2004D")
        #expect(try VersionSpecifiers("===2004d").contains(version))
        #expect(try !VersionSpecifiers("!=1").contains(version))
        #expect(try !VersionSpecifiers(">=0").contains(version))
        #expect(try !VersionSpecifiers("!=1.*").contains(version))
        #expect(try VersionSpecifiers("").contains(version))
    }

    @Test(arguments: [
        ("==1.2", "1.2"), ("== 1.2 ", "1.2"), ("===foo", "foo"), ("==1.2+cpu", "1.2+cpu"), ("==1.*", nil),
        (">=1", nil), ("==1,==1", nil), ("", nil), ("===", nil),
    ])
    func tellsPins(text: String, expected: String?) throws {
        #expect(try VersionSpecifiers(text).pinnedVersion == expected)
    }

    /// Sizes at which anything but a linear scan would not end.
    @Test(.timeLimit(.minutes(1))) func readsHugeTexts() throws {
        let digits = String(repeating: "9", count: 200_000)
        #expect(PythonVersion(digits) < PythonVersion(digits + "0"))
        #expect(PythonVersion("1" + String(repeating: ".0", count: 100_000)) == PythonVersion("1"))
        #expect(!PythonVersion(String(repeating: "1_", count: 100_000)).isStandard)
        #expect(!PythonVersion(String(repeating: "1-a", count: 60_000)).isStandard)
        #expect(PythonVersion("1+" + String(repeating: "a.", count: 100_000) + "a").isStandard)
        #expect(throws: LockfileError.self) { try VersionSpecifiers(String(repeating: ">", count: 200_000)) }
        let many = try VersionSpecifiers(String(repeating: ">=1,", count: 50_000))
        #expect(many.contains(PythonVersion("1")))
    }
}
