import Dispatch
import Synchronization

/// Whether the task that waits for some blocking work was cancelled meanwhile.
final class CancellationFlag: Sendable {
    private let isSet = Atomic(false)

    fileprivate func set() { isSet.store(true, ordering: .relaxed) }

    /// Throws `CancellationError` once the task is cancelled.
    func check() throws {
        if isSet.load(ordering: .relaxed) { throw CancellationError() }
    }
}

/// Runs blocking system calls on threads of Dispatch, so that Swift's cooperative pool stays free.
enum BlockingIO {
    private static let queue = DispatchQueue(label: "envsync.blocking-io", attributes: .concurrent)

    /// Runs `body` elsewhere and waits for it; it should ask the flag between chunks of long work.
    static func run<Result: Sendable>(
        _ body: @escaping @Sendable (CancellationFlag) throws -> Result
    ) async throws -> Result {
        try Task.checkCancellation()
        let flag = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { continuation.resume(with: Swift.Result { try body(flag) }) }
            }
        } onCancel: {
            flag.set()
        }
    }
}
