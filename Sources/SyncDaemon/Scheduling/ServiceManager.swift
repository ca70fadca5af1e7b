import Foundation
import Glibc

/// Tells the service manager how the daemon is, as sd_notify(3) does, without its library.
struct ServiceManager: Sendable {
    /// The address of the manager's datagram socket; `nil` if nobody wants to know.
    let socket: String?
    /// How often the manager wants to hear that all is well; `nil` if it doesn't.
    let watchdog: Duration?

    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        socket = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let interval = environment["WATCHDOG_USEC"].flatMap(Int64.init)
        watchdog = isForUs ? interval.flatMap { $0 > 0 ? .microseconds($0) : nil } : nil
    }

    /// The daemon serves.
    func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }
    /// What it is doing, in words.
    func status(_ text: String) { send("STATUS=\(text)") }
    /// All is well.
    func alive() { send("WATCHDOG=1") }
    /// It ends.
    func stopping() { send("STOPPING=1") }

    /// It reads its configuration again; ``ready(_:)`` follows.
    func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        send("RELOADING=1\nMONOTONIC_USEC=\(Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)")
    }

    private func send(_ text: String) {
        guard let socket else { return }
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(socket.utf8)
        // An abstract address is written with an at sign in place of its first byte, which is zero.
        if path.first == UInt8(ascii: "@") { path[0] = 0 }
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path).map { $0 + path.count } ?? 0
        let bytes = Array(text.utf8)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, socklen_t(length))
            }
        }
    }
}
