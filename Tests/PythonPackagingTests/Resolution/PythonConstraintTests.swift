import Testing

@testable import PythonPackaging

@Suite struct PythonConstraintTests {
    @Test(arguments: [
        (">=3.8", "3.11", true), (">=3.8,<3.11", "3.11", false), (">=3.8 <3.11", "3.10", true), ("", "3.11", true),
        ("*", "3.11", true), ("3.11.*", "3.11.9", true), ("3.11", "3.11.0", true), ("=3.11", "3.11.1", false),
        ("^3.9", "3.11", true), ("^3.9", "3.8", false), ("^3.9", "4.0", false), ("^3", "3.11", true),
        ("~3.11", "3.11.9", true), ("~3.10", "3.11", false), ("~3", "3.11", true), ("~3.11.2", "3.11.1", false),
        ("~3.11.2", "3.11.9", true), ("~3.11.2", "3.12", false), ("~=3.9", "3.11", true), ("~=3.9.1", "3.11", false),
        (">=3.6.*", "3.11", true), ("<3.7.*", "3.7", false), ("!=3.10.*,>=2.7", "3.10.4", false),
        ("^3.8 || ^4.0", "4.1", true), ("<3.0|>=3.12", "3.11", false), (" >= 3.8 , < 4 ", "3.11", true),
        (">=2.7, !=3.0.*, !=3.1.*, !=3.2.*", "3.2.1", false),
    ])
    func accepts(text: String, version: String, expected: Bool) throws {
        #expect(try #require(PythonConstraint(text)).accepts(PythonVersion(version)) == expected)
    }

    @Test(arguments: ["x", ">=", "^", "~", "^.1", "^*", ">=3.8;", "<>3", "3.8 and 3.9", "^^3", "~~3.8", ">=3.8 x"])
    func refuses(text: String) {
        #expect(PythonConstraint(text) == nil)
    }

    @Test(.timeLimit(.minutes(1))) func readsHugeTexts() {
        #expect(PythonConstraint(String(repeating: ",", count: 200_000))?.accepts(PythonVersion("3")) == true)
        #expect(PythonConstraint(String(repeating: "|", count: 200_000))?.accepts(PythonVersion("3")) == true)
        #expect(PythonConstraint(String(repeating: "^3 ", count: 50_000))?.accepts(PythonVersion("3")) == true)
        #expect(PythonConstraint("^" + String(repeating: "3.", count: 100_000)) == nil)
    }
}
