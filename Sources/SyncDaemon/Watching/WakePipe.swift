import EnvSyncModel
import Glibc

/// Wakes a thread that waits for events. A pair of sockets, because Swift's Glibc has neither eventfd nor pipe2, and
/// nothing else is closed on exec from the beginning.
final class WakePipe: Sendable {
    private let reading: Int32
    private let writing: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw EnvSyncError(
                .system, "cannot watch files: \(String(cString: strerror(errno)))",
                suggestion: "raise the limit of open files (ulimit -n)")
        }
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    /// Ends the waiting, the next one if nobody waits now.
    func wake() {
        var byte: UInt8 = 1
        // A full pipe wakes as well.
        _ = send(writing, &byte, 1, Int32(MSG_NOSIGNAL))
    }

    /// Waits until it is woken, or the descriptor is readable.
    ///
    /// - Parameter timeout: in milliseconds; forever if negative.
    func wait(_ descriptor: Int32?, timeout: Int32) -> (isWoken: Bool, hasEvents: Bool) {
        var polled = [pollfd(fd: reading, events: Int16(POLLIN), revents: 0)]
        if let descriptor { polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
        // The thread takes no signals, so that nothing interrupts this.
        guard poll(&polled, nfds_t(polled.count), timeout) > 0 else { return (false, false) }
        var byte: UInt8 = 0
        var isWoken = false
        while read(reading, &byte, 1) == 1 { isWoken = true }
        return (isWoken, polled.count > 1 && polled[1].revents != 0)
    }
}
