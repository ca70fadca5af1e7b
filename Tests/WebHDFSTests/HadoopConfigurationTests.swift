import Foundation
import Testing

@testable import WebHDFS

@Suite("XML reader")
struct XMLReaderTests {
    static func events(_ text: String) throws -> [XMLReader.Event] {
        var reader = try XMLReader(Array(text.utf8))
        var events: [XMLReader.Event] = []
        while let event = try reader.next() { events.append(event) }
        return events
    }

    @Test func everyKindOfMarkup() throws {
        let text = """
            \u{FEFF}<?xml version="1.0" encoding="UTF-8"?>
            <!-- <not/> & -->
            <!DOCTYPE a SYSTEM "a.dtd">
            <?xml-stylesheet href="x.xsl"?>
            <a x='1' y = "a&amp;b&#x41;\n">t&lt;&gt;&quot;&apos;&#233;<![CDATA[<&]]]]><b:c/><!----></a >

            """
        #expect(
            try Self.events(text) == [
                .start(name: "a", attributes: ["x": "1", "y": "a&bA "]), .text("t<>\"'é"), .text("<&]]"),
                .start(name: "b:c", attributes: [:]), .end(name: "b:c"), .end(name: "a"),
            ])
    }

    @Test(arguments: [
        "", " ", "text", "<a>", "<a></b>", "<a/><b/>", "<a", "<a b></a>", "<a b=c/>", "<a b='1' b='2'/>", "<a b='<'/>",
        "<a b='1'c='2'/>", "<a>&nbsp;</a>", "<a>&</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>",
        "<a><!-- </a>", "<a><![CDATA[</a>", "<?xml", "<a/>text", "</a>", "<1/>", "< a/>", "<a><?x </a>",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<!DOCTYPE a", "<a/><![CDATA[x]]>", "<a/><!DOCTYPE a>",
        "<?xml version='1.0' encoding='UTF-16'?><a>é</a>",
        String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100),
    ])
    func refuses(text: String) {
        #expect(throws: XMLReader.Failure.self) { try Self.events(text) }
    }

    @Test(arguments: [
        [0x3C, 0x61, 0xFF, 0x2F, 0x3E], [0xFF, 0xFE, 0x3C, 0x00, 0x61, 0x00], [0x3C, 0x61, 0x00, 0x2F],
    ])
    func refusesOtherEncodings(bytes: [UInt8]) {
        #expect(throws: XMLReader.Failure.self) { try XMLReader(bytes) }
    }

    @Test func failureNamesTheLine() {
        let failure = #expect(throws: XMLReader.Failure.self) { try Self.events("<a>\n<b>\n</a>") }
        #expect(failure?.line == 3)
    }
}

@Suite("Hadoop configuration")
struct HadoopConfigurationTests {
    /// A directory that exists while the body runs.
    static func withDirectory(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("webhdfs-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in files {
            try Data(text.utf8).write(to: directory.appendingPathComponent(name))
        }
        try body(directory.path)
    }

    static func property(_ name: String, _ value: String, _ rest: String = "") -> String {
        "<property><name>\(name)</name><value>\(value)</value>\(rest)</property>"
    }

    @Test func readsBothFiles() throws {
        let files = [
            "core-site.xml": """
            <?xml version="1.0"?>
            <?xml-stylesheet type="text/xsl" href="configuration.xsl"?>
            <!-- cluster -->
            <configuration>
              <property>
                <name> fs.defaultFS </name>
                <value>hdfs://${cluster}</value>
                <description>The <b>default</b></description>
                <source>nowhere</source>
              </property>
              \(Self.property("cluster", "ns1", "<final>true</final>"))
              <property name="attributes" value="3"/>
              <property><name>empty</name><value/></property>
              <property><name>no.value</name></property>
              <configuration>\(Self.property("nested", "yes"))</configuration>
            </configuration>
            """,
            "hdfs-site.xml": """
            <configuration>\(Self.property("cluster", "ns2"))
            \(Self.property("cdata", "<![CDATA[a<b]]> &amp; c"))
            \(Self.property("attributes", "4"))</configuration>
            """,
        ]
        try Self.withDirectory(files) { directory in
            let configuration = try HadoopConfiguration(directory: directory)
            #expect(configuration.defaultFS == "hdfs://ns1")
            #expect(configuration["cdata"] == "a<b & c")
            #expect(configuration["attributes"] == "4")
            #expect(configuration["empty"] == "")
            #expect(configuration["no.value"] == nil)
            #expect(configuration["nested"] == "yes")
            #expect(configuration.authentication == "simple")
        }
    }

    @Test func missingFilesCountAsEmpty() throws {
        try Self.withDirectory([:]) { directory in
            let names = try HadoopConfiguration(directory: directory).names
            #expect(names == [])
        }
    }

