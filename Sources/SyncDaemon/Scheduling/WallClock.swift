import Glibc

/// The time of day.
enum WallClock {
    /// Seconds since 1970-01-01 UTC.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The time that an instant will have been, or was.
    static func time(of instant: ContinuousClock.Instant) -> Double { now + (instant - .now) / .seconds(1) }
}
