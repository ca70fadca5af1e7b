import EnvSyncModel
import Testing

@testable import SyncEngine

@Suite("Naming generations, and remembering them")
struct GenerationSelectorTests {
    @Test(
        "what users write",
        arguments: [
            ("7", .number(7, orID: nil)), ("@7", .number(7, orID: nil)), ("123456", .number(123_456, orID: "123456")),
            ("@123456", .number(123_456, orID: nil)), ("000000", .id("000000")), ("published", .published(back: 0)),
            ("current", .published(back: 0)), ("newest", .published(back: 0)), ("published~0", .published(back: 0)),
            ("published~12", .published(back: 12)), ("3fA9c1", .id("3fa9c1")),
            (String(repeating: "9", count: 64), .id(String(repeating: "9", count: 64))),
            ("0", nil), ("-1", nil), ("@", nil), ("@abcdef", nil), ("", nil), ("3fa9c", nil), ("published~", nil),
            ("published~-1", nil), ("published~+1", nil), ("published~1~2", nil), ("7~1", nil), ("３", nil),
            ("lock", nil), (String(repeating: "a", count: 65), nil), ("3fa9c1 ", nil), ("99999999999999999999x", nil),
        ] as [(String, GenerationSelector?)])
    func parse(text: String, expected: GenerationSelector?) {
        #expect(GenerationSelector(text) == expected)
    }

    @Test("operands of diff")
    func operands() {
        #expect(DiffOperand("lock") == .lock && DiffOperand("local") == .local)
        #expect(DiffOperand("env") == .installed(prefix: nil))
        #expect(DiffOperand("env=/opt/x=y") == .installed(prefix: "/opt/x=y"))
        #expect(DiffOperand("@3") == .generation(.number(3, orID: nil)))
        for text in ["env=", "Lock", "", "HEAD"] { #expect(DiffOperand(text) == nil, "\(text)") }
    }

    private static func id(_ digits: String) throws -> ContentDigest {
        try #require(ContentDigest(hex: digits + String(repeating: "0", count: 64 - digits.count)))
    }

    /// 1 a, 2 b, 3 a again, 4 c and 4 d at once, 5 e, and 6 that the ref doesn't name.
    private static func index() throws -> GenerationIndex {
        let names = try [(1, "aaaaaa1"), (2, "aaaaaa2"), (3, "aaaaaa1"), (4, "c"), (4, "d"), (5, "123456"), (6, "f")]
            .map {
                GenerationName(number: $0.0, id: try id($0.1))
            }
        return GenerationIndex(
            environment: try EnvironmentName("etl"), storeName: "file:///s", names: names, published: names[5])
    }

    @Test(
        "what they find",
        arguments: [
            ("5", 5), ("published", 5), ("published~1", 4), ("published~2", 3), ("published~4", 1), ("6", 6),
            ("aaaaaa1", 3), ("aaaaaa2", 2), ("123456", 5),
        ])
    func find(text: String, number: Int) throws {
        let selector = try #require(GenerationSelector(text))
        #expect(try Self.index().find(selector).number == number)
    }

    @Test(
        "what they don't find, and why",
        arguments: [
            ("7", "no generation 7"), ("4", "2 generations of environment \"etl\" have the number 4"),
            ("aaaaaa", "2 ids"), ("bbbbbb", "no generation with the id bbbbbb"), ("published~5", "only 5 generations"),
            ("@123456", "no generation 123456"),
        ])
    func missing(text: String, words: String) throws {
        let selector = try #require(GenerationSelector(text))
        let index = try Self.index()
        let error = #expect(throws: EnvSyncError.self) { try index.find(selector) }
        let message = try #require(error).description
        #expect(
            message.contains(words.replacing("2 ids", with: "2 generations of environment \"etl\" have ids")),
            "\(message)")
        #expect(error?.suggestion != nil)
    }

    @Test("where one of two will do, it is the one that counts")
    func twins() throws {
        let index = try Self.index()
        #expect(try index.find(.number(4, orID: nil), allowsTwins: true).id == Self.id("d"))
        #expect(index.before(index.names[3]) == index.names[2] && index.before(index.names[4]) == index.names[2])
        #expect(index.before(index.names[5]) == index.names[4] && index.before(index.names[0]) == nil)
    }

    @Test("the cache is bounded, and forgets what was used least recently")
    func cache() throws {
        let cache = GenerationCache(limit: 10)
        func key(_ number: Int, store: String = "s") throws -> GenerationCache.Key {
            GenerationCache.Key(
                store: store, generation: GenerationName(number: number, id: try Self.id("a")), previous: nil)
        }
        let change = try #require(
            EnvironmentComparison(from: .empty, to: EnvironmentContent(Made.lock([Made.file("a.txt")]))).changes.first)
        func summary(_ changes: Int) -> GenerationSummary {
            GenerationSummary(
                publishedAt: 1, publishedBy: "ana", objects: changes, bytes: 1,
                changes: Array(repeating: change, count: changes))
        }
        for number in 1...3 { cache.save(summary(2), for: try key(number)) }
        #expect(cache.weight == 9)
        #expect(cache.summary(try key(1))?.objects == 2)
        cache.save(summary(3), for: try key(4))
        #expect(cache.summary(try key(2)) == nil)
        #expect(cache.summary(try key(1)) != nil)
        #expect(cache.weight == 10)
        cache.save(summary(1), for: try key(4))
        #expect(cache.weight == 8, "what is saved again replaces itself")
        cache.save(summary(10), for: try key(5))
        #expect(cache.summary(try key(5)) == nil)
        #expect(cache.weight == 8, "what is too large alone pushes nothing out")
        #expect(cache.summary(try key(1, store: "t")) == nil, "two stores have different generations 1")
    }
}
