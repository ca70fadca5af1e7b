import Foundation

/// Sizes, times and durations as the status page shows them.
enum PageWords {
    /// Bytes with a decimal unit: `274 MB`, `1.2 kB`, `17 B`.
    static func bytes(_ count: Int64) -> String {
        var value = abs(Double(count))
        guard value >= 1000 else { return "\(count) B" }
        let sign = count < 0 ? "-" : ""
        for unit in ["B", "kB", "MB", "GB", "TB", "PB"] {
            if value < 999.5 || unit == "PB" {
                return sign + (value < 9.95 ? tenths(value) : "\(Int(value.rounded()))") + " \(unit)"
            }
            value /= 1000
        }
        return "\(count) B"
    }

    /// A change of a size, with its sign.
    static func difference(_ count: Int64) -> String {
        count == 0 ? "±0 B" : count > 0 ? "+" + bytes(count) : "\u{2212}" + bytes(-max(count, -Int64.max))
    }

    /// A duration: `340 ms`, `3.2 s`, `2 min 5 s`, `1 h 4 min`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "?" }
        let seconds = max(0, seconds)
        if seconds < 0.9995 { return "\(Int((seconds * 1000).rounded())) ms" }
        if seconds < 9.95 { return tenths(seconds) + " s" }
        if seconds < 59.5 { return "\(Int(seconds.rounded())) s" }
        if seconds >= 1e11 { return "?" }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return join(whole / 60, "min", whole % 60, "s") }
        if whole < 86_400 { return join(whole / 3600, "h", whole % 3600 / 60, "min") }
        return join(whole / 86_400, "d", whole % 86_400 / 3600, "h")
    }

    /// How long ago, or how soon, in one unit: `just now`, `5 s ago`, `in 2 min`, `3 days ago`.
    static func relative(_ time: Double, now: Double) -> String {
        let distance = abs(now - time)
        guard distance.isFinite, distance < 1e11 else { return "at an unknown time" }
        if distance < 1 { return time > now ? "now" : "just now" }
        let words: String
        switch distance {
        case ..<60: words = "\(Int(distance)) s"
        case ..<3600: words = "\(Int(distance / 60)) min"
        case ..<86_400: words = "\(Int(distance / 3600)) h"
        case ..<(2 * 86_400): words = "1 day"
        default: words = "\(Int(distance / 86_400)) days"
        }
        return time > now ? "in \(words)" : "\(words) ago"
    }

    /// `2026-11-22 17:04:05 UTC`, and the form for `datetime`.
    static func absolute(_ time: Double) -> (shown: String, machine: String) {
        guard time.isFinite, abs(time) < 1e11 else { return ("an unknown time", "1970-01-01T00:00:00Z") }
        var seconds = time_t(time.rounded(.down))
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let day = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return ("\(day) \(clock) UTC", "\(day)T\(clock)Z")
    }

    /// `1 object`, `3 objects`.
    static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
        number == 1 ? "1 \(one)" : "\(grouped(number)) \(many ?? one + "s")"
    }

    /// Digits in groups of three.
    static func grouped(_ number: Int) -> String {
        guard number >= 10_000 else { return "\(number)" }
        let digits = Array(String(number))
        return digits.enumerated().map { index, digit in
            index > 0 && (digits.count - index) % 3 == 0 ? "\u{202F}\(digit)" : "\(digit)"
        }.joined()
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func join(_ large: Int, _ unit: String, _ small: Int, _ smallUnit: String) -> String {
        small == 0 ? "\(large) \(unit)" : "\(large) \(unit) \(small) \(smallUnit)"
    }
}
