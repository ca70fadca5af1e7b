/// How long to wait before trying again: twice as long each time, up to a limit, and never exactly as long as others do.
public struct Backoff: Sendable, Hashable {
    /// The first delay, without jitter.
    public let first: Duration
    /// The longest delay, without jitter.
    public let limit: Duration
    /// Failures in a row.
    public private(set) var failures = 0

    /// Makes a backoff.
    public init(first: Duration, limit: Duration) {
        self.first = first
        self.limit = limit
    }

    /// For a store that doesn't answer: 1 s, 2 s … 30 s.
    public static let store = Backoff(first: .seconds(1), limit: .seconds(30))
    /// For what only a change here can mend, or a service that isn't the store, such as an index of wheels: 1 to 10 min.
    public static let local = Backoff(first: .seconds(60), limit: .seconds(600))

    /// Counts a failure.
    ///
    /// - Parameter random: a number from 0 to 1; spreads clients of one store that came back.
    /// - Returns: how long to wait: half of the delay at least, all of it at most.
    public mutating func next(random: Double = .random(in: 0...1)) -> Duration {
        var delay = first
        for _ in 0..<min(failures, 30) where delay < limit { delay *= 2 }
        failures += 1
        return min(delay, limit) * (0.5 + 0.5 * random)
    }

    /// Begins anew after a success.
    public mutating func reset() { failures = 0 }
}
