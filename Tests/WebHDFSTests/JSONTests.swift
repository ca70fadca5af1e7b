import Testing

@testable import WebHDFS

@Suite("JSON")
struct JSONTests {
    static func read<Value>(_ text: String, _ body: (inout JSONReader) throws -> Value) throws -> Value {
        var reader = JSONReader(Array(text.utf8))
        let value = try body(&reader)
        try reader.end()
        return value
    }

    // RFC 8259, section 7.
    @Test(arguments: [
        (#""""#, ""), (#""a é 😀""#, "a é 😀"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""\ud83d\ude00x""#, "😀x"), (#" "a" "#, "a"), (#""a\nb\nc""#, "a\nb\nc"),
    ])
    func strings(text: String, value: String) throws {
        #expect(try Self.read(text) { try $0.string() } == value)
    }

    @Test(arguments: [
        "", "\"", "\"abc", "\"a\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud83d\"", "\"\\ud83dx\"",
        "\"\\ud83d\\u0041\"", "\"\\ude00\"", "\"a\nb\"", "\"a\\n\u{1}\"", "'a'", "\"a\" b",
    ])
    func malformedStrings(text: String) {
        #expect(throws: JSONReader.Failure.self) { try Self.read(text) { try $0.string() } }
    }

    @Test func invalidUTF8IsRefused() {
        var reader = JSONReader([0x22, 0xFF, 0x22])
        #expect(throws: JSONReader.Failure.self) { try reader.string() }
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("7", 7), (" 123 ", 123), ("-5", -5), ("9223372036854775807", Int64.max),
        ("-9223372036854775808", Int64.min),
    ])
    func integers(text: String, value: Int64) throws {
        #expect(try Self.read(text) { try $0.integer() } == value)
    }

    @Test(arguments: [
        "", "-", "+1", "01", "1.0", "1e3", "9223372036854775808", "-9223372036854775809", "a", "1x", "--1",
    ])
    func malformedIntegers(text: String) {
        #expect(throws: JSONReader.Failure.self) { try Self.read(text) { try $0.integer() } }
    }

    @Test(arguments: [
        "{}", "[]", "{\"a\":1}", "[1,2,[3],{\"b\":[null,true,false]}]", "1.5e+10", "-0.25", "1E5", "\"x\"", "null",
        " [ 1 , 2 ] ",
    ])
    func skips(text: String) throws {
        try Self.read(text) { try $0.skipValue() }
    }

    @Test(arguments: [
        "{", "[", "[1", "[1,", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "nul", "truex", "1.", "1e", ".5",
        "01", "[1 2]", "}", "{} {}", String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
    ])
    func malformedValues(text: String) {
        #expect(throws: JSONReader.Failure.self) { try Self.read(text) { try $0.skipValue() } }
    }

    /// Cutting a valid answer anywhere gives an error, never a shorter list.
    @Test func everyPrefixIsRefused() throws {
        let text = Array(
            #"{"FileStatuses":{"FileStatus":[{"length":1,"permission":"644","type":"FILE","pathSuffix":"a\u0041"}]}}"#
                .utf8)
        #expect(try ResponseBodies.fileStatuses(text).count == 1)
        for count in 0..<text.count {
            #expect(throws: JSONReader.Failure.self) { try ResponseBodies.fileStatuses(Array(text[..<count])) }
        }
    }
}

@Suite("Answers")
struct ResponseBodyTests {
    /// An answer of NameNode 2.7.4 to LISTSTATUS.
    static let listing = """
        {"FileStatuses":{"FileStatus":[
        {"accessTime":1795368501747,"blockSize":1048576,"childrenNum":0,"fileId":16395,"group":"supergroup","length":6,\
        "modificationTime":1795368502174,"owner":"root","pathSuffix":"a.txt","permission":"644","replication":1,\
        "storagePolicy":0,"type":"FILE"},
        {"accessTime":0,"blockSize":0,"childrenNum":3,"fileId":16385,"group":"g","length":0,"modificationTime":5,\
        "owner":"ana","pathSuffix":"d","permission":"1777","replication":0,"storagePolicy":0,"type":"DIRECTORY"}
        ]}}

        """

