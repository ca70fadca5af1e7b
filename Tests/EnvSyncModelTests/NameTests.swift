import Testing

@testable import EnvSyncModel

struct NameTests {
    @Test(
        arguments: [
            "a", "A9._+-", "six-1.16.0-0a1b2c3d4e5f.zip", "torch-2.1+cu118.whl", "...", ".hidden", "_", "+x", "a..b",
            String(repeating: "x", count: 255),
        ])
    func goodLeaves(_ text: String) throws {
        #expect(try LeafName(text).text == text)
    }

    static let hostile: [(String, String)] = [
        ("", "is empty"), (".", "\".\""), ("..", "\"..\""), ("-n", "\"-\""), ("--", "\"-\""),
        ("a/b", "\"/\""), ("/", "\"/\""), ("../etc", "\"/\""), ("a b", "\" \""), (" ", "\" \""), ("a,b", "\",\""),
        ("a#b", "\"#\""), ("a'b", "\"'\""), ("a\"b", "\"\\\"\""), ("a\\b", "\"\\\\\""), ("a\nb", "\"\\n\""),
        ("a\0", "\\u{0}"), ("a\u{7f}", "\\u{7f}"), ("$(x)", "\"$\""), ("`x`", "\"`\""), ("a*", "\"*\""),
        ("a?", "\"?\""), ("[a]", "\"[\""), ("{a}", "\"{\""), ("a:b", "\":\""), ("a%20", "\"%\""), ("a=b", "\"=\""),
        ("a~", "\"~\""), ("a@b", "\"@\""), ("é", "\"é\""), ("a\u{301}", "\u{301}"), ("\u{202e}a", "\\u{202e}"),
        ("日本", "\"日\""), ("ａ", "\"ａ\""), ("a\u{200b}", "\\u{200b}"),
    ]

    @Test(arguments: hostile)
    func badNames(_ text: String, _ rule: String) throws {
        let leaf = #expect(throws: InvalidName.self) { try LeafName(text) }
        #expect(leaf?.rule.contains(rule) == true, "\(String(describing: leaf))")
        #expect(leaf?.description.contains("\n") == false)
        #expect(throws: InvalidName.self) { try EnvironmentName(text) }
        #expect(throws: InvalidName.self) { try JobName(text) }
        #expect(throws: InvalidName.self) { try ArchiveAlias(text) }
    }

    @Test func lengths() throws {
        #expect(throws: InvalidName.self) { try LeafName(String(repeating: "x", count: 256)) }
        let hundred = String(repeating: "x", count: 100)
        #expect(try EnvironmentName(hundred).text == hundred)
        #expect(try JobName(hundred).text == hundred)
        #expect(try ArchiveAlias(hundred).text == hundred)
        #expect(throws: InvalidName.self) { try EnvironmentName(hundred + "x") }
        #expect(throws: InvalidName.self) { try JobName(hundred + "x") }
        #expect(throws: InvalidName.self) { try ArchiveAlias(hundred + "x") }
    }

    @Test(
        arguments: [
            ("a b", "a_b"), ("é", "_"), ("", "_"), ("--x", "x"), (".hidden", "hidden"), ("../../etc", "_.._etc"),
            ("-.", "_"),
            ("a\u{301}b", "a_b"), ("my,file#1", "my_file_1"),
            (String(repeating: "x", count: 300), String(repeating: "x", count: 120)),
        ])
    func sanitized(_ text: String, _ expected: String) throws {
        #expect(LeafName.sanitized(text) == expected)
        #expect(try LeafName(LeafName.sanitized(text)).text == expected)
    }

    @Test func everySanitizedTextIsALeaf() throws {
        for (text, _) in Self.hostile { _ = try LeafName(LeafName.sanitized(text)) }
    }

    @Test func uniqueLeaves() throws {
        // printf abc | sha256sum
        let digest = try #require(
            ContentDigest(hex: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
        #expect(ContentDigest.of(Array("abc".utf8)) == digest)
        let plain = try LeafName.unique(name: "six", version: "1.16.0", digest: digest, fileExtension: "zip")
        #expect(plain.text == "six-1.16.0-ba7816bf8f01.zip")
        let hostile = try LeafName.unique(name: "../my env", version: nil, digest: digest, fileExtension: "tar.gz")
        #expect(hostile.text == "_my_env-ba7816bf8f01.tar.gz")
    }

    @Test func leavesOrderByBytes() throws {
        let names = try ["b", "a", "B", "a.b", "a-b", "a+b", "_"].map { try LeafName($0) }
        #expect(names.sorted().map(\.text) == ["B", "_", "a", "a+b", "a-b", "a.b", "b"])
    }
}

struct QuotedTextTests {
    @Test(
        arguments: [
            ("", "\"\""), ("a b", "\"a b\""), ("a\"b\\c", "\"a\\\"b\\\\c\""), ("a\nb\tc\rd", "\"a\\nb\\tc\\rd\""),
            ("\0", "\"\\u{0}\""),
            ("\u{1b}[31m", "\"\\u{1b}[31m\""), ("\u{7f}\u{9b}", "\"\\u{7f}\\u{9b}\""),
            ("\u{202e}gpj", "\"\\u{202e}gpj\""),
            ("\u{200b}\u{2028}\u{2066}\u{feff}", "\"\\u{200b}\\u{2028}\\u{2066}\\u{feff}\""), ("é日", "\"é日\""),
            ("\r\n", "\"\\r\\n\""),
            (String(repeating: "x", count: 200), "\"" + String(repeating: "x", count: 200) + "\""),
            (String(repeating: "x", count: 201), "\"" + String(repeating: "x", count: 200) + "…\""),
        ])
    func visible(_ text: String, _ expected: String) {
        #expect(QuotedText.visible(text) == expected)
    }
}

struct ContentDigestTests {
    // printf '' | sha256sum
    static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test func forms() throws {
        let digest = ContentDigest.of([])
        #expect(digest.hex == Self.empty)
        #expect(digest.short == "e3b0c44298fc")
        #expect(ContentDigest(hex: Self.empty.uppercased()) == digest)
        #expect(
            ContentDigest(bytes: (0..<32).map { UInt8($0) })?.hex
                == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
        #expect(ContentDigest(bytes: [UInt8](repeating: 0, count: 31)) == nil)
        #expect(ContentDigest(bytes: [UInt8](repeating: 0, count: 33)) == nil)
    }

    @Test(arguments: [
        "", "e3b0", empty + "0", String(empty.dropLast()) + "g", String(empty.dropLast()) + "é",
        " " + String(empty.dropLast()),
    ])
    func badHex(_ text: String) {
        #expect(ContentDigest(hex: text) == nil)
    }

    @Test func objectPath() throws {
        let key = ObjectKey(digest: ContentDigest.of([]), leaf: try LeafName("a+b.zip"), size: 0)
        #expect(key.relativePath == "objects/e3/\(Self.empty)/a+b.zip")
    }
}
