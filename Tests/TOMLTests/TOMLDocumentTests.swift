import Testing

@testable import TOML

/// The examples are those of the specification (toml.io/en/v1.0.0) or made for its rules; Python's tomllib gives the same
/// answers for all of them.
@Suite("TOML: values and mistakes")
struct TOMLDocumentTests {
    @Test(arguments: [
        ("a = 1 # c\r\nb = \"x\"\r\n", "{a: 1, b: \"x\"}"),
        ("a.b.c = 1\na.b.d = true\n", "{a: {b: {c: 1, d: true}}}"),
        ("'a.b'.\"c d\" . e = false", "{a.b: {c d: {e: false}}}"),
        ("[[a]]\nb = 1\n[[a]]\n[a.c]\nd = 2\n[[a]]\n", "{a: [{b: 1}, {c: {d: 2}}, {}]}"),
        ("[a.b]\nx = 1\n[a]\ny = 2\n", "{a: {b: {x: 1}, y: 2}}"),
        ("[ j . \"k\" ]\n", "{j: {k: {}}}"),
        ("[fruit]\napple.color = 1\n[fruit.apple.taste]\n", "{fruit: {apple: {color: 1, taste: {}}}}"),
        ("t = [1, # one\n  [2], {a.b = 3, c = []}, ]\n", "{t: [1, [2], {a: {b: 3}, c: []}]}"),
        ("i = [0x1F, 0o17, 0b11, +7, -9223372036854775808, 1_000]", "{i: [31, 15, 3, 7, -9223372036854775808, 1000]}"),
        ("f = [1.5, -0.0, 6.626e-34, inf, -nan, 1_000.0]", "{f: [1.5, -0.0, 6.626e-34, inf, nan, 1000.0]}"),
        (
            "d = [1979-05-27T07:32:00Z, 1979-05-27 07:32:00.999-07:00, 07:32:00, 1979-05-27]",
            "{d: [a date and time, a date and time, a time, a date]}"
        ),
        (#"s = "\t\u00e9\U0001F600\"\\""#, "{s: \"\té😀\"\\\"}"),
        ("s = '\\u'", "{s: \"\\u\"}"),
        ("s = \"\"\"\nx \\\n\n   y\n\"\"\"", "{s: \"x y\n\"}"),
        ("s = \"\"\"\"\"x\"\"\"\"\"", "{s: \"\"\"x\"\"\"}"),
        ("s = '''\n'x''''", "{s: \"'x'\"}"),
        ("\"\" = 1", "{: 1}"),
        ("a = 2024-02-29", "{a: a date}"),
        ("1979-05-27 = {}\n-._ = []", "{1979-05-27: {}, -: {_: []}}"),
    ])
    func values(text: String, expected: String) throws {
        #expect(Self.description(.table(try TOMLDocument(parsing: text).root)) == expected)
    }

    @Test(arguments: [
        "a = 1\na = 2", "[a]\n[a]", "[a]\n[[a]]", "[[a]]\n[a]", "a = []\n[[a]]", "a = {}\n[a]", "a = {b = 1}\na.c = 2",
        "a.b = 1\n[a]", "[fruit]\napple.color = 1\n[fruit.apple]", "[a.b.c]\n[a]\nb.d = 1", "a = {b = 1, b = 2}",
        "a = {b = 1,}", "a = {\nb = 1}", "a = [1", "a = [1 2]", "a = 1 b = 2", "a", "a =", "= 1", "a. = 1", ".a = 1",
        "a..b = 1", "[]", "[a", "[[a]", "[[a] ]", "[ [a]]", "a = tru", "a = 01", "a = 1.", "a = .5", "a = 1__0",
        "a = _1",
        "a = 0x", "a = 0x-1", "a = 0b2", "a = 2023-02-29", "a = 1e", "a = +-1", "a = 1979-05-27 7", "a = {[b] = 1}",
        "[a]b = 1", "a = {}\na.b = 1", "a.b = {}\n[a.b.c]", "a = -0x1", "a = 1e_5", "a = 9223372036854775808",
        "a = 1979-13-45", "a = 07:32", "a = \"x\n\"",
        "a = \"x", "a = '''x", "a = \"\\x41\"", "a = \"\\ud800\"", "a = \"\\u12\"", "a = \"\u{1}\"", "# \u{1}",
        "a = 1\rb = 2", "a = \"\"\"x\\ y\"\"\"", "a = \"\"\"\"\"\"\"\"\"",
    ])
    func mistakes(text: String) {
        #expect(throws: TOMLError.self) { try TOMLDocument(parsing: text) }
    }

    /// Takes seconds where it takes time proportional to the square of the size.
    @Test(.timeLimit(.minutes(1)))
    func manyKeysTakeNoLongerThanFewEach() throws {
        var text = ""
        for number in 0..<40_000 { text += "key\(number) = 1\n" }
        for number in 0..<40_000 { text += "[t.t\(number)]\n" }
        #expect(try TOMLDocument(parsing: text).root.fields.count == 40_001)
    }

    private static func description(_ value: TOMLValue) -> String {
        switch value {
        case .string(let text): "\"\(text)\""
        case .integer(let integer): "\(integer)"
        case .float(let number): "\(number)"
        case .boolean(let boolean): "\(boolean)"
        case .array(let items): "[\(items.map { description($0.value) }.joined(separator: ", "))]"
        case .table(let table):
            "{\(table.fields.map { "\($0.key): \(description($0.item.value))" }.joined(separator: ", "))}"
        case .date, .time, .dateTime: value.kind
        }
    }
}
