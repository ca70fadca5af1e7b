/// How often and how long a client tries before it gives an error to its caller.
///
/// Delays double from ``baseDelay`` up to ``maximumDelay`` and are drawn evenly between zero and that value ("full
/// jitter"), so that many clients of a restarted NameNode don't return at one moment.
public struct RetryPolicy: Sendable, Hashable {
    /// How many times an operation is tried in all; 8 by default.
    public var maximumAttempts: Int
    /// The upper bound of the first delay; 200 ms by default.
    public var baseDelay: Duration
    /// The upper bound of every delay; 4 s by default.
    public var maximumDelay: Duration
    /// How long to go on when NameNodes can't be reached or none is active, counted from the start of the first request
    /// that failed so. Each of several NameNodes is tried at least once, a single one at least twice. 6 s by default.
    public var connectionPatience: Duration
    /// How long to wait for a NameNode to leave safe mode; 6 s by default.
    public var safeModePatience: Duration
    /// How many times the second leg may fail at DataNodes; 8 by default.
    public var maximumDataNodeAttempts: Int

    /// A policy; the defaults are those of the properties.
    public init(
        maximumAttempts: Int = 8,
        baseDelay: Duration = .milliseconds(200),
        maximumDelay: Duration = .seconds(4),
        connectionPatience: Duration = .seconds(6),
        safeModePatience: Duration = .seconds(6),
        maximumDataNodeAttempts: Int = 8
    ) {
        self.maximumAttempts = maximumAttempts
        self.baseDelay = baseDelay
        self.maximumDelay = maximumDelay
        self.connectionPatience = connectionPatience
        self.safeModePatience = safeModePatience
        self.maximumDataNodeAttempts = maximumDataNodeAttempts
    }

    /// The policy for a person who waits: a dead NameNode is reported within some seconds.
    public static let `default` = RetryPolicy()
    /// One attempt at one NameNode.
    public static let none = RetryPolicy(maximumAttempts: 1)

    /// The upper bound of the delay after a number of failures, 1 or more.
    func delayBound(afterFailures failures: Int) -> Duration {
        var delay = baseDelay
        for _ in 1..<max(1, min(failures, 32)) where delay < maximumDelay { delay *= 2 }
        return min(delay, maximumDelay)
    }
}

/// What a failed operation has gone through so far. Times are passed in, so decisions can be tested without waiting.
struct RetryHistory: Equatable, Sendable {
    /// Failed attempts, the last one included.
    var failures = 0
    /// Failures for want of a DataNode that works, the last one included.
    var dataNodeFailures = 0
    /// Times that the operation moved on to another NameNode.
    var failOvers = 0
    /// Time since the first request that failed for want of a NameNode was sent.
    var connectionTrouble: Duration = .zero
    /// Time since the first request that was refused because of safe mode was sent.
    var safeModeTrouble: Duration = .zero
    /// `host:port` of the DataNodes that failed, in order.
    var excludedDataNodes: [String] = []
    /// Whether some failed attempt may have been carried out although its reply was lost.
    var mayHaveHappened = false

    /// Takes note of a failed attempt.
    ///
    /// - Parameter duration: how long the attempt took.
    /// - Parameter pause: the time since the attempt before ended.
    mutating func record(_ error: WebHDFSError, duration: Duration, pause: Duration = .zero) {
        failures += 1
        mayHaveHappened = mayHaveHappened || error.mayHaveHappened
        let isSafeMode = error.code == .safeMode
        safeModeTrouble = isSafeMode ? (lastKind == .safeMode ? safeModeTrouble + pause : .zero) + duration : .zero
        let isConnection = error.leg == .namenode && error.disposition == .failOver
        connectionTrouble =
            isConnection ? (lastKind == .connection ? connectionTrouble + pause : .zero) + duration : .zero
        lastKind = isSafeMode ? .safeMode : isConnection ? .connection : .other
        if !isSafeMode, error.leg == .datanode || error.code == .noSpace { dataNodeFailures += 1 }
        if error.leg == .datanode, error.isDataNodeToBlame, let endpoint = error.endpoint,
            !excludedDataNodes.contains(endpoint)
        {
            excludedDataNodes.append(endpoint)
        }
    }

    private enum Kind { case connection, safeMode, other }
    private var lastKind: Kind?
}

/// What to do about a failed attempt.
enum RetryDecision: Equatable, Sendable {
    /// Ask the same NameNode again after a pause.
    case retry(after: Duration)
    /// Ask the next NameNode after a pause.
    case failOver(after: Duration)
    /// Give the error to the caller.
    case giveUp

    /// Decides. `random` is in 0..<1 and picks the point within the delay's bound.
    static func decide(
        _ error: WebHDFSError, history: RetryHistory, policy: RetryPolicy, namenodes: Int, random: Double
    ) -> RetryDecision {
        guard error.disposition != .final, history.failures < policy.maximumAttempts else { return .giveUp }
        let pause = policy.delayBound(afterFailures: history.failures) * random
        if error.code == .safeMode {
            // Safe mode ends after many seconds or by hand, so the pause is long from the start.
            guard history.safeModeTrouble < policy.safeModePatience else { return .giveUp }
            return .retry(after: max(pause, min(.seconds(1), policy.maximumDelay)))
        }
        if error.leg == .datanode || error.code == .noSpace {
            return history.dataNodeFailures < policy.maximumDataNodeAttempts ? .retry(after: pause) : .giveUp
        }
        if error.disposition == .failOver {
            if namenodes > 1 {
                // The first round over all NameNodes is made at once and without regard to the time.
                let isFirstRound = history.failOvers < namenodes - 1
                if isFirstRound { return .failOver(after: .zero) }
                return history.connectionTrouble < policy.connectionPatience ? .failOver(after: pause) : .giveUp
            }
            // A single request that hangs, as a busy server lets one do now and then, may outlast all patience.
            let isFirst = history.failures == 1
            return isFirst || history.connectionTrouble < policy.connectionPatience ? .retry(after: pause) : .giveUp
        }
        return .retry(after: pause)
    }
}
