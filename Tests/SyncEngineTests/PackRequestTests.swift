import EnvSyncModel
import Testing

@testable import SyncEngine

@Suite("Packing: what is asked for")
struct PackRequestTests {
    @Test(arguments: [
        ("0", 0), ("17", 17), ("17B", 17), ("500MB", 500_000_000), ("500 MiB", 500 << 20), ("4GiB", 4 << 30),
        ("2g", 2 << 30),
        ("1TB", 1_000_000_000_000),
    ])
    func bytes(text: String, count: Int64) {
        #expect(PackCache.bytes(text) == count)
    }

    @Test(arguments: ["", "GB", "-1", "1.5GB", "1 parsec", "99999999999999999999", "9999999999T", "٣"])
    func noBytes(text: String) {
        #expect(PackCache.bytes(text) == nil)
    }

    @Test(arguments: [
        ("a.tar.gz", PackRequest.Format.tarGz), ("A.TGZ", .tarGz), ("x/y.tar", .tar), ("y.zip", .zip),
        ("y.tar.zst", .tarZst),
    ])
    func formats(path: String, format: PackRequest.Format) {
        #expect(PackRequest.Format(path: path) == format)
    }

    @Test(arguments: ["a", "a.gz", "a.tar.xz", "zip"])
    func noFormat(path: String) {
        #expect(PackRequest.Format(path: path) == nil)
    }

    @Test("names that are not UTF-8, or steer terminals, are shown by their bytes")
    func names() {
        #expect(QuotedText.shown(bytes: Array("lib/é".utf8)) == "lib/é")
        #expect(QuotedText.shown(bytes: Array("a\nb".utf8)) == #""a\nb""#)
        #expect(QuotedText.shown(bytes: [0x61, 0xFF, 0xC3, 0xA9, 0xC3]) == #""a\xffé\xc3""#)
        #expect(QuotedText.shown(bytes: [0x1B, 0x5B, 0xFE]) == #""\u{1b}[\xfe""#)
    }
}
