import Synchronization

/// Work that can be cancelled before it is begun, as by a signal that comes while it is prepared.
final class CancellableWork: Sendable {
    private struct State {
        var isCancelled = false
        var task: Task<Void, any Error>?
    }

    private let state = Mutex(State())

    /// Begins the work; already cancelled, if ``cancel()`` came first.
    func start(_ body: @escaping @Sendable () async throws -> Void) -> Task<Void, any Error> {
        let task = Task { try await body() }
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
        return task
    }

    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }
}
