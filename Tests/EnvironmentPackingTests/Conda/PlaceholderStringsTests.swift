import Testing

@testable import EnvironmentPacking

struct PlaceholderStringsTests {
    private static let prefix = "/e/x"
    private static let placeholder = "/placehold"

    /// As conda writes it, independently of what is tested: every string from the placeholder to its zero byte.
    private static func installed(_ text: String, _ prefix: String = prefix) -> [UInt8] {
        var parts = text.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        let last = parts.removeLast()
        let replaced = parts.map { part in
            let result = part.replacing(placeholder, with: prefix)
            return result + String(repeating: "\0", count: part.utf8.count - result.utf8.count + 1)
        }
        return Array((replaced.joined() + last).utf8)
    }

    private static func file(_ bytes: [UInt8], window: Int) -> SearchableFile {
        SearchableFile(size: Int64(bytes.count), windowSize: window) { buffer, offset in
            let part = bytes.dropFirst(Int(offset)).prefix(buffer.count)
            buffer.copyBytes(from: part)
            return part.count
        }
    }

    private static func restored(_ bytes: [UInt8], window: Int, to path: String = placeholder) throws -> [UInt8] {
        let strings = PlaceholderStrings(prefix: Array(prefix.utf8), placeholder: Array(placeholder.utf8))
        let patches = strings.patches(try strings.found(in: file(bytes, window: window)), by: Array(path.utf8))
        return CondaDirectory.patched(bytes, patches)
    }

    @Test(arguments: [
        "\0/placehold/lib\0", "/placehold\0", "ab/placehold/lib:/placehold/lib64\0c",
        "/placehold/lib\0/placehold/share\0",
        "/placehold/lib\0\0\0\0\0\0\0\0\0\0\0\0x", "-I/placehold/include -L/placehold/lib -R/placehold\0\0z",
        "no placeholder\0", "", "\0\0\0", "/placehold/lib\nmore\0", "x/placehold/lib\0é/placehold\0",
        "/placehold/a\0not terminated: /placehold/b",
    ])
    func restoresWhatCondaReplaced(_ text: String) throws {
        let installed = Self.installed(text)
        // Smaller windows than a string: searches cross them everywhere.
        for window in [11, 12, 13, 16, 31, 1 << 16] {
            #expect(try Self.restored(installed, window: window) == Array(text.utf8), "window \(window)")
            #expect(try Self.restored(installed, window: window, to: "/e/other") == Self.installed(text, "/e/other"))
        }
    }

    @Test(
        "strings without conda's padding are not conda's",
        arguments: [
            "/e/x/lib\0abc\0\0\0\0\0\0\0\0", "/e/x\0\0\0\0\0\0", "/e/x2/lib\0x", "/e/x/lib",
            "/e/x/lib:/e/x/lib\0\0\0\0\0\0\0\0\0\0\0\0",
        ])
    func leavesOthers(_ text: String) throws {
        #expect(try Self.restored(Array(text.utf8), window: 16) == Array(text.utf8))
    }

    @Test func wideStrings() throws {
        for encoding in PlaceholderStrings.Encoding.allCases {
            let end = [UInt8](repeating: 0, count: encoding.width)
            let packaged = encoding.encoded(Array("/placehold/lib".utf8)) + end + [7]
            let growth = encoding.encoded(Array("placehold".utf8)).count - encoding.encoded(Array("e/x".utf8)).count
            let installed = encoding.encoded(Array("/e/x/lib".utf8)) + end + [UInt8](repeating: 0, count: growth) + [7]
            #expect(try Self.restored(installed, window: 64) == packaged, "\(encoding)")
        }
    }
}
