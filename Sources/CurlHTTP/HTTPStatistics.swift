import Synchronization

/// What a client has done since it was made.
public struct HTTPStatistics: Sendable, Hashable {
    /// Requests begun; those that libcurl repeats by itself count once.
    public var requests: Int
    /// Body bytes handed to libcurl to be sent, those of repeated bodies included.
    public var bytesUp: Int64
    /// Body bytes received.
    public var bytesDown: Int64
    /// TCP connections opened by the requests that have ended.
    public var connectionsOpened: Int

    /// All zero unless given.
    public init(requests: Int = 0, bytesUp: Int64 = 0, bytesDown: Int64 = 0, connectionsOpened: Int = 0) {
        self.requests = requests
        self.bytesUp = bytesUp
        self.bytesDown = bytesDown
        self.connectionsOpened = connectionsOpened
    }
}

/// The counters behind ``HTTPStatistics``. They are independent of each other, so relaxed ordering is enough.
final class StatisticsCounters: Sendable {
    private let requests = Atomic<Int>(0)
    private let bytesUp = Atomic<Int64>(0)
    private let bytesDown = Atomic<Int64>(0)
    private let connectionsOpened = Atomic<Int>(0)

    func countRequest() { requests.wrappingAdd(1, ordering: .relaxed) }
    func countUp(_ bytes: Int) { bytesUp.wrappingAdd(Int64(bytes), ordering: .relaxed) }
    func countDown(_ bytes: Int) { bytesDown.wrappingAdd(Int64(bytes), ordering: .relaxed) }
    func countConnections(_ number: Int) { connectionsOpened.wrappingAdd(number, ordering: .relaxed) }

    var snapshot: HTTPStatistics {
        HTTPStatistics(
            requests: requests.load(ordering: .relaxed),
            bytesUp: bytesUp.load(ordering: .relaxed),
            bytesDown: bytesDown.load(ordering: .relaxed),
            connectionsOpened: connectionsOpened.load(ordering: .relaxed))
    }
}
