import Testing

@testable import SyncDaemon

@Suite struct BackoffTests {
    @Test func doublesUpToTheLimit() {
        var backoff = Backoff(first: .seconds(1), limit: .seconds(30))
        let delays = (0..<8).map { _ in backoff.next(random: 1) }
        #expect(delays == [1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
        #expect(backoff.failures == 8)
    }

    @Test func isSpreadOverTheUpperHalf() {
        var early = Backoff(first: .seconds(8), limit: .seconds(30))
        #expect(early.next(random: 0) == .seconds(4))
        for _ in 0..<1000 {
            var backoff = Backoff(first: .seconds(8), limit: .seconds(30))
            #expect((Duration.seconds(4)...Duration.seconds(8)).contains(backoff.next()))
        }
    }

    @Test func beginsAnewAfterASuccess() {
        var backoff = Backoff.store
        for _ in 0..<100 { _ = backoff.next() }
        backoff.reset()
        #expect(backoff.next(random: 1) == .seconds(1))
    }

    @Test func neverIsForEver() {
        var backoff = Backoff(first: .seconds(1), limit: .seconds(30))
        for _ in 0..<10_000 { #expect(backoff.next(random: 1) <= .seconds(30)) }
    }
}
