import Foundation
import Glibc
import Testing

@Suite("Pushes of one workspace go one after the other", .tags(.local), .serialized)
struct PushLockTests {
    /// Holds the workspace's lock in a process of its own until its standard input ends or it is killed.
    private static func hold(_ workspace: TestWorkspace, as role: String) throws -> RunningCommand {
        let holder = try RunningCommand(
            "/usr/bin/env",
            [
                "python3", "-c",
                """
                import fcntl, os, sys, time
                file = open(sys.argv[1], "a+")
                fcntl.flock(file, fcntl.LOCK_EX)
                file.truncate(0)
                file.write(f"{sys.argv[2]} {os.getpid()} {os.uname().nodename}\\n")
                file.flush()
                time.sleep(60)
                """, workspace.path(".envsync/push.lock"), role,
            ], environment: Local.environment(), directory: workspace.directory)
        while !((try? workspace.read(".envsync/push.lock")) ?? "").contains("\(holder.id)") { usleep(5000) }
        return holder
    }

    private static func wait(for words: String, of command: RunningCommand) {
        while command.isRunning, !command.errorOutput.contains(words) { usleep(5000) }
    }

    @Test("a push waits for the daemon's, says so once, and goes on when that one is gone, even killed")
    func waits() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("lock")
        let holder = try Self.hold(workspace, as: "daemon")
        let push = try workspace.start("push", "--json")
        let words = "waiting for the daemon (process \(holder.id))"
        Self.wait(for: words, of: push)
        usleep(500_000)
        #expect(push.isRunning)
        #expect(!Local.exists(workspace.store + "/environments"), "nothing is done meanwhile")
        holder.send(SIGKILL)
        let result = try push.wait()
        _ = try holder.wait()
        #expect(result.status == 0, "\(result)")
        #expect(result.stderr.components(separatedBy: words).count == 2, "\(result)")
        #expect(try result.json()["waitedFor"] as? String == "daemon")
        #expect(try result.json()["origin"] as? String == "push")
        #expect(try workspace.read(".envsync/push.lock").isEmpty)
    }

    @Test("Ctrl-C ends the waiting, and nothing was done", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("lock")
        let holder = try Self.hold(workspace, as: "push")
        defer {
            holder.send(SIGKILL)
            _ = try? holder.wait()
        }
        let push = try workspace.start("push")
        Self.wait(for: "waiting for another push (process \(holder.id))", of: push)
        push.send(signal)
        let result = try push.wait(timeout: .seconds(10))
        #expect(result.status == 128 + signal, "\(result)")
        #expect(!Local.exists(workspace.store + "/environments"))
        #expect(try workspace.read(".envsync/push.lock").contains("push \(holder.id) "), "it is still the holder's")
    }

    @Test("what needs no lock doesn't wait: a dry run, lock, check, status, args")
    func others() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        let holder = try Self.hold(workspace, as: "daemon")
        defer {
            holder.send(SIGKILL)
            _ = try? holder.wait()
        }
        for words in [["push", "--dry-run"], ["lock"], ["check"], ["status"], ["args", "j"]] {
            let result = try workspace.run(words, timeout: .seconds(20))
            #expect(result.status == 0 && !result.stderr.contains("waiting"), "\(words): \(result)")
        }
    }

    @Test("of many pushes at once, one sends and the others find nothing to do")
    func many() throws {
        let workspace = try TestWorkspace.typical()
        let names = (0..<40).map { "\"f/\($0).dat\"" }.joined(separator: ", ")
        for index in 0..<40 { try workspace.write("f/\(index).dat", "\(index)\n") }
        try workspace.configure("files = [\(names)]")
        let pushes = try (0..<8).map { _ in try workspace.start("push", "--lock", "--json") }
        let results = try pushes.map { try $0.wait() }
        #expect(results.allSatisfy { $0.status == 0 }, "\(results)")
        let sent = try results.map { try $0.json()["objectsSent"] as? Int ?? -1 }.sorted()
        #expect(sent == [0, 0, 0, 0, 0, 0, 0, 40])
        #expect(try results.filter { try $0.json()["published"] as? Bool == true }.count == 1)
        #expect(Local.names(workspace.store + "/environments/etl").count == 2, "one generation and the ref")
        // All of them know who published it.
        #expect(try results.allSatisfy { try $0.json()["origin"] as? String == "push" })
    }

    @Test(
        "a workspace that can't be written to is pushed without a lock",
        .enabled(if: getuid() == 0, "only the superuser can run a program as another user"))
    func readOnly() throws {
        let workspace = try TestWorkspace.typical(store: "file://" + NSTemporaryDirectory() + "/envsync-ro-\(UUID())")
        try workspace.succeed("lock")
        try FileManager.default.removeItem(atPath: workspace.path(".envsync"))
        // A read-only bind mount, in a mount namespace of its own.
        let result = try workspace.script(
            "unshare -m sh -c 'mount --bind \"$PWD\" \"$PWD\" && mount -o remount,ro,bind \"$PWD\" && cd \"$PWD\" && \"$ENVSYNC\" push'"
        )
        guard !result.stderr.contains("unshare:") && !result.stderr.contains("mount:") else { return }
        #expect(result.status == 0, "\(result)")
        #expect(result.stdout.contains("published generation 1"), "\(result)")
        #expect(!Local.exists(workspace.path(".envsync")))
    }
}
