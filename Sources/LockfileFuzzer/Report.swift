import Foundation

/// What a run is to tell, one line of fields each for `scripts/fuzz` to add up.
struct Report {
    private struct Counts {
        var inputs = 0
        var read = 0
        var selected = 0
    }

    private var counts: [String: Counts] = [:]
    private var slowest: (time: Duration, number: Int) = (.zero, 0)

    mutating func add(format: String, wasRead: Bool, wasSelected: Bool, number: Int, time: Duration) {
        counts[format, default: Counts()].inputs += 1
        if wasRead { counts[format, default: Counts()].read += 1 }
        if wasSelected { counts[format, default: Counts()].selected += 1 }
        if time > slowest.time { slowest = (time, number) }
    }

    func print() {
        for (format, counts) in counts.sorted(by: { $0.key < $1.key }) {
            Swift.print("format \(format) \(counts.inputs) \(counts.read) \(counts.selected)")
        }
        let milliseconds = slowest.time / .milliseconds(1)
        Swift.print("slowest \(String(format: "%.1f", milliseconds)) \(slowest.number)")
        Swift.print("memory \(Self.peakMemory)")
    }

    /// The largest resident size so far, in KiB.
    static var peakMemory: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Int(usage.ru_maxrss)
    }
}
