import Testing

@testable import EnvironmentPacking

@Suite struct RecordTableTests {
    @Test("rows are read as Python's csv module reads them")
    func rows() throws {
        let text = "a.py,,\r\n\"b,\"\"c\"\".py\",,3\n\nd.py,md5=x,\nlast,,"
        let table = try RecordTable(Array(text.utf8))
        #expect(table.rows.map { String(decoding: $0.path, as: UTF8.self) } == ["a.py", "b,\"c\".py", "d.py", "last"])
        #expect(table.rows.map(\.size) == [nil, 3, nil, nil])
        #expect(table.bytes[table.rows[0].line].elementsEqual("a.py,,".utf8))
    }

    @Test("what is no list is refused", arguments: ["a", "a,b", "\"open,,", ",,", "a,sha256=!,", "a,,-1", "a,,x"])
    func refused(_ text: String) {
        #expect(throws: RecordTable.Malformed.self) { try RecordTable(Array(text.utf8)) }
    }

    @Test(
        "paths are those of the environment",
        arguments: [
            ("a/b.py", "lib/s/a/b.py"), ("../../bin/x", "bin/x"), ("./a", "lib/s/a"), ("a\\b", "lib/s/a/b"),
            ("../../../x", nil), ("/etc/passwd", nil), ("a//b", "lib/s/a/b"), ("a/..", "lib/s"),
        ] as [(String, String?)])
    func resolved(_ spelled: String, _ wanted: String?) {
        let found = RecordTable.resolve(Array(spelled.utf8), in: Array("lib/s".utf8))
        #expect(found.map { String(decoding: $0, as: UTF8.self) } == wanted)
    }
}
