import Dispatch

/// Work for all cores that is over in milliseconds.
enum Parallel {
    /// What `body` makes of each number, in order.
    static func map<Result: Sendable>(count: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
        var results = [Result?](repeating: nil, count: count)
        results.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let places = buffer
            // Each place is written by one thread, and read when all are done.
            DispatchQueue.concurrentPerform(iterations: count) { places[$0] = body($0) }
        }
        return results.compactMap { $0 }
    }

    /// Frees what nobody needs any more while other things are done: that of many small objects takes milliseconds.
    static func discard<Value>(_ value: consuming Value) {
        // It only loses its last owner there.
        nonisolated(unsafe) let box = Box(value)
        DispatchQueue.global(qos: .userInitiated).async { box.value = nil }
    }

    private final class Box<Value> {
        var value: Value?
        init(_ value: consuming Value) { self.value = value }
    }

    /// Something that is made while other things are done.
    final class Later<Result: Sendable>: @unchecked Sendable {
        private let group = DispatchGroup()
        /// Written before the group is left, read after.
        private var result: Result?

        init(_ make: @escaping @Sendable () -> Result) {
            DispatchQueue.global(qos: .userInitiated).async(group: group) { self.result = make() }
        }

        /// Waits for it.
        var value: Result? {
            group.wait()
            return result
        }
    }
}
