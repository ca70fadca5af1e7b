import Foundation
import Testing

@testable import SparkSubmission

/// The table in the README lists every code, and says of each how bad it can be.
struct PreflightTableTests {
    struct Row: Equatable {
        let code: String
        let severities: Set<String>
    }

    private static func rows() throws -> [Row] {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        let lines = readme.split(separator: "\n", omittingEmptySubsequences: false)
        let section = lines.drop { $0 != "## Preflight" }.dropFirst().prefix { !$0.hasPrefix("## ") }
        return section.filter { $0.hasPrefix("| `") }.map { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            #expect(cells.count == 4 && cells.allSatisfy { !$0.isEmpty }, "\(line)")
            return Row(
                code: cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`")),
                severities: Set(cells[1].components(separatedBy: " or ")))
        }
    }

    @Test func everyCodeIsInTheTable() throws {
        #expect(try Self.rows().map(\.code) == PreflightFinding.Code.allCases.map(\.rawValue))
        #expect(Set(PreflightFinding.Code.allCases).count == PreflightFinding.Code.allCases.count)
    }

    /// Each severity that the table names is caused by a test, and no other one is.
    @Test func theTableKnowsTheSeverities() throws {
        var caused: [String: Set<String>] = [:]
        for test in PreflightTests.all { caused[test.code.rawValue, default: []].insert(test.severity.rawValue) }
        for (_, _, code, severity, _) in ConfigurationPreflightTests.properties {
            caused[code.rawValue, default: []].insert(severity.rawValue)
        }
        for row in try Self.rows() { #expect(row.severities == caused[row.code], "\(row.code)") }
    }
}
