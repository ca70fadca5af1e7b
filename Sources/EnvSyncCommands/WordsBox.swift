import Synchronization

/// Carries words out of a command's work.
final class WordsBox: Sendable {
    private let stored = Mutex<[String]>([])

    var value: [String] { stored.withLock { $0 } }

    func set(_ words: [String]) { stored.withLock { $0 = words } }
}
