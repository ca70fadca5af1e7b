import Foundation
import FoundationXML
import Testing

@testable import SyncDaemon

@Suite struct PageTests {
    struct Page: Sendable, CustomTestStringConvertible {
        var name: String
        var text: String
        var testDescription: String { name }
    }

    static let pages: [Page] = PageFixtures.all.flatMap { state in
        let security = PageSecurity()
        let overview = OverviewPage(status: state.status, now: PageFixtures.now).document(security)
        let workspaces = state.details.indices.map { index in
            WorkspacePage(status: state.status, index: index, detail: state.details[index], now: PageFixtures.now)
                .document(security)
        }
        let missing = MissingPage(status: state.status, now: PageFixtures.now).document(security)
        return [
            Page(name: "\(state.name) /", text: overview.text), Page(name: "\(state.name) 404", text: missing.text),
        ]
            + workspaces.enumerated().map { Page(name: "\(state.name) /workspaces/\($0)", text: $1.text) }
    }

    @Test(arguments: pages) func aPageIsWellFormedAndCanBeFoundOnesWayIn(page: Page) throws {
        let outline = try Outline(page.text)
        #expect(outline.counts["main"] == 1 && outline.counts["h1"] == 1 && outline.counts["header"] == 1)
        #expect(outline.counts["footer"] == 1 && outline.language == "en" && outline.counts["title"] == 1)
        #expect(outline.ids.count == Set(outline.ids).count, "ids are unique")
        #expect(Set(outline.references).isSubset(of: outline.ids), "what a label refers to is there")
        for (above, below) in zip(outline.headings, outline.headings.dropFirst()) {
            #expect(below <= above + 1, "no level of headings is left out")
        }
        #expect(outline.headersWithoutScope == 0 && outline.tables == outline.tableHeads)
        #expect(outline.foreignAttributes.isEmpty, "\(outline.foreignAttributes)")
        #expect(outline.counts["script"] == 1 && outline.counts["style"] == 1 && outline.counts["img"] == nil)
    }

