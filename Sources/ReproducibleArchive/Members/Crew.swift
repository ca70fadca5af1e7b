/// The threads of an assembly: those that make units and the one that hashes the output.
final class Crew {
    private var threads: [WorkThread] = []
    private let digest = Digest()

    private final class Digest: @unchecked Sendable {
        /// Written by one thread, read after it was joined.
        var sha256: [UInt8]?
    }

    init(_ plan: AssemblyPlan, _ board: AssemblyBoard, workers: Int) throws {
        let digest = self.digest
        let hasher = WorkThread { digest.sha256 = OutputHasher().run(board) }
        let makers = (0..<workers).compactMap { _ in WorkThread { Self.work(plan, board) } }
        threads = [hasher].compactMap { $0 } + makers
        // Fewer workers than wished for will do, none won't.
        if hasher == nil || makers.isEmpty {
            board.fail(
                ArchiveError(code: .writeFailed, path: "the archive being written", message: "no thread can be started")
            )
            join()
            try board.checkFailure()
        }
    }

    func join() {
        for thread in threads { thread.join() }
        threads = []
    }

    /// Of all that was written; only after ``join()``.
    var sha256: [UInt8]? { digest.sha256 }

    private static func work(_ plan: AssemblyPlan, _ board: AssemblyBoard) {
        do {
            let encoder = try BlockEncoder(plan.format)
            while let work = board.nextWork() {
                switch work {
                case .feed: try board.feedUnits()
                case .task(let task): try board.run(task, encoder)
                case .unit(let unit, let members, let mayReuse):
                    try make(unit, members, mayReuse, plan, board, encoder)
                }
            }
        } catch {
            board.fail(error)
        }
    }

    /// Makes a unit, again if a file changed meanwhile.
    private static func make(
        _ unit: Int, _ members: [ArchiveMember], _ mayReuse: Bool, _ plan: AssemblyPlan,
        _ board: AssemblyBoard, _ encoder: BlockEncoder
    ) throws {
        var mayTrust = true
        while true {
            let work = UnitWork(
                plan, board, encoder, members, unit: unit, trusting: mayTrust, mayReuse: mayReuse)
            defer { work.abandon() }
            do {
                try work.run()
                board.finish(unit, work.contents, read: work.bytesRead)
                return
            } catch let error as ArchiveError where error.code == .fileChanged && mayTrust {
                mayTrust = false
            }
            board.append(.restart, to: unit)
        }
    }
}
