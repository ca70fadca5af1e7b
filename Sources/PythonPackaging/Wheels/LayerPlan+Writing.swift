import Dispatch
import ReproducibleArchive
import Synchronization

extension LayerPlan {
    /// Writes the layer: other threads decompress and check files, while this one writes those that are known to be right.
    func write(
        to descriptor: Int32, threads: Int, _ isCancelled: @Sendable () -> Bool
    ) throws -> (size: Int64, sha256: [UInt8]) {
        let jobs = items.indices.compactMap { index -> EntryChecks.Job? in
            guard case .entry(let entry) = items[index].file.source else { return nil }
            let wheel = wheels[items[index].wheel]
            return EntryChecks.Job(
                item: index, checker: wheel.checker, entry: entry, hash: items[index].file.hash, wheel: wheel.path)
        }
        return try withoutActuallyEscaping(isCancelled) { isCancelled in
            let checks = EntryChecks(jobs, isCancelled: isCancelled)
            checks.start(threads: threads - 1)
            defer { checks.stop() }
            let writer = try TarGzWriter(descriptor: descriptor)
            for directory in directories { try writer.addDirectory(directory) }
            let buffers = ZipEntryChecker.Buffers()
            var next = 0
            for item in items {
                let file = item.file
                switch file.source {
                case .bytes(let bytes):
                    try writer.addFile(file.path, isExecutable: file.isExecutable, contents: bytes)
                case .entry:
                    let entry = try checks.result(of: next, with: buffers)
                    try writer.addFile(file.path, isExecutable: file.isExecutable, entry: entry)
                    next += 1
                }
                if isCancelled() { throw CancellationError() }
            }
            return try writer.finish()
        }
    }
}

/// Checks files of wheels on several threads, in order.
final class EntryChecks: Sendable {
    struct Job: Sendable {
        var item: Int
        var checker: ZipEntryChecker
        var entry: Int
        var hash: RecordHash
        var wheel: String
    }

    private let jobs: [Job]
    private let isCancelled: @Sendable () -> Bool
    private let nextJob = Atomic(0)
    private let isStopped = Atomic(false)
    private let results: Mutex<[Result<CheckedZipEntry, any Error>?]>
    /// Signalled once for each job that another thread has finished.
    private let finished = DispatchSemaphore(value: 0)
    private let threads = DispatchGroup()

    init(_ jobs: [Job], isCancelled: @escaping @Sendable () -> Bool) {
        self.jobs = jobs
        self.isCancelled = isCancelled
        results = Mutex(Array(repeating: nil, count: jobs.count))
    }

    /// Begins to work on this many other threads.
    func start(threads count: Int) {
        for _ in 0..<max(0, min(count, jobs.count)) {
            DispatchQueue.global().async(group: threads) {
                let buffers = ZipEntryChecker.Buffers()
                while self.work(with: buffers) { self.finished.signal() }
            }
        }
    }

    /// Makes the other threads end, and waits for that.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        threads.wait()
    }

    /// The outcome of a job. Until it is there, the calling thread works too; so all is done even if no other thread runs.
    func result(of job: Int, with buffers: ZipEntryChecker.Buffers) throws -> CheckedZipEntry {
        while true {
            if let result = results.withLock({ $0[job] }) { return try result.get() }
            if !work(with: buffers) { finished.wait() }
        }
    }

    /// Does one job; `false` if none is left.
    private func work(with buffers: ZipEntryChecker.Buffers) -> Bool {
        guard !isStopped.load(ordering: .relaxed) else { return false }
        let index = nextJob.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < jobs.count else { return false }
        let result = Result { try check(jobs[index], with: buffers) }
        results.withLock { $0[index] = result }
        return true
    }

    private func check(_ job: Job, with buffers: ZipEntryChecker.Buffers) throws -> CheckedZipEntry {
        var checked: CheckedZipEntry?
        let matches = try job.hash.matches { update in
            checked = try job.checker.check(entryAt: job.entry, with: buffers) { bytes in
                if isStopped.load(ordering: .relaxed) || isCancelled() { throw CancellationError() }
                update(bytes)
            }
        }
        guard let checked, matches else {
            throw WheelError(
                code: .recordMismatch, path: job.wheel, entry: checked?.info.name,
                message: "does not have the hash that RECORD says")
        }
        return checked
    }
}