    @Test func hostileNamesAreTextAndCanBeSeen() throws {
        for page in Self.pages where page.name.hasPrefix("hostile") {
            #expect(!page.text.contains("<script>alert") && !page.text.contains("<img") && !page.text.contains("<b>"))
            #expect(!page.text.contains("</title><script>"))
            let hidden = page.text.unicodeScalars.filter {
                (0x200B...0x200F).contains($0.value) || (0x202A...0x202E).contains($0.value)
                    || (0x2060...0x206F).contains($0.value)
            }
            #expect(hidden.isEmpty)
            #expect(page.text.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" || $0 == "\t" })
        }
        let overview = try #require(Self.pages.first { $0.name == "hostile /" }).text
        #expect(overview.contains("&lt;img src=x onerror=alert(1)&gt;"))
        #expect(
            overview.contains(
                "/work/&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\\u{202e}lmth.exe\\u{0}\\u{1b}[31m"))
        #expect(overview.contains("&quot; onmouseover=&quot;alert(1)"))
    }

    @Test func longListsAreCutAndTheRestIsCounted() throws {
        let page = try #require(Self.pages.first { $0.name == "large /workspaces/0" }).text
        #expect(page.contains("and 1000 objects more") && page.contains("and 70 older generations more"))
        #expect(page.contains("and 280 older pushes more") && page.contains("and 50 differences more"))
        #expect(page.contains("and 30 changes more"))
        #expect(page.utf8.count < 400_000, "\(page.utf8.count) bytes")
        #expect(page.components(separatedBy: "<rect ").count - 1 == 2 * PushChart.limit)
    }

    @Test(arguments: [
        ("empty /", ["No workspace yet", "envsync daemon reload", "serves no workspace yet"]),
        (
            "unpublished /workspaces/0",
            ["examining", "Nothing is published yet", "Nothing was pushed", "Nothing is locked"]
        ),
        (
            "busy /",
            ["3 workspaces: 2 busy, 1 in sync.", "Sending: 41 %", "<progress max=\"48300000\" value=\"20112000\""]
        ),
        ("busy /workspaces/0", ["pushing", "20 MB of 48 MB, 2 of 6 objects", "data-refresh=\"1000\"", "3 waiting"]),
        ("retrying /workspaces/0", ["retrying", "next attempt", "in 18 s", "Connection refused", "unreachable"]),
        ("blocked /", ["blocked", "1 blocked, 1 in sync", "no wheel fits the target: numpy 2.1.3", "1 h ago"]),
        ("drift /", ["drift", "3 differences found"]),
        ("drift /workspaces/0", ["object-content", "superseded", "envsync lock", "1 healed, 1 not"]),
        (
            "idle /workspaces/0",
            ["data-refresh=\"5000\"", "2.2.1</bdi> → <bdi>2.2.3", "+38 MB", "−1.7 MB", "14 changed"]
        ),
        ("idle 404", ["There is no such page"]),
    ])
    func eachStateSaysWhatMatters(name: String, words: [String]) throws {
        let page = try #require(Self.pages.first { $0.name == name }).text
        for word in words { #expect(page.contains(word), "\(word)") }
    }

    @Test func progressThatMakesNoSenseIsNoCrash() {
        for (bytes, done) in [(Int64(0), Int64(0)), (-5, 7), (10, 20), (.max, .max), (10, .min)] {
            let node = PagePart.progress(
                .init(objects: 0, objectsDone: 3, bytes: bytes, bytesDone: done, startedAt: .infinity), now: 0)
            var text = ""
            node.write(to: &text)
            #expect(text.contains("<progress "))
        }
    }

    // MARK: - Words

    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9_949, "9.9 kB"), (9_950, "10 kB"), (999_499, "999 kB"),
            (999_500, "1.0 MB"), (48_300_000, "48 MB"), (Int64.max, "9223 PB"), (Int64.min, "-9223 PB"),
        ] as [(Int64, String)])
    func bytes(count: Int64, words: String) { #expect(PageWords.bytes(count) == words) }

    @Test(arguments: [
        (0, "0 ms"), (0.34, "340 ms"), (0.9994, "999 ms"), (0.9996, "1.0 s"), (3.16, "3.2 s"), (9.96, "10 s"),
        (59.6, "1 min"), (125, "2 min 5 s"), (3600, "1 h"), (3_840, "1 h 4 min"), (93_800, "1 d 2 h"), (-4, "0 ms"),
        (.infinity, "?"), (.nan, "?"), (1e300, "?"),
    ])
    func durations(seconds: Double, words: String) { #expect(PageWords.duration(seconds) == words) }

    @Test(arguments: [
        (100.0, "just now"), (40, "1 min ago"), (41, "59 s ago"), (118, "in 18 s"), (-7_100, "2 h ago"),
        (-86_300, "1 day ago"), (-500_000, "5 days ago"), (.nan, "at an unknown time"),
        (-.infinity, "at an unknown time"),
    ])
    func relativeTimes(time: Double, words: String) { #expect(PageWords.relative(time, now: 100) == words) }

    @Test func absoluteTimes() {
        // date -u -d @1795392000
        #expect(PageWords.absolute(1_795_392_000.9).shown == "2026-11-23 00:00:00 UTC")
        #expect(PageWords.absolute(1_795_392_000).machine == "2026-11-23T00:00:00Z")
        #expect(PageWords.absolute(.infinity).shown == "an unknown time")
    }
}

/// What a page is made of, read by a parser that takes no mistakes.
private final class Outline: NSObject, XMLParserDelegate {
    var counts: [String: Int] = [:]
    var ids: [String] = []
    var references: [String] = []
    var headings: [Int] = []
    var language: String?
    var headersWithoutScope = 0
    var tables = 0
    var tableHeads = 0
    /// Scripts and styles in attributes, and addresses elsewhere.
    var foreignAttributes: [String] = []
    private var isInPicture = false

    init(_ html: String) throws {
        super.init()
        // Their texts are not XML; nothing else is taken out.
        let text = html.replacing(/(<(script|style) [^>]*>)[^<]*(?:<(?!\/(?:script|style)>)[^<]*)*/) {
            String($0.output.1)
        }
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = self
        guard parser.parse() else { throw parser.parserError ?? CocoaError(.fileReadCorruptFile) }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) {
        if name == "svg" { isInPicture = true }
        counts[isInPicture ? "svg \(name)" : name, default: 0] += 1
        if let level = ["h1", "h2", "h3"].firstIndex(of: name) { headings.append(level + 1) }
        if name == "html" { language = attributes["lang"] }
        if name == "th", attributes["scope"] == nil { headersWithoutScope += 1 }
        if name == "table" { tables += 1 }
        if name == "thead" { tableHeads += 1 }
        if let id = attributes["id"] { ids.append(id) }
        for key in ["aria-labelledby", "aria-describedby"] {
            references += (attributes[key] ?? "").split(separator: " ").map(String.init)
        }
        for (key, value) in attributes {
            let isForeign =
                key.hasPrefix("on") || key == "style" || key == "src"
                || key == "href" && !(value.hasPrefix("/") && !value.hasPrefix("//") || value.hasPrefix("#"))
            if isForeign { foreignAttributes.append("\(name) \(key)=\(value)") }
        }
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        if name == "svg" { isInPicture = false }
    }
}
