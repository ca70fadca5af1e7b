import Foundation
import Testing

@testable import SyncDaemon

@Suite struct MetricsTests {
    private static let hostile = "/work/a\\b\"c\nd{e=\"f\"} 1 # HELP"

    private static var status: DaemonStatus {
        .sample([
            .sample(hostile) { workspace in
                workspace.counters.published = 7
                workspace.counters.failed = 2
                workspace.counters.bytesSent = 9_007_199_254_740_991
                workspace.counters.objectsSent = 12
                workspace.counters.overflows = 1
                for seconds in [0.5, 2.6, 2.7, 1000] { workspace.counters.lag.observe(seconds) }
                workspace.drift = [
                    .init(code: "object-missing", subject: "a", message: "b", suggestion: "c"),
                    .init(code: "object-missing", subject: "d", message: "e", suggestion: "f"),
                    .init(code: "superseded", subject: "g", message: "h", suggestion: "i"),
                ]
                workspace.generation = .init(number: 12, id: String(repeating: "a", count: 64), publishedAt: 1.5)
            },
            .sample("/work/b") {
                $0.phase = .retrying
                $0.isInSync = false
                $0.problem = .init(code: "unreachable", message: "m", since: 1)
            },
        ])
    }

    /// Reads the text as Prometheus's own Python client does.
    private func parse(_ text: String) throws -> [String] {
        let program = """
            import sys
            from prometheus_client.parser import text_string_to_metric_families
            for family in text_string_to_metric_families(sys.stdin.read()):
                for sample in family.samples:
                    labels = sorted(sample.labels.items())
                    print(family.type, sample.name, repr(labels), repr(float(sample.value)))
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [try #require(MetricsTools.python), "-c", program]
        let input = Pipe(), output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "the parser does not take it")
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test(.enabled(if: MetricsTools.python != nil, "no Python with the package prometheus-client"))
    func prometheusReadsIt() throws {
        let lines = try parse(Metrics.text(Self.status, process: ProcessFigures.current()))
        let workspace = #"('workspace', '/work/a\\b"c\nd{e="f"} 1 # HELP')"#
        for line in [
            "counter envsync_pushes_total [('environment', 'etl'), ('outcome', 'published'), \(workspace)] 7.0",
            "counter envsync_pushes_total [('environment', 'etl'), ('outcome', 'failed'), \(workspace)] 2.0",
            "counter envsync_sent_bytes_total [('environment', 'etl'), \(workspace)] 9007199254740991.0",
            "gauge envsync_drift [('code', 'object-missing'), ('environment', 'etl'), \(workspace)] 2.0",
            "gauge envsync_drift [('code', 'superseded'), ('environment', 'etl'), \(workspace)] 1.0",
            "gauge envsync_in_sync [('environment', 'etl'), ('workspace', '/work/b')] 0.0",
            "gauge envsync_phase [('environment', 'etl'), ('phase', 'retrying'), ('workspace', '/work/b')] 1.0",
            "gauge envsync_phase [('environment', 'etl'), ('phase', 'idle'), ('workspace', '/work/b')] 0.0",
            "gauge envsync_problem [('code', 'unreachable'), ('environment', 'etl'), ('workspace', '/work/b')] 1.0",
            "gauge envsync_generation [('environment', 'etl'), \(workspace)] 12.0",
            "gauge envsync_last_publish_timestamp_seconds [('environment', 'etl'), \(workspace)] 1.5",
            "counter envsync_watch_overflows_total [('environment', 'etl'), \(workspace)] 1.0",
            "histogram envsync_publish_lag_seconds_bucket [('environment', 'etl'), ('le', '2.5'), \(workspace)] 1.0",
            "histogram envsync_publish_lag_seconds_bucket [('environment', 'etl'), ('le', '3'), \(workspace)] 3.0",
            "histogram envsync_publish_lag_seconds_bucket [('environment', 'etl'), ('le', '+Inf'), \(workspace)] 4.0",
            "histogram envsync_publish_lag_seconds_count [('environment', 'etl'), \(workspace)] 4.0",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(lines.contains { $0.hasPrefix("gauge process_resident_memory_bytes [] ") })
    }

    @Test func figuresOfThisProcessAreLikely() throws {
        let figures = try #require(ProcessFigures.current())
        #expect(figures.residentBytes > 1 << 20 && figures.residentBytes < 64 << 30)
        #expect(figures.openDescriptors >= 3 && figures.openDescriptors < figures.maximumDescriptors)
        #expect(figures.cpuSeconds >= 0 && figures.threads >= 1)
        let age = Date().timeIntervalSince1970 - figures.startedAt
        #expect(age > -1 && age < 86_400)
    }

    @Test(arguments: [
        (0.1, "0.1"), (3, "3"), (-2, "-2"), (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
    func numbersAreWrittenAsPrometheusReadsThem(value: Double, text: String) {
        #expect(MetricsText.number(value) == text)
    }

    @Test func aDaemonWithoutWorkspacesHasMetrics() {
        let text = Metrics.text(.sample([]), process: nil)
        #expect(text.contains("\nenvsync_workspaces 0\n") && !text.contains("envsync_in_sync") && text.hasSuffix("\n"))
    }
}

/// A Python that has the package prometheus-client, if there is one.
private enum MetricsTools {
    static let python: String? = {
        let candidates = [ProcessInfo.processInfo.environment["ENVSYNC_TEST_PROMETHEUS_PYTHON"], "python3"]
        return candidates.compactMap(\.self).first { candidate in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [candidate, "-c", "import prometheus_client"]
            process.standardError = FileHandle.nullDevice
            guard (try? process.run()) != nil else { return false }
            process.waitUntilExit()
            return process.terminationStatus == 0
        }
    }()
}
