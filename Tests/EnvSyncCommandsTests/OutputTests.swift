import Foundation
import Testing

@testable import EnvSyncCommands

@Suite("Output for people")
struct OutputTests {
    @Test(
        "Sizes have a decimal unit and at most two digits after the point",
        arguments: [
            (Int64(0), "0 B"), (17, "17 B"), (999, "999 B"), (1000, "1.0 kB"), (1234, "1.2 kB"), (9949, "9.9 kB"),
            (78_838, "79 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (274_000_000, "274 MB"),
            (1_000_000_000, "1.0 GB"), (5_000_000_000_000, "5.0 TB"), (5_000_000_000_000_000, "5000 TB"),
        ])
    func sizes(count: Int64, text: String) {
        #expect(Human.bytes(count) == text)
    }

    @Test("Times agree with Foundation's calendar, over four centuries and at the edges of days")
    func times() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss 'UTC'"
        for seconds in stride(from: Int64(-86_400 * 3), through: 86_400 * 365 * 400, by: 86_400 * 13 + 7_919) {
            #expect(Human.time(seconds) == formatter.string(from: Date(timeIntervalSince1970: Double(seconds))))
        }
    }

    @Test("Columns are padded to the widest cell, the last one is not")
    func table() {
        var table = TextTable(header: ["A", "LONG"])
        table.add(["first", "x"])
        table.add(["é", "yy"])
        #expect(table.text == "A      LONG\nfirst  x\né      yy")
    }
}
