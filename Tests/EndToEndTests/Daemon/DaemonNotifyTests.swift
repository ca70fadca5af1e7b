import Foundation
import Glibc
import Testing

extension DaemonLocalTests {
    /// A service manager's socket, as systemd has one: keeps each datagram as a line.
    private final class Manager {
        private let server: RunningCommand
        private let file: String

        init(_ address: String, in workspace: TestWorkspace) throws {
            file = workspace.path("datagrams")
            server = try RunningCommand(
                "/usr/bin/env",
                [
                    "python3", "-c",
                    """
                    import json, socket, sys
                    address, path = sys.argv[1:]
                    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                    manager.bind("\\0" + address[1:] if address[0] == "@" else address)
                    with open(path, "w") as file:
                        print("bound", file=file, flush=True)
                        while True:
                            print(json.dumps(manager.recv(65536).decode()), file=file, flush=True)
                    """, address, file,
                ], environment: Local.environment(), directory: "/")
            try eventually("the manager listens") {
                (try? String(contentsOfFile: self.file, encoding: .utf8)) == "bound\n"
            }
        }

        deinit {
            server.send(SIGKILL)
            _ = try? server.wait()
        }

        /// The datagrams so far, without what is to be read by people.
        var states: [String] {
            let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").dropFirst().compactMap {
                try? JSONDecoder().decode(String.self, from: Data($0.utf8))
            }
        }

        func count(_ line: String) -> Int {
            states.count { $0.split(separator: "\n").contains { $0.hasPrefix(line) } }
        }
    }

    @Test(
        "a service manager is told: ready, reloading, alive, stopping",
        arguments: ["/notify", "@envsync-test-\(UUID().uuidString)"])
    func notify(address: String) throws {
        let workspace = try TestWorkspace.typical()
        let address = address.hasPrefix("@") ? address : workspace.directory + address
        let manager = try Manager(address, in: workspace)
        let daemon = try TestDaemon(
            [workspace], "--auto-lock", "--quiet-time", "0.2",
            environment: ["NOTIFY_SOCKET": address, "WATCHDOG_USEC": "400000"])
        try eventually("it is ready") { manager.count("READY=1") == 1 }
        #expect(manager.states.first?.contains("READY=1") == true, "\(manager.states)")
        #expect(manager.count("STATUS=serving 1 workspace") >= 1)
        try eventually("it is alive") { manager.count("WATCHDOG=1") >= 3 }
        daemon.send(SIGHUP)
        try eventually("it has reloaded") { manager.count("READY=1") == 2 }
        let reloading = try #require(manager.states.first { $0.hasPrefix("RELOADING=1") })
        #expect(reloading.contains("\nMONOTONIC_USEC="))
        #expect(manager.count("STOPPING=1") == 0)
        try daemon.stop()
        #expect(manager.count("STOPPING=1") == 1, "\(manager.states)")
    }

    @Test("a watchdog that is meant for another process is not answered, and a manager that is gone is no harm")
    func notifyNobody() throws {
        let workspace = try TestWorkspace.typical()
        let address = workspace.path("notify")
        let manager = try Manager(address, in: workspace)
        let daemon = try TestDaemon(
            [workspace], "--auto-lock", "--quiet-time", "0.2",
            environment: ["NOTIFY_SOCKET": address, "WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"])
        try eventually("it is ready") { manager.count("READY=1") == 1 }
        try daemon.waitInSync(workspace)
        usleep(600_000)
        #expect(manager.count("WATCHDOG=1") == 0)
        unlink(address)
        daemon.send(SIGHUP)
        try daemon.waitInSync(workspace)
        #expect(try daemon.stop().signal == nil)
    }
}
