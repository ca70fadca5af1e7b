import Dispatch
import Synchronization

/// Runs blocking or long computations on threads of Dispatch, so that Swift's cooperative pool stays free.
enum OffPool {
    private static let queue = DispatchQueue(label: "envsync.reading", attributes: .concurrent)

    /// Throws `CancellationError` once the waiting task was cancelled.
    typealias CancellationCheck = @Sendable () throws -> Void

    static func run<Result: Sendable>(
        _ body: @escaping @Sendable (@escaping CancellationCheck) throws -> Result
    ) async throws -> Result {
        try Task.checkCancellation()
        let flag = Flag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async {
                    continuation.resume(
                        with: Swift.Result { try body { if flag.isSet { throw CancellationError() } } })
                }
            }
        } onCancel: {
            flag.set()
        }
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        var isSet: Bool { value.load(ordering: .relaxed) }
        func set() { value.store(true, ordering: .relaxed) }
    }
}
