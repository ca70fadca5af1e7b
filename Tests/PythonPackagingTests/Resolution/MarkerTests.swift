import Testing

@testable import PythonPackaging

@Suite struct MarkerTests {
    private static let linux: Result<TargetEnvironment, LockfileError> = Result {
        () throws(LockfileError) in
        try TargetEnvironment(python: "3.11", platform: "manylinux_2_28_x86_64")
    }

    @Test func agreesWithPackaging() throws {
        let targets = try MarkerTable.targets.map {
            try TargetEnvironment(python: $0.python, platform: $0.platform, implementation: $0.implementation)
        }
        var count = 0
        for row in MarkerTable.markers.split(separator: "\n") {
            let marker = try Marker(String(row.dropFirst(5)))
            var bits = 0
            for target in targets {
                for extras in MarkerTable.extras {
                    bits = bits << 1 | (marker.holds(in: target, extras: extras) ? 1 : 0)
                }
            }
            #expect(bits == Int(row.prefix(4), radix: 16), "\(marker.text)")
            count += 1
        }
        #expect(count == 244)
    }

    /// PEP 751, "Markers".
    @Test(
        arguments: [
            ("'cpu' in extras", ["cpu"], [], true), ("'cpu' in extras", ["gpu"], [], false),
            ("'CPU_x' in extras", ["cpu-x"], [], true), ("'cpu' not in extras", ["gpu"], [], true),
            ("'dev' in dependency_groups", ["dev"], [], false), ("'dev' in dependency_groups", [], ["dev"], true),
            ("'dev' not in dependency_groups or 'cpu' in extras", ["cpu"], ["dev"], true),
            ("'dev' not in dependency_groups and 'cpu' in extras", ["cpu"], ["dev"], false),
            // Part of a name is not the name.
            ("'c' in extras", ["cpu"], [], false),
        ] as [(String, Set<String>, Set<String>, Bool)])
    func asksSets(text: String, extras: Set<String>, groups: Set<String>, expected: Bool) throws {
        #expect(try Marker(text).holds(in: Self.linux.get(), extras: extras, groups: groups) == expected)
    }

    /// As uv marks packages of conflicting extras.
    @Test(arguments: [
        ("extra == 'a' and extra == 'b'", true), ("extra == 'a' and extra != 'c'", true),
        ("extra != 'a' or extra == 'c'", false), ("extra == 'c'", false), ("'A' == extra", true),
        ("extra in 'a, x'", true), ("extra not in 'a, x'", false), ("extra == ''", false),
    ])
    func asksSeveralExtras(text: String, expected: Bool) throws {
        #expect(try Marker(text).holds(in: Self.linux.get(), extras: ["a", "b"]) == expected)
    }

    @Test(arguments: [
        ("", "expected a name"), ("python_version", "expected one of"), ("python_version <", "expected a name"),
        ("python_version < 3", "\"3\" is no name"), ("python_version < '3", "closing quote"),
        ("python_version < '3' and", "expected a name"), ("python_version < '3' or or", "\"or\" is no name"),
        ("(python_version < '3'", "expected \")\""), ("python_version < '3')", "or the end"),
        ("python_versions < '3'", "\"python_versions\" is no name"), ("'a' == 'b'", "one side must be a name"),
        ("os_name == sys_platform", "one side must be a name"), ("os_name not'posix'", "\"in\" after \"not\""),
        ("os_name notin 'posix'", "expected one of"), ("os_name ~= 'posix'", "os_name is no version"),
        ("os_name === 'posix'", "os_name is no version"), ("python_version ~= '3'", "needs a version"),
        ("extras == 'a'", "extras takes"), ("extras in 'a'", "right of"), ("python_version = '3'", "expected one of"),
        ("python_version < '3' python_version < '3'", "or the end"), ("os_name == \"a'", "closing quote"),
        ("os_name\n== 'a'", "expected one of"), ("()", "expected a name"),
    ])
    func refuses(text: String, part: String) {
        let error = #expect(throws: LockfileError.self) { try Marker(text) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        #expect(error?.message.hasPrefix("marker \"") == true)
    }

    @Test func saysWhere() {
        let error = #expect(throws: LockfileError.self) { try Marker("os_name == 'posix' und x") }
        #expect(
            error?.message
                == "marker \"os_name == 'posix' und x\": expected \"and\", \"or\" or the end, at character 20")
    }

    @Test func boundsNesting() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "os_name == 'posix'" + String(repeating: ")", count: depth)
        }
        #expect(try Marker(nested(100)).holds(in: Self.linux.get()))
        #expect(throws: LockfileError.self) { try Marker(nested(101)) }
        #expect(throws: LockfileError.self) { try Marker(String(repeating: "(", count: 1_000_000)) }
    }

    @Test(.timeLimit(.minutes(1))) func readsHugeMarkers() throws {
        let item = "os_name == 'posix'"
        let long = try Marker(item + String(repeating: " and \(item)", count: 20_000) + " or " + item)
        #expect(try long.holds(in: Self.linux.get()))
        let text = try Marker("os_name in '" + String(repeating: "posi", count: 250_000) + "'")
        #expect(try !text.holds(in: Self.linux.get()))
        #expect(throws: LockfileError.self) { try Marker(item + String(repeating: " ", count: 1_000_000) + "x") }
    }

    @Test func messagesHaveNoControlCharacters() {
        let error = #expect(throws: LockfileError.self) {
            try Marker("\u{1B}[31m\u{202E}'" + String(repeating: "x", count: 999))
        }
        #expect(error?.message.contains("\\u{1b}[31m\\u{202e}'xxx") == true)
        #expect((error?.message.count ?? 999) < 250)
        #expect(error?.message.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E } == false)
    }
}
