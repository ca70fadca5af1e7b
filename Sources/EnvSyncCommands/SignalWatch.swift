import Dispatch
import Glibc
import Synchronization

/// Turns SIGINT and SIGTERM into the cancellation of the running work; a second signal ends the process at once.
final class SignalWatch {
    private let sources: [any DispatchSourceSignal]
    private let box: SignalBox

    /// Returns when both signals are caught, so that work which is begun afterwards is never ended in the middle.
    init(_ cancel: @escaping @Sendable () -> Void) {
        let box = SignalBox()
        self.box = box
        let registered = DispatchGroup()
        sources = [SIGINT, SIGTERM].map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInitiated))
            // On Linux, Dispatch catches the signal itself from its registration on. Ignoring it until then, as other
            // systems ask for, would lose one that comes in between; the default action ends the process, as is meant.
            source.setEventHandler {
                if box.set(number) { cancel() } else { _exit(128 + number) }
            }
            registered.enter()
            source.setRegistrationHandler { registered.leave() }
            source.resume()
            return source
        }
        registered.wait()
    }

    /// The first signal that came, if any did.
    var received: Int32? { box.value }

    /// Gives the signals back their default action, unless one came: then the process is about to end with that one's
    /// exit code, which a second one doesn't change.
    func end() {
        guard received == nil else { return }
        for source in sources { source.cancel() }
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
    }
}

/// The first signal that came.
private final class SignalBox: Sendable {
    private let stored = Mutex<Int32?>(nil)

    var value: Int32? { stored.withLock { $0 } }

    /// Remembers a signal; `false` if one came before.
    func set(_ number: Int32) -> Bool {
        stored.withLock { stored in
            guard stored == nil else { return false }
            stored = number
            return true
        }
    }
}