    @Test func includes() throws {
        let xi = #"xmlns:xi="http://www.w3.org/2001/XInclude""#
        let files = [
            "core-site.xml": """
            <configuration \(xi)>
            <xi:include href="more.xml"/>
            <xi:include href="missing.xml"><xi:fallback>\(Self.property("b", "fallback"))</xi:fallback></xi:include>
            <xi:include href="more.xml"><xi:fallback>\(Self.property("a", "unused"))</xi:fallback></xi:include>
            <xi:include href="missing.xml"><xi:fallback/></xi:include>
            </configuration>
            """,
            "more.xml": "<configuration>\(Self.property("a", "included"))</configuration>",
        ]
        try Self.withDirectory(files) { directory in
            let configuration = try HadoopConfiguration(directory: directory)
            #expect(configuration["a"] == "included")
            #expect(configuration["b"] == "fallback")
        }
    }

    @Test(arguments: [
        ("<configuration>", 1), ("<config/>", 1), ("<configuration>\n<property><name><b/></name></property>", 2),
        ("<configuration>\n<xi:include href='core-site.xml'/></configuration>", 2),
        ("<configuration>\n<xi:include href='missing.xml'/></configuration>", 2),
        ("<configuration>\n\n<xi:include/></configuration>", 3),
        ("<configuration><xi:include href='http://h/x.xml'/></configuration>", 1),
    ])
    func malformedFiles(text: String, line: Int) throws {
        try Self.withDirectory(["core-site.xml": text]) { directory in
            let error = #expect(throws: HadoopConfiguration.ReadError.self) {
                try HadoopConfiguration(directory: directory)
            }
            #expect(error?.line == line)
            #expect(error?.path == "\(directory)/core-site.xml")
        }
    }

    @Test(arguments: [
        ("plain", "plain"), ("${a}", "1"), ("x${a}y${a}z", "x1y1z"), ("${b}", "<1>"), ("${unknown}", "${unknown}"),
        ("${unknown}${a}", "${unknown}1"), ("${${which}}", "1"), ("${loop}", "${loop}"), ("${", "${"), ("a}b", "a}b"),
        ("${env.HOST}", "h"), ("${env.NONE:-d}", "d"), ("${env.EMPTY:-d}", "d"), ("${env.EMPTY-d}", ""),
        ("${env.NONE-d}", "d"), ("/user/${user.name}", "/user/ana"), (" trimmed ", "trimmed"),
    ])
    func substitution(value: String, expected: String) {
        let configuration = HadoopConfiguration(
            properties: ["a": "1", "b": "<${a}>", "which": "a", "loop": "${loop}", "v": value],
            variables: ["env.HOST": "h", "env.EMPTY": "", "user.name": "ana"])
        #expect(configuration["v"] == expected)
    }

    static let highlyAvailable = [
        "dfs.nameservices": "ns1, ns2", "dfs.ha.namenodes.ns1": "nn1,nn2",
        "dfs.namenode.rpc-address.ns1.nn1": "a:8020", "dfs.namenode.rpc-address.ns1.nn2": "b:8020",
        "dfs.namenode.http-address.ns1.nn1": "a:50070", "dfs.namenode.http-address.ns1.nn2": "0.0.0.0:50071",
        "dfs.namenode.https-address.ns1.nn1": "a:50470", "dfs.namenode.http-address.ns2": "c:1",
        "fs.defaultFS": "hdfs://ns1",
    ]

    @Test(
        arguments: [
            (highlyAvailable, "ns1", false, ["http://a:50070", "http://b:50071"]),
            (highlyAvailable, "ns1", true, ["https://a:50470", "https://b:9871"]),
            (highlyAvailable, "ns2", false, ["http://c:1"]),
            (highlyAvailable, "b:8020", false, ["http://b:50071"]),
            (highlyAvailable, "elsewhere:8020", false, ["http://elsewhere:9870"]),
            (
                ["fs.defaultFS": "hdfs://nn:8020", "dfs.namenode.http-address": "0.0.0.0:50070"], "nn:8020", false,
                ["http://nn:50070"]
            ),
            (
                ["fs.defaultFS": "hdfs://nn:8020", "dfs.namenode.http-address": "web:50070"], "other:8020", false,
                ["http://other:9870"]
            ),
            (["dfs.namenode.http-address": "web:50070"], "nn", false, ["http://web:50070"]),
            ([:], "nn:8020", false, ["http://nn:9870"]), ([:], "[::1]:8020", true, ["https://[::1]:9871"]),
            ([:], "", false, []), ([:], "a b", false, []),
        ] as [([String: String], String, Bool, [String])])
    func namenodes(properties: [String: String], authority: String, secure: Bool, expected: [String]) {
        let configuration = HadoopConfiguration(properties: properties)
        #expect(configuration.namenodes(for: authority, secure: secure).map(\.origin) == expected)
    }

    @Test func policyDecidesTheScheme() {
        let configuration = HadoopConfiguration(properties: ["dfs.http.policy": "HTTPS_ONLY"])
        #expect(configuration.namenodes(for: "nn").map(\.origin) == ["https://nn:9871"])
    }
}
