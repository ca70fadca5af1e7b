import Testing

@testable import PythonPackaging

@Suite struct PythonNamesTests {
    /// PEP 503, "Normalized Names"; the first seven are from the packaging user guide, "Names and normalization".
    @Test(arguments: [
        ("friendly-bard", "friendly-bard"), ("Friendly-Bard", "friendly-bard"), ("FRIENDLY-BARD", "friendly-bard"),
        ("friendly.bard", "friendly-bard"), ("friendly_bard", "friendly-bard"), ("friendly--bard", "friendly-bard"),
        ("FrIeNdLy-._.-bArD", "friendly-bard"), ("PyYAML", "pyyaml"), ("zope.interface", "zope-interface"),
    ])
    func normalizes(name: String, expected: String) {
        #expect(PythonNames.normalize(name) == expected)
    }

    @Test(arguments: [
        ("a", true), ("A.b-c_1", true), ("", false), ("-a", false), ("a.", false), ("a b", false), ("a/b", false),
        ("é", false), ("a\n", false),
    ])
    func knowsProjectNames(name: String, valid: Bool) {
        #expect(PythonNames.isValidProjectName(name) == valid)
    }

    /// PEP 440, "Normalization" and "Summary of permitted suffixes and relative ordering".
    @Test(arguments: [
        ("1.0", "1"), ("1.0.0", "1"), ("v1.0", "1"), ("01.002", "1.2"), ("1.1RC1", "1.1rc1"), ("1.1.a1", "1.1a1"),
        ("1.1-a1", "1.1a1"), ("1.1_alpha.1", "1.1a1"), ("1.1beta2", "1.1b2"), ("1.1c3", "1.1rc3"),
        ("1.1pre", "1.1rc0"), ("1.1preview4", "1.1rc4"), ("1.2a", "1.2a0"), ("1.2-post2", "1.2.post2"),
        ("1.2post2", "1.2.post2"), ("1.2.rev4", "1.2.post4"), ("1.2-r4", "1.2.post4"), ("1.0-1", "1.post1"),
        ("1.2.post", "1.2.post0"), ("1.2.dev", "1.2.dev0"), ("1.2-dev2", "1.2.dev2"),
        ("1.2rc1.post2.dev3", "1.2rc1.post2.dev3"),
        ("1!2.0", "1!2"), ("0!2", "2"), ("1.0+ubuntu-1", "1+ubuntu.1"), ("1.0+ABC.001", "1+abc.1"),
        ("2.1.0_cpu", "2.1+cpu"), ("2024.1", "2024.1"),
    ])
    func normalizesVersions(text: String, expected: String) {
        #expect(PythonVersion(text).canonical == expected)
    }

    @Test func keepsVersionsThatPEP440DoesNotKnowApart() {
        #expect(PythonVersion("2004d") != PythonVersion("2004e"))
        #expect(PythonVersion("1.0-foo_x") == PythonVersion("1.0.FOO-x"))
        #expect(PythonVersion("1.10") != PythonVersion("1.1"))
    }

    /// Binary distribution format, "File name convention".
    @Test func parsesWheelFileNames() throws {
        let simple = try #require(WheelFileName("distribution-1.0-1-py27-none-any.whl"))
        #expect(simple.distribution == "distribution")
        #expect(simple.version == "1.0")
        #expect(simple.build == "1")
        #expect(simple.tags == ["py27-none-any"])
        let sets = try #require(WheelFileName("a-1-cp311.cp312-abi3-manylinux1_x86_64.manylinux2014_x86_64.whl"))
        #expect(sets.build == nil)
        #expect(
            sets.tags == [
                "cp311-abi3-manylinux1_x86_64", "cp311-abi3-manylinux2014_x86_64", "cp312-abi3-manylinux1_x86_64",
                "cp312-abi3-manylinux2014_x86_64",
            ])
    }

    @Test(arguments: [
        "a.whl", "a-1-py3-none.whl", "a-1-x1-py3-none-any.whl", "a-1-1-py3-none-any-b.whl", "a--py3-none-any.whl",
        "a-1-py3-none-any.zip", "a-1-py3..py2-none-any.whl", "a b-1-py3-none-any.whl", "a-1;x-py3-none-any.whl", "",
    ])
    func refusesOtherFileNames(name: String) {
        #expect(WheelFileName(name) == nil)
    }

    /// SHA-256 of the empty string, FIPS 180-4 test vector.
    @Test func decodesRecordHashes() throws {
        let hash = try #require(RecordHash("sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"))
        #expect(hash.matches { _ in })
        #expect(RecordHash("sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=") == hash)
        for text in [
            "sha256=", "sha256=AAAA", "md5=AAAAAAAAAAAAAAAAAAAAAA", "47DEQ",
            "sha256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        ] {
            #expect(RecordHash(text) == nil, "\(text)")
        }
    }
}
