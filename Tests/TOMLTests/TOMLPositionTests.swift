import Testing

@testable import TOML

@Suite("TOML: places in a text")
struct TOMLPositionTests {
    struct Place: Sendable {
        let text: String
        let path: [TOMLStep]
        let position: TOMLPosition

        init(_ text: String, _ path: [TOMLStep], _ line: Int, _ column: Int) {
            self.text = text
            self.path = path
            position = TOMLPosition(line: line, column: column)
        }
    }

    static let places: [Place] = [
        Place("a = 1\nb = 2", [.key("b")], 2, 1),
        Place("# a = 1\n  a.b . c = 1", [.key("a"), .key("b"), .key("c")], 2, 9),
        Place("[t]\nx = '''\nk = 1\n'''\nk = 2", [.key("t"), .key("k")], 5, 1),
        Place("[t]\nx = \"\"\"a\"\"\"\"\"\nk = 2", [.key("t"), .key("k")], 3, 1),
        Place("[t]\nx = 'it\\'\nk = 2", [.key("t"), .key("k")], 3, 1),
        Place("[ t . \"u v\" ]\nk = 2", [.key("t"), .key("u v"), .key("k")], 2, 1),
        Place("[ t . \"u v\" ]\nk = 2", [.key("t"), .key("u v")], 1, 7),
        Place("\"\\u00e9\" = 1", [.key("é")], 1, 1),
        Place("[[l]]\na = 1\n[[l]]\na = 2\n[l.s]\nb = 3", [.key("l"), .index(1), .key("s"), .key("b")], 6, 1),
        Place("[[l]]\na = 1\n\t[[l]]\na = 2", [.key("l")], 1, 3),
        Place("[[l]]\na = 1\n\t[[l]]\na = 2", [.key("l"), .index(1)], 3, 4),
        Place("'é' = [ { a = 1 }, # ]\n { a = [1,\n2] } ]", [.key("é"), .index(1), .key("a"), .index(1)], 3, 1),
        Place("'é' = [ { a = 1 }, # ]\n { a = [1,\n2] } ]", [.key("é"), .index(1)], 2, 2),
        Place("a = 1979-05-27 07:32:00 # x\nb = 1", [.key("b")], 2, 1),
        Place("[jobs.'é']\nx = { 'é😀' = 1, y = 2 }", [.key("jobs"), .key("é"), .key("x"), .key("y")], 2, 17),
        Place("[a.b]\n\n[ a]\nc = 1", [.key("a")], 3, 3),
        Place("\u{FEFF}a = 1", [.key("a")], 1, 1),
        Place("x = 1\r\n 'é' = 2", [.key("é")], 2, 2),
        // What isn't there is at what would hold it.
        Place("[a]\nb = [1]", [.key("a"), .key("none")], 1, 2),
        Place("[a]\nb = [1]", [.key("a"), .key("b"), .index(1), .key("x")], 2, 1),
        Place("[a]\nb = [1]", [.key("a"), .key("b"), .index(-1)], 2, 1),
        Place("[a]\nb = [1]", [.key("a"), .index(0)], 1, 2),
    ]

    @Test(arguments: places)
    func position(place: Place) throws {
        #expect(try TOMLDocument(parsing: place.text).position(of: place.path) == place.position)
    }

    @Test func noPlace() throws {
        #expect(try TOMLDocument(parsing: "a = 1").position(of: []) == nil)
        #expect(try TOMLDocument(parsing: "a = 1").position(of: [.key("b"), .key("a")]) == nil)
    }

    @Test func escapedNUL() throws {
        #expect(try TOMLDocument(parsing: "a = '\\u0000'").escapedNUL == nil)
        let document = try TOMLDocument(parsing: "a = 1\nb = [\"é\\u0000\", \"\\U00000000\"]")
        #expect(document.escapedNUL == TOMLPosition(line: 2, column: 8))
        #expect(try TOMLDocument(parsing: "\"\\u0000\" = 1").escapedNUL == TOMLPosition(line: 1, column: 2))
    }

    @Test(arguments: [
        ("a = 1\nb = \"x\nc = 1", 2, 5, "a string has no end in its line"),
        ("a = 1\n\"b", 2, 1, "a string has no end in its line"),
        ("a = 1\nb = '''x\nc = 1", 2, 5, "a string has no end"),
        ("a = [\n  1,\n  b\n]", 3, 3, "\"b\" is no value; text stands in quotes"),
        ("a = 08", 1, 5, "\"08\" is no valid number, date or time"),
        ("a =", 1, 4, "expected a value"),
        ("[a", 1, 3, "expected \"]\" after the name of a table"),
        ("[[a]\n", 1, 5, "expected \"]]\" after the name of a table"),
        ("a = 1 b = 2", 1, 7, "expected the end of the line"),
        ("a b = 1", 1, 3, "expected \"=\" after a key"),
        ("a. = 1", 1, 4, "expected a key"),
        ("a = [1 2]", 1, 8, "expected \",\" or \"]\" in an array"),
        ("a = {b = 1\n}", 1, 11, "expected \",\" or \"}\" in an inline table"),
        ("a.b = 1\na.b = 2", 2, 3, "\"b\" is there twice"),
        ("a = 1\n[[a.b]]", 2, 3, "\"a\" is no table that can be extended"),
        ("a = \"é\\x\"", 1, 7, "an escape that is not known"),
        ("a = \"é\\ud800\"", 1, 7, "an escape that is no character"),
        ("a = \"é\u{1}\"", 1, 7, "a control character in a string"),
        ("a\u{0}b", 1, 2, "a NUL character"),
        ("a = 1 # \u{0}", 1, 9, "a NUL character"),
        ("\"\u{1B}[2J\u{202E}\" = ", 1, 2, "a control character in a string"),
        ("\"\\u001b\u{202E}\" = 1\n\"\\u001b\u{202E}\" = 1", 2, 1, "\"\u{FFFD}\u{FFFD}\" is there twice"),
    ])
    func mistakes(text: String, line: Int, column: Int, message: String) {
        #expect(throws: TOMLError(message: message, position: TOMLPosition(line: line, column: column))) {
            try TOMLDocument(parsing: text)
        }
    }
}
