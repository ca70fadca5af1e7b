import Testing

@testable import WebHDFS

@Suite("Encoding")
struct EncodingTests {
    // RFC 3986, sections 2.1 to 2.3. `+` as %2B: HDFS-14423.
    @Test(arguments: [
        ("/", "/"),
        ("/a/b.txt", "/a/b.txt"),
        ("/pkg-1.0+local.1_x~y.whl", "/pkg-1.0%2Blocal.1_x~y.whl"),
        ("/a b", "/a%20b"),
        ("/100%", "/100%25"),
        ("/a;b&c=d?e#f:g@h,i", "/a%3Bb%26c%3Dd%3Fe%23f%3Ag%40h%2Ci"),
        ("/é", "/%C3%A9"),
        ("/\u{1F600}", "/%F0%9F%98%80"),
        ("/line\nbreak\u{0}", "/line%0Abreak%00"),
        ("/$(x)'\"`", "/%24%28x%29%27%22%60"),
    ])
    func paths(path: String, encoded: String) {
        #expect(PercentEncoding.path(path) == encoded)
        #expect(PercentEncoding.decode(encoded) == path)
    }

    @Test func queryValuesEncodeTheSlash() {
        #expect(PercentEncoding.queryValue("/a+b c") == "%2Fa%2Bb%20c")
    }

    @Test(arguments: ["%", "%4", "%zz", "a%", "%ff"])
    func malformedEscapes(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test(arguments: [
        ("/", nil), ("/a", nil), ("/a/b", nil), ("/...", nil), ("/a b", nil),
        ("", "the path is not absolute"), ("a/b", "the path is not absolute"),
        ("//", "the path has an empty component"), ("/a//b", "the path has an empty component"),
        ("/a/", "the path has an empty component"), ("/./a", "the path has a component ."),
        ("/a/..", "the path has a component .."), ("/a\u{0}b", "the path has a NUL character"),
    ])
    func pathProblems(path: String, problem: String?) {
        #expect(Operation.problem(withPath: path) == problem)
    }
}

@Suite("Endpoints")
struct EndpointTests {
    @Test(arguments: [
        ("webhdfs://nn:50070", "http://nn:50070"),
        ("swebhdfs://nn", "https://nn:9871"),
        ("webhdfs://nn/some/path?x", "http://nn:9870"),
        ("HTTP://10.0.0.1:80", "http://10.0.0.1:80"),
        ("https://[::1]:9871/", "https://[::1]:9871"),
        ("webhdfs://my_host-1.example.", "http://my_host-1.example.:9870"),
    ])
    func parses(text: String, origin: String) throws {
        #expect(try WebHDFSEndpoint.parse(text).origin == origin)
    }

    @Test(arguments: [
        "", "nn:9870", "hdfs://nn:8020", "webhdfs://", "webhdfs://:80", "webhdfs://nn:", "webhdfs://nn:0",
        "webhdfs://nn:65536", "webhdfs://nn:8o", "webhdfs://nn:+80", "webhdfs://user:secret@nn:80", "webhdfs://a b",
        "webhdfs://[::1", "webhdfs://[::1]x", "webhdfs://[nn]:80", "webhdfs://a,b",
    ])
    func refuses(text: String) {
        let error = #expect(throws: WebHDFSEndpoint.ParseError.self) { try WebHDFSEndpoint.parse(text) }
        #expect(error.map { "\($0)".contains("secret") } == false)
    }
}

@Suite("Redaction")
struct RedactionTests {
    @Test(arguments: [
        ("http://h:1/p?op=CREATE&delegation=abc&x=1", "http://h:1/p?op=CREATE&delegation=REDACTED&x=1"),
        ("?_=AAAA", "?_=REDACTED"),
        ("Delegation=abc def", "Delegation=REDACTED def"),
        ("delegation%3Dabc", "delegation%3DREDACTED"),
        ("\"delegation=abc\"", "\"delegation=REDACTED\""),
        ("https://me:pw@h/p", "https://REDACTED@h/p"),
        ("https://h/p@q", "https://h/p@q"),
        ("my_=x nodelegation=y", "my_=x nodelegation=y"),
        ("delegation is a word, _ too", "delegation is a word, _ too"),
        ("delegation=", "delegation="),
        ("", ""),
        ("päth/é?token=ü&b", "päth/é?token=REDACTED&b"),
    ])
    func redacts(text: String, expected: String) {
        #expect(Redaction.redact(text) == expected)
    }
}
