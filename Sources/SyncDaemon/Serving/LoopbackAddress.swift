import EnvSyncModel
import Glibc

/// An address of this machine that no other machine can reach, and a port.
struct LoopbackAddress: Sendable, Hashable {
    /// An IPv4 address of 127.0.0.0/8, or `::1`.
    let host: String
    /// 0 for any free one.
    let port: UInt16

    /// The address in a URL.
    var urlHost: String { host.contains(":") ? "[\(host)]" : host }

    /// Reads `127.0.0.1:9464`, `localhost:9464` or `[::1]:9464`.
    init(_ text: String) throws(EnvSyncError) {
        guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[colon...].dropFirst()) else {
            throw EnvSyncError(
                .configuration, "no address to listen at: \(QuotedText.visible(text))",
                suggestion: "write ADDRESS:PORT, for example 127.0.0.1:9464; port 0 takes a free one")
        }
        switch text[..<colon].lowercased() {
        case "localhost": host = "127.0.0.1"
        case "[::1]": host = "::1"
        case let name where Self.isIPv4Loopback(name): host = name
        default:
            throw EnvSyncError(
                .configuration, "the status page is not served at \(QuotedText.visible(text))",
                reason: "it asks for no password, so that only this machine may reach it",
                suggestion: "take 127.0.0.1, localhost or [::1], and a tunnel (ssh -L) to read it from elsewhere")
        }
        self.port = port
    }

    private static func port(_ text: Substring) -> UInt16? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt16(text) : nil
    }

    private static func isIPv4Loopback(_ text: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
    }

    /// Whether a `Host` field names this address, and not a name that somebody else's name server made point to it.
    func isNamed(by field: String, port: UInt16) -> Bool {
        let lowered = field.lowercased()
        return ["localhost", "127.0.0.1", "[::1]", urlHost].contains {
            lowered == "\($0):\(port)" || port == 80 && lowered == $0
        }
    }

    /// A socket that listens there and doesn't block, and the port that it got.
    func listen() throws(EnvSyncError) -> (descriptor: Int32, port: UInt16) {
        let family = host.contains(":") ? AF_INET6 : AF_INET
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let descriptor = socket(family, Int32(kind), 0)
        guard descriptor >= 0 else { throw failure(errno) }
        var on: Int32 = 1
        // A port of connections that have just ended can be taken again; one that is listened on can not.
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard bindSocket(descriptor), Glibc.listen(descriptor, SOMAXCONN) == 0, let port = Self.port(of: descriptor)
        else {
            let number = errno
            close(descriptor)
            throw failure(number)
        }
        return (descriptor, port)
    }

    private func failure(_ number: Int32) -> EnvSyncError {
        EnvSyncError(
            .system, "the status page can't be served at \(urlHost):\(port)", reason: String(cString: strerror(number)),
            suggestion: number == EADDRINUSE ? "name another port with --http, or port 0 for a free one" : nil)
    }

    private func bindSocket(_ descriptor: Int32) -> Bool {
        guard host.contains(":") else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return false }
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return false }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
            }
        }
    }

    private static func port(of descriptor: Int32) -> UInt16? {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard status == 0 else { return nil }
        // The port is at the same place in both kinds of address.
        return withUnsafeBytes(of: &address) {
            UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
    }
}
