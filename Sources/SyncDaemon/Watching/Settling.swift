/// Decides when changes are done: nothing changed for a while, or enough time has gone, and no changed file is being
/// written. Has no clock of its own.
public struct Settling: Sendable {
    /// The clock's instants.
    public typealias Instant = ContinuousClock.Instant

    /// How ``settle(at:isBeingWritten:)`` ended.
    public enum Outcome: Sendable, Hashable {
        /// These paths changed and are done. Nothing is pending any more.
        case settled(Set<String>)
        /// It isn't time yet, or nothing is pending.
        case notYet
        /// These files, sorted, are still being written; ``Settling/due`` tells when to look again.
        case beingWritten([String])
    }

    /// More paths than this are not kept one by one.
    public static let limit = 1000
    /// In a hurry, a file that is being written is looked at again after this, or after ``quiet`` if that is less.
    private static let hurriedInterval: Duration = .milliseconds(250)

    /// For how long nothing may have changed.
    public let quiet: Duration
    /// How long changes that don't end are waited for.
    public let maxDelay: Duration

    private var paths: Set<String> = []
    private var lastChange: Instant?
    private var notBefore: Instant?
    private var isHurried = false

    /// When the first change that is pending was made.
    public private(set) var firstChange: Instant?

    /// Makes one of which nothing is pending.
    ///
    /// - Parameters:
    ///   - quiet: for how long nothing may have changed.
    ///   - maxDelay: how long after the first change it is due even if changes go on; less than `quiet` counts as `quiet`.
    public init(quiet: Duration = .seconds(2), maxDelay: Duration = .seconds(10)) {
        self.quiet = max(quiet, .zero)
        self.maxDelay = max(maxDelay, self.quiet)
    }

    /// Whether there are changes that were not dealt with.
    public var isPending: Bool { firstChange != nil }

    /// How many changed paths are known, at most ``limit``.
    public var pendingPaths: Int { paths.count }

    /// When to look again; `nil` if nothing is pending.
    public var due: Instant? {
        guard let firstChange, let lastChange else { return nil }
        let time = isHurried ? firstChange : min(lastChange + quiet, firstChange + maxDelay)
        return max(time, notBefore ?? time)
    }

    /// Something changed.
    ///
    /// - Parameters:
    ///   - changed: the paths; empty if it isn't known which.
    ///   - now: when.
    public mutating func changed(_ changed: Set<String>, at now: Instant) {
        firstChange = min(firstChange ?? now, now)
        lastChange = max(lastChange ?? now, now)
        if paths.isEmpty, changed.count <= Self.limit {
            paths = changed
        } else {
            for path in changed where paths.count < Self.limit { paths.insert(path) }
        }
    }

    /// Takes files that were changed shortly before the watch began for changes: whoever changed them may not be done.
    ///
    /// - Parameters:
    ///   - ages: how long ago each was changed. A time in the future, of a clock that was put back, counts as now.
    ///   - now: the time.
    public mutating func found(ages: [String: Duration], at now: Instant) {
        for (path, age) in ages where age < quiet { changed([path], at: now - max(age, .zero)) }
    }

    /// Makes what is pending due at once, for somebody who waits. Files that are being written are still waited for.
    public mutating func hurry() {
        guard isPending, !isHurried else { return }
        isHurried = true
        if let last = notBefore { notBefore = last - quiet + min(quiet, Self.hurriedInterval) }
    }

    /// Looks whether the changes are done; to be called at ``due``.
    ///
    /// - Parameters:
    ///   - now: the time.
    ///   - isBeingWritten: whether a file is open for writing.
    public mutating func settle(at now: Instant, isBeingWritten: (String) -> Bool) -> Outcome {
        guard let due, now >= due else { return .notYet }
        let unfinished = paths.filter(isBeingWritten)
        guard unfinished.isEmpty else {
            notBefore = now + (isHurried ? min(quiet, Self.hurriedInterval) : quiet)
            return .beingWritten(unfinished.sorted())
        }
        let settled = paths
        self = Settling(quiet: quiet, maxDelay: maxDelay)
        return .settled(settled)
    }
}
