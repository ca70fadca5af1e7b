import SyncDaemon
import Testing

@Suite struct SettlingTests {
    private static let origin = ContinuousClock.now

    private static func at(_ seconds: Double) -> ContinuousClock.Instant {
        origin + .milliseconds(Int((seconds * 1000).rounded()))
    }

    /// What is done, and what is to come of it; times are seconds after the beginning.
    enum Step: Sendable {
        case changed(Double, Set<String>)
        case hurry
        case writing(Set<String>)
        case due(Double?)
        case settled(Double, Set<String>)
        case notYet(Double)
        case beingWritten(Double, [String])
        case found([String: Double], Double)
    }

    struct Story: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [Step]
        init(_ description: String, _ steps: Step...) {
            testDescription = description
            self.steps = steps
        }
    }

    static let stories = [
        Story("nothing", .due(nil), .notYet(0), .hurry, .due(nil), .notYet(100)),
        Story("one change", .changed(1, ["a"]), .due(3), .notYet(2.999), .settled(3, ["a"]), .due(nil), .notYet(4)),
        Story("looked at late", .changed(1, ["a"]), .settled(60, ["a"])),
        Story(
            "each change puts it off", .changed(0, ["a"]), .changed(1.5, ["b"]), .due(3.5), .notYet(2),
            .changed(3, ["a"]),
            .due(5), .settled(5, ["a", "b"])),
        Story(
            "but not for ever", .changed(0, ["a"]), .changed(1.9, ["a"]), .changed(3.8, ["a"]), .changed(5.7, ["a"]),
            .changed(7.6, ["a"]), .due(9.6), .changed(9.5, ["a"]), .due(10), .notYet(9.99), .settled(10, ["a"]),
            .changed(10.1, ["b"]), .due(12.1), .settled(12.1, ["b"])),
        Story(
            "not while it is written", .changed(0, ["a", "b", "c"]), .writing(["a", "c", "z"]),
            .beingWritten(2, ["a", "c"]),
            .due(4), .notYet(3), .beingWritten(4, ["a", "c"]), .due(6), .writing([]), .settled(6, ["a", "b", "c"])),
        Story(
            "not even after the longest time", .changed(0, ["a"]), .writing(["a"]), .beingWritten(2, ["a"]),
            .changed(3.9, ["a"]), .due(5.9), .changed(5.8, ["a"]), .changed(7.7, ["a"]), .changed(9.6, ["a"]), .due(10),
            .beingWritten(10, ["a"]), .due(12), .changed(11, ["a"]), .due(12), .beingWritten(12, ["a"]), .writing([]),
            .settled(14, ["a"])),
        Story(
            "a change after a look puts it off again", .changed(0, ["a"]), .writing(["a"]), .beingWritten(2, ["a"]),
            .due(4), .changed(3.5, ["b"]), .due(5.5), .writing([]), .settled(5.5, ["a", "b"])),
        Story("in a hurry", .changed(5, ["a"]), .hurry, .due(5), .settled(5.1, ["a"])),
        Story(
            "a hurry is for what is pending only", .changed(0, ["a"]), .hurry, .settled(0.5, ["a"]), .changed(1, ["b"]),
            .due(3), .settled(3, ["b"])),
        Story(
            "changes in a hurry", .changed(0, ["a"]), .hurry, .changed(0.5, ["b"]), .due(0), .settled(0.5, ["a", "b"])),
        Story(
            "in a hurry, too, it isn't taken half written", .changed(0, ["a"]), .hurry, .writing(["a"]),
            .beingWritten(0.5, ["a"]), .due(0.75), .notYet(0.7), .beingWritten(0.75, ["a"]), .due(1), .writing([]),
            .settled(1, ["a"])),
        Story(
            "hurried while it waits for a writer", .changed(0, ["a"]), .writing(["a"]), .beingWritten(2, ["a"]),
            .due(4),
            .hurry, .due(2.25), .hurry, .due(2.25), .writing([]), .settled(2.25, ["a"])),
        Story(
            "changed before it began", .found(["a": 0.5, "old": 2, "older": 1000], 10), .due(11.5), .notYet(11),
            .settled(11.5, ["a"])),
        Story(
            "several of them", .found(["a": 0.5, "b": 1.5], 10), .due(11.5), .changed(11, ["c"]), .due(13),
            .settled(13, ["a", "b", "c"])),
        Story("a time in the future is now", .found(["a": -3600], 10), .due(12), .settled(12, ["a"])),
        Story("only old ones", .found(["a": 2, "b": 3], 10), .due(nil)),
        Story("nobody knows which", .changed(0, []), .due(2), .writing(["a"]), .settled(2, [])),
        Story("times that go back", .changed(5, ["a"]), .changed(4, ["b"]), .due(7), .settled(7, ["a", "b"])),
    ]

    @Test(arguments: stories) func story(story: Story) {
        var settling = Settling()
        var writing = Set<String>()
        for (index, step) in story.steps.enumerated() {
            switch step {
            case .changed(let time, let paths): settling.changed(paths, at: Self.at(time))
            case .hurry: settling.hurry()
            case .writing(let paths): writing = paths
            case .due(let time): #expect(settling.due == time.map(Self.at), "step \(index)")
            case .settled(let time, let paths):
                #expect(settling.isPending)
                #expect(settle(&settling, time, writing) == .settled(paths), "step \(index)")
                #expect(!settling.isPending && settling.due == nil && settling.firstChange == nil)
                #expect(settling.pendingPaths == 0)
            case .notYet(let time):
                #expect(settle(&settling, time, writing) == .notYet, "step \(index)")
            case .beingWritten(let time, let paths):
                #expect(settle(&settling, time, writing) == .beingWritten(paths), "step \(index)")
                #expect(settling.isPending)
            case .found(let ages, let time):
                settling.found(ages: ages.mapValues { .seconds($0) }, at: Self.at(time))
            }
        }
    }

    private func settle(_ settling: inout Settling, _ time: Double, _ writing: Set<String>) -> Settling.Outcome {
        settling.settle(at: Self.at(time)) { writing.contains($0) }
    }

    @Test func theFirstChangeIsKept() {
        var settling = Settling()
        settling.changed(["a"], at: Self.at(1))
        settling.changed(["b"], at: Self.at(2))
        #expect(settling.firstChange == Self.at(1))
        #expect(settling.pendingPaths == 2)
    }

    @Test func neverLaterThanTheLongestDelayAndNeverBeforeTheQuietTime() {
        // Whatever the changes, as long as nothing is being written.
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var settling = Settling(quiet: .seconds(2), maxDelay: .seconds(10))
            var times = [Double(Int.random(in: 0...1000, using: &random)) / 1000]
            settling.changed(["f"], at: Self.at(times[0]))
            while times.count < 20 {
                let next = times[times.count - 1] + Double(Int.random(in: 0...3000, using: &random)) / 1000
                guard let due = settling.due, Self.at(next) < due else { break }
                times.append(next)
                settling.changed(["f"], at: Self.at(next))
            }
            guard let due = settling.due else {
                Issue.record("nothing is due after \(times)")
                return
            }
            #expect(due <= Self.at(times[0]) + .seconds(10))
            #expect(due == Self.at(times[times.count - 1]) + .seconds(2) || due == Self.at(times[0]) + .seconds(10))
        }
    }

    @Test func pathsAreKeptUpToALimit() {
        var settling = Settling()
        settling.changed(Set((0..<5000).map { "f\($0)" }), at: Self.at(0))
        settling.changed(["one more"], at: Self.at(0))
        #expect(settling.pendingPaths == Settling.limit)
        guard case .settled(let paths) = settling.settle(at: Self.at(2), isBeingWritten: { _ in false }) else {
            Issue.record("not settled")
            return
        }
        #expect(paths.count == Settling.limit)
    }

    @Test func theLongestDelayIsNotShorterThanTheQuietTime() {
        var settling = Settling(quiet: .seconds(5), maxDelay: .seconds(1))
        settling.changed(["a"], at: Self.at(0))
        #expect(settling.due == Self.at(5))
    }
}
