import Synchronization

/// Wakes one loop: at once, or at a time. Rings that nobody heard yet are one ring.
final class Alarm: Sendable {
    /// The rings, for the one loop that listens.
    let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let timer = Mutex<Task<Void, Never>?>(nil)

    init() {
        (rings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes the loop.
    func ring() { continuation.yield() }

    /// Wakes the loop at a time, and no more at the time that was set before; `nil`: not by the clock.
    func set(_ time: ContinuousClock.Instant?) {
        let next = time.map { time in
            Task { [continuation] in
                guard (try? await Task.sleep(until: time, clock: .continuous)) != nil else { return }
                continuation.yield()
            }
        }
        timer.withLock { timer in
            timer?.cancel()
            timer = next
        }
    }

    /// Ends the loop.
    func end() {
        set(nil)
        continuation.finish()
    }
}
