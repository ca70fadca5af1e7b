import EnvSyncModel
import Synchronization

/// Remembers what generations hold and changed, for whoever asks for the history again and again, as a daemon's status page
/// does. Generations never change, so nothing goes stale; what was used least recently is forgotten first.
public final class GenerationCache: Sendable {
    struct Key: Hashable, Sendable {
        let store: String
        let generation: GenerationName
        let previous: GenerationName?
    }

    private struct Entry {
        let summary: GenerationSummary
        var lastUse: Int
        /// A change takes some hundred bytes; an entry without any takes about as much.
        var weight: Int { 1 + summary.changes.count }
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var weight = 0
        var uses = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    /// Makes an empty cache.
    ///
    /// - Parameter limit: how many generations and changes are kept, counted together. Default 10,000: a few megabytes.
    public init(limit: Int = 10_000) { self.limit = max(1, limit) }

    /// How many generations and changes are kept.
    public var weight: Int { state.withLock { $0.weight } }

    func summary(_ key: Key) -> GenerationSummary? {
        state.withLock { state in
            state.uses += 1
            state.entries[key]?.lastUse = state.uses
            return state.entries[key]?.summary
        }
    }

    func save(_ summary: GenerationSummary, for key: Key) {
        state.withLock { state in
            state.uses += 1
            let entry = Entry(summary: summary, lastUse: state.uses)
            guard entry.weight <= limit else { return }
            state.weight += entry.weight - (state.entries.updateValue(entry, forKey: key)?.weight ?? 0)
            while state.weight > limit, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                state.entries[oldest.key] = nil
                state.weight -= oldest.value.weight
            }
        }
    }
}
