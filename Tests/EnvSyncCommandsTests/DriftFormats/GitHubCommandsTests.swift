import EnvSyncModel
import Foundation
import Testing

@testable import EnvSyncCommands

@Suite("What GitHub's runner makes of workflow commands")
struct GitHubCommandsTests {
    /// A workflow command as the runner understands a line of a log.
    struct Command: Equatable {
        var name: String
        var properties: [String: String]
        var data: String

        /// Reads a line by the rules of actions/runner, `ActionCommand.TryParseV2`: after leading blanks `::`, a name,
        /// a space and properties up to the next `::`, which are split at commas and then at the first `=`.
        init?(_ line: Substring) {
            let text = line.drop { $0.isWhitespace }
            guard text.hasPrefix("::"), let end = text.dropFirst(2).range(of: "::") else { return nil }
            let head = text.dropFirst(2)[..<end.lowerBound]
            let words = head.split(separator: " ", maxSplits: 1)
            guard let name = words.first else { return nil }
            self.name = String(name)
            properties = [:]
            for pair in (words.count > 1 ? words[1] : "").split(separator: ",") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                if parts.count == 2 { properties[String(parts[0])] = Self.unescaped(parts[1], [":", ","]) }
            }
            data = Self.unescaped(text[end.upperBound...], [])
        }

        private static func unescaped(_ text: Substring, _ more: [String]) -> String {
            var result = String(text)
            for token in ["\r", "\n"] + more + ["%"] {
                let code = String(format: "%%%02X", token.unicodeScalars.first?.value ?? 0)
                result = result.replacingOccurrences(of: code, with: token, options: .literal)
            }
            return result
        }
    }

    /// Lines as .NET and most others split them.
    static func lines(_ text: String) -> [Substring] {
        text.unicodeScalars.split { $0 == "\n" || $0 == "\r" || $0 == "\u{2028}" || $0 == "\u{85}" }.map(Substring.init)
    }

    static func commands(_ name: String) -> [Command] {
        lines(GitHubCommands.text(DriftFixture.report(name))).compactMap(Command.init)
    }

    @Test("each finding is one annotation with its file, line and words")
    func findings() throws {
        let commands = Self.commands("drift")
        let findings = try DriftFixture.report("drift").outcome.get().findings
        #expect(commands.count == findings.count + 1)
        for (command, finding) in zip(commands, findings) {
            #expect(command.name == (finding.code == .objectMode ? "warning" : "error"))
            #expect(command.properties["line"] == String(finding.line ?? 1))
            #expect(command.properties["title"] == "envsync: \(finding.code.rawValue)")
            #expect(Set(command.properties.keys) == ["file", "line", "title"])
            #expect(command.data.hasSuffix("\ntry: \(finding.suggestion)"))
            guard finding.subject != DriftFixture.hostile else { continue }
            #expect(command.properties["file"] == finding.path)
            #expect(command.data == "\(finding.sentence)\ntry: \(finding.suggestion)")
        }
        #expect(commands.last?.name == "warning", "what could not be compared is not silently green")
    }

    @Test("a hostile name is whole but for terminal controls, and starts no command of its own")
    func hostile() {
        let command = Self.commands("drift")[1]
        let readable = DriftFixture.hostile.replacingOccurrences(of: "\u{1B}", with: "\\u{1b}")
            .replacingOccurrences(of: "\u{2028}", with: "\\u{2028}").replacingOccurrences(of: "\u{7}", with: "\\u{7}")
        #expect(command.properties["file"] == "etl/" + readable)
        #expect(command.data.contains("it has other bytes: " + readable))
    }

    @Test("a failure is an error, never an empty log")
    func failure() {
        let commands = Self.commands("failed")
        #expect(commands.count == 1 && commands.first?.name == "error")
        #expect(commands.first?.properties["file"] == "etl/envsync.lock")
        #expect(commands.first?.data.contains("does not answer") == true)
        #expect(commands.first?.data.contains("\n           ::error::<hostile> & 100 %") == true)
    }

    @Test("in sync, no line is a command; what was fixed is a notice")
    func others() {
        #expect(Self.commands("in-sync").isEmpty)
        #expect(Self.commands("fixed").map(\.name) == ["error", "notice", "notice"])
    }
}
