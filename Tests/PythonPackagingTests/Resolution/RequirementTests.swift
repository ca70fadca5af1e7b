import Testing

@testable import PythonPackaging

@Suite struct RequirementTests {
    /// What `packaging.requirements.Requirement` of packaging 26.3 reads.
    @Test(
        arguments: [
            ("a", "a", [], nil, nil, nil),
            ("A.b_c", "A.b_c", [], nil, nil, nil),
            (" a ", "a", [], nil, nil, nil),
            ("a [x , Y_z]", "a", ["x", "y-z"], nil, nil, nil),
            ("a[]", "a", [], nil, nil, nil),
            ("a>=1,<2", "a", [], ">=1,<2", nil, nil),
            ("a(>=1)", "a", [], ">=1", nil, nil),
            ("a (>=1,<2) ; python_version>'3'", "a", [], ">=1,<2", nil, "python_version>'3'"),
            ("a[x]==1.0+cpu; os_name=='posix'", "a", ["x"], "==1.0+cpu", nil, "os_name=='posix'"),
            ("a===1.0;os_name=='x'", "a", [], "===1.0", nil, "os_name=='x'"),
            ("a\t>=1", "a", [], ">=1", nil, nil),
            ("a>=1,", "a", [], ">=1,", nil, nil),
            ("a ()", "a", [], nil, nil, nil),
            ("a_==1", "a_", [], "==1", nil, nil),
            ("a @ https://x/y.whl", "a", [], nil, "https://x/y.whl", nil),
            (
                "a[e]@https://x/y.whl#sha256=1 ; os_name=='a'", "a", ["e"], nil, "https://x/y.whl#sha256=1",
                "os_name=='a'"
            ),
            ("a@ b", "a", [], nil, "b", nil),
        ] as [(String, String, Set<String>, String?, String?, String?)])
    func reads(
        text: String, name: String, extras: Set<String>, specifiers: String?, url: String?, marker: String?
    ) throws {
        let requirement = try Requirement(text)
        #expect(requirement.name == name)
        #expect(requirement.extras == extras)
        #expect(requirement.specifiers?.text.trimmingBlanks() == specifiers?[...])
        #expect(requirement.url == url)
        #expect(requirement.marker?.text.trimmingBlanks() == marker?[...])
    }

    @Test(arguments: [
        "", " ", "-a", "a-", "é", "a[x,]", "a[x y]", "a[é]", "a[x", "a>=1;", "a ; ", "a @", "a @ ", "a>=1.*", "a>=1 #c",
        "a>=1 <2", "a~=1", "a\n", "a (>=1) x", "a (>=1", "a>=1)", "a>=1.0+x", "a.>=1", "a @ file:///x y",
        "a @ https://x/y.whl; os_name=='a'", "a b", "a==", "[x]", "a; bogus == '1'",
    ])
    func refuses(text: String) {
        #expect(throws: LockfileError.self) { try Requirement(text) }
    }

    @Test(.timeLimit(.minutes(1))) func readsHugeTexts() throws {
        #expect(try Requirement(String(repeating: "a", count: 200_000)).name.utf8.count == 200_000)
        let extras = (0..<20_000).map { "e\($0)" }.joined(separator: ",")
        #expect(try Requirement("a[\(extras)]").extras.count == 20_000)
        #expect(throws: LockfileError.self) { try Requirement("a[" + String(repeating: "x,", count: 100_000)) }
        #expect(throws: LockfileError.self) { try Requirement("a" + String(repeating: "-", count: 200_000)) }
    }
}