    @Test func listing() throws {
        let entries = try ResponseBodies.fileStatuses(Array(Self.listing.utf8))
        #expect(
            entries == [
                FileStatus(
                    name: "a.txt", kind: .file, length: 6, blockSize: 1_048_576, permission: 0o644, owner: "root",
                    group: "supergroup", modificationTime: 1_795_368_502_174, fileId: 16395, replication: 1),
                FileStatus(
                    name: "d", kind: .directory, permission: 0o1777, owner: "ana", group: "g", modificationTime: 5,
                    fileId: 16385),
            ])
    }

    /// Members of Hadoop 3 (JsonUtil.toJsonMap) and unknown ones.
    @Test func newerServers() throws {
        let status = try ResponseBodies.fileStatus(
            Array(
                """
                {"FileStatus":{"type":"FILE","length":1,"permission":"600","encBit":true,"ecBit":true,"aclBit":true,
                "ecPolicy":"RS-6-3-1024k","ecPolicyObj":{"schema":{"k":[1,2]},"id":1},"snapshotEnabled":false,"x":null}}
                """.utf8))
        #expect(status.isEncrypted && status.isErasureCoded && status.hasACL)
        #expect(status.fileId == nil)
    }

    @Test(arguments: [
        #"{"length":1,"permission":"644"}"#, #"{"type":"FILE","permission":"644"}"#, #"{"type":"FILE","length":1}"#,
        #"{"type":"SOCKET","length":1,"permission":"644"}"#, #"{"type":"FILE","length":1,"permission":"9"}"#,
        #"{"type":"FILE","length":"1","permission":"644"}"#, #"{"type":"FILE","length":1,"permission":"77777"}"#,
    ])
    func incompleteStatus(text: String) {
        #expect(throws: JSONReader.Failure.self) {
            try ResponseBodies.fileStatus(Array(#"{"FileStatus":\#(text)}"#.utf8))
        }
    }

    // The example of WebHDFS.md, "List a Directory Iteratively", shortened.
    @Test func batch() throws {
        let text = """
            {"DirectoryListing":{"partialListing":{"FileStatuses":{"FileStatus":[
            {"length":0,"pathSuffix":"bardir","permission":"755","type":"DIRECTORY"}]}},"remainingEntries":2}}
            """
        let listing = try ResponseBodies.directoryListing(Array(text.utf8))
        #expect(listing.entries.map(\.name) == ["bardir"])
        #expect(listing.remaining == 2)
    }

    @Test func smallAnswers() throws {
        #expect(try ResponseBodies.boolean(Array(#"{"boolean":true}"#.utf8)))
        #expect(try ResponseBodies.path(Array(#"{"Path":"/user/ana"}"#.utf8)) == "/user/ana")
        #expect(try ResponseBodies.location(Array(#"{"Location":"http://h/"}"#.utf8)) == "http://h/")
        let summary =
            #"{"ContentSummary":{"directoryCount":1,"ecPolicy":"","fileCount":2,"length":6,"quota":-1,"#
            + #""spaceConsumed":18,"spaceQuota":100,"typeQuota":{"SSD":{"quota":1}}}}"#
        #expect(
            try ResponseBodies.contentSummary(Array(summary.utf8))
                == ContentSummary(directoryCount: 1, fileCount: 2, length: 6, spaceConsumed: 18, spaceQuota: 100))
        #expect(throws: JSONReader.Failure.self) { try ResponseBodies.boolean(Array("<html>".utf8)) }
        #expect(throws: JSONReader.Failure.self) { try ResponseBodies.boolean(Array(#"{"boolean":null}"#.utf8)) }
    }
}
