import SyncDaemon
import Testing

@Suite struct LagTests {
    @Test(arguments: [(0.0, 0), (1, 0), (1.01, 1), (4, 5), (4.01, 6), (300, 10), (301, 11)])
    func observationsAreCountedInTheFirstBucketThatHoldsThem(seconds: Double, bucket: Int) {
        var lag = WorkspaceStatus.Lag()
        lag.observe(seconds)
        #expect(lag.counts[bucket] == 1)
        #expect(lag.counts.reduce(0, +) == 1)
        #expect(lag.sum == seconds && lag.last == seconds)
    }
}
