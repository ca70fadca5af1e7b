import Testing

@testable import TOML

@Suite("TOML: hostile texts")
struct TOMLHostileTests {
    static let texts = [
        // Keys; toml++ 3.4 ends the process for some.
        "a.\"\\u0000\"=", "a.\"\u{0}\"=", "\"", "'", "a.\"", "a.'", "\"\"\"a\"\"\" = 1", "'''a''' = 1",
        "\"\\xZZ\" = 1", "\"\\u\" = 1", "\"\\uD800\" = 1", "\"\\U00110000\" = 1", "\"\\UFFFFFFFF\" = 1", "\"\\",
        "a.\"b\n\" = 1", "[\"", "[a.'", "[[\"a\"", "[.]", "[a..b]", "[ ]", "\u{85} = 1", "é = 1", "a\u{2028}b = 1",
        "\u{FEFF}\u{FEFF} = 1", "a.\u{0} = 1", ".", "..", "=", "]", "}", ",",
        // Ends where something has to follow.
        "a = {]", "a = {\"", "a = {b.", "a = {b.\"c", "a = [{", "a = \"\\u00", "a = \"\"\"\\", "a = 1979-05-27 0",
        "a = +", "a = 0x_1",
    ]

    @Test(arguments: texts)
    func refused(text: String) throws { try expectRefusal(of: text) }

    @Test func depthAndLength() throws {
        let count = 100_000
        try expectRefusal(of: "a = " + String(repeating: "[", count: count))
        try expectRefusal(of: "a = " + String(repeating: "{a=", count: count))
        try expectRefusal(of: "a = " + String(repeating: "[{a.b=", count: 20))
        try expectRefusal(of: String(repeating: "a.", count: count) + "a = 1")
        try expectRefusal(of: "[" + String(repeating: "a.", count: count) + "a]")
        try expectRefusal(of: "[[" + String(repeating: "'a' . ", count: count) + "a]]")
        try expectRefusal(of: "a = {" + String(repeating: "b.", count: 40) + "c = 1}")
        try expectRefusal(of: "a = " + String(repeating: "1", count: count))
        try expectRefusal(
            of: String(repeating: "a", count: count) + " = 1\n" + String(repeating: "a", count: count) + " = 1")
    }

    private func expectRefusal(of text: String) throws {
        let error = try #require(throws: TOMLError.self) { _ = try TOMLDocument(parsing: text) }
        #expect(error.message.utf8.count < 500)
        #expect(!error.message.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
    }

    @Test func asDeepAsAllowed() throws {
        let depth = TOMLDocument.maximumDepth
        let key = Array(repeating: "a", count: depth).joined(separator: ".")
        #expect(try TOMLDocument(parsing: "[\(key)]\n\(key) = 1").root.fields.count == 1)
        #expect(throws: TOMLError.self) { try TOMLDocument(parsing: "\(key) = [[[]]]") }
        let nested = String(repeating: "[", count: depth + 1) + String(repeating: "]", count: depth + 1)
        #expect(try TOMLDocument(parsing: "a = \(nested)").root.fields.count == 1)
        #expect(throws: TOMLError.self) { try TOMLDocument(parsing: "a = [\(nested)]") }
    }

    /// Each takes seconds where it takes time proportional to the square of the size.
    @Test(.timeLimit(.minutes(1)))
    func oneLongLine() throws {
        let count = 100_000
        let array = Array(repeating: "{a=1}", count: count).joined(separator: ",")
        guard case .array(let items) = try TOMLDocument(parsing: "a = [\(array)]").root["a"]?.value else {
            Issue.record("no array")
            return
        }
        #expect(items.count == count)
        #expect(items.last?.position == TOMLPosition(line: 1, column: 6 * count))
        let escapes = String(repeating: "\\n", count: count)
        #expect(throws: TOMLError.self) { try TOMLDocument(parsing: "a = \"\(escapes)") }
    }
}
