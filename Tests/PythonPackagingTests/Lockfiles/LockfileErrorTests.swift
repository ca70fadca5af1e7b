import Testing

@testable import PythonPackaging

private let digest = String(repeating: "ab", count: 32)

/// Lockfiles that can't be used, and what is said about them.
struct LockfileErrorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var text: String
        var error: String

        var testDescription: String { "\(name): \(text.prefix(60))" }
    }

    @Test(arguments: [
        Case(name: "uv.lock", text: "version = 2\n", error: "version is 2; envsync knows uv.lock of version 1"),
        Case(name: "uv.lock", text: "revision = 1\n", error: "version is missing"),
        Case(
            name: "pylock.toml", text: "lock-version = \"2.0\"\n",
            error: "lock-version is \"2.0\"; envsync knows 1.0 and what is compatible with it"),
        Case(
            name: "poetry.lock", text: "[metadata]\nlock-version = \"3.0\"\n",
            error: "line 1: metadata: lock-version is \"3.0\"; envsync knows 1.x and 2.x"),
        Case(
            name: "pdm.lock", text: "[metadata]\nlock_version = \"5.0\"\n",
            error: "line 1: metadata: lock_version is \"5.0\"; envsync knows 4.x"),
        Case(
            name: "Pipfile.lock", text: #"{"_meta": {"pipfile-spec": 7}}"#,
            error: "_meta: pipfile-spec is 7; envsync knows 6"),
        Case(
            name: "conda-lock.yml", text: "version: 2\n",
            error: "line 1: version is 2; envsync knows conda-lock files of version 1"),
    ])
    func unknownVersionsAreRefused(_ example: Case) {
        let error = lockfileError(example.text, example.name)
        #expect(error.hasSuffix(example.error) || error.dropFirst("line 1: ".count) == example.error)
    }

    @Test(arguments: [
        Case(
            name: "uv.lock", text: "version = 1\n\n[[package]]\nname = \"numpy\"\nversion = 1.26\n",
            error: "line 3: package \"numpy\": version must be a string, not a floating-point number"),
        Case(
            name: "uv.lock", text: "version = 1\n[[package]]\nname = \"numpy\"\nversion = \"1\"\n",
            error: "line 2: package \"numpy\": source is missing"),
        Case(
            name: "uv.lock",
            text: "version = 1\n[[package]]\nname = \"numpy\"\nversion = \"1\"\nsource = { moon = \".\" }\n",
            error: "line 5: package \"numpy\": source is of a kind that is not known: \"moon\""),
        Case(
            name: "pylock.toml", text: "lock-version = \"1.0\"\n[[packages]]\nname = \"nu mpy\"\n",
            error: "line 2: packages: name is \"nu mpy\", which can't be a project's name"),
        Case(
            name: "pylock.toml",
            text: "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nwheels = [{ url = \"https://h/..%2Fa.whl\" }]\n",
            error: "line 4: package \"a\": \"../a.whl\", from its URL or path, is not a plain file name"),
        Case(
            name: "pylock.toml",
            text: "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nwheels = [{ name = \"C:\\\\a.whl\" }]\n",
            error: "line 4: package \"a\": \"C:\\a.whl\" is not a plain file name"),
        Case(
            name: "pylock.toml",
            text: "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\n"
                + "wheels = [{ name = \"a-1-py3-none-any.whl\", hashes = { sha256 = \"12\" } }]\n",
            error: "line 4: package \"a\": \"12\" is no SHA-256, which has 64 hexadecimal digits"),
        Case(
            name: "pylock.toml",
            text: "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\n"
                + "wheels = [{ name = \"a-1-py3-none-any.whl\", size = -1 }]\n",
            error: "line 4: package \"a\": a size is negative"),
        Case(
            name: "pylock.toml", text: "lock-version = \"1.0\"\n\nname = numpy\n",
            error: "line 3: is not valid TOML: \"numpy\" is no value; text stands in quotes"),
        Case(
            name: "pdm.lock", text: "[metadata]\nlock_version = \"4.3\"\n[[package]]\nname = \"a\"\nversion = \"1\"\n",
            error: "line 3: package \"a\": doesn't say which groups it belongs to; lock with "
                + "`pdm lock --strategy inherit_metadata`, or use `pdm export --format pylock`"),
        Case(
            name: "Pipfile.lock", text: #"{"_meta": {"pipfile-spec": 6}, "default": {"a": {"version": "1"}}}"#,
            error: "\"a\" of \"default\": version is \"1\", not == and a version"),
        Case(
            name: "conda-lock.yml",
            text: "version: 1\npackage:\n- name: a\n  version: 1\n  manager: conda\n  platform: moon-64\n",
            error: "line 3: package \"a\": \"moon-64\" is no platform of conda that envsync knows"),
        Case(
            name: "conda-lock.yml", text: "version: 1\npackage:\n- name: [a\n",
            error: "line 4: is not valid YAML: did not find expected ',' or ']'"),
        Case(
            name: "environment.yml", text: "dependencies: numpy\n",
            error: "line 1: dependencies must be a list, not a scalar"),
        Case(name: "unknown", text: "hello\n", error: ""),
    ])
    func theEntryAndTheLineAreNamed(_ example: Case) {
        let error = lockfileError(example.text, example.name)
        if example.error.isEmpty {
            #expect(error.hasPrefix("is no lockfile that envsync knows: "))
        } else {
            #expect(error == example.error)
        }
    }

    @Test func whatIsNoTextIsRefused() {
        #expect(throws: LockfileError("is not UTF-8 text")) {
            try LockfileReader.read([0xFF, 0xFE], fileName: "uv.lock")
        }
        #expect(throws: LockfileError("holds a NUL character", line: 2)) {
            try LockfileReader.read(Array("version = 1\n\0".utf8), fileName: "uv.lock")
        }
    }

    @Test func conflictingExtrasAreNotGuessed() {
        let text =
            "version = 1\nconflicts = [[{ package = \"a\", extra = \"cpu\" }, { package = \"a\", extra = \"gpu\" }]]\n"
        #expect(lockfileError(text, "uv.lock").contains("use `uv export --format pylock.toml`"))
    }

    @Test func poetryNeedsTheProjectBeforeVersion21() {
        let text = "package = []\n[metadata]\nlock-version = \"2.0\"\npython-versions = \"^3.10\"\n"
        #expect(lockfileError(text, "poetry.lock").contains("put it there, or lock again with Poetry 2"))
        let project = ["pyproject.toml": "[tool.poetry.dependencies]\npython = \"^3.10\"\n"]
        #expect(lockfileError(text, "poetry.lock", companions: project).isEmpty)
    }

    @Test(arguments: [
        ("uv.lock", "a = " + String(repeating: "[", count: 100_000)),
        ("uv.lock", String(repeating: "a.", count: 100_000) + "a = 1"),
        ("uv.lock", "[" + String(repeating: "a.", count: 100_000) + "a]"),
        ("uv.lock", String(repeating: "{a=", count: 100_000)),
        ("Pipfile.lock", String(repeating: "[", count: 100_000)),
        ("Pipfile.lock", String(repeating: "{\"a\":", count: 100_000)),
        ("environment.yml", String(repeating: "[", count: 100_000)),
        ("environment.yml", String(repeating: "- ", count: 100_000)),
        (
            "environment.yml",
            "dependencies: " + String(repeating: "{a: ", count: 200) + String(repeating: "}", count: 200)
        ),
    ])
    func deepNestingIsRefused(fileName: String, text: String) {
        #expect(!lockfileError(text, fileName).isEmpty)
    }

    /// Nine lists, each of nine references to the one before.
    @Test func aliasBombsAreRefused() {
        var text = "a0: &a0 [x]\n"
        for level in 1...9 {
            let references = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(references)]\n"
        }
        text += "? *a9\n: 1\ndependencies: []\n"
        #expect(lockfileError(text, "environment.yml").contains("uses YAML anchors more than 8 times"))
        #expect(lockfileError("x: &x [pip]\ndependencies: *x\n", "environment.yml").isEmpty)
        // Build strings of conda begin with a star without being references.
        let pins = (0..<20).map { "- python_abi 3.\($0).* *_cp3\($0)" }.joined(separator: "\n")
        #expect(lockfileError("dependencies:\n\(pins)\n", "environment.yml").isEmpty)
    }

    @Test func messagesAreShortAndOfOneLine() {
        let name = "\\u001b[31m" + String(repeating: "x", count: 10_000)
        let error = lockfileError("lock-version = \"1.0\"\n[[packages]]\nname = \"\(name)\"\n", "pylock.toml")
        #expect(error.utf8.count < 400)
        #expect(error.utf8.allSatisfy { $0 >= 0x20 })
        // Found by scripts/fuzz.
        let long = String(repeating: "x", count: 10_000)
        let source = "version = 1\n[[package]]\nname = \"a\"\nsource = { \(long) = \".\" }\n"
        #expect(lockfileError(source, "uv.lock").utf8.count < 400)
        #expect(lockfileError("\(long)==1\n", "requirements.txt").utf8.count < 400)
    }
}
