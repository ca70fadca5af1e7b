import Glibc

/// A lock and what threads wait for under it. A thread that blocks in system calls needs no cooperative pool, so these are
/// the system's own.
@safe final class Monitor: @unchecked Sendable {
    /// Something to wait for.
    @safe final class Condition: @unchecked Sendable {
        fileprivate let pointer: UnsafeMutablePointer<pthread_cond_t>

        init() {
            unsafe pointer = .allocate(capacity: 1)
            unsafe pointer.initialize(to: pthread_cond_t())
            unsafe pthread_cond_init(pointer, nil)
        }

        deinit {
            unsafe pthread_cond_destroy(pointer)
            unsafe pointer.deallocate()
        }

        func signalAll() { unsafe pthread_cond_broadcast(pointer) }
        func signalOne() { unsafe pthread_cond_signal(pointer) }
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Only inside of ``withLock(_:)``, which this gives up until the condition is signalled.
    func wait(for condition: Condition) {
        unsafe pthread_cond_wait(condition.pointer, mutex)
    }
}

/// A thread of the system.
@safe package struct WorkThread {
    private let handle: pthread_t

    private final class Start {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Nil when the system has no more threads to give.
    package init?(_ body: @escaping @Sendable () -> Void) {
        var handle = pthread_t()
        let start = unsafe Unmanaged.passRetained(Start(body))
        let failure = unsafe pthread_create(
            &handle, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                }
                return nil
            }, start.toOpaque())
        guard failure == 0 else {
            unsafe start.release()
            return nil
        }
        self.handle = handle
    }

    package func join() { pthread_join(handle, nil) }
}
