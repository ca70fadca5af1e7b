import Testing

@testable import CurlHTTP

@Suite struct URLRedactionTests {
    @Test(arguments: [
        ("http://h:1/p", "http://h:1/p"),
        ("http://h/p?op=A&user.name=u", "http://h/p?op=A&user.name=u"),
        ("http://h/p?delegation=abc&op=A", "http://h/p?delegation=REDACTED&op=A"),
        ("http://h/p?op=A&_=abc&b", "http://h/p?op=A&_=REDACTED&b"),
        ("http://h/p?Delegation=abc", "http://h/p?Delegation=REDACTED"),
        ("http://h/p?%64elegation=abc=d", "http://h/p?%64elegation=REDACTED"),
        ("http://h/p?%zz=abc&%", "http://h/p?%zz=abc&%"),
        ("http://u:p@h/p", "http://h/p"),
        ("http://u@p@h/p@q?a=b@c", "http://h/p@q?a=b@c"),
        ("not a url", "not a url"),
        ("", ""),
    ])
    func secretsAreReplaced(url: String, expected: String) {
        #expect(URLRedaction.redacted(url) == expected)
    }

    @Test func wholeQueryIsReplaced() {
        #expect(URLRedaction.redacted("http://u:p@h/p?a=b&c#d", wholeQuery: true) == "http://h/p?REDACTED")
        #expect(URLRedaction.redacted("http://h/p", wholeQuery: true) == "http://h/p")
    }

    @Test func quotedURLIsReplacedInMessages() {
        let url = "http://h/p?a=b&delegation=s"
        #expect(
            URLRedaction.redacted(message: "bad \(url) or a=b&delegation=s!", url: url)
                == "bad http://h/p?a=b&delegation=REDACTED or REDACTED!")
        #expect(URLRedaction.redacted(message: "Could not resolve host: h", url: url) == "Could not resolve host: h")
    }
}
