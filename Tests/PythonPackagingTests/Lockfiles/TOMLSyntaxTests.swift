import Testing

@testable import PythonPackaging

struct TOMLSyntaxTests {
    @Test func valuesByType() throws {
        let text = "s = 'x'\ni = 7\nb = true\nl = ['a', 'b']\nd = 1979-05-27\nf = 1.5\nt.u = 'v'\n"
        let file = LockfileEntry(table: try TOMLSyntax.parse(text))
        #expect(file.table.line == 1)
        #expect(file.table.fields.map(\.key) == ["s", "i", "b", "l", "d", "f", "t"])
        #expect(try file.string("s") == "x")
        #expect(try file.integer("i") == 7)
        #expect(try file.boolean("b") == true)
        #expect(try file.strings("l") == ["a", "b"])
        #expect(try file.entry("t")?.string("u") == "v")
        #expect(file.table["d"]?.kind == "a date")
        #expect(file.table["f"]?.kind == "a floating-point number")
    }

    @Test func aMistakeIsInItsLine() {
        #expect(throws: LockfileError("is not valid TOML: \"a\" is there twice", line: 2)) {
            try TOMLSyntax.parse("a = 1\na = 2")
        }
    }

    @Test func tablesKnowTheirLines() throws {
        let file = LockfileEntry(table: try TOMLSyntax.parse("a = '''\n\n'''\n[[p]]\nx = [\n  { y = 1 },\n]\n[[p]]\n"))
        let tables = try file.entries("p")
        #expect(tables.map(\.table.line) == [4, 8])
        #expect(try tables[0].entries("x").map(\.table.line) == [6])
    }
}
