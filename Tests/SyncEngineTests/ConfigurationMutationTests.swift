import EnvSyncModel
import Testing

@testable import SyncEngine

@Suite("Configuration: spoiled files")
struct ConfigurationMutationTests {
    /// Numbers that are the same in every run (SplitMix64).
    private struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    private static let pieces = [
        "\"", "'", "\"\"\"", "'''", "[", "[[", "]", "]]", "{", "}", "=", ".", ",", "#", "\\", "\\u0000", "\\xZZ",
        "\\U00110000",
        "\n", "\r", "\r\n", "\t", " ", "\u{0}", "\u{1B}", "\u{85}", "\u{2028}", "\u{FEFF}", "é", "😀", "a.b.c",
        "\"a.\".b",
        "-1", "9223372036854775808", "1e999", "nan", "true", "1979-05-27", "[store]", "[jobs.a.conf]", "[[source]]",
    ]

    /// Each line of what `envsync init` writes, with all keys in use, is spoiled in many ways. Whatever comes of it is a
    /// configuration, or an error of one line that begins with the file's name.
    @Test func eachIsReadOrRefused() throws {
        let template = ConfigurationTemplate.text(environmentName: try EnvironmentName("etl"))
        let lines = template.split(separator: "\n").map { $0.hasPrefix("#") ? $0.dropFirst() : $0 }
            .filter { !$0.hasPrefix(" ") }
        #expect(lines.count > 30)
        var generator = SeededGenerator(state: 1)
        var read = 0
        for round in 0..<20_000 {
            var line = Array(lines[round % lines.count].unicodeScalars)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let start = Int.random(in: 0...line.count, using: &generator)
                let end = min(line.count, start + Int.random(in: 0...3, using: &generator))
                let piece = Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &generator)]
                line.replaceSubrange(start..<end, with: piece.unicodeScalars)
            }
            // With some of the lines around it, so that there is something to collide with.
            let before = lines[max(0, round % lines.count - 4)..<round % lines.count].joined(separator: "\n")
            let text = "\(before)\n\(String(String.UnicodeScalarView(line)))\n[environment]\nname = \"e\"\n"
            do {
                _ = try ConfigurationReader.parse(text: text)
                read += 1
            } catch {
                let isOneLine = !error.description.unicodeScalars.contains {
                    $0.value < 0x20 && $0 != "\n" || $0.value == 0x7F
                }
                #expect(error.message.hasPrefix("envsync.toml:") && isOneLine, "\(error)")
                #expect(error.message.utf8.count < 2_000 && !error.message.contains("\n"), "\(error)")
            }
        }
        #expect(read > 50)
    }
}
