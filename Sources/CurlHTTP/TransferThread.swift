internal import CCurl

/// libcurl's multi loop. Everything here happens on the transfer thread and nowhere else, so nothing is locked.
@safe struct TransferThread {
    private let loop: TransferLoop
    private let configuration: HTTPClientConfiguration
    private let multi: UnsafeMutableRawPointer
    /// By the address of their easy handles.
    private var active: [UInt: Transfer] = [:]
    private var hosts: [String: HostQueue] = [:]
    private var idleHandles: [EasyHandle] = []
    private let sockets = LastWords()
    private var nextTick: SuspendingClock.Instant = .now

    /// More idle handles than this are freed.
    private static let maximumIdleHandles = 16

    /// Runs until the loop is told to stop.
    static func run(_ loop: TransferLoop) {
        // Not before there is a request: loading libcurl and setting up its TLS library takes some milliseconds.
        let problem = CurlLibrary.problem
        guard let multi = unsafe problem == nil ? ccurl_multi_init() : nil else {
            loop.stop()
            let message = "cannot load libcurl (libcurl.so.4, Debian's package libcurl4): \(problem ?? "out of memory")"
            for job in loop.takeInbox().jobs { job.refuse(.other, message) }
            return
        }
        var thread = unsafe TransferThread(loop: loop, multi: multi)
        unsafe loop.setWakeup(WakeupHandle(multi: multi))
        while thread.turn() {}
        loop.setWakeup(nil)
        thread.idleHandles = []
        // Closes the kept connections.
        unsafe ccurl_multi_cleanup(multi)
        withExtendedLifetime(thread.sockets) {}
    }

    private init(loop: TransferLoop, multi: UnsafeMutableRawPointer) {
        self.loop = loop
        configuration = loop.configuration
        unsafe self.multi = multi
        // The connection cache would otherwise grow and shrink with the number of transfers.
        unsafe ccurl_multi_setopt_long(
            multi, CURLMOPT_MAXCONNECTS, max(64, 2 * configuration.maximumConnectionsPerHost))
        unsafe ccurl_multi_setopt_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
    }

    /// One turn: messages from other threads, work, results, waiting.
    /// - Returns: whether to go on.
    private mutating func turn() -> Bool {
        let inbox = loop.takeInbox()
        for job in inbox.jobs { enqueue(job) }
        for id in inbox.cancelled { cancel(id) }
        if inbox.isStopping {
            stopAll()
            return false
        }
        var running: Int32 = 0
        // A result may make room for a waiting job, which has to be begun before we sleep.
        repeat {
            unsafe ccurl_multi_perform(multi, &running)
        } while collectResults()
        endStalled()
        unsafe ccurl_multi_poll(multi, active.isEmpty ? Int32.max : Int32(tick.wholeMilliseconds))
        return true
    }

    // MARK: - Beginning

    /// The jobs for one scheme, host and port.
    private struct HostQueue {
        var activeCount = 0
        /// In the order of arrival, from `head` on. A cancelled job leaves nil.
        var waiting: [TransferJob?] = []
        var head = 0

        mutating func pop() -> TransferJob? {
            while head < waiting.count {
                let job = waiting[head]
                waiting[head] = nil
                head += 1
                if head == waiting.count {
                    waiting.removeAll(keepingCapacity: true)
                    head = 0
                }
                if let job { return job }
            }
            return nil
        }

        mutating func remove(_ id: UInt64) -> TransferJob? {
            guard let index = waiting[head...].firstIndex(where: { $0?.id == id }) else { return nil }
            defer { waiting[index] = nil }
            return waiting[index]
        }
    }

    /// Starts a job or lets it wait. libcurl could limit the connections itself, but there the time spent waiting would
    /// count against the connect timeout.
    private mutating func enqueue(_ job: TransferJob) {
        hosts[job.fields.host, default: HostQueue()].waiting.append(job)
        startWaiting(host: job.fields.host)
    }

