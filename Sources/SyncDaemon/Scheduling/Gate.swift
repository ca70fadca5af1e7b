/// Lets a few at a time through, of each kind: a store that hangs must not hold up the workspaces of another.
actor Gate {
    private let limit: Int
    private var inside: [String: Int] = [:]
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

    /// - Parameter limit: how many of one kind.
    init(limit: Int) { self.limit = max(1, limit) }

    /// Does the work when it is its turn. A cancelled task still waits for its turn, which comes soon: whoever is inside
    /// is cancelled with it.
    func run<Value: Sendable>(_ kind: String, _ body: @Sendable () async throws -> Value) async throws -> Value {
        if inside[kind, default: 0] < limit {
            inside[kind, default: 0] += 1
        } else {
            await withCheckedContinuation { waiting[kind, default: []].append($0) }
        }
        defer { leave(kind) }
        try Task.checkCancellation()
        return try await body()
    }

    private func leave(_ kind: String) {
        if var queue = waiting[kind], !queue.isEmpty {
            // Whoever comes next takes the place over.
            let next = queue.removeFirst()
            waiting[kind] = queue.isEmpty ? nil : queue
            next.resume()
        } else {
            let count = inside[kind, default: 1] - 1
            inside[kind] = count > 0 ? count : nil
        }
    }
}
