import Foundation
import Synchronization

/// Ends the process when one input takes too long, from a thread of its own.
final class Watchdog: Sendable {
    /// The processor time that an input may take. Time by the clock would tell how busy the machine is.
    static let limit = Duration.seconds(2)
    /// The time by the clock, for what waits for ever.
    static let patience = Duration.seconds(60)
    /// The exit code then.
    static let exitCode: Int32 = 3

    private struct Current {
        var number = -1
        var processorTime = Duration.zero
        var since = ContinuousClock.now
    }

    private let current = Mutex(Current())

    func start() {
        let thread = Thread { [self] in
            while true {
                Thread.sleep(forTimeInterval: 0.1)
                let current = current.withLock { $0 }
                guard current.number >= 0 else { continue }
                guard
                    Self.processorTime - current.processorTime > Self.limit
                        || ContinuousClock.now - current.since > Self.patience
                else { continue }
                FileHandle.standardError.write(Data("input \(current.number) takes longer than \(Self.limit)\n".utf8))
                exit(Self.exitCode)
            }
        }
        thread.start()
    }

    /// - Parameter number: -1 for none.
    func began(_ number: Int) {
        current.withLock { $0 = Current(number: number, processorTime: Self.processorTime, since: .now) }
    }

    /// What this process has used so far.
    static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
