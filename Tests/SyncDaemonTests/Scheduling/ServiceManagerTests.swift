import Foundation
import Glibc
import Testing

@testable import SyncDaemon

/// Against a real datagram socket, as a service manager has one.
@Suite struct ServiceManagerTests {
    private final class Manager {
        let descriptor: Int32

        init(path: String) throws {
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            var bytes = Array(path.utf8)
            if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let length = try #require(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)) + bytes.count
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(length)) }
            }
            try #require(bound == 0)
        }

        deinit { close(descriptor) }

        func next() -> String? {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    @Test(arguments: [false, true])
    func itIsToldWhatHappens(isAbstract: Bool) throws {
        let name = "envsync-notify-\(UUID().uuidString)"
        let path = isAbstract ? "@" + name : FileManager.default.temporaryDirectory.path + "/" + name
        defer { unlink(path) }
        let manager = try Manager(path: path)
        let daemon = ServiceManager(environment: ["NOTIFY_SOCKET": path])
        daemon.ready("serving 2 workspaces")
        #expect(manager.next() == "READY=1\nSTATUS=serving 2 workspaces")
        daemon.alive()
        #expect(manager.next() == "WATCHDOG=1")
        daemon.reloading()
        let reloading = try #require(manager.next())
        #expect(reloading.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        #expect(reloading.split(separator: "=").last.flatMap { Int64($0) }.map { $0 > 0 } == true)
        daemon.stopping()
        #expect(manager.next() == "STOPPING=1")
    }

    @Test func nobodyListensOrNobodyAsked() {
        ServiceManager(environment: ["NOTIFY_SOCKET": "/nowhere/at/all"]).ready("x")
        ServiceManager(environment: [:]).ready("x")
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "relative"]).socket == nil)
    }

    @Test(arguments: [
        (["WATCHDOG_USEC": "30000000"], Duration.seconds(30) as Duration?),
        (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"], nil),
        (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "\(getpid())"], .seconds(30)),
        (["WATCHDOG_USEC": "0"], nil), (["WATCHDOG_USEC": "x"], nil), ([:], nil),
    ])
    func watchdogs(environment: [String: String], interval: Duration?) {
        #expect(ServiceManager(environment: environment).watchdog == interval)
    }
}
