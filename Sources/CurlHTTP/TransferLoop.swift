internal import CCurl
import Glibc
import Synchronization

/// Hands jobs to the transfer thread, which it starts with the first one. `TransferThread` is what runs there.
final class TransferLoop: Sendable {
    let configuration: HTTPClientConfiguration
    let statistics = StatisticsCounters()
    private let lastID = Atomic<UInt64>(0)
    private let shared = Mutex(Shared())

    /// What other threads tell the transfer thread.
    struct Inbox {
        var jobs: [TransferJob] = []
        var cancelled: [UInt64] = []
        var isStopping = false
    }

    private struct Shared {
        var inbox = Inbox()
        var isRunning = false
        var wakeup: WakeupHandle?
    }

    init(configuration: HTTPClientConfiguration) {
        self.configuration = configuration
    }

    func nextID() -> UInt64 { lastID.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Takes a job over; its continuation will be resumed exactly once.
    func submit(_ job: TransferJob) {
        let refusal: (HTTPTransferError.Code, String)? = shared.withLock { shared in
            if shared.inbox.isStopping { return (.clientShutDown, "the client was shut down") }
            if !shared.isRunning {
                guard startThread() else { return (.other, "cannot start a thread for transfers") }
                shared.isRunning = true
            }
            shared.inbox.jobs.append(job)
            shared.wakeup?.wake()
            return nil
        }
        if let (code, message) = refusal { job.refuse(code, message) }
    }

    /// Ends the transfer with this id if it has not ended yet.
    func cancel(_ id: UInt64) {
        shared.withLock { shared in
            shared.inbox.cancelled.append(id)
            shared.wakeup?.wake()
        }
    }

    /// Lets the thread end every transfer and itself.
    func stop() {
        shared.withLock { shared in
            shared.inbox.isStopping = true
            shared.wakeup?.wake()
        }
    }

    /// Called on the transfer thread: empties the inbox.
    func takeInbox() -> Inbox {
        shared.withLock { shared in
            let inbox = shared.inbox
            shared.inbox = Inbox(isStopping: inbox.isStopping)
            return inbox
        }
    }

    /// Called on the transfer thread: from now on it can be woken, or, with nil, must not be any more.
    func setWakeup(_ wakeup: WakeupHandle?) {
        shared.withLock { $0.wakeup = wakeup }
    }

    /// A thread of our own and not one of Swift's pool, because waiting for sockets and reading files blocks.
    private func startThread() -> Bool {
        // The thread inherits a mask that blocks everything: signals are for the program's own threads, and a write to
        // a closed socket must give an error and not SIGPIPE.
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self)
        let status = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let loop = unsafe Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue()
                TransferThread.run(loop)
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            unsafe context.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}

/// Wakes the transfer thread from its poll.
///
/// `@unchecked` because a multi handle must not be used by two threads at once, with the one exception of the one call
/// made here: "this function can be called from any thread" (curl_multi_wakeup(3)). `TransferLoop` keeps it under its
/// lock, and the thread takes it away from there before it frees the handle.
@safe struct WakeupHandle: @unchecked Sendable {
    private let multi: UnsafeMutableRawPointer

    init(multi: UnsafeMutableRawPointer) { unsafe self.multi = multi }

    func wake() { unsafe ccurl_multi_wakeup(multi) }
}

extension TransferJob {
    /// Ends a job that never became a transfer.
    func refuse(_ code: HTTPTransferError.Code, _ message: String) {
        continuation.resume(
            throwing: HTTPTransferError(
                code: code, message: message,
                url: URLRedaction.redacted(request.url, wholeQuery: request.isSensitive)))
    }
}
