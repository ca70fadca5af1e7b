import Foundation
import Synchronization

/// Ends the process when one input takes too long, from a thread of its own.
final class Watchdog: Sendable {
    /// What an input may take.
    static let limit = Duration.seconds(2)
    /// The exit code then.
    static let exitCode: Int32 = 3

    private struct Current {
        var number = -1
        var since = ContinuousClock.now
    }

    private let current = Mutex(Current())

    func start() {
        let thread = Thread { [self] in
            while true {
                Thread.sleep(forTimeInterval: 0.1)
                let current = current.withLock { $0 }
                guard current.number >= 0, ContinuousClock.now - current.since > Self.limit else { continue }
                FileHandle.standardError.write(Data("input \(current.number) takes longer than \(Self.limit)\n".utf8))
                exit(Self.exitCode)
            }
        }
        thread.start()
    }

    /// - Parameter number: -1 for none.
    func began(_ number: Int) {
        current.withLock { $0 = Current(number: number, since: .now) }
    }
}