    private mutating func startWaiting(host: String) {
        while let queue = hosts[host], queue.activeCount < max(1, configuration.maximumConnectionsPerHost),
            let job = hosts[host]?.pop()
        {
            if start(job) { hosts[host]?.activeCount += 1 }
        }
        if let queue = hosts[host], queue.activeCount == 0, queue.waiting.isEmpty { hosts[host] = nil }
    }

    private mutating func start(_ job: TransferJob) -> Bool {
        guard let easy = idleHandles.popLast() ?? EasyHandle() else {
            job.refuse(.other, "libcurl cannot make a handle")
            return false
        }
        do {
            let transfer = try Transfer(
                job: job, easy: easy, sockets: sockets, statistics: loop.statistics, configuration: configuration)
            let status = unsafe ccurl_multi_add_handle(multi, easy.pointer)
            guard status == CURLM_OK else {
                job.refuse(.other, "libcurl cannot begin a transfer (CURLMcode \(status.rawValue))")
                return false
            }
            if active.isEmpty { nextTick = .now + tick }
            active[easy.address] = transfer
            return true
        } catch {
            job.continuation.resume(throwing: error)
            return false
        }
    }

    // MARK: - Ending

    private mutating func collectResults() -> Bool {
        var remaining: Int32 = 0
        var hasResults = false
        while let message = unsafe ccurl_multi_info_read(multi, &remaining) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let pointer = unsafe message.pointee.easy_handle,
                let transfer = active[UInt(bitPattern: pointer)]
            else { continue }
            hasResults = true
            let result = unsafe message.pointee.data.result
            end(transfer) { $0.outcome(of: result) }
        }
        return hasResults
    }

    /// Takes the handle away from libcurl, which from then on touches neither the transfer nor its descriptor, and only
    /// then tells the caller.
    private mutating func end(_ transfer: Transfer, with outcome: (Transfer) -> Result<HTTPResponse, any Error>) {
        let easy = transfer.easy
        unsafe ccurl_multi_remove_handle(multi, easy.pointer)
        active[easy.address] = nil
        sockets.forget(transfer)
        let outcome = outcome(transfer)
        loop.statistics.countConnections(easy.info(CURLINFO_NUM_CONNECTS))
        easy.recycle()
        if idleHandles.count < Self.maximumIdleHandles { idleHandles.append(easy) }
        hosts[transfer.job.fields.host]?.activeCount -= 1
        transfer.job.continuation.resume(with: outcome)
        startWaiting(host: transfer.job.fields.host)
    }

    private mutating func cancel(_ id: UInt64) {
        if let transfer = active.values.first(where: { $0.job.id == id }) {
            end(transfer) { _ in .failure(CancellationError()) }
            return
        }
        for host in hosts.keys {
            guard let job = hosts[host]?.remove(id) else { continue }
            job.continuation.resume(throwing: CancellationError())
            return
        }
    }

    private mutating func stopAll() {
        for host in hosts.keys {
            while let job = hosts[host]?.pop() { job.refuse(.clientShutDown, "the client was shut down") }
        }
        for transfer in Array(active.values) {
            transfer.fail(.clientShutDown, "the client was shut down")
            end(transfer) { $0.outcome(of: CURLE_OK) }
        }
    }

    // MARK: - Stalls

    /// How often transfers are asked whether they move.
    private var tick: Duration { min(max(configuration.stallTimeout / 8, .milliseconds(10)), .seconds(1)) }

    private mutating func endStalled() {
        guard !active.isEmpty else { return }
        let now = SuspendingClock.now
        guard now >= nextTick else { return }
        nextTick = now + tick
        for transfer in Array(active.values) where transfer.hasStalled(at: now, configuration: configuration) {
            transfer.fail(.stalled, "no data was sent or received for \(configuration.stallTimeout)")
            end(transfer) { $0.outcome(of: CURLE_OK) }
        }
    }
}
